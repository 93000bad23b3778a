//! Many short texts, one per row of a column, in whichever of two forms is smaller: one behind the other in one buffer, or
//! as codes into the few that differ (a sex, a programme, a division). The form changes by itself and is nobody's concern
//! but a writer's; two columns are equal if their texts are.
//!
//! An empty text means "not given": departments' blanks are no evidence.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::values::shrink_to_fit;
use crate::kernel::alike;

/// Texts one behind the other, at most 4 GiB: put together here, or as they lie in a file that stays mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    bytes: Cow<'static, str>,
    /// Where each text ends; four bytes each, for a register has tens of millions of them.
    ends: Cow<'static, [u32]>,
}

const TOO_LONG: &str = "a column of texts about people on the register is shorter than 4 GiB";

impl Joined {
    /// Texts from one buffer and the place where each ends; `None` if those are no places in it, in order, to its end.
    pub fn from_raw(bytes: Cow<'static, str>, ends: Cow<'static, [u32]>) -> Option<Self> {
        let fits = ends.iter().all(|end| bytes.is_char_boundary(*end as usize))
            && ends.is_sorted()
            && ends.last().map_or(0, |end| *end as usize) == bytes.len();
        fits.then_some(Self { bytes, ends })
    }

    /// The buffer, and where each text ends in it.
    pub fn as_raw(&self) -> (&str, &[u32]) {
        (&self.bytes, &self.ends)
    }

    #[inline]
    pub fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..self.ends[at] as usize]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    #[inline]
    fn push(&mut self, text: &str) {
        self.bytes.to_mut().push_str(text);
        self.ends.to_mut().push(u32::try_from(self.bytes.len()).expect(TOO_LONG));
    }

    fn extend<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        let (bytes, ends) = (self.bytes.to_mut(), self.ends.to_mut());
        for text in texts {
            bytes.push_str(text);
            ends.push(bytes.len() as u32);
        }
        u32::try_from(bytes.len()).expect(TOO_LONG);
    }

    fn push_again(&mut self) {
        let start = self.ends.len().checked_sub(2).map_or(0, |before| self.ends[before] as usize);
        self.bytes.to_mut().extend_from_within(start..);
        self.ends.to_mut().push(u32::try_from(self.bytes.len()).expect(TOO_LONG));
    }

    fn append(&mut self, other: &Joined) {
        let shift = self.bytes.len();
        self.bytes.to_mut().push_str(&other.bytes);
        u32::try_from(self.bytes.len()).expect(TOO_LONG);
        self.ends.to_mut().extend(other.ends.iter().map(|end| end + shift as u32));
    }

    fn shrink_to_fit(&mut self) {
        if let Cow::Owned(bytes) = &mut self.bytes {
            bytes.shrink_to_fit();
        }
        shrink_to_fit(&mut self.ends);
    }
}

/// Texts of which few differ: a code per row, and each different text once, in order of first appearance.
#[derive(Debug, Clone, Default)]
struct Coded {
    codes: Cow<'static, [u16]>,
    distinct: Joined,
    /// Codes by the hash of their text.
    known: HashTable<u16>,
}

/// As many as there are codes.
const MOST_DISTINCT: usize = 1 << 16;

/// So few are held as codes whatever the number of rows; beyond, a text must come back [`REPEATS`] times on average.
const ALWAYS_CODED: usize = 32;
const REPEATS: usize = 4;

impl Coded {
    #[inline]
    fn get(&self, row: usize) -> &str {
        self.distinct.get(usize::from(self.codes[row]))
    }

    /// The code of a text, new or known; `None` if one more text would not pay.
    fn code(&mut self, text: &str, rows: usize) -> Option<u16> {
        let Self { distinct, known, .. } = self;
        let text_of = |code: &u16| distinct.get(usize::from(*code));
        let hash = |text: &str| FixedState::default().hash_one(text);
        match known.entry(
            hash(text),
            |code| alike(text_of(code).as_bytes(), text.as_bytes()),
            |code| hash(text_of(code)),
        ) {
            Entry::Occupied(found) => Some(*found.get()),
            Entry::Vacant(free) => {
                let count = distinct.len();
                let pays = count < ALWAYS_CODED || (count < MOST_DISTINCT && count * REPEATS <= rows);
                pays.then(|| {
                    distinct.push(text);
                    *free.insert(count as u16).get()
                })
            }
        }
    }

    /// Whether the text found a code.
    #[inline]
    fn push(&mut self, text: &str) -> bool {
        // Neighbours are often alike: one household, one village, a blank.
        let is_again = |last: &u16| alike(self.distinct.get(usize::from(*last)).as_bytes(), text.as_bytes());
        let last = self.codes.last().copied().filter(is_again);
        let code = last.or_else(|| self.code(text, self.codes.len()));
        self.codes.to_mut().extend(code);
        code.is_some()
    }

    /// Whether all texts of `other` found codes; if not, none was taken over.
    fn append(&mut self, other: &Coded) -> bool {
        let rows = self.codes.len() + other.codes.len();
        let codes: Option<Vec<u16>> = other.distinct.iter().map(|text| self.code(text, rows)).collect();
        let Some(codes) = codes else { return false };
        self.codes.to_mut().extend(other.codes.iter().map(|code| codes[usize::from(*code)]));
        true
    }

    fn joined(&self) -> Joined {
        let mut joined = Joined::default();
        joined.ends.to_mut().reserve(self.codes.len());
        (0..self.codes.len()).for_each(|row| joined.push(self.get(row)));
        joined
    }
}

#[derive(Debug, Clone)]
enum Form {
    Coded(Coded),
    Joined(Joined),
}

/// The texts of a column.
#[derive(Debug, Clone)]
pub struct Texts(Form);

/// The texts of a column as they are held, for a writer that can use it.
#[derive(Debug, Clone, Copy)]
pub enum Held<'a> {
    /// Per row the place of its text in `distinct`, which holds none twice.
    Coded {
        codes: &'a [u16],
        distinct: &'a Joined,
    },
    Joined(&'a Joined),
}

impl Texts {
    #[inline]
    pub fn push(&mut self, text: &str) {
        match &mut self.0 {
            Form::Joined(joined) => joined.push(text),
            Form::Coded(coded) => {
                if !coded.push(text) {
                    self.join().push(text);
                }
            }
        }
    }

    #[inline]
    pub fn get(&self, row: usize) -> &str {
        match &self.0 {
            Form::Joined(joined) => joined.get(row),
            Form::Coded(coded) => coded.get(row),
        }
    }

    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Joined(joined) => joined.len(),
            Form::Coded(coded) => coded.codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }

    pub fn par_iter(&self) -> impl IndexedParallelIterator<Item = &str> {
        (0..self.len()).into_par_iter().map(|row| self.get(row))
    }

    pub fn held(&self) -> Held<'_> {
        match &self.0 {
            Form::Joined(joined) => Held::Joined(joined),
            Form::Coded(coded) => Held::Coded { codes: &coded.codes, distinct: &coded.distinct },
        }
    }

    /// Back from [`Held::Coded`]; `None` if a code has no text or a text stands twice.
    pub fn from_codes(codes: Cow<'static, [u16]>, distinct: &Joined) -> Option<Self> {
        let mut coded = Coded::default();
        let in_order = (0..distinct.len()).all(|at| coded.code(distinct.get(at), usize::MAX) == u16::try_from(at).ok());
        let known = codes.iter().all(|code| usize::from(*code) < distinct.len());
        (in_order && known).then(|| Self(Form::Coded(Coded { codes, ..coded })))
    }

    /// Takes over all texts of `other`, in order.
    pub fn append(&mut self, other: &Texts) {
        if let (Form::Coded(mine), Form::Coded(others)) = (&mut self.0, &other.0)
            && mine.append(others)
        {
            return;
        }
        let mine = self.join();
        match &other.0 {
            Form::Joined(others) => mine.append(others),
            Form::Coded(_) => other.iter().for_each(|text| mine.push(text)),
        }
    }

    /// "Not given".
    pub(super) fn push_none(&mut self) {
        self.push("");
    }

    /// Adds the last text once more. There must be one.
    #[inline]
    pub(super) fn push_again(&mut self) {
        match &mut self.0 {
            Form::Joined(joined) => joined.push_again(),
            Form::Coded(coded) => {
                let codes = coded.codes.to_mut();
                codes.push(codes[codes.len() - 1]);
            }
        }
    }

    pub(super) fn select(&self, rows: &[usize]) -> Self {
        rows.iter().map(|row| self.get(*row)).collect()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        match &mut self.0 {
            Form::Joined(joined) => joined.shrink_to_fit(),
            Form::Coded(coded) => {
                shrink_to_fit(&mut coded.codes);
                coded.distinct.shrink_to_fit();
            }
        }
    }

    /// Gives up the codes, if there are any: too many texts differ.
    fn join(&mut self) -> &mut Joined {
        if let Form::Coded(coded) = &self.0 {
            self.0 = Form::Joined(coded.joined());
        }
        match &mut self.0 {
            Form::Joined(joined) => joined,
            Form::Coded(_) => unreachable!("joined just now"),
        }
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self(Form::Coded(Coded::default()))
    }
}

impl From<Joined> for Texts {
    fn from(joined: Joined) -> Self {
        Self(Form::Joined(joined))
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Texts {}

impl<'a> Extend<&'a str> for Texts {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, texts: I) {
        let mut texts = texts.into_iter();
        if let Form::Coded(coded) = &mut self.0 {
            let without_code = texts.find(|text| !coded.push(text));
            match without_code {
                Some(text) => self.join().push(text),
                None => return,
            }
        }
        self.join().extend(texts);
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut column = Self::default();
        column.extend(texts);
        column
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_coded(texts: &Texts) -> bool {
        matches!(texts.held(), Held::Coded { .. })
    }

    #[test]
    fn the_form_follows_how_often_texts_repeat() {
        let sexes: Texts = (0..1000).map(|row| ["male", "female", ""][row % 3]).collect();
        assert!(is_coded(&sexes));
        assert_eq!((sexes.get(998), sexes.get(997)), ("", "female"), "998 = 3 × 332 + 2, 997 = 3 × 332 + 1");
        let ids: Vec<String> = (0..33).map(|id| id.to_string()).collect();
        let few: Texts = ids[..32].iter().map(String::as_str).collect();
        let many: Texts = ids.iter().map(String::as_str).collect();
        assert!(is_coded(&few) && !is_coded(&many), "32 texts are always few, the 33rd came with no repeats");
        assert_eq!(many.iter().collect::<Vec<_>>(), ids);
    }

    #[test]
    fn the_last_text_comes_again_in_either_form() {
        for count in [1, 2, 32, 40] {
            let mut texts: Texts =
                (0..count).map(|id| format!("文{id}")).collect::<Vec<_>>().iter().map(String::as_str).collect();
            assert_eq!(is_coded(&texts), count <= 32);
            texts.push_again();
            assert_eq!(texts.len(), count + 1);
            assert_eq!(
                (texts.get(count - 1), texts.get(count)),
                (&*format!("文{}", count - 1), &*format!("文{}", count - 1))
            );
        }
    }

    #[test]
    fn more_texts_than_codes_are_joined() {
        let mut texts = Texts::default();
        let number = |row: usize| (row / 5).to_string();
        (0..MOST_DISTINCT * 5).for_each(|row| texts.push(&number(row)));
        assert!(is_coded(&texts));
        texts.push("one too many");
        assert!(!is_coded(&texts));
        assert_eq!(texts.get(MOST_DISTINCT * 5 - 1), "65535");
        assert_eq!(texts.get(MOST_DISTINCT * 5), "one too many");
    }

    #[test]
    fn raw_parts_are_checked() {
        assert!(Joined::from_raw("甲乙".into(), vec![3, 6].into()).is_some());
        for ends in [vec![1, 6], vec![6, 3], vec![3], vec![3, 7]] {
            assert!(Joined::from_raw("甲乙".into(), ends.into()).is_none());
        }
        let distinct = Joined::from_raw("甲乙".into(), vec![3, 6].into()).unwrap();
        let texts = Texts::from_codes(vec![1, 0, 1].into(), &distinct).unwrap();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["乙", "甲", "乙"]);
        assert!(Texts::from_codes(vec![2].into(), &distinct).is_none());
        assert!(
            Texts::from_codes(vec![0].into(), &Joined::from_raw("甲甲".into(), vec![3, 6].into()).unwrap()).is_none()
        );
    }

    proptest! {
        /// Against plain vectors: pieces of every form, pushed and joined in any order.
        #[test]
        fn pieces_joined_are_their_texts_in_order(
            pieces in prop::collection::vec((prop::collection::vec(0u32..200, 0..120), 1u32..200), 0..6)
        ) {
            let text = |number: u32, differing: u32| match number % differing {
                0 => String::new(),
                number => format!("文{number}"),
            };
            let mut joined = Texts::default();
            let mut expected = Vec::new();
            for (numbers, differing) in &pieces {
                let piece: Vec<String> = numbers.iter().map(|number| text(*number, *differing)).collect();
                let texts: Texts = piece.iter().map(String::as_str).collect();
                prop_assert_eq!(texts.iter().collect::<Vec<_>>(), piece.clone());
                joined.append(&texts);
                expected.extend(piece);
            }
            prop_assert_eq!(joined.len(), expected.len());
            prop_assert_eq!(joined.iter().collect::<Vec<_>>(), expected.iter().map(String::as_str).collect::<Vec<_>>());
            let pushed: Texts = expected.iter().map(String::as_str).collect();
            prop_assert_eq!(&pushed, &joined);
            let backwards: Vec<usize> = (0..expected.len()).rev().collect();
            prop_assert!(joined.select(&backwards).iter().eq(expected.iter().rev().map(String::as_str)));
        }
    }
}
