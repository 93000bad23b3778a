//! What a person sees in a terminal: progress bars, and tables that fit.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Instant;

use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use super::Context;
use crate::kernel::{Lang, Progress, Silent, wording};

/// Bars on a terminal; one line per finished stage where stderr goes to a file; nothing with `--no-progress`.
pub fn progress(context: &Context) -> Box<dyn Progress> {
    if context.no_progress {
        Box::new(Silent)
    } else {
        Box::new(Bars {
            lang: context.lang,
            rows_word: context.word("cli.rows"),
            left_word: context.word("cli.left"),
            draws: std::io::stderr().is_terminal(),
            all: MultiProgress::new(),
            stages: Mutex::default(),
        })
    }
}

/// A text out of somebody's file: what would steer the terminal is shown as damaged.
pub fn printable(text: &str) -> String {
    text.replace(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t'), "\u{fffd}")
}

struct Bars {
    lang: Lang,
    rows_word: &'static str,
    left_word: &'static str,
    draws: bool,
    all: MultiProgress,
    stages: Mutex<BTreeMap<String, Stage>>,
}

struct Stage {
    bar: ProgressBar,
    rows: u64,
    bytes: u64,
    since: Instant,
}

impl Bars {
    /// A stage in the reader's language; a source's code as it is.
    fn named(&self, stage: &str) -> String {
        wording::section(self.lang, "stage").get(stage).map_or(stage, String::as_str).to_owned()
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, bytes: u64) {
        let bar = if self.draws { self.all.add(ProgressBar::new(bytes)) } else { ProgressBar::hidden() };
        let template = if bytes > 0 {
            format!("{{prefix:18}} {{bar:20}} {{percent:>3}}%  {{msg}}  {{bytes_per_sec}}  {} {{eta}}", self.left_word)
        } else {
            "{prefix:18} {spinner} {msg}  {elapsed}".to_owned()
        };
        bar.set_style(ProgressStyle::with_template(&template).expect("a fixed template").progress_chars("━╸─"));
        bar.set_prefix(self.named(stage));
        let stages = &mut self.stages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        stages.insert(stage.to_owned(), Stage { bar, rows: 0, bytes: 0, since: Instant::now() });
    }

    fn advance(&self, stage: &str, bytes: u64, rows: u64) {
        let stages = &mut self.stages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(stage) = stages.get_mut(stage) {
            stage.rows += rows;
            stage.bytes += bytes;
            stage.bar.inc(bytes);
            if self.draws {
                stage.bar.set_message(format!("{} {}", HumanCount(stage.rows), self.rows_word));
            }
        }
    }

    fn end(&self, name: &str, summary: &str) {
        let stages = &mut self.stages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(stage) = stages.remove(name) else { return };
        stage.bar.finish_and_clear();
        let seconds = stage.since.elapsed().as_secs_f64();
        let named = self.named(name);
        let blanks = " ".repeat(18usize.saturating_sub(named.width()));
        let mut line = format!("{named}{blanks} {seconds:>6.1} s");
        if stage.rows > 0 {
            line.push_str(&format!("  {:>12} {}", HumanCount(stage.rows).to_string(), self.rows_word));
        }
        if stage.bytes > 0 && seconds > 0.05 {
            line.push_str(&format!("  {:>6.0} MB/s", stage.bytes as f64 / 1e6 / seconds));
        }
        if !summary.is_empty() {
            line.push_str("  ");
            line.push_str(summary);
        }
        if self.draws {
            let _ = self.all.println(line);
        } else {
            eprintln!("{line}");
        }
    }
}

/// A table with columns as wide as their widest cell; Han characters count as two. Columns named in `right` align right.
pub fn table(heading: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (column, cell) in cells.enumerate() {
            let blanks = " ".repeat(widths[column] - cell.width());
            let (before, after) = if right.contains(&column) { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            text.push_str(&format!("{before}{cell}{after}  "));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut heading.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn han_characters_take_two_columns() {
        let text = table(&["来源", "n"], &[vec!["车".into(), "10".into()], vec!["不动产".into(), "7".into()]], &[1]);
        assert_eq!(text, "来源     n\n车      10\n不动产   7\n");
    }
}
