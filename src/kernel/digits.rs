//! ASCII digits as numbers, eight at a time: ids and dates are read by the ten million.

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
