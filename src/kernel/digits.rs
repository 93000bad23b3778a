//! ASCII digits as numbers, eight at a time, and numbers as digits, two at a time: ids and dates are read and written by the
//! ten million.

/// The number that eight ASCII digits write; `None` if one of them is none.
#[inline]
pub fn eight(text: &[u8; 8]) -> Option<u32> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    let word = u64::from_le_bytes(*text);
    // A digit is 30 to 39: its upper half is 3, and still is when 6 is added.
    if (word & HIGH) | ((word.wrapping_add(0x0606_0606_0606_0606) & HIGH) >> 4) != 0x3333_3333_3333_3333 {
        return None;
    }
    // The first digit stands lowest: pairs of digits, then pairs of pairs, then both halves in one product each.
    let pairs = (word & !HIGH) * 10 + ((word & !HIGH) >> 8);
    const PAIR: u64 = 0x0000_00FF_0000_00FF;
    let odd = (pairs & PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let even = ((pairs >> 16) & PAIR).wrapping_mul(1 + (10_000 << 32));
    Some((odd.wrapping_add(even) >> 32) as u32)
}

/// A number that a program keeps as a float, in the shortest form that reads back the same. From 16 digits on it has lost its tail, and is
/// written in scientific notation: whoever reads it sees a destroyed number and not a wrong one.
pub struct Float(pub f64);

impl std::fmt::Display for Float {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DIGITS_LOST: f64 = 1e15;
        let text = format!("{:.5E}", self.0);
        match text.split_once('E') {
            Some((digits, exponent)) if self.0.abs() >= DIGITS_LOST => write!(f, "{digits}E+{exponent}"),
            _ => write!(f, "{}", self.0),
        }
    }
}

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The last digits of a number, as many as there is room for.
#[inline]
pub fn write_digits(text: &mut [u8], mut number: u64) {
    let (first, pairs) = text.as_rchunks_mut();
    for pair in pairs.iter_mut().rev() {
        *pair = PAIRS[(number % 100) as usize];
        number /= 100;
    }
    if let [first] = first {
        *first = b'0' + (number % 10) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_the_standard_formatter_writes_them(number in 0..1_000_000_000_000_u64, room in 0..13_usize) {
            let mut text = vec![b'-'; room];
            write_digits(&mut text, number);
            prop_assert_eq!(text, &format!("{number:012}").into_bytes()[12 - room..]);
        }

        #[test]
        fn as_the_standard_parser_reads_them(number in 0..100_000_000_u32, place in 0..8_usize, byte: u8) {
            let mut text = *format!("{number:08}").as_bytes().first_chunk().unwrap();
            prop_assert_eq!(eight(&text), Some(number));
            text[place] = byte;
            let expected = std::str::from_utf8(&text).ok().filter(|_| byte.is_ascii_digit());
            prop_assert_eq!(eight(&text), expected.map(|text| text.parse().unwrap()));
        }
    }
}
