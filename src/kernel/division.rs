//! 行政区划: codes of 6 digits (county), 9 (town) or 12 (village), GB/T 2260 and the statistical codes below it.

use super::digits::write_digits;

/// A division code, kept with twelve digits and its level.
///
/// County codes end in `00` at city level and `0000` at province level; `covers` uses that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Division(u64);

impl Division {
    /// From 6, 9 or 12 ASCII digits, with or without a leading `#`; `None` for any other form.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().trim_start_matches('#');
        if !matches!(digits.len(), 6 | 9 | 12) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u64 = digits.parse().ok()?;
        Some(Self(number * 10u64.pow(12 - digits.len() as u32)))
    }

    /// Twelve digits as a number, zero-filled below the known level.
    pub fn code(self) -> u64 {
        self.0
    }

    pub fn from_code(code: u64) -> Self {
        Self(code)
    }

    /// The county it lies in: the first six digits.
    pub fn county(self) -> Division {
        Self(self.0 / 1_000_000 * 1_000_000)
    }

    /// The city: the first four digits.
    pub fn city(self) -> Division {
        Self(self.0 / 100_000_000 * 100_000_000)
    }

    /// The province: the first two digits.
    pub fn province(self) -> Division {
        Self(self.0 / 10_000_000_000 * 10_000_000_000)
    }

    /// The town: the first nine digits, if it is known to that level.
    pub fn town(self) -> Option<Division> {
        let town = self.0 / 1_000 * 1_000;
        (town != self.county().0).then_some(Self(town))
    }

    /// How many leading digits carry meaning: 2 province, 4 city, 6 county, 9 town, 12 village.
    pub fn digits(self) -> usize {
        let code = self.0;
        [(10_000_000_000, 2), (100_000_000, 4), (1_000_000, 6), (1_000, 9)]
            .into_iter()
            .find(|(unit, _)| code.is_multiple_of(*unit))
            .map_or(12, |(_, digits)| digits)
    }

    /// Adds it as it is written: six digits at county level and above, nine or twelve below.
    pub fn write(self, text: &mut Vec<u8>) {
        let (digits, length) = self.ascii();
        text.extend_from_slice(&digits[..length]);
    }

    /// Twelve digits, and how many of them are written.
    fn ascii(self) -> ([u8; 12], usize) {
        let mut digits = [b'0'; 12];
        write_digits(&mut digits, self.0);
        (digits, self.digits().max(6))
    }

    /// `other` is this division or lies in it.
    pub fn covers(self, other: Division) -> bool {
        let unit = 10u64.pow(12 - self.digits() as u32);
        self.0 / unit == other.0 / unit
    }
}

/// As [`Division::write`] writes it.
impl std::fmt::Display for Division {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (digits, length) = self.ascii();
        f.write_str(std::str::from_utf8(&digits[..length]).expect("digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_cover() {
        let village = Division::parse("330203028018").unwrap();
        assert_eq!(village.county().to_string(), "330203");
        assert_eq!(village.town().unwrap().to_string(), "330203028");
        assert_eq!(Division::parse("#330203028").unwrap(), village.town().unwrap());
        assert!(Division::parse("330000").unwrap().covers(village));
        assert!(Division::parse("330200").unwrap().covers(village));
        assert!(!Division::parse("330100").unwrap().covers(village));
        assert!(Division::parse("33020").is_none());
    }
}
