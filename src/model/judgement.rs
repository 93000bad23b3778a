//! 人工判定: a link that needs a person, the key under which it is asked, and what was answered.
//!
//! The key stands for the facts of both sides (see `pipeline::review`). While they stay, the answer stands in every later
//! run; when one of them changes, so does the key, and the question is asked again.

use std::fmt;

use super::link::Link;
use crate::kernel::digest::BASE32;
use crate::kernel::{Date, Digest};

/// 判定编号: `J-` and sixteen characters of base 32 (80 bits of a digest). Never a number to a spreadsheet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JudgementKey([u8; JudgementKey::CHARACTERS]);

impl JudgementKey {
    const CHARACTERS: usize = 16;
    const PREFIX: &str = "J-";

    pub fn of(facts: &Digest) -> Self {
        let text = facts.base32(Self::CHARACTERS);
        Self(text.as_bytes().try_into().expect("sixteen characters were asked for"))
    }

    /// As printed; case and blanks at the ends do not matter. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.trim().to_ascii_uppercase();
        let characters: [u8; Self::CHARACTERS] = upper.strip_prefix(Self::PREFIX)?.as_bytes().try_into().ok()?;
        characters.iter().all(|character| BASE32.contains(character)).then_some(Self(characters))
    }
}

impl fmt::Display for JudgementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, std::str::from_utf8(&self.0).expect("base 32 is ASCII"))
    }
}

impl fmt::Debug for JudgementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a person may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// 同一人: the link may enter a case.
    Same,
    /// 不是同一人: it never does, and is not asked again.
    Other,
    /// 无法判断: it stays open and is asked again.
    Unclear,
}

impl Answer {
    pub const ALL: [Answer; 3] = [Self::Same, Self::Other, Self::Unclear];

    /// Stable code in files and store; wording key `report.judgement_<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Other => "other",
            Self::Unclear => "unclear",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.code() == code)
    }
}

/// One answer of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub key: JudgementKey,
    pub answer: Answer,
    /// Who judged, as they wrote it.
    pub judge: String,
    pub on: Date,
    pub note: String,
}

/// A link of a grade below A with its key and the latest answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// Index in the run's links.
    pub link: u32,
    pub key: JudgementKey,
    pub answer: Option<Answer>,
}

impl Review {
    /// Still needs a person: neither accepted, by the centre's grades or by a judgement, nor judged another person's.
    pub fn is_open(&self, link: &Link) -> bool {
        !link.accepted && self.answer != Some(Answer::Other)
    }
}

/// The links that still need a person.
pub fn open<'l>(reviews: &[Review], links: &'l [Link]) -> impl Iterator<Item = &'l Link> {
    let linked = reviews.iter().map(|review| (review, &links[review.link as usize]));
    linked.filter_map(|(review, link)| review.is_open(link).then_some(link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_printed() {
        let key = JudgementKey::of(&Digest::of(b"abc"));
        // SHA-256("abc") begins ba 78 16 bf 8f 01 cf ea 41 41: ten bytes in base 32.
        assert_eq!(key.to_string(), "J-XJ4BNP4PAHH6UQKB");
        assert_eq!(JudgementKey::parse(" j-xj4bnp4pahh6uqkb "), Some(key));
        for wrong in ["", "J-", "XJ4BNP4PAHH6UQKB", "J-XJ4BNP4PAHH6UQK", "J-XJ4BNP4PAHH6UQK1", "J-XJ4BNP4PAHH6UQKBA"] {
            assert_eq!(JudgementKey::parse(wrong), None, "{wrong}");
        }
    }
}
