//! A roll: the persons under each number (a packed id, the hash of a name), in few bytes and few reads of memory.
//!
//! The upper bits of a spread number say in which bucket it stands, so that a look-up reads two neighbouring starts and then
//! one run of about four numbers: no hash table beside the sorted numbers. A [`crate::kernel::Sieve`] in front of it tells
//! most of the numbers that nobody has, because it stays in the cache where the roll does not.
//!
//! Shapes: 12 bytes an entry, and one more for the buckets.

use std::ops::Range;

use crate::kernel::spread;

/// Counting sort: items by group, in the order given within each. Those of group `g` stand at `starts[g]..starts[g + 1]`.
pub(super) fn grouped<T: Copy + Default>(
    groups: usize,
    items: &[T],
    group: impl Fn(&T) -> usize,
) -> (Vec<u32>, Vec<T>) {
    let mut starts = vec![0u32; groups + 1];
    items.iter().for_each(|item| starts[group(item) + 1] += 1);
    for group in 0..groups {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut sorted = vec![T::default(); items.len()];
    for item in items {
        let place = &mut next[group(item)];
        sorted[*place as usize] = *item;
        *place += 1;
    }
    (starts, sorted)
}

/// Who stands under which number.
pub(super) struct Roll {
    /// By bucket, ascending within it; each as often as it has persons.
    numbers: Vec<u64>,
    /// The person of each number; of one number, ascending.
    persons: Vec<u32>,
    starts: Vec<u32>,
    shift: u32,
}

impl Roll {
    pub(super) fn of(entries: &[(u64, u32)]) -> Self {
        const IN_A_BUCKET: usize = 4;
        let buckets = (entries.len() / IN_A_BUCKET).next_power_of_two().max(2);
        let shift = 64 - buckets.trailing_zeros();
        let (starts, mut sorted) = grouped(buckets, entries, |(number, _)| (spread(*number) >> shift) as usize);
        for bucket in starts.windows(2) {
            sorted[bucket[0] as usize..bucket[1] as usize].sort_unstable();
        }
        let (numbers, persons) = sorted.into_iter().unzip();
        Self { numbers, persons, starts, shift }
    }

    fn bucket(&self, number: u64) -> Range<usize> {
        let bucket = (spread(number) >> self.shift) as usize;
        self.starts[bucket] as usize..self.starts[bucket + 1] as usize
    }

    /// For the sake of reading it.
    pub(super) fn first_in_bucket(&self, number: u64) -> u64 {
        self.numbers.get(self.bucket(number).start).copied().unwrap_or(0)
    }

    pub(super) fn holds(&self, number: u64) -> bool {
        self.numbers[self.bucket(number)].contains(&number)
    }

    /// Everybody under a number, ascending.
    pub(super) fn persons(&self, number: u64) -> &[u32] {
        let bucket = self.bucket(number);
        let (numbers, persons) = (&self.numbers[bucket.clone()], &self.persons[bucket]);
        // By halves: a common name has thousands in its bucket.
        let first = numbers.partition_point(|other| *other < number);
        let count = numbers[first..].partition_point(|other| *other == number);
        &persons[first..first + count]
    }

    /// Every number with its persons, in no order that means anything.
    pub(super) fn groups(&self) -> impl Iterator<Item = (u64, &[u32])> {
        let mut rest = &self.persons[..];
        self.numbers.chunk_by(|a, b| a == b).map(move |same| {
            let (persons, others) = rest.split_at(same.len());
            rest = others;
            (same[0], persons)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_stand_together_in_the_order_given() {
        let (starts, sorted) = grouped(3, &[20, 1, 21, 0], |item| item / 10);
        assert_eq!((starts, sorted), (vec![0, 2, 2, 4], vec![1, 0, 20, 21]));
    }

    #[test]
    fn an_empty_roll_holds_nobody() {
        let roll = Roll::of(&[]);
        assert!(!roll.holds(0) && roll.persons(7).is_empty() && roll.groups().next().is_none());
    }

    /// Ids of one county are a thousandth of all numbers there are: they must not end in one bucket.
    #[test]
    fn near_numbers_fill_the_buckets_evenly() {
        let entries: Vec<(u64, u32)> =
            (0..100_000).map(|at| (370_112_195_001_010_010 + u64::from(at) * 11, at)).collect();
        let roll = Roll::of(&entries);
        let fullest = roll.starts.windows(2).map(|bucket| bucket[1] - bucket[0]).max();
        assert!(fullest < Some(20), "{fullest:?}");
    }

    proptest! {
        #[test]
        fn a_roll_answers_as_a_map_would(entries in prop::collection::btree_set((0u64..60, 0u32..500), 0..300)) {
            let entries: Vec<(u64, u32)> = entries.into_iter().map(|(number, person)| (number << 50 | 7, person)).collect();
            let mut map: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
            entries.iter().for_each(|(number, person)| map.entry(*number).or_default().push(*person));
            let roll = Roll::of(&entries);
            for number in (0..70u64).map(|number| number << 50 | 7) {
                let expected = map.get(&number).map_or(&[][..], Vec::as_slice);
                prop_assert_eq!(roll.persons(number), expected);
                prop_assert_eq!(roll.holds(number), !expected.is_empty());
            }
            let groups: BTreeMap<u64, Vec<u32>> =
                roll.groups().map(|(number, persons)| (number, persons.to_vec())).collect();
            prop_assert_eq!(groups, map);
        }
    }
}
