//! A delivered file, read piece by piece from any thread.
//!
//! Not mapped: a department that writes over its delivery while it is read would end the whole night (a mapped page that is no
//! longer there is a signal, not an error), where a read only refuses that source. Buffers of a megabyte stay in the
//! cache while they are split, linked and digested, so that nothing is lost by the copy.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::encoding::Encoding;
use crate::kernel::{Error, Message, Result};

/// A file that was opened, of the length it had then.
pub(super) struct Delivered {
    path: PathBuf,
    file: File,
    length: usize,
    written: Option<SystemTime>,
}

/// What is looked at to tell an encoding.
const TELLING: usize = 1 << 20;

impl Delivered {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let trouble = |error: io::Error| Error::io(path, &error);
        // To open a pipe is to wait until somebody writes.
        if !path.metadata().map_err(trouble)?.is_file() {
            return Err(Error::input(Message::new("ingest.refused_no_file")).at(path));
        }
        let file = File::open(path).map_err(trouble)?;
        let about = file.metadata().map_err(trouble)?;
        let length = usize::try_from(about.len()).unwrap_or(usize::MAX);
        Ok(Self { path: path.to_owned(), file, length, written: about.modified().ok() })
    }

    /// Refuses a file that is not as it was when it was opened: half of what was read may be of another one.
    ///
    /// # Errors
    /// The disk; kind `Input`.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        let about = self.file.metadata().map_err(|error| Error::io(&self.path, &error))?;
        if about.len() == self.length as u64 && about.modified().ok() == self.written {
            return Ok(());
        }
        let changed = Error::input(Message::new("ingest.refused_changed")).at(&self.path);
        Err(changed.hint(Message::new("ingest.refused_cut_hint")))
    }

    /// Bytes.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// A piece of the file, instead of whatever stands in `buffer`.
    ///
    /// # Errors
    /// The disk; kind `Input` if the file has become shorter since it was opened.
    pub(super) fn read(&self, range: Range<usize>, buffer: &mut Vec<u8>) -> Result<()> {
        buffer.resize(range.len(), 0);
        read_at(&self.file, buffer, range.start as u64).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::input(Message::new("ingest.refused_cut"))
                .at(&self.path)
                .hint(Message::new("ingest.refused_cut_hint")),
            _ => Error::io(&self.path, &error),
        })
    }

    /// So many bytes at most from a place on.
    pub(super) fn piece_of(&self, from: usize, most: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read(from..self.length.min(from + most), &mut bytes)?;
        Ok(bytes)
    }

    /// So many bytes at most from a place on; where the file goes on, up to a line end, if there is one.
    pub(super) fn piece(&self, from: usize, most: usize) -> Result<Vec<u8>> {
        let mut bytes = self.piece_of(from, most)?;
        if from + bytes.len() < self.length {
            bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(bytes.len(), |line_end| line_end + 1));
        }
        Ok(bytes)
    }

    /// As [`Delivered::piece`], from the first line on that begins there.
    pub(super) fn lines(&self, from: usize, most: usize) -> Result<Vec<u8>> {
        let mut bytes = self.piece(from, most)?;
        let begins = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |line_end| line_end + 1);
        bytes.drain(..begins);
        Ok(bytes)
    }

    /// For a library that seeks for itself.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The encoding. Where a file begins in ASCII, what comes first that is none tells.
    pub(super) fn encoding(&self) -> Result<Encoding> {
        let (mut at, mut block) = (0, Vec::new());
        while at < self.length {
            self.read(at..self.length.min(at + TELLING), &mut block)?;
            match block.iter().position(|byte| !byte.is_ascii()) {
                Some(first) => return Ok(Encoding::detect(&self.piece(at + first, TELLING)?).0),
                None => at += block.len(),
            }
        }
        Ok(Encoding::Utf8)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, buffer, at)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[count..];
        at += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(bytes: &[u8]) -> (tempfile::TempDir, Delivered) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let file = Delivered::open(&path).unwrap();
        (folder, file)
    }

    #[test]
    fn pieces_are_those_of_the_file() {
        let text: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
        let (_folder, file) = delivered(&text);
        let mut piece = b"before".to_vec();
        file.read(99_990..100_000, &mut piece).unwrap();
        assert_eq!(piece, text[99_990..]);
        assert_eq!(file.piece(0, 300).unwrap(), text[..262], "byte 10 is a line end, and so is byte 261");
        assert_eq!(file.piece(0, 1 << 20).unwrap(), text);
        assert!(delivered(b"").1.piece(0, 300).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_cut_while_it_is_read_is_refused() {
        let (folder, file) = delivered(b"0123456789");
        std::fs::write(folder.path().join("a.csv"), "0123").unwrap();
        let error = file.read(2..10, &mut Vec::new()).unwrap_err();
        assert_eq!((error.message().key, error.kind()), ("ingest.refused_cut", crate::kernel::ErrorKind::Input));
    }

    #[test]
    fn a_file_that_is_added_to_or_written_over_is_told() {
        let (folder, file) = delivered(b"0123456789");
        assert!(file.check_unchanged().is_ok());
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "0123456789ab").unwrap();
        assert_eq!(file.check_unchanged().unwrap_err().message().key, "ingest.refused_changed");
        let again = Delivered::open(&path).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert!(again.check_unchanged().is_err(), "as long as before, and written since");
        assert!(Delivered::open(folder.path()).is_err(), "a folder is no file");
    }

    #[test]
    fn the_first_bytes_that_are_no_ascii_tell_the_encoding() {
        let ascii = "1,2,3\n".repeat(TELLING / 6 + 1);
        let told = |text: &[u8]| delivered(&[ascii.as_bytes(), text].concat()).1.encoding().unwrap();
        assert_eq!(told(b""), Encoding::Utf8);
        assert_eq!(told("张\n".as_bytes()), Encoding::Utf8);
        assert_eq!(told(&Encoding::Gb18030.encode("张\n")), Encoding::Gb18030);
        let long = "济南市历下区\n".repeat(TELLING / 19);
        assert_eq!(told(long.as_bytes()), Encoding::Utf8, "the piece ends with a line, not within a character");
    }
}
