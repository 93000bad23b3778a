//! Dates and months as departments write them → real days and months.
//!
//! Shapes: `20190404`, `2019-04-04`, `2019/4/4`, `2019.4.4`, `2019年4月4日`, any of them with a time behind,
//! `20211028154247`, 13 digits (milliseconds since 1970, read in UTC+8), `201211`, `2012-11`, `2012年11月`; also in
//! full width. Placeholders that exchange platforms put where no date is known (1899-12-31, 1900-01-01, 2099-12-31,
//! 9999-…, all zeros) are "not given". Day-first and two-digit years are refused: guessing could shift a date by years.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::kernel::digits::eight;
use crate::kernel::{Date, Month};

/// The text holds something, but no date this program can be sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADate;

/// The longest text that is still looked at; a longer one is no date, whatever it begins with.
const LONGEST: usize = 120;

const DAY_MS: i64 = 86_400_000;

/// A day; `Ok(None)` if blank or a placeholder. A month without a day gives its first day.
pub fn date(text: &str) -> Result<Option<Date>, NotADate> {
    let Some((year, month, day)) = read(text)? else { return Ok(None) };
    Date::from_ymd(year, month, day.unwrap_or(1)).map(Some).ok_or(NotADate)
}

/// The day that a spreadsheet counts so.
pub fn of_serial(number: i32) -> Date {
    const OF_1970: i32 = 25_569; // days from 1899-12-30, where spreadsheets count from
    Date::from_days(number - OF_1970)
}

/// A day that is written in full: a month alone is none. Five digits are how a spreadsheet counts days, where a cell lost its form.
pub fn day(text: &str) -> Result<Option<Date>, NotADate> {
    if let ([b'3'..=b'6', ..], 5, Ok(serial)) = (text.as_bytes(), text.len(), text.parse()) {
        return Ok(Some(of_serial(serial)));
    }
    let Some((year, month, day)) = read(text)? else { return Ok(None) };
    day.and_then(|day| Date::from_ymd(year, month, day)).map(Some).ok_or(NotADate)
}

/// A last day; `Ok(None)` if it never comes (2099 and later). What says no day, and the placeholders of the past, are no
/// answer here: whoever does not say when something ends has not said that it does not.
pub fn last_day(text: &str) -> Result<Option<Date>, NotADate> {
    if text.len() > LONGEST {
        return Err(NotADate);
    }
    let (year, month, day) =
        usual(text.as_bytes()).map_or_else(|| closely(text), |parts| Ok(Some(parts)))?.ok_or(NotADate)?;
    match (is_placeholder((year, month, day)), day) {
        _ if year >= FAR_AHEAD => Ok(None),
        (false, Some(day)) => Date::from_ymd(year, month, day).map(Some).ok_or(NotADate),
        _ => Err(NotADate),
    }
}

/// Who writes a day of this year or a later one means that there is no end.
const FAR_AHEAD: i32 = 2099;

/// The fast path for the days of rows that nobody asked for: ASCII in one of the usual shapes. `None` means "look closer with
/// [`date`]", placeholders included.
pub fn date_plain(raw: &[u8]) -> Option<Date> {
    let (year, month, day) = usual(raw).filter(|parts| raw.is_ascii() && !is_placeholder(*parts))?;
    Date::from_ymd(year, month, day.unwrap_or(1))
}

/// A month; `Ok(None)` if blank or a placeholder. Of a full date the day must be real too, else the text is not trusted.
pub fn month(text: &str) -> Result<Option<Month>, NotADate> {
    let Some((year, month, day)) = read(text)? else { return Ok(None) };
    Date::from_ymd(year, month, day.unwrap_or(1)).ok_or(NotADate)?;
    Ok(Month::from_ym(year, month))
}

type Parts = (i32, u32, Option<u32>);

/// Year, month and, if given, day; not yet checked against the calendar.
fn read(text: &str) -> Result<Option<Parts>, NotADate> {
    if text.len() > LONGEST {
        return Err(NotADate);
    }
    let parts = match usual(text.as_bytes()) {
        Some(parts) => Some(parts),
        None => closely(text)?,
    };
    Ok(parts.filter(|parts| !is_placeholder(*parts)))
}

/// Any shape there is.
fn closely(text: &str) -> Result<Option<Parts>, NotADate> {
    // Nearly every date is ASCII already: normalising it was a tenth of a large run.
    let text = if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) };
    let text = text.trim();
    let mut digits = text.chars().filter(char::is_ascii_digit).peekable();
    if text.is_empty() || (digits.peek().is_some() && digits.all(|digit| digit == '0')) {
        return Ok(None);
    }
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (head, rest) = text.split_at(length);
    let parts = match length {
        13 if rest.is_empty() => from_epoch(number(head)?),
        4 => separated(head, rest)?,
        6 if rest.is_empty() => (number(&head[..4])?, number(&head[4..])?, None),
        8 => {
            time_or_nothing(rest)?;
            compact(head)?
        }
        12 | 14 | 17 => {
            fraction_or_nothing(rest)?;
            compact(head)?
        }
        _ => return Err(NotADate),
    };
    Ok(Some(parts))
}

/// The shapes that nearly all departments deliver, without a copy: `20190404`, `20190404154247`, `201904`, `2019-4-4`,
/// `2019/04`, `2019.4.4 12:00:00`, `2019年4月4日`, thirteen digits. What is not told here is looked at closely.
fn usual(text: &[u8]) -> Option<Parts> {
    let in_full = |number: u32| (number / 10_000, number / 100 % 100, Some(number % 100));
    // `2019-04-04`, the usual one of them, alone or with a time of day.
    if let [y0, y1, y2, y3, mark @ (b'-' | b'/' | b'.'), m0, m1, again, d0, d1, rest @ ..] = text
        && mark == again
        && is_over(rest)
        && let Some(number) = eight(&[*y0, *y1, *y2, *y3, *m0, *m1, *d0, *d1])
    {
        let (year, month, day) = in_full(number);
        return (year > 0).then_some((year as i32, month, day));
    }
    let (year, month, day) = match text.first_chunk().and_then(eight) {
        Some(first) => match (text.len(), text[8..].iter().all(u8::is_ascii_digit)) {
            (8 | 14, true) => in_full(first),
            (13, true) => {
                let (behind, _) = leading(&text[8..], 5)?;
                return Some(from_epoch(i64::from(first) * 100_000 + i64::from(behind)));
            }
            _ => return None,
        },
        None => usual_separated(text)?,
    };
    (year > 0).then_some((year as i32, month, day))
}

fn usual_separated(text: &[u8]) -> Option<(u32, u32, Option<u32>)> {
    let (year, rest) = leading(text, 4)?;
    let (behind_month, behind_day, rest) = match rest {
        [mark @ (b'-' | b'/' | b'.'), rest @ ..] => (std::slice::from_ref(mark), &b""[..], rest),
        [0xE5, 0xB9, 0xB4, rest @ ..] => ("月".as_bytes(), "日".as_bytes(), rest),
        [_, _] => return leading(rest, 2).map(|(month, _)| (year, month, None)),
        _ => return None,
    };
    let (month, rest) = leading(rest, 2).or_else(|| leading(rest, 1))?;
    let Some(rest) = rest.strip_prefix(behind_month) else {
        return (rest.is_empty() && behind_day.is_empty()).then_some((year, month, None));
    };
    if rest.is_empty() {
        return (!behind_day.is_empty()).then_some((year, month, None));
    }
    let (day, rest) = leading(rest, 2).or_else(|| leading(rest, 1))?;
    is_over(rest.strip_prefix(behind_day)?).then_some((year, month, Some(day)))
}

/// Behind a day stands nothing, or a time of day in its usual spelling.
fn is_over(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [b' ', h1, h2, b':', m1, m2, b':', s1, s2] => [h1, h2, m1, m2, s1, s2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// The number in the first `count` bytes, all of them digits, and what follows them.
fn leading(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let number = |number: u32, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'));
    Some((digits.iter().try_fold(0, number)?, rest))
}

fn from_epoch(milliseconds: i64) -> Parts {
    let days = (milliseconds + 8 * 3_600_000).div_euclid(DAY_MS);
    let (year, month, day) = Date::from_days(days as i32).ymd();
    (year, month, Some(day))
}

fn compact(digits: &str) -> Result<Parts, NotADate> {
    Ok((number(&digits[..4])?, number(&digits[4..6])?, Some(number(&digits[6..8])?)))
}

/// `2019-4-4…`, `2019年4月4日…`, `2012-11`, `2012年11月`; the separator before month and day must be the same kind.
fn separated(year: &str, rest: &str) -> Result<Parts, NotADate> {
    let (year, rest) = (number(year)?, rest.trim_start());
    let separator = rest.chars().next().ok_or(NotADate)?;
    let (before_day, after_day) = match separator {
        '-' | '/' | '.' => (separator, None),
        '年' => ('月', Some('日')),
        _ => return Err(NotADate),
    };
    let (month, rest) = small(&rest[separator.len_utf8()..])?;
    let Some(rest) = rest.strip_prefix(before_day) else {
        return if rest.is_empty() && after_day.is_none() { Ok((year, month, None)) } else { Err(NotADate) };
    };
    if rest.is_empty() && after_day.is_some() {
        return Ok((year, month, None));
    }
    let (day, rest) = small(rest)?;
    let rest = match after_day {
        Some(mark) => rest.strip_prefix(mark).unwrap_or(rest),
        None => rest,
    };
    time_or_nothing(rest)?;
    Ok((year, month, Some(day)))
}

/// One or two digits, blanks around them allowed.
fn small(text: &str) -> Result<(u32, &str), NotADate> {
    let text = text.trim_start();
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&length) {
        return Err(NotADate);
    }
    let rest = &text[length..];
    // A blank before the next separator ("2019 年 4 月") goes; a blank before a time stays, and is trimmed there.
    Ok((number(&text[..length])?, rest.trim_start()))
}

/// What may stand behind a day: a time of day in any of the usual spellings. It is not read.
fn time_or_nothing(rest: &str) -> Result<(), NotADate> {
    let rest = rest.trim_start_matches([' ', 'T']);
    let is_time = |letter: char| letter.is_ascii_digit() || " :;.,+-Z上下午时分秒".contains(letter);
    if rest.is_empty() || (rest.contains([':', ';', '时']) && rest.chars().all(is_time)) {
        Ok(())
    } else {
        Err(NotADate)
    }
}

/// `20211028154247.0`: a fraction of a second behind the compact form.
fn fraction_or_nothing(rest: &str) -> Result<(), NotADate> {
    let fraction = rest.strip_prefix('.').unwrap_or(rest);
    if fraction.bytes().all(|byte| byte.is_ascii_digit()) { Ok(()) } else { Err(NotADate) }
}

fn number<T: std::str::FromStr>(digits: &str) -> Result<T, NotADate> {
    digits.parse().map_err(|_| NotADate)
}

fn is_placeholder((year, month, day): Parts) -> bool {
    year >= 9000
        || matches!((year, month, day), (1899, 12, Some(30 | 31)) | (1900, 1, Some(0 | 1)) | (2099, 12, Some(31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_is_a_day_or_never() {
        let said = |text: &str| last_day(text).map(|day| day.map(|day| day.to_string()));
        assert_eq!(said("2026年11月30日"), Ok(Some("2026-11-30".to_owned())));
        for never in ["2099-12-31", "9999-12-31", "99991231", "2999-12-31"] {
            assert_eq!(said(never), Ok(None), "{never}");
        }
        for nothing in ["1899-12-31", "1900-01-01", "0000-00-00", "", "2026-11", "2026年11月", "2026-11-31", "已撤回"]
        {
            assert_eq!(said(nothing), Err(NotADate), "{nothing}");
        }
    }
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_usual_shape_says_what_a_close_look_says(
            text in "(1899|2019|2024|0000|9999)[-/.年]?(0?[1-9]|1[0-3])([-/.月](0?[0-9]|[1-3][0-9])日?)?( 1[0-9]:00:0[0-9]|[0-9]{2,9})?",
        ) {
            if let Some(parts) = usual(text.as_bytes()) {
                prop_assert_eq!(closely(&text), Ok(Some(parts)), "{}", text);
            }
            if let Some(plain) = date_plain(text.as_bytes()) {
                prop_assert_eq!(date(&text), Ok(Some(plain)), "{}", text);
            }
        }
    }

    fn day(text: &str) -> String {
        match date(text) {
            Ok(Some(date)) => date.to_string(),
            Ok(None) => "not given".into(),
            Err(NotADate) => "no date".into(),
        }
    }

    #[test]
    fn every_shape_of_a_day() {
        for text in [
            "20190404",
            "2019-04-04",
            "2019/4/4",
            "2019.4.4",
            "2019年4月4日",
            "2019 年 4 月 4 日",
            "２０１９－０４－０４",
            " 2019-04-04\t",
            "2019-04-04 00:00:00",
            "2019-04-04 00:00:00.0",
            "2019-04-04T08:30:00+08:00",
            "2019/4/4 上午 12:00:00",
            "20190404 12:00:00",
            "20190404154247",
            "201904041542",
        ] {
            assert_eq!(day(text), "2019-04-04", "{text}");
        }
    }

    // 2021-10-28 15:42:47 UTC+8 is 07:42:47 UTC: 1,635,406,967 s; 16:30 UTC on the 27th is already the 28th in China.
    #[test]
    fn milliseconds_are_read_in_beijing_time() {
        assert_eq!(day("1635406967000"), "2021-10-28");
        assert_eq!(day("1635352200000"), "2021-10-28");
    }

    #[test]
    fn placeholders_are_not_given() {
        for text in [
            "",
            "　",
            "1899-12-31 12:00:00",
            "1900-01-01",
            "9999-09-09",
            "99991231",
            "2099-12-31",
            "0",
            "00000000",
            "0000-00-00",
            "00:00;00",
        ] {
            assert_eq!(day(text), "not given", "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "2023-02-29",
            "2019-13-01",
            "19-04-04",
            "4/4/2019",
            "2019",
            "长期",
            "2019-04-04x",
            "2019-04/04",
            "1234567890",
            "2019040",
            "2019年4",
        ] {
            assert_eq!(day(text), "no date", "{text}");
        }
    }

    #[test]
    fn months() {
        for text in ["201211", "2012-11", "2012年11月", "2012/11", "20121105", "2012-11-05 00:00:00", "２０１２１１"]
        {
            assert_eq!(month(text).unwrap().unwrap().to_string(), "2012-11", "{text}");
        }
        assert_eq!(month("暂缓"), Err(NotADate));
        assert_eq!(month("201213"), Err(NotADate));
        assert_eq!(month("2012-11-31"), Err(NotADate), "no such day: the month is not trusted either");
        assert_eq!(month("999912"), Ok(None));
    }

    #[test]
    fn a_month_without_a_day_is_its_first_day() {
        assert_eq!(day("2012年11月"), "2012-11-01");
        assert_eq!(day("201211"), "2012-11-01");
        assert_eq!(super::day("2012年11月"), Err(NotADate));
        assert_eq!(super::day("45292"), Ok(Date::from_ymd(2024, 1, 1)));
        assert_eq!(super::day("2012年11月3日"), Ok(Date::from_ymd(2012, 11, 3)));
    }
}
