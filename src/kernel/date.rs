//! Real calendar dates and months. Departments' shapes of date text are read in `standardise::dates`.

use std::num::NonZeroU32;

use chrono::{Datelike, NaiveDate};

use super::digits::write_digits;

/// A day. Serialised as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(from = "i32", into = "i32")]
pub struct Date(
    /// Days since the lowest `i32` of days: in order, and never zero, so that a date that may be missing takes no more room.
    NonZeroU32,
);

/// Days since the lowest `i32` of days: 1970-01-01 lies in the middle.
const MIDDLE: u32 = 1 << 31;

/// From the last day of February in the year 0 to 1970-01-01.
const DAYS_TO_1970: i32 = 719_469;

impl Date {
    /// `None` if there is no such day, or the year is outside 1800..=2200 (a record outside is a placeholder, not a date).
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1800..=2200).contains(&year) {
            return None;
        }
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + u32::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=last).contains(&day) {
            return None;
        }
        // Years that begin with March end with their leap day; their months have 153 days in every five.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + ((153 * month + 2) / 5 + day) as i32;
        Some(Self::from_days(days - DAYS_TO_1970))
    }

    /// `2026-11-24`.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        Self::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// Days since 1970-01-01 (Parquet's and polars' date).
    pub fn days(self) -> i32 {
        (self.0.get() ^ MIDDLE) as i32
    }

    /// Back from [`Date::days`]; the lowest `i32` becomes the day after it.
    pub fn from_days(days: i32) -> Self {
        Self(NonZeroU32::new(days as u32 ^ MIDDLE).unwrap_or(NonZeroU32::MIN))
    }

    fn naive(self) -> NaiveDate {
        NaiveDate::default() + chrono::TimeDelta::days(i64::from(self.days()))
    }

    pub fn year(self) -> i32 {
        self.naive().year()
    }

    /// Year, month, day.
    pub fn ymd(self) -> (i32, u32, u32) {
        let date = self.naive();
        (date.year(), date.month(), date.day())
    }

    pub fn month(self) -> Month {
        let (year, month, _) = self.ymd();
        Month::from_ym(year, month).expect("a date has a real month")
    }

    /// Whole years from `self` to `on`; negative if `on` comes first.
    pub fn years_until(self, on: Date) -> i32 {
        let (y0, m0, d0) = self.ymd();
        let (y1, m1, d1) = on.ymd();
        y1 - y0 - i32::from((m1, d1) < (m0, d0))
    }
}

impl From<i32> for Date {
    fn from(days: i32) -> Self {
        Self::from_days(days)
    }
}

impl From<Date> for i32 {
    fn from(date: Date) -> Self {
        date.days()
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.ymd();
        let mut text = *b"0000-00-00";
        write_digits(&mut text[..4], year as u64);
        write_digits(&mut text[5..7], month.into());
        write_digits(&mut text[8..], day.into());
        f.write_str(std::str::from_utf8(&text).expect("digits"))
    }
}

/// A calendar month as months since year 0, so that a difference is a count of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(i32);

impl Month {
    pub fn from_ym(year: i32, month: u32) -> Option<Self> {
        ((1800..=2200).contains(&year) && (1..=12).contains(&month)).then(|| Self(year * 12 + month as i32 - 1))
    }

    /// Months since year 0: 2026-11 is 2026 × 12 + 10.
    pub fn index(self) -> i32 {
        self.0
    }

    pub fn from_index(index: i32) -> Self {
        Self(index)
    }

    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    pub fn number(self) -> u32 {
        (self.0.rem_euclid(12) + 1) as u32
    }

    pub fn first_day(self) -> Date {
        Date::from_ymd(self.year(), self.number(), 1).expect("the first is a real day")
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = *b"0000-00";
        write_digits(&mut text[..4], self.year() as u64);
        write_digits(&mut text[5..], self.number().into());
        f.write_str(std::str::from_utf8(&text).expect("digits"))
    }
}

/// A date as people read it, in what they read.
pub mod iso_date {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Date;

    pub fn serialize<S: Serializer>(date: &Date, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(date)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        Date::parse_iso(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("a date"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for year in 1799..=2201 {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let expected = NaiveDate::from_ymd_opt(year, month, day).filter(|_| (1800..=2200).contains(&year));
                assert_eq!(Date::from_ymd(year, month, day).map(Date::naive), expected, "{year}-{month}-{day}");
            }
        }
    }

    #[test]
    fn only_real_days() {
        assert!(Date::from_ymd(2023, 2, 29).is_none());
        assert_eq!(Date::from_ymd(1970, 1, 2).unwrap().days(), 1);
        assert_eq!(Date::from_ymd(2024, 2, 29).unwrap().to_string(), "2024-02-29");
        assert!(Date::from_ymd(9999, 9, 9).is_none());
    }

    #[test]
    fn days_are_ordered_across_1970_and_serialised_as_numbers() {
        let days = [i32::MIN + 1, -1, 0, 1, i32::MAX];
        assert!(days.map(Date::from_days).is_sorted());
        assert_eq!(days.map(|day| Date::from_days(day).days()), days);
        assert_eq!(serde_json::to_string(&Date::from_ymd(1969, 12, 31)).unwrap(), "-1");
        assert_eq!(serde_json::from_str::<Date>("1").unwrap(), Date::from_ymd(1970, 1, 2).unwrap());
        assert_eq!(size_of::<Option<Date>>(), 4);
    }

    #[test]
    fn birthdays_count_on_the_day() {
        let born = Date::from_ymd(2000, 3, 15).unwrap();
        assert_eq!(born.years_until(Date::from_ymd(2018, 3, 14).unwrap()), 17);
        assert_eq!(born.years_until(Date::from_ymd(2018, 3, 15).unwrap()), 18);
    }

    #[test]
    fn months_subtract() {
        let dead = Date::from_ymd(2025, 12, 31).unwrap().month();
        let paid = Month::from_ym(2026, 2).unwrap();
        assert_eq!(paid.index() - dead.index(), 2);
        assert_eq!(paid.to_string(), "2026-02");
    }
}
