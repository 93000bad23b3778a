//! Where a few bytes stand in a text: 64 bytes at a time, as the bits of one word.
//!
//! Cells are short, so that searching for the end of each costs more than looking at every byte once. It knows nothing of
//! lines, quotes and characters.

use wide::u8x16;

/// Bytes looked at together.
const BLOCK: usize = 64;

/// The places of any of three bytes, in order, from one place of a text on.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    bytes: [u8; 3],
    /// Start of the block that `all` and `left` speak of.
    block: usize,
    /// A bit for every mark of the block.
    all: u64,
    /// Those that were not given yet.
    left: u64,
}

impl Marks {
    pub(super) fn new(bytes: [u8; 3]) -> Self {
        Self { bytes, block: usize::MAX, all: 0, left: 0 }
    }

    /// Goes to a place of the text: the next mark is the first one at it or behind it.
    pub(super) fn go_to(&mut self, text: &[u8], place: usize) {
        let block = place - place % BLOCK;
        if block != self.block {
            self.look_at(text, block);
        }
        self.left = self.all & (u64::MAX << (place % BLOCK));
    }

    /// The next mark of the same text.
    pub(super) fn next(&mut self, text: &[u8]) -> Option<usize> {
        while self.left == 0 {
            let block = self.block + BLOCK;
            if block >= text.len() {
                return None;
            }
            self.look_at(text, block);
            self.left = self.all;
        }
        let place = self.block + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(place)
    }

    fn look_at(&mut self, text: &[u8], block: usize) {
        let rest = text.get(block..).unwrap_or_default();
        self.block = block;
        self.all = match rest.first_chunk() {
            Some(whole) => marked(whole, self.bytes),
            None => {
                let mut padded = [0; BLOCK];
                padded[..rest.len()].copy_from_slice(rest);
                marked(&padded, self.bytes) & !(u64::MAX << rest.len())
            }
        };
    }
}

/// A bit for every byte that is one of three.
fn marked(block: &[u8; BLOCK], bytes: [u8; 3]) -> u64 {
    let [a, b, c] = bytes.map(u8x16::splat);
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |behind, part| {
        let part = u8x16::new(*part);
        let equal = part.simd_eq(a) | part.simd_eq(b) | part.simd_eq(c);
        behind << 16 | u64::from(equal.to_bitmask())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_are_all_marks_from_any_place_on(
            text in prop::collection::vec(prop::sample::select(b"a,\n\"\0\xFF".to_vec()), 0..300),
            places in prop::collection::vec(0..300_usize, 1..5),
        ) {
            let mut marks = Marks::new(*b",\n\"");
            for place in places.into_iter().filter(|place| *place < text.len()) {
                marks.go_to(&text, place);
                let expected: Vec<usize> = (place..text.len()).filter(|at| b",\n\"".contains(&text[*at])).collect();
                let found: Vec<usize> = std::iter::from_fn(|| marks.next(&text)).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
