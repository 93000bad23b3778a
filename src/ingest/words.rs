//! Words of a layout in a file's own bytes, so that cells are compared without decoding them.

use unicode_normalization::UnicodeNormalization;

use super::encoding::Encoding;

/// A few words, asked about for every row: most cells are told apart by their first byte or their length.
pub(super) struct Words {
    words: Vec<Vec<u8>>,
    longest: usize,
    /// Bytes with which a word begins, letters in both cases.
    first: [bool; 256],
}

impl Words {
    pub(super) fn new(words: &[String], encoding: Encoding) -> Self {
        let words: Vec<Vec<u8>> =
            words.iter().filter(|word| !word.is_empty()).map(|word| encoding.encode(word)).collect();
        let mut first = [false; 256];
        for word in &words {
            first[usize::from(word[0].to_ascii_lowercase())] = true;
            first[usize::from(word[0].to_ascii_uppercase())] = true;
        }
        Self { longest: words.iter().map(Vec::len).max().unwrap_or(0), words, first }
    }

    /// The cell is one of the words. Second bytes of GB18030 may be letters, so that case is left out of account between
    /// ASCII texts only.
    pub(super) fn hold(&self, cell: &[u8]) -> bool {
        let may_be = cell.len() <= self.longest && cell.first().is_some_and(|byte| self.first[usize::from(*byte)]);
        may_be && self.words.iter().any(|word| cell == word || (cell.is_ascii() && word.eq_ignore_ascii_case(cell)))
    }

    /// The cell begins with one of the words.
    pub(super) fn begin(&self, cell: &[u8]) -> bool {
        cell.first().is_some_and(|byte| self.first[usize::from(*byte)])
            && self.words.iter().any(|word| cell.starts_with(word))
    }
}

/// Words for an operation, which departments write in either width.
pub(super) struct Operation {
    raw: Words,
    decoded: Words,
}

impl Operation {
    pub(super) fn new(words: &[String], encoding: Encoding) -> Self {
        Self { raw: Words::new(words, encoding), decoded: Words::new(words, Encoding::Utf8) }
    }

    pub(super) fn is_said(&self, cell: &[u8], encoding: Encoding) -> bool {
        let is_wide = |letter: char| ('\u{ff01}'..='\u{ff5e}').contains(&letter);
        let in_usual_width = |text: &str| text.nfkc().collect::<String>();
        self.raw.hold(cell)
            || (!cell.is_ascii() && {
                let text = encoding.text(cell).0;
                text.contains(is_wide) && self.decoded.hold(in_usual_width(&text).as_bytes())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_cells_and_beginnings() {
        for encoding in [Encoding::Utf8, Encoding::Gb18030] {
            let words = Words::new(&["null".into(), "合计".into(), String::new()], encoding);
            let cell = |text: &str| encoding.encode(text);
            assert!(words.hold(&cell("NULL")) && words.hold(&cell("合计")));
            assert!(!words.hold(&cell("合计：")) && !words.hold(b"") && !words.hold(&cell("nul")));
            assert!(words.begin(&cell("合计：3")) && !words.begin(&cell("共合计")) && !words.begin(b""));
        }
        // D5 61 and D5 41 are two characters, though their second bytes are one letter in two cases.
        let words = Words { words: vec![b"\xD5\x61".to_vec()], longest: 2, first: [true; 256] };
        assert!(!words.hold(b"\xD5\x41"));
    }
}
