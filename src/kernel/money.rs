//! Money as whole 分 (1/100 yuan). No float holds money anywhere; departments' units are read in `standardise::amounts`.

use super::digits::write_digits;

/// An amount in 分.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Fen(pub i64);

/// In yuan with thousands separators and two decimals: `1,234.50`.
impl std::fmt::Display for Fen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const POINT: usize = 29;
        let mut text = [b','; POINT + 3]; // the longest, -92,233,720,368,547,758.08, has 26 characters
        let (mut yuan, mut at) = (self.0.unsigned_abs() / 100, POINT);
        text[POINT] = b'.';
        write_digits(&mut text[POINT + 1..], self.0.unsigned_abs() % 100);
        loop {
            at -= 3;
            write_digits(&mut text[at..at + 3], yuan);
            yuan /= 1000;
            if yuan == 0 {
                break;
            }
            at -= 1;
        }
        at += text[at..POINT - 1].iter().take_while(|digit| **digit == b'0').count();
        if self.0 < 0 {
            at -= 1;
            text[at] = b'-';
        }
        f.write_str(std::str::from_utf8(&text[at..]).expect("digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_in_yuan() {
        assert_eq!(Fen(123_450).to_string(), "1,234.50");
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Fen(100_000_000).to_string(), "1,000,000.00");
        assert_eq!(Fen(99_999).to_string(), "999.99");
        assert_eq!((Fen(0).to_string().as_str(), Fen(100_200).to_string().as_str()), ("0.00", "1,002.00"));
        assert_eq!(Fen(i64::MIN).to_string(), "-92,233,720,368,547,758.08");
    }
}
