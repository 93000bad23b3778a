//! What the cells of a column look like, whatever its heading says: kinds of values counted, damage counted, few distinct values
//! remembered. No id, name or free text is remembered.

use std::collections::BTreeMap;

use super::super::rows::NULLS;
use crate::model::link::Repairs;
use crate::standardise::ids::{self, IdReading};
use crate::standardise::{amounts, characters, dates, id_repair};

/// Values a column of codes may have; with more it is no such column.
const CODES: usize = 40;

/// Characters of a code or word.
const CODE_LENGTH: usize = 24;

/// Days that stand for "none" in exports, as [`dates`] reads them.
const NO_DAYS: [&str; 4] = ["1899-12-3", "1900-01-0", "9999-", "2099-12-31"];

/// What most cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Like {
    Blank,
    Id,
    Name,
    Date,
    Month,
    Number,
    /// A few values that return.
    Code,
    Text,
}

impl Like {
    pub fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Id => "id",
            Self::Name => "name",
            Self::Date => "date",
            Self::Month => "month",
            Self::Number => "number",
            Self::Code => "code",
            Self::Text => "text",
        }
    }
}

/// Damage that people should know of before the first night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Ids of fifteen digits.
    OldIds,
    /// Some characters hidden.
    MaskedIds,
    /// Turned into numbers by a spreadsheet.
    LostTails,
    /// Eighteen characters whose check character fails, or of another length.
    BrokenIds,
    /// 111111111111111111 and the like.
    PlaceholderIds,
    /// Several ids in one cell.
    SeveralIds,
    /// Bytes that are no character.
    DamagedBytes,
    /// Dates that stand for "none".
    NoDays,
}

impl Remark {
    pub fn code(self) -> &'static str {
        match self {
            Self::OldIds => "old_ids",
            Self::MaskedIds => "masked_ids",
            Self::LostTails => "lost_tails",
            Self::BrokenIds => "broken_ids",
            Self::PlaceholderIds => "placeholder_ids",
            Self::SeveralIds => "several_ids",
            Self::DamagedBytes => "damaged_bytes",
            Self::NoDays => "no_days",
        }
    }
}

/// Counts over the cells of one column.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) filled: u64,
    ids: u64,
    names: u64,
    dates: u64,
    months: u64,
    numbers: u64,
    /// Numbers that may be days of a sheet.
    serials: u64,
    remarks: BTreeMap<Remark, u64>,
    /// Distinct values with their counts, until there are too many.
    values: BTreeMap<String, u64>,
    has_many_values: bool,
    /// Words for "none" that the reader does not know by itself.
    pub(super) nulls: BTreeMap<String, u64>,
}

impl Looks {
    pub(super) fn take(&mut self, text: &str, is_damaged: bool) {
        if text.is_empty() || NULLS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return;
        }
        if NO_DAYS.iter().any(|day| text.starts_with(day)) {
            *self.nulls.entry(text.to_owned()).or_default() += 1;
            return self.remark(Remark::NoDays);
        }
        self.filled += 1;
        if is_damaged {
            self.remark(Remark::DamagedBytes);
        }
        self.sort(text);
        self.remember(text);
    }

    /// Of a sheet: a day may be a number there, counted from 1899-12-30.
    pub(super) fn take_serial(&mut self, text: &str) {
        let is_serial = |number: &f64| (10_000.0..80_000.0).contains(number);
        self.serials += u64::from(text.parse().ok().as_ref().is_some_and(is_serial));
    }

    fn remark(&mut self, remark: Remark) {
        *self.remarks.entry(remark).or_default() += 1;
    }

    fn sort(&mut self, text: &str) {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if digits >= 6 && self.take_id(text) {
            self.ids += 1;
        } else if is_day(text) {
            self.dates += 1;
        } else if matches!(dates::month(text), Ok(Some(_))) {
            self.months += 1;
        } else if digits > 0 && amounts::decimal(text).is_ok() {
            self.numbers += 1;
        } else if is_name(text) {
            self.names += 1;
        }
    }

    /// Whether the cell is meant as an id.
    fn take_id(&mut self, text: &str) -> bool {
        let long = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| part.len() >= 15).count();
        if long > 1 {
            self.remark(Remark::SeveralIds);
            return true;
        }
        let remark = match ids::read(text) {
            IdReading::Whole { id, repairs } if id.is_valid() => {
                repairs.contains(Repairs::FIFTEEN).then_some(Remark::OldIds)
            }
            // An account's number is as long; a birth date within, or one digit from it, tells them apart.
            IdReading::Whole { id, .. } if id.birth().is_some() => Some(Remark::BrokenIds),
            IdReading::Broken { text, .. } if !id_repair::candidates(text.as_bytes()).is_empty() => {
                Some(Remark::BrokenIds)
            }
            IdReading::Masked { .. } => Some(Remark::MaskedIds),
            IdReading::TailLost { .. } => Some(Remark::LostTails),
            IdReading::Placeholder if text.len() >= 15 => Some(Remark::PlaceholderIds),
            _ => return false,
        };
        if let Some(remark) = remark {
            self.remark(remark);
        }
        true
    }

    fn remember(&mut self, text: &str) {
        if self.has_many_values {
            return;
        }
        if text.chars().count() > CODE_LENGTH || (self.values.len() == CODES && !self.values.contains_key(text)) {
            self.has_many_values = true;
            self.values.clear();
            return;
        }
        *self.values.entry(text.to_owned()).or_default() += 1;
    }

    /// What most cells are: nine of ten, since every column has some that are something else.
    pub(super) fn like(&self) -> Like {
        if self.filled == 0 {
            return Like::Blank;
        }
        let most = |count: u64| count * 10 >= self.filled * 9;
        if most(self.ids) {
            return Like::Id;
        }
        // Before numbers and names: 01 and 正常 look like either.
        let returns = !self.has_many_values && self.values.len() as u64 * 2 <= self.filled;
        match () {
            () if most(self.dates) => Like::Date,
            () if most(self.months) => Like::Month,
            () if returns => Like::Code,
            () if most(self.numbers) => Like::Number,
            () if most(self.names) => Like::Name,
            () => Like::Text,
        }
    }

    /// Whether at least every second cell is an id; a cell of two owners is.
    pub(super) fn are_ids(&self) -> bool {
        self.filled > 0 && self.ids * 2 >= self.filled
    }

    /// Whether at least half of the cells are of a type.
    pub(super) fn are_numbers(&self) -> bool {
        (self.numbers + self.months + self.dates) * 2 >= self.filled
    }

    pub(super) fn are_dates(&self) -> bool {
        (self.months + self.dates + self.serials) * 2 >= self.filled
    }

    /// Damage found, ids only where the column is one of ids.
    pub(super) fn remarks(&self) -> Vec<(Remark, u64)> {
        let tells = |remark: Remark| match remark {
            Remark::DamagedBytes => true,
            Remark::NoDays => self.are_dates(),
            _ => self.are_ids(),
        };
        self.remarks.iter().map(|(remark, count)| (*remark, *count)).filter(|(remark, _)| tells(*remark)).collect()
    }

    /// Distinct values, if they are few.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, u64)> {
        self.values.iter().map(|(value, count)| (value.as_str(), *count))
    }
}

/// A day in full; numbers of eight digits only where they could be one of a life.
fn is_day(text: &str) -> bool {
    if text.len() < 8 || !text.starts_with(['1', '2']) {
        return false;
    }
    matches!(dates::day(text), Ok(Some(_)))
}

/// Two to four characters of Chinese, or a longer name with its dots.
pub(super) fn is_name(text: &str) -> bool {
    let mut letters = text.chars().filter(|letter| !characters::is_name_dot(*letter));
    let count = text.chars().count();
    let dots = count - letters.clone().count();
    letters.all(|letter| characters::is_han(letter) || characters::is_unreadable(letter))
        && (2..=4).contains(&count) | (dots > 0 && count <= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(cells: &[&str]) -> Looks {
        let mut looks = Looks::default();
        cells.iter().for_each(|cell| looks.take(cell, false));
        looks
    }

    #[test]
    fn columns_are_what_most_of_their_cells_are() {
        // GB 11643's example, and the same person's number as it was before 1999.
        assert_eq!(looks(&["11010519491231002X", "110105491231002", "11010519491231002x"]).like(), Like::Id);
        assert_eq!(looks(&["张三", "欧阳修文", "阿依古丽·买买提"]).like(), Like::Name);
        assert_eq!(looks(&["20190404", "2019-06-25 00:00:00", "1970年1月1日"]).like(), Like::Date);
        assert_eq!(looks(&["201211", "202001", "202002"]).like(), Like::Month);
        assert_eq!(looks(&["1,234.50", "0.00", "88", "12"]).like(), Like::Number);
        assert_eq!(looks(&["", "NULL", "\\N"]).like(), Like::Blank);
        assert_eq!(looks(&["A", "A", "E", "A", "A", "G", "A", "A", "A", "A", "A", "E"]).like(), Like::Code);
        assert_eq!(looks(&["山东省济南市历下区", "泉城路一号院三号楼"]).like(), Like::Text);
        // A card's number is no citizen's, whatever its length, and a sum of eight digits no day.
        assert_ne!(looks(&["6222020200112233445", "6222020200112233446"]).like(), Like::Id);
        assert_ne!(looks(&["622202020011223344", "622202020011223346"]).like(), Like::Id);
        assert_eq!(looks(&["99887766", "88776655"]).like(), Like::Number);
    }

    #[test]
    fn days_of_a_sheet_may_be_numbers() {
        let mut found = looks(&["45678", "45992.5"]);
        assert!(!found.are_dates() && found.like() == Like::Number);
        ["45678", "45992.5"].iter().for_each(|cell| found.take_serial(cell));
        assert!(found.are_dates());
    }

    #[test]
    fn damage_is_counted_by_its_kind() {
        let cells = [
            "110105491231002",
            "110105********002X",
            "1.10105E+17",
            "110105194912310021",
            "11010519491231002",
            "111111111111111111",
            "11010519491231002X,110105194912310046",
            "11010519491231002X",
        ];
        let found: BTreeMap<Remark, u64> = looks(&cells).remarks().into_iter().collect();
        let expected = [
            (Remark::OldIds, 1),
            (Remark::MaskedIds, 1),
            (Remark::LostTails, 1),
            (Remark::BrokenIds, 2),
            (Remark::PlaceholderIds, 1),
            (Remark::SeveralIds, 1),
        ];
        assert_eq!(found, expected.into());
        let days = looks(&["2020-01-02", "1899-12-31 12:00:00", "9999-09-09"]);
        assert_eq!((days.like(), days.remarks()), (Like::Date, vec![(Remark::NoDays, 2)]));
        assert_eq!(days.nulls.keys().collect::<Vec<_>>(), ["1899-12-31 12:00:00", "9999-09-09"]);
    }

    #[test]
    fn values_are_remembered_only_while_they_are_few_and_short() {
        let many: Vec<String> = (0..=CODES).map(|number| format!("v{number}")).collect();
        let mut found = Looks::default();
        many.iter().for_each(|value| found.take(value, false));
        assert_eq!(found.values().count(), 0);
        assert_eq!(looks(&["一段很长很长很长很长很长很长很长很长很长的话，谁也不会当作代码"]).values().count(), 0);
        assert_eq!(looks(&["A", "E", "A"]).values().collect::<Vec<_>>(), [("A", 2), ("E", 1)]);
    }
}
