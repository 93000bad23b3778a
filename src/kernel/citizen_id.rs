//! 公民身份号码 (GB 11643-1999): 17 digits and a check character, packed into a `u64`.
//!
//! Not here: making sense of what a department typed (width, blanks, 15 digits, masks): see `standardise::ids`.
//! The first six digits are the division of first registration. Divisions change; they never make an id invalid.

use std::num::NonZeroU64;

use super::date::Date;
use super::digits::{eight, write_digits};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Weights are powers of two (mod 11), so that three digits weigh together what they would weigh last, times these; from
/// the last three on.
const BY_THREES: [u64; 6] = [1, 8, 9, 6, 4, 10];

/// What three digits weigh as the last of the seventeen.
const WEIGHED: [u8; 1000] = {
    let mut weighed = [0; 1000];
    let mut number = 0;
    while number < 1000 {
        let digits = [number / 100, number / 10 % 10, number % 10];
        weighed[number] = ((digits[0] * 8 + digits[1] * 4 + digits[2] * 2) % 11) as u8;
        number += 1;
    }
    weighed
};

const CHECK_CHARACTERS: [u8; 11] = *b"10X98765432";

/// Sex as GB 11643 carries it: the parity of the sequence code (odd male, even female).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    Male,
    Female,
}

/// An 18-character id: the 17 digits as a number times eleven, plus the check character (X = 10).
///
/// The form is right by construction; whether the check character and the date are is asked with [`CitizenId::is_valid`],
/// because a register may hold an id that is wrong in the same way as the department's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CitizenId(
    /// One more, so that an id that may be missing takes no more room.
    NonZeroU64,
);

impl CitizenId {
    /// From exactly 18 ASCII characters: 17 digits and a digit or `X` (upper case). `None` for any other form.
    pub fn from_ascii(text: &[u8]) -> Option<Self> {
        let text: &[u8; 18] = text.try_into().ok()?;
        let (eights, last) = text[..17].as_chunks();
        let digit = last[0].wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        let upper = u64::from(eight(&eights[0])?) * 100_000_000 + u64::from(eight(&eights[1])?);
        let number = upper * 10 + u64::from(digit);
        let check = match text[17] {
            b'X' => 10,
            digit @ b'0'..=b'9' => digit - b'0',
            _ => return None,
        };
        Some(Self::from_packed(number * 11 + u64::from(check)))
    }

    /// From 17 ASCII digits; the check character is computed (MOD 11-2).
    pub fn from_body(body: &[u8]) -> Option<Self> {
        let body: &[u8; 17] = body.try_into().ok()?;
        if !body.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut text = [0u8; 18];
        text[..17].copy_from_slice(body);
        text[17] = check_character(body);
        Self::from_ascii(&text)
    }

    /// The packed form, for indexes.
    pub fn packed(self) -> u64 {
        self.0.get() - 1
    }

    /// Back from [`CitizenId::packed`].
    pub fn from_packed(packed: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(packed))
    }

    /// The 18 characters.
    pub fn to_ascii(self) -> [u8; 18] {
        let mut text = [b'0'; 18];
        let check = self.packed() % 11;
        text[17] = if check == 10 { b'X' } else { b'0' + check as u8 };
        // Two halves of which neither waits for the other: registers are written by the million.
        let (number, (head, tail)) = (self.packed() / 11, text[..17].split_at_mut(8));
        write_digits(head, number / 1_000_000_000);
        write_digits(tail, number % 1_000_000_000);
        text
    }

    /// The check character agrees and the birth date is a real one.
    pub fn is_valid(self) -> bool {
        self.check_holds() && self.birth().is_some()
    }

    /// The check character agrees with the 17 digits (MOD 11-2): with its weight of one, all weighed digits sum to one.
    pub fn check_holds(self) -> bool {
        let (mut sum, mut number) = (self.packed() % 11, self.packed() / 11);
        for weight in BY_THREES {
            sum += u64::from(WEIGHED[(number % 1000) as usize]) * weight;
            number /= 1000;
        }
        sum % 11 == 1
    }

    /// Digits 7 to 14 as a date; `None` if there is no such day.
    pub fn birth(self) -> Option<Date> {
        let number = (self.packed() / 11 / 1000) % 100_000_000;
        Date::from_ymd((number / 10_000) as i32, (number / 100 % 100) as u32, (number % 100) as u32)
    }

    /// Sex by the parity of the sequence code.
    pub fn sex(self) -> Sex {
        if (self.packed() / 11) % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// The first six digits: the division of first registration.
    pub fn division6(self) -> u32 {
        (self.packed() / 11 / 100_000_000_000) as u32
    }
}

/// The MOD 11-2 check character for 17 ASCII digits.
pub fn check_character(body: &[u8; 17]) -> u8 {
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    CHECK_CHARACTERS[(sum % 11) as usize]
}

impl std::fmt::Display for CitizenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.to_ascii()).expect("ASCII"))
    }
}

/// Debug output is masked: a panic or a log must not carry an id.
impl std::fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CitizenId({})", super::masked::mask_id(&self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The two examples printed in GB 11643-1999, section 4.
    #[test]
    fn standards_examples() {
        for text in ["11010519491231002X", "440524188001010014"] {
            let id = CitizenId::from_ascii(text.as_bytes()).unwrap();
            assert!(id.is_valid(), "{text}");
            assert_eq!(id.to_string(), text);
        }
        let id = CitizenId::from_ascii(b"11010519491231002X").unwrap();
        assert_eq!(id.birth(), Date::from_ymd(1949, 12, 31));
        assert_eq!(id.sex(), Sex::Female);
        assert_eq!(id.division6(), 110105);
    }

    #[test]
    fn the_least_id_packs_and_comes_back() {
        let zeros = CitizenId::from_ascii(b"000000000000000000").unwrap();
        assert_eq!((zeros.packed(), zeros.to_string().as_str()), (0, "000000000000000000"));
        assert_eq!(CitizenId::from_packed(0), zeros);
        assert_eq!(size_of::<Option<CitizenId>>(), 8);
    }

    #[test]
    fn wrong_check_character_and_form() {
        assert!(!CitizenId::from_ascii(b"110105194912310021").unwrap().is_valid());
        assert!(CitizenId::from_ascii(b"11010519491231002x").is_none(), "lower case is for standardise to fold");
        assert!(CitizenId::from_ascii(b"1101051949123100").is_none());
    }

    proptest::proptest! {
        /// Against the standard's table, digit by digit.
        #[test]
        fn the_check_by_threes_is_the_check_digit_by_digit(body in "[0-9]{17}", check in "[0-9X]") {
            let id = CitizenId::from_ascii(format!("{body}{check}").as_bytes()).unwrap();
            let body: &[u8; 17] = body.as_bytes().try_into().unwrap();
            proptest::prop_assert_eq!(id.check_holds(), check_character(body) == check.as_bytes()[0]);
            proptest::prop_assert!(CitizenId::from_body(body).unwrap().check_holds());
        }
    }

    #[test]
    fn debug_is_masked() {
        let id = CitizenId::from_ascii(b"11010519491231002X").unwrap();
        assert_eq!(format!("{id:?}"), "CitizenId(110105********002X)");
    }
}
