//! Trouble, as people meet it: what happened, where, and what to do about it. Bad rows are not errors, they are counted.

use std::path::{Path, PathBuf};

use super::wording::{Lang, Message};

pub type Result<T> = std::result::Result<T, Error>;

/// What kind of trouble; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or the configuration is wrong. Exit code 2.
    Config,
    /// An input was refused. Exit code 3.
    Input,
    /// The disk, a right, a lock. Exit code 4.
    Io,
    /// Somebody asked to stop. Exit code 130, as shells expect.
    Cancelled,
}

impl ErrorKind {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Config => 2,
            Self::Input => 3,
            Self::Io => 4,
            Self::Cancelled => 130,
        }
    }
}

/// A fault with its place and hints. Boxed inside, so that `Result` stays small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Fault>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    kind: ErrorKind,
    message: Message,
    file: Option<PathBuf>,
    line: Option<u64>,
    hints: Vec<Message>,
    /// Faults found in the same pass: `hedui validate` reports all at once.
    also: Vec<Error>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: Message) -> Self {
        Self(Box::new(Fault { kind, message, file: None, line: None, hints: Vec::new(), also: Vec::new() }))
    }

    pub fn config(message: Message) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub fn input(message: Message) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// An operating-system error at a path, in words: missing, no right, disk full, other.
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Os;
        let (key, hint) = match error.kind() {
            Os::NotFound => ("error.not_found", "error.not_found_hint"),
            Os::PermissionDenied => ("error.no_right", "error.no_right_hint"),
            Os::StorageFull | Os::QuotaExceeded | Os::FileTooLarge => ("error.disk_full", "error.disk_full_hint"),
            Os::ReadOnlyFilesystem => ("error.read_only", "error.no_right_hint"),
            Os::BrokenPipe => ("error.not_taken", "error.not_taken_hint"),
            _ => ("error.io", "error.io_hint"),
        };
        Self::new(ErrorKind::Io, Message::new(key).with("reason", error)).at(path).hint(Message::new(hint))
    }

    /// A file that is no TOML, or not of the shape expected: the parser's words, with file and line.
    pub fn toml(path: &Path, text: &str, fault: &toml::de::Error) -> Self {
        let error = Self::config(Message::new("error.toml").with("reason", fault.message())).at(path);
        match fault.span() {
            Some(span) => error.line(line_at(text, span.start)),
            None => error,
        }
    }

    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, Message::new("error.cancelled"))
    }

    #[must_use]
    pub fn at(mut self, file: &Path) -> Self {
        self.0.file = Some(file.to_owned());
        self
    }

    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.0.line = Some(line);
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: Message) -> Self {
        self.0.hints.push(hint);
        self
    }

    /// One error out of many found in the same pass; `Ok` if there is none.
    pub fn all(faults: Vec<Error>) -> Result<()> {
        let mut faults = faults.into_iter();
        let Some(mut first) = faults.next() else { return Ok(()) };
        first.0.also.extend(faults);
        Err(first)
    }

    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    pub fn message(&self) -> &Message {
        &self.0.message
    }

    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// The faults reported together with this one.
    pub fn also(&self) -> &[Error] {
        &self.0.also
    }

    pub fn exit_code(&self) -> u8 {
        self.0.kind.exit_code()
    }

    /// The text a person reads: `file:line: what` and the hints below it, then the other faults. Of neighbours with the same hints
    /// the last one shows them.
    pub fn say(&self, lang: Lang) -> String {
        let faults = self.faults();
        let followed = faults.iter().zip(faults.iter().skip(1).map(Some).chain([None]));
        let said: Vec<String> = followed
            .map(|(fault, next)| fault.say_alone(lang, next.is_none_or(|next| next.0.hints != fault.0.hints)))
            .collect();
        said.join("\n")
    }

    /// It and those that came with it, in order.
    fn faults(&self) -> Vec<&Error> {
        std::iter::once(self).chain(self.0.also.iter().flat_map(Error::faults)).collect()
    }

    fn say_alone(&self, lang: Lang, with_hints: bool) -> String {
        let mut text = String::new();
        if let Some(file) = &self.0.file {
            text.push_str(&file.display().to_string());
            if let Some(line) = self.0.line {
                text.push_str(&format!(":{line}"));
            }
            text.push_str(": ");
        }
        text.push_str(&self.0.message.say(lang));
        for hint in self.0.hints.iter().filter(|_| with_hints) {
            text.push_str("\n  → ");
            text.push_str(&hint.say(lang));
        }
        text
    }
}

/// The line, counted from 1, in which the byte `offset` of `text` stands.
pub fn line_at(text: &str, offset: usize) -> u64 {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() as u64 + 1
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_that_many_faults_share_is_said_once() {
        let fault = |key, hint| Error::config(Message::new(key)).hint(Message::new(hint));
        let all = Error::all(vec![
            fault("error.cancelled", "error.io_hint"),
            fault("error.cancelled", "error.io_hint"),
            fault("error.cancelled", "error.no_right_hint"),
        ]);
        let said = all.unwrap_err().say(Lang::En);
        let lines: Vec<bool> = said.lines().map(|line| line.starts_with("  →")).collect();
        assert_eq!(lines, [false, false, true, false, true], "{said}");
    }
}
