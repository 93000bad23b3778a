//! Entries of a key index in order, by counting: there are as many as rows, and comparing them cost as much as splitting.

use crate::model::extract_keys::Entry;

/// Bits of a key that one pass orders by: a count for each value fits a core's own cache.
const BITS: u32 = 11;

/// Sorts by key. Entries under one key keep their order, which is that of their rows.
pub(super) fn by_key(mut entries: Vec<Entry>) -> Vec<Entry> {
    // Bits that all keys share order nothing.
    let (all, any) = entries.iter().fold((u64::MAX, 0), |(all, any), entry| (all & entry.key, any | entry.key));
    let mut sorted = entries.clone();
    for shift in (0..u64::BITS).step_by(BITS as usize) {
        let digit = |key: u64| (key >> shift) as usize & ((1 << BITS) - 1);
        if digit(all ^ any) == 0 {
            continue;
        }
        let mut starts = vec![0; 1 << BITS];
        entries.iter().for_each(|entry| starts[digit(entry.key)] += 1);
        let mut start = 0;
        for count in &mut starts {
            start += std::mem::replace(count, start);
        }
        for entry in &entries {
            let place = &mut starts[digit(entry.key)];
            sorted[*place] = *entry;
            *place += 1;
        }
        std::mem::swap(&mut entries, &mut sorted);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::extract_keys::Place;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_stable_sort_orders_them(keys in prop::collection::vec((any::<u64>(), 0..64_u32), 0..200)) {
            let entry = |(row, (key, shift)): (usize, &(u64, u32))| Entry {
                key: key >> shift,
                place: Place::new(row as u64, row as u32).unwrap(),
            };
            let entries: Vec<Entry> = keys.iter().enumerate().map(entry).collect();
            let mut expected = entries.clone();
            expected.sort_by_key(|entry| entry.key);
            prop_assert_eq!(by_key(entries), expected);
        }
    }
}
