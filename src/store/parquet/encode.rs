//! Numbers as Parquet packs them: variable-length integers, runs and packed bits, differences.
//!
//! Names and forms are those of the format's description (Encodings.md): RLE/bit-packing hybrid, DELTA_BINARY_PACKED. Only
//! writing; what is written is read back by polars, which is also what the tests hold it against.

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
pub(super) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign become small numbers.
pub(super) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// Bits that the greatest value needs.
pub(super) fn width(greatest: u64) -> u32 {
    u64::BITS - greatest.leading_zeros()
}

/// Values of `width` bits one behind the other, the lowest bits first; zeros follow until there are `count`.
pub(super) fn pack(out: &mut Vec<u8>, values: impl Iterator<Item = u64>, count: usize, width: u32) {
    if width == 0 {
        return;
    }
    let end = out.len() + (count * width as usize).div_ceil(8);
    let (mut held, mut bits) = (0u128, 0);
    for value in values {
        held |= u128::from(value) << bits;
        bits += width;
        if bits >= u64::BITS {
            out.extend_from_slice(&(held as u64).to_le_bytes());
            held >>= u64::BITS;
            bits -= u64::BITS;
        }
    }
    out.extend_from_slice(&(held as u64).to_le_bytes());
    out.resize(end, 0);
}

/// Values are packed eight at a time, and so many equal ones are worth a run.
const EIGHT: usize = 8;

/// Codes of `width` bits: long runs of one value as its count, everything else packed.
pub(super) fn hybrid(out: &mut Vec<u8>, values: &[u32], width: u32) {
    let (mut at, mut kept) = (0, 0);
    while at < values.len() {
        let run = values[at..].iter().take_while(|value| **value == values[at]).count();
        if run < EIGHT {
            at = values.len().min(at + EIGHT);
            continue;
        }
        packed(out, &values[kept..at], width);
        repeated(out, values[at], run, width);
        at += run;
        kept = at;
    }
    packed(out, &values[kept..], width);
}

/// As [`hybrid`] of one value again and again.
pub(super) fn all_alike(out: &mut Vec<u8>, value: u32, count: usize, width: u32) {
    if count < EIGHT {
        packed(out, &[value; EIGHT][..count], width);
    } else {
        repeated(out, value, count, width);
    }
}

fn repeated(out: &mut Vec<u8>, value: u32, count: usize, width: u32) {
    varint(out, (count as u64) << 1);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

fn packed(out: &mut Vec<u8>, values: &[u32], width: u32) {
    if values.is_empty() {
        return;
    }
    let eights = values.len().div_ceil(EIGHT);
    varint(out, (eights as u64) << 1 | 1);
    pack(out, values.iter().map(|value| u64::from(*value)), eights * EIGHT, width);
}

/// Differences that share their least one, and those of them that share a width.
const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// Whole numbers as differences from one to the next. `bits` is the width of the column's type: differences wrap around in
/// it, so that none needs more.
pub(super) fn differences(out: &mut Vec<u8>, values: &[i64], bits: u32) {
    let first = values.first().copied().unwrap_or(0);
    for number in [BLOCK as u64, (BLOCK / MINIBLOCK) as u64, values.len() as u64, zigzag(first)] {
        varint(out, number);
    }
    let spare = i64::BITS - bits;
    let mut block = [0i64; BLOCK];
    for start in (1..values.len()).step_by(BLOCK) {
        let end = values.len().min(start + BLOCK);
        let block = &mut block[..end - start];
        for (difference, pair) in block.iter_mut().zip(values[start - 1..end].windows(2)) {
            *difference = pair[1].wrapping_sub(pair[0]) << spare >> spare;
        }
        let least = block.iter().copied().min().expect("a block begins where a value stands");
        varint(out, zigzag(least));
        let widths = out.len();
        out.resize(widths + BLOCK / MINIBLOCK, 0);
        for (place, miniblock) in block.chunks(MINIBLOCK).enumerate() {
            let over_least = miniblock.iter().map(|difference| difference.wrapping_sub(least) as u64);
            let width = width(over_least.clone().fold(0, |all, one| all | one));
            out[widths + place] = width as u8;
            pack(out, over_least, MINIBLOCK, width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    /// The examples of the format's description.
    #[test]
    fn as_the_description_packs() {
        assert_eq!(written(|out| varint(out, 300)), [0b1010_1100, 0b10]);
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
        let eight = written(|out| pack(out, 0..8, 8, 3));
        assert_eq!(eight, [0b1000_1000, 0b1100_0110, 0b1111_1010]);
        // 1 to 5: block of 128, four parts, five values, the first is 1; then differences of 1 in no bits at all.
        let counted = written(|out| differences(out, &[1, 2, 3, 4, 5], 64));
        assert_eq!(counted, [128, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is -2 (zigzag 3), the others lie 0, 0, 0, 3, 3, 3, 3 above it.
        let rising = written(|out| differences(out, &[7, 5, 3, 1, 2, 3, 4, 5], 64));
        assert_eq!(rising[..10], [128, 1, 4, 8, 14, 3, 2, 0, 0, 0]);
        assert_eq!((rising[10..].len(), &rising[10..12]), (8, &[0b1100_0000, 0b0011_1111][..]));
    }

    #[test]
    fn runs_and_packed_codes_alternate() {
        let mut codes = vec![1, 2, 3, 4, 5, 6, 7, 0];
        codes.extend([5; 20]);
        codes.push(1);
        // Eight packed in three bits, a run of twenty, one packed with seven zeros behind it.
        assert_eq!(
            written(|out| hybrid(out, &codes, 3)),
            [3, 0b1101_0001, 0b0101_1000, 0b0001_1111, 40, 5, 3, 1, 0, 0]
        );
    }

    #[test]
    fn one_value_again_and_again_is_written_as_any_values_are() {
        for (count, width) in [(0, 1), (1, 1), (7, 1), (8, 1), (9, 3), (300, 9)] {
            let value = (1 << width) - 1;
            assert_eq!(
                written(|out| all_alike(out, value, count, width)),
                written(|out| hybrid(out, &vec![value; count], width)),
                "{count}"
            );
        }
    }
}
