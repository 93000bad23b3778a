//! Seeded chance: one number stream for each (seed, purpose, index), so that any person or row can be made alone.
//!
//! SplitMix64 (Steele, Lea and Flood, 2014). Its stream is written down here because a made-up centre must stay the same
//! bytes for the same seed whatever version of a library is linked. Not for secrets.

/// What a stream is for. Two purposes never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    Household = 1,
    Name,
    Address,
    Resident,
    Facts,
    Damage,
    Register,
    /// One stream for each feed: the feed's place in the table is the index.
    Feed,
    Order,
    Officials,
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        Self(mix(mix(seed ^ mix(purpose as u64)) ^ index))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// 0 to `limit` − 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        assert!(limit > 0, "nothing lies below zero");
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as u64) as i32
    }

    /// True `rate` times in 100,000.
    pub fn chance(&mut self, rate: u32) -> bool {
        self.below(100_000) < u64::from(rate)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// The least of `draws` picks: places near the front come up often, as common names and first children do.
    pub fn skewed<T: Copy>(&mut self, of: &[T], draws: u32) -> T {
        let place = (0..draws).map(|_| self.below(of.len() as u64)).min().unwrap_or(0);
        of[place as usize]
    }

    /// One value by weight.
    pub fn weighted<T: Copy>(&mut self, of: &[(T, u32)]) -> T {
        let total: u64 = of.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (value, weight) in of {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return *value,
            }
        }
        unreachable!("the draw lies below the sum of the weights")
    }

    /// Puts `items` in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    // First outputs of the published generator for state 0.
    #[test]
    fn the_published_stream() {
        let mut dice = Dice(0);
        assert_eq!([dice.next(), dice.next()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn purposes_and_limits() {
        assert_ne!(Dice::new(1, Purpose::Name, 5).next(), Dice::new(1, Purpose::Address, 5).next());
        let mut dice = Dice::new(7, Purpose::Feed, 0);
        let seen: Vec<i32> = (0..1000).map(|_| dice.between(-1, 1)).collect();
        assert!([-1, 0, 1].iter().all(|value| seen.contains(value)) && seen.iter().all(|value| value.abs() <= 1));
        assert_eq!(dice.weighted(&[("never", 0), ("always", 3)]), "always");
    }
}
