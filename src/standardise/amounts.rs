//! Amounts as departments write them → 分, measures, counts, yes and no. Exact integer arithmetic for money; no float.
//!
//! Money may carry `￥`, thousands separators in groups of three, a sign or accountants' brackets, and its own unit
//! (`5万元`), which then goes before the unit of the layout. Scientific notation is refused: a spreadsheet that wrote
//! it has already lost digits.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::kernel::Fen;

/// The text holds something, but not a number of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

/// The unit a department gives its money in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
pub enum Unit {
    #[default]
    #[serde(rename = "元")]
    Yuan,
    #[serde(rename = "万元")]
    TenThousandYuan,
    #[serde(rename = "分")]
    Fen,
}

impl Unit {
    /// As layouts and headings write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yuan => "元",
            Self::TenThousandYuan => "万元",
            Self::Fen => "分",
        }
    }

    /// 分 in one of this unit.
    fn fen(self) -> i128 {
        match self {
            Self::Yuan => 100,
            Self::TenThousandYuan => 1_000_000,
            Self::Fen => 1,
        }
    }
}

/// What a department may write behind a number, and the unit it means. Longest first.
const MONEY_SUFFIXES: &[(&str, Unit)] = &[
    ("万元", Unit::TenThousandYuan),
    ("万", Unit::TenThousandYuan),
    ("元整", Unit::Yuan),
    ("元", Unit::Yuan),
    ("圆", Unit::Yuan),
    ("分", Unit::Fen),
];

/// Money in 分; `Ok(None)` if blank. What is finer than 分 is rounded half away from zero.
pub fn money(text: &str, unit: Unit) -> Result<Option<Fen>, NotANumber> {
    let text = in_one(text)?;
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(fen) = plain_yuan(text.as_bytes()).filter(|_| unit == Unit::Yuan) {
        return Ok(Some(fen));
    }
    let text = text.strip_prefix("人民币").unwrap_or(&text);
    let (text, unit) = MONEY_SUFFIXES
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
        .unwrap_or((text, unit));
    let number = Number::parse(text)?;
    // Money that is said to be in 分 and has parts of one is in 元.
    if unit == Unit::Fen && number.fraction.bytes().any(|digit| digit != b'0') {
        return Err(NotANumber);
    }
    let (whole, fraction) = number.scaled(unit.fen())?;
    let fen = whole + i128::from(fraction);
    let fen = i64::try_from(fen).ok().filter(|fen| *fen <= MOST).ok_or(NotANumber)?;
    Ok(Some(Fen(if number.negative { -fen } else { fen })))
}

/// Ten trillion yuan, in 分. What is written beyond is an account's number in the wrong column, and a household's sum of a few of
/// them would pass the end of an `i64` and turn small.
const MOST: i64 = 1_000_000_000_000_000;

/// Digits that are read without a close look; hundreds of billions of yuan.
const FEW: usize = 12;

/// `1234`, `1234.5`, `1234.50`: what nearly every cell holds. Anything else is read closely.
fn plain_yuan(text: &[u8]) -> Option<Fen> {
    let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &[][..]),
    };
    if whole.is_empty() || fraction.len() > 2 {
        return None;
    }
    let scale = if fraction.len() == 1 { 10 } else { 1 };
    Some(Fen(few_digits(whole)? * 100 + few_digits(fraction)? * scale))
}

/// The number that up to [`FEW`] digits write; zero for none.
fn few_digits(digits: &[u8]) -> Option<i64> {
    let number = |number: i64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'));
    if digits.len() > FEW { None } else { digits.iter().try_fold(0, number) }
}

/// A measure that is not money; `㎡`, `平方米` and `%` may stand behind it and are left out.
pub fn decimal(text: &str) -> Result<Option<f64>, NotANumber> {
    let text = in_one(text)?;
    let text = ["平方米", "m2", "M2", "%"].iter().find_map(|suffix| text.strip_suffix(suffix)).unwrap_or(&text);
    if text.is_empty() {
        return Ok(None);
    }
    let number = Number::parse(text)?;
    // The digits are checked; the standard parser gives the nearest float, the same everywhere.
    let value: f64 = format!("{}.{}", number.whole, number.fraction).parse().map_err(|_| NotANumber)?;
    Ok(Some(if number.negative { -value } else { value }))
}

/// A whole number; a measure word may stand behind it. `3.0` counts as 3, `3.5` is refused.
pub fn count(text: &str) -> Result<Option<i64>, NotANumber> {
    if let Some(number) = few_digits(text.as_bytes()).filter(|_| !text.is_empty()) {
        return Ok(Some(number));
    }
    let text = in_one(text)?;
    let text = text.strip_suffix(['辆', '套', '户', '人', '个', '次', '月']).unwrap_or(&text);
    if text.is_empty() {
        return Ok(None);
    }
    let number = Number::parse(text)?;
    if number.fraction.bytes().any(|digit| digit != b'0') {
        return Err(NotANumber);
    }
    let value: i64 = number.whole.parse().map_err(|_| NotANumber)?;
    Ok(Some(if number.negative { -value } else { value }))
}

const YES: &[&str] = &["1", "是", "有", "Y", "YES", "T", "TRUE", "√"];
const NO: &[&str] = &["0", "否", "没有", "无", "N", "NO", "F", "FALSE", "×"];

/// Yes or no: the layout's words first, then the usual ones, without regard to case and width.
pub fn flag(text: &str, yes: &[String], no: &[String]) -> Result<Option<bool>, NotANumber> {
    let text = plain(text).to_uppercase();
    let is = |word: &String| plain(word).to_uppercase() == text;
    if text.is_empty() {
        Ok(None)
    } else if yes.iter().any(is) {
        Ok(Some(true))
    } else if no.iter().any(is) {
        Ok(Some(false))
    } else if YES.contains(&text.as_str()) {
        Ok(Some(true))
    } else if NO.contains(&text.as_str()) {
        Ok(Some(false))
    } else {
        Err(NotANumber)
    }
}

/// As [`plain`]. Digits on both sides of a blank are one number only where it groups thousands: anything else are two cells that ran
/// together, `1700   6` where widths are wrong by one.
fn in_one(text: &str) -> Result<Cow<'_, str>, NotANumber> {
    if is_bare(text) {
        return Ok(Cow::Borrowed(text));
    }
    let is_digit = |letter: char| letter.is_ascii_digit();
    let (mut before, mut blanks) = ("", 0);
    for part in text.split(char::is_whitespace) {
        if part.is_empty() {
            blanks += 1;
            continue;
        }
        let is_group = blanks == 0 && part.bytes().take_while(u8::is_ascii_digit).count() == 3;
        if before.ends_with(is_digit) && part.starts_with(is_digit) && !is_group {
            return Err(NotANumber);
        }
        (before, blanks) = (part, 0);
    }
    Ok(plain(text))
}

/// Half width, without blanks. NFKC turns `￥` into `¥`, `－` into `-`, `㎡` into `m2`.
fn plain(text: &str) -> Cow<'_, str> {
    if is_bare(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().filter(|letter| !letter.is_whitespace() && *letter != '\0').collect())
}

fn is_bare(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A decimal number as its digits.
struct Number {
    negative: bool,
    /// At least one digit, no separators.
    whole: String,
    /// Digits behind the point, possibly none.
    fraction: String,
}

/// More digits than this before the point are no amount of money or area (and would not fit).
const WHOLE_DIGITS: usize = 18;

impl Number {
    fn parse(text: &str) -> Result<Self, NotANumber> {
        let (text, bracketed) = match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            Some(inside) => (inside, true),
            None => (text, false),
        };
        let (text, minus) = sign(text);
        let text = text.strip_prefix('¥').unwrap_or(text);
        let (text, inner_minus) = sign(text);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole = ungroup(whole)?;
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() > WHOLE_DIGITS || (whole.is_empty() && fraction.is_empty()) {
            return Err(NotANumber);
        }
        if !all_digits(&whole)
            || !all_digits(fraction)
            || u8::from(bracketed) + u8::from(minus) + u8::from(inner_minus) > 1
        {
            return Err(NotANumber);
        }
        let whole = if whole.is_empty() { "0".to_owned() } else { whole };
        Ok(Self { negative: bracketed || minus || inner_minus, whole, fraction: fraction.to_owned() })
    }

    /// The magnitude in units of which `scale` make one: the whole part, and what rounding the rest adds (0 or 1).
    fn scaled(&self, scale: i128) -> Result<(i128, bool), NotANumber> {
        // Digits beyond the eighteenth cannot change the result: they only lift a tie, and ties are rounded up anyway.
        let fraction = &self.fraction[..self.fraction.len().min(18)];
        let unit = 10i128.pow(fraction.len() as u32);
        let digits: i128 = format!("{}{fraction}", self.whole).parse().map_err(|_| NotANumber)?;
        let scaled = digits.checked_mul(scale).ok_or(NotANumber)?;
        Ok((scaled / unit, scaled % unit * 2 >= unit))
    }
}

fn sign(text: &str) -> (&str, bool) {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    }
}

/// Takes thousands separators out; `5,000000` (seen in registers of companies) is refused, for it may be 5 or 5 million.
fn ungroup(whole: &str) -> Result<String, NotANumber> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut out = first.to_owned();
    for group in groups {
        if group.len() != 3 || !(1..=3).contains(&first.len()) {
            return Err(NotANumber);
        }
        out.push_str(group);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yuan(text: &str) -> i64 {
        money(text, Unit::Yuan).unwrap().unwrap().0
    }

    #[test]
    fn money_in_yuan() {
        for (text, fen) in [
            ("1234.5", 123_450),
            ("￥1,234.50元", 123_450),
            ("¥ 1，234.50", 123_450),
            ("１２３４．５", 123_450),
            ("人民币1234.5元整", 123_450),
            ("-0.05", -5),
            ("－0.05", -5),
            ("(12.00)", -1_200),
            ("￥-3", -300),
            (".5", 50),
            ("+7", 700),
            ("0", 0),
            ("00012", 1_200),
            ("1,000,000", 100_000_000),
        ] {
            assert_eq!(yuan(text), fen, "{text}");
        }
    }

    #[test]
    fn finer_than_a_fen_is_rounded_half_away_from_zero() {
        assert_eq!(yuan("0.005"), 1);
        assert_eq!(yuan("-0.005"), -1);
        assert_eq!(yuan("0.0049999999999999999999999"), 0);
        assert_eq!(yuan("0.30000000000000004"), 30);
    }

    #[test]
    fn units_of_the_layout_and_of_the_text() {
        assert_eq!(money("50", Unit::TenThousandYuan).unwrap(), Some(Fen(50_000_000)));
        assert_eq!(money("0.00015", Unit::TenThousandYuan).unwrap(), Some(Fen(150)));
        assert_eq!(money("5万元", Unit::Yuan).unwrap(), Some(Fen(5_000_000)));
        assert_eq!(money("500元", Unit::TenThousandYuan).unwrap(), Some(Fen(50_000)));
        assert_eq!(money("123", Unit::Fen).unwrap(), Some(Fen(123)));
        assert_eq!(money("123.00", Unit::Fen).unwrap(), Some(Fen(123)));
        assert_eq!(money("12345.67", Unit::Fen), Err(NotANumber), "that is 元");
    }

    #[test]
    fn two_cells_that_ran_together_are_no_number() {
        for text in ["1700   6", "50 00.00", "17 00", "1 2", "1700  600", "1 234 56"] {
            assert_eq!(money(text, Unit::Yuan), Err(NotANumber), "{text}");
            assert!(count(text).is_err() && decimal(text).is_err(), "{text}");
        }
        for (text, fen) in [("1 234.50", 123_450), (" 12 元 ", 1_200), ("￥ 3 000 000", 300_000_000), ("- 5", -500)] {
            assert_eq!(yuan(text), fen, "{text}");
        }
    }

    #[test]
    fn what_is_no_money() {
        for text in ["5,000000", "1,00", "1.2.3", "1.2E+06", "三千", "元", "--5", "(-5)", "-", "12a", "1,2345,678"] {
            assert_eq!(money(text, Unit::Yuan), Err(NotANumber), "{text}");
        }
        assert_eq!(money("9999999999999999999999", Unit::Yuan), Err(NotANumber));
        assert_eq!(money("999999999999999999", Unit::TenThousandYuan), Err(NotANumber), "over i64");
        assert_eq!(money("-10000000000000", Unit::Yuan), Ok(Some(Fen(-MOST))));
        for account in ["10000000000000.01", "62220216020012345", "-92233720368547758.07"] {
            assert_eq!(money(account, Unit::Yuan), Err(NotANumber), "sums of it would pass the end of an i64");
        }
        assert_eq!(money("　", Unit::Yuan), Ok(None));
    }

    #[test]
    fn measures_and_counts() {
        assert_eq!(decimal("89.50㎡"), Ok(Some(89.5)));
        assert_eq!(decimal("50%"), Ok(Some(50.0)));
        assert_eq!(decimal("-1,234.25"), Ok(Some(-1234.25)));
        assert_eq!(decimal("约90"), Err(NotANumber));
        assert_eq!(decimal(" "), Ok(None));
        assert_eq!(count("2辆"), Ok(Some(2)));
        assert_eq!(count("3.0"), Ok(Some(3)));
        assert_eq!(count("3.5"), Err(NotANumber));
        assert_eq!(count("两辆"), Err(NotANumber));
    }

    #[test]
    fn yes_and_no() {
        let (yes, no) = (["超限".to_owned(), "0".to_owned()], ["未超限".to_owned()]);
        assert_eq!(flag(" 超限", &yes, &no), Ok(Some(true)));
        assert_eq!(flag("未超限", &yes, &no), Ok(Some(false)));
        assert_eq!(flag("０", &yes, &no), Ok(Some(true)), "the layout's words go first");
        assert_eq!(flag("ｙ", &[], &[]), Ok(Some(true)));
        assert_eq!(flag("无", &[], &[]), Ok(Some(false)));
        assert_eq!(flag("", &[], &[]), Ok(None));
        assert_eq!(flag("2", &[], &[]), Err(NotANumber));
    }
}
