//! Where a few bytes stand in a text: 64 bytes at a time, as the bits of one word.
//!
//! Cells are short, so that searching for the end of each costs more than looking at every byte once. It knows nothing of
//! cells and characters.

use wide::u8x16;

/// Bytes looked at together.
const BLOCK: usize = 64;

/// Where delimiters and stops (line ends, quotes) stand in one text.
pub(super) struct Marks {
    delimiter: u8,
    stops: [u8; 2],
    /// Start of the block that the bits speak of.
    block: usize,
    /// A bit for every delimiter of the block, and for every stop.
    bits: [u64; 2],
}

impl Marks {
    pub(super) fn new(delimiter: u8, stops: [u8; 2]) -> Self {
        Self { delimiter, stops, block: usize::MAX, bits: [0; 2] }
    }

    /// Goes through the text from `place` on: gives `each` delimiter's place, until it wants no more (`None`) or a stop comes.
    /// The place of the stop, or the text's end.
    #[inline]
    pub(super) fn until_stop(
        &mut self,
        text: &[u8],
        place: usize,
        mut each: impl FnMut(usize) -> Option<()>,
    ) -> Option<usize> {
        let block = place - place % BLOCK;
        if block != self.block {
            self.look_at(text, block);
        }
        let mut behind = u64::MAX << (place % BLOCK);
        loop {
            let [delimiters, stops] = self.bits.map(|bits| bits & behind);
            // All bits below the first stop, or all.
            let mut left = delimiters & stops.wrapping_sub(1) & !stops;
            while left != 0 {
                each(self.block + left.trailing_zeros() as usize)?;
                left &= left - 1;
            }
            if stops != 0 {
                return Some(self.block + stops.trailing_zeros() as usize);
            }
            if self.block + BLOCK >= text.len() {
                return Some(text.len());
            }
            self.look_at(text, self.block + BLOCK);
            behind = u64::MAX;
        }
    }

    fn look_at(&mut self, text: &[u8], block: usize) {
        let rest = text.get(block..).unwrap_or_default();
        self.block = block;
        self.bits = match rest.first_chunk() {
            Some(whole) => self.marked(whole),
            None => {
                let mut padded = [0; BLOCK];
                padded[..rest.len()].copy_from_slice(rest);
                self.marked(&padded).map(|bits| bits & !(u64::MAX << rest.len()))
            }
        };
    }

    fn marked(&self, block: &[u8; BLOCK]) -> [u64; 2] {
        let delimiter = u8x16::splat(self.delimiter);
        let stops = self.stops.map(u8x16::splat);
        let (parts, _) = block.as_chunks::<16>();
        parts.iter().rev().fold([0; 2], |[delimiters, stopping], part| {
            let part = u8x16::new(*part);
            let stop = part.simd_eq(stops[0]) | part.simd_eq(stops[1]);
            let bits = |equal: u8x16| u64::from(equal.to_bitmask());
            [delimiters << 16 | bits(part.simd_eq(delimiter)), stopping << 16 | bits(stop)]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn delimiters_are_given_up_to_the_next_stop_from_any_place_on(
            text in prop::collection::vec(prop::sample::select(b"a,,,\n\"\0\xFF".to_vec()), 0..300),
            places in prop::collection::vec((0..300_usize, 0..9_usize), 1..5),
        ) {
            let mut marks = Marks::new(b',', *b"\n\"");
            for (place, wanted) in places.into_iter().filter(|(place, _)| *place < text.len()) {
                let stop = (place..text.len()).find(|at| b"\n\"".contains(&text[*at])).unwrap_or(text.len());
                let expected: Vec<usize> = (place..stop).filter(|at| text[*at] == b',').collect();
                let mut found = Vec::new();
                let stopped = marks.until_stop(&text, place, |at| (found.len() < wanted).then(|| found.push(at)));
                prop_assert_eq!(stopped, (expected.len() <= wanted).then_some(stop));
                prop_assert_eq!(&found[..], &expected[..wanted.min(expected.len())]);
            }
        }
    }
}
