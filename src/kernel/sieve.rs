//! Numbers remembered in a few bits each: who asks for one that was never put in mostly learns so without looking further,
//! because the sieve stays in the cache where a table of the numbers does not.
//!
//! Shapes: 10 to 20 bits a number. A number that was put in always passes; of the others, one in thirty.

/// Numbers spread evenly over all 64 bits, whatever they were (Fibonacci hashing); the upper bits are the best ones.
pub fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Which numbers it may hold, and which it does not.
pub struct Sieve {
    words: Vec<u64>,
    shift: u32,
}

impl Sieve {
    /// An empty one for so many numbers: ten bits each, rounded up to a power of two.
    pub fn for_numbers(count: usize) -> Self {
        let words = (count * 10 / 64).next_power_of_two().max(2);
        Self { words: vec![0; words], shift: 64 - words.trailing_zeros() }
    }

    pub fn of(numbers: impl ExactSizeIterator<Item = u64>) -> Self {
        let mut sieve = Self::for_numbers(numbers.len());
        for number in numbers {
            sieve.put(number);
        }
        sieve
    }

    /// Puts a number in; whether it may have been in before.
    pub fn put(&mut self, number: u64) -> bool {
        let (word, bits) = self.place(number);
        let before = self.words[word];
        self.words[word] |= bits;
        before & bits == bits
    }

    pub fn may_hold(&self, number: u64) -> bool {
        let (word, bits) = self.place(number);
        self.words[word] & bits == bits
    }

    /// Two bits of one word: two bits tell more than one, and one word is one read.
    fn place(&self, number: u64) -> (usize, u64) {
        let spread = spread(number);
        let (one, other) = (spread >> 20 & 63, spread >> 26 & 63);
        ((spread >> self.shift) as usize, 1 << one | 1 << other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids of one county are a thousandth of all numbers there are: they must not crowd in a few words.
    #[test]
    fn every_number_passes_and_few_strangers() {
        let ids = |first: u64| (0..100_000u64).map(move |at| first + at * 11);
        let own: Vec<u64> = ids(370_112_195_001_010_010).collect();
        let mut sieve = Sieve::of(own.iter().copied());
        assert!(own.iter().all(|id| sieve.may_hold(*id) && sieve.put(*id)));
        let passing = ids(370_203_195_001_010_010).filter(|id| sieve.may_hold(*id)).count();
        assert!(passing < 5_000, "{passing} of 100,000 strangers pass");
    }

    #[test]
    fn an_empty_one_holds_nothing() {
        let mut sieve = Sieve::for_numbers(0);
        assert!(!sieve.may_hold(0) && !sieve.put(0) && sieve.may_hold(0));
    }
}
