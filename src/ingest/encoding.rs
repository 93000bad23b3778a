//! The two encodings departments deliver: found, decoded field by field, and trimmed before decoding.
//!
//! The GB18030 decoder of the WHATWG standard reads GBK and GB2312 as well. Bytes that belong to no character damage
//! one field and never the file: callers decode cell by cell and see whether that cell was damaged.

use std::borrow::Cow;

use super::layout::EncodingChoice;
use crate::kernel::{Error, Message, Result};

/// How a text file's bytes stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Gb18030,
}

/// Blanks at the ends of a cell that are no part of the value, as characters.
const BLANKS: &[char] = &['\u{3000}', '\u{feff}', '\0', '\u{200b}', '\u{1a}'];

/// How much of a file around its first error is looked at to tell damaged UTF-8 from GB18030, on each side.
const SAMPLE: usize = 512 << 10;

impl Encoding {
    /// The encoding of a file, from its bytes or a good part of them, and how many bytes of byte order mark to pass over.
    ///
    /// A mark or valid UTF-8 settle it. A file that is nearly UTF-8 stays UTF-8, so that one damaged byte does not
    /// garble every row: GB18030 text hardly ever forms valid sequences of UTF-8 (measured below one in four).
    pub(super) fn detect(bytes: &[u8]) -> (Self, usize) {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return (Self::Utf8, 3);
        }
        let Err(error) = simdutf8::compat::from_utf8(bytes) else { return (Self::Utf8, 0) };
        let middle = error.valid_up_to();
        let sample = &bytes[middle.saturating_sub(SAMPLE)..bytes.len().min(middle + SAMPLE)];
        let (mut valid, mut invalid) = (0usize, 0usize);
        for part in sample.utf8_chunks() {
            valid += part.valid().chars().filter(|letter| !letter.is_ascii()).count();
            invalid += usize::from(!part.invalid().is_empty());
        }
        if valid > 2 * invalid { (Self::Utf8, 0) } else { (Self::Gb18030, 0) }
    }

    /// The one that a layout states, or else what `detect` finds.
    ///
    /// # Errors
    /// Those of `detect`; kind `Input` if the bytes plainly are in the other encoding: where headings are ASCII, or none, every name would be
    /// read as another one.
    pub(super) fn settle(stated: EncodingChoice, bytes: &[u8], detect: impl FnOnce() -> Result<Self>) -> Result<Self> {
        const PLAIN: usize = 50;
        let stated = match stated {
            EncodingChoice::Auto => return detect(),
            EncodingChoice::Utf8 => Self::Utf8,
            EncodingChoice::Gb18030 => Self::Gb18030,
        };
        let (mut valid, mut invalid) = (0, 0);
        for part in bytes.utf8_chunks() {
            valid += part.valid().chars().filter(|letter| letter.len_utf8() > 2).count();
            invalid += usize::from(!part.invalid().is_empty());
        }
        // A piece may end within a character.
        let told = match stated {
            Self::Gb18030 if valid >= PLAIN && invalid <= 1 => Self::Utf8,
            Self::Utf8 if invalid >= PLAIN && invalid > valid => Self::Gb18030,
            _ => return Ok(stated),
        };
        let message = Message::new("ingest.refused_encoding").with("told", told.label()).with("stated", stated.label());
        Err(Error::input(message).hint(Message::new("ingest.refused_encoding_hint")))
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }

    /// The characters, and whether some bytes were none (they come out as U+FFFD). Borrowed where the bytes are UTF-8
    /// or ASCII already.
    pub(super) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match self {
            Self::Utf8 => match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (String::from_utf8_lossy(bytes), true),
            },
            Self::Gb18030 => encoding_rs::GB18030.decode_without_bom_handling(bytes),
        }
    }

    /// Decoded and without the blanks at its ends.
    pub(super) fn text(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        let (text, damaged) = self.decode(bytes);
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(trimmed(text)),
            Cow::Owned(text) if trimmed(&text).len() == text.len() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(trimmed(&text).to_owned()),
        };
        (text, damaged)
    }

    /// How this encoding writes a word of the layout, to compare cells without decoding them.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Gb18030 => encoding_rs::GB18030.encode(text).0.into_owned(),
        }
    }

    /// The cell without blanks at its ends, still in its own bytes.
    pub(super) fn trim(self, mut bytes: &[u8]) -> &[u8] {
        let wide: &[u8] = match self {
            Self::Utf8 => "\u{3000}".as_bytes(),
            Self::Gb18030 => b"\xA1\xA1",
        };
        // Nearly every cell is already bare.
        if let ([first, ..], [.., last], [wide_first, .., wide_last]) = (bytes, bytes, wide)
            && first.min(last) > &b' '
            && first != wide_first
            && last != wide_last
        {
            return bytes;
        }
        loop {
            let before = bytes.len();
            while let [b'\0'..=b' ', rest @ ..] | [rest @ .., b'\0'..=b' '] = bytes {
                bytes = rest;
            }
            bytes = bytes.strip_prefix(wide).unwrap_or(bytes);
            bytes = bytes.strip_suffix(wide).unwrap_or(bytes);
            if bytes.len() == before {
                return bytes;
            }
        }
    }
}

/// Without the blanks at its ends.
pub(super) fn trimmed(text: &str) -> &str {
    // Nearly every cell begins and ends with a visible letter of ASCII or with a letter whose three bytes begin with E4
    // to E9, as those of the usual 汉字 do; none of them is a blank.
    let begins_bare = matches!(text.as_bytes(), [b'!'..=b'~' | 0xE4..=0xE9, ..]);
    let ends_bare = matches!(text.as_bytes(), [.., b'!'..=b'~'] | [.., 0xE4..=0xE9, _, _]);
    if begins_bare && ends_bare {
        return text;
    }
    text.trim_matches(|letter: char| letter.is_whitespace() || BLANKS.contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gb(text: &str) -> Vec<u8> {
        Encoding::Gb18030.encode(text)
    }

    #[test]
    fn detection() {
        assert_eq!(Encoding::detect("姓名".as_bytes()), (Encoding::Utf8, 0));
        assert_eq!(Encoding::detect("\u{feff}姓名".as_bytes()), (Encoding::Utf8, 3));
        assert_eq!(Encoding::detect(&gb("姓名,身份证号\n模,1")), (Encoding::Gb18030, 0));
        let mut nearly = "姓名,住址\n张三,济南市历下区\n".repeat(20).into_bytes();
        nearly.push(0xE6);
        nearly.extend_from_slice("\n李四,青岛".as_bytes());
        assert_eq!(Encoding::detect(&nearly), (Encoding::Utf8, 0), "one damaged byte does not garble the file");
        // Lead bytes C2..DF with trails 80..BF are valid two-byte UTF-8 now and then: 模 is C4 A3.
        assert_eq!(Encoding::detect(&gb(&"模范小区，济南市历下区张三李四王五\n".repeat(50))).0, Encoding::Gb18030);
    }

    #[test]
    fn a_stated_encoding_that_is_plainly_another_is_refused() {
        let text = "张三,济南市历下区\n".repeat(20);
        let told = |stated, bytes: &[u8]| Encoding::settle(stated, bytes, || Ok(Encoding::Utf8));
        for (choice, own, other) in [
            (EncodingChoice::Utf8, text.clone().into_bytes(), gb(&text)),
            (EncodingChoice::Gb18030, gb(&text), text.clone().into_bytes()),
        ] {
            assert!(told(choice, &own).is_ok());
            assert_eq!(told(choice, &other).unwrap_err().message().key, "ingest.refused_encoding");
            assert!(told(choice, &other[..30]).is_ok(), "a few characters tell nothing");
        }
    }

    #[test]
    fn four_byte_and_rare_characters() {
        for name in ["㛃", "𬱖", "䶮", "买买提·艾力"] {
            let bytes = gb(name);
            assert_eq!(Encoding::Gb18030.text(&bytes), (Cow::Borrowed(name), false));
        }
        assert_eq!(gb("𬱖"), [0x99, 0x33, 0xC3, 0x36]);
    }

    #[test]
    fn damage_stays_in_the_cell() {
        let (text, damaged) = Encoding::Gb18030.text(b"\xD5\xC5\xFF");
        assert!(damaged);
        assert_eq!(text, "张\u{fffd}");
        assert!(Encoding::Utf8.text(b"a\xC0").1);
    }

    #[test]
    fn blanks_at_the_ends() {
        assert_eq!(Encoding::Utf8.trim(" \u{3000}张 三\t\u{3000}\0".as_bytes()), "张 三".as_bytes());
        assert_eq!(Encoding::Gb18030.trim(&gb("　张三　 ")), gb("张三"));
        assert_eq!(Encoding::Gb18030.trim(b"  "), b"");
        assert_eq!(Encoding::Utf8.text("\u{feff}　甲 ".as_bytes()).0, "甲");
    }
}
