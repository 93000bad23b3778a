//! 匹配权重: how much likelier an agreement is for one person than for two, as log2 (Fellegi and Sunter, 1969).
//!
//! For a field that agrees: log2(m / u); that differs: log2((1 − m) / (1 − u)); that is blank: 0. m, the chance that one
//! person's two records agree, is counted on this source's own exact links (ids whole, names consistent), drawn towards a
//! stated guess while they are few. u, the chance that two persons agree, comes from the register: name and phone
//! frequencies, coincidence of birth days, shares of counties. Nothing is random; the same inputs give the same bits.
//!
//! Weights add as if fields were independent given the person. They are not quite (a county's names, a family's phone),
//! which is why a decision also asks for categories (name *and* birth date *and* …) and not for the sum alone.

use super::engine;
use super::facts::{Agreement, Comparison};
use super::index::Index;
use super::places::PlaceLevel;
use crate::model::link::{NameLevel, Repairs};
use crate::standardise::ids::Remains;

/// Bits of each place of an id, −log2 of the chance that two persons agree there: division (a province's ids share the
/// first two digits), year, month, day, sequence, check character. Rounded down.
const PLACE_BITS: [f64; 18] =
    [0.5, 0.5, 1.5, 1.5, 1.5, 1.5, 0.1, 0.1, 2.5, 3.2, 0.9, 2.7, 1.6, 3.2, 1.5, 3.2, 3.2, 3.4];

/// The chance that two people share a phone number that one person on the register gives; the guess is wide on purpose.
const PHONE_U: f64 = 1e-6;

/// Counts of a field on exact links: in how many both sides give it, and in how many of those they agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    both: u64,
    agree: u64,
}

impl Tally {
    fn count(&mut self, agreement: Agreement) {
        self.both += u64::from(agreement != Agreement::Blank);
        self.agree += u64::from(agreement == Agreement::Agrees);
    }

    fn plus(self, other: Self) -> Self {
        Self { both: self.both + other.both, agree: self.agree + other.agree }
    }

    /// The rate, drawn towards `guess` as if it had been seen on fifty links, and kept off 0 and 1.
    fn rate(self, guess: f64) -> f64 {
        const GUESSED: f64 = 50.0;
        engine::drawn(self.agree as f64, self.both as f64, guess, GUESSED).clamp(0.05, 0.999)
    }
}

/// What a source's exact links say about how reliable its columns are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tallies {
    birth: Tally,
    sex: Tally,
    phone: Tally,
    spouse: Tally,
    county: Tally,
}

impl Tallies {
    pub(super) fn count(&mut self, comparison: &Comparison) {
        self.birth.count(comparison.birth);
        self.sex.count(comparison.sex);
        self.phone.count(comparison.phone);
        self.spouse.count(comparison.spouse);
        self.county.count(match comparison.place {
            PlaceLevel::Same | PlaceLevel::County => Agreement::Agrees,
            PlaceLevel::Unknown => Agreement::Blank,
            PlaceLevel::OtherCounty | PlaceLevel::OtherCity => Agreement::Differs,
        });
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            birth: self.birth.plus(other.birth),
            sex: self.sex.plus(other.sex),
            phone: self.phone.plus(other.phone),
            spouse: self.spouse.plus(other.spouse),
            county: self.county.plus(other.county),
        }
    }
}

/// The weights of one source against one register.
pub(super) struct Weights {
    birth: (f64, f64),
    sex: (f64, f64),
    phone_m: f64,
    spouse_m: f64,
    county_m: f64,
    /// log2 of how many people may stand behind a row: a link is as likely as not when its weight reaches this.
    pub(super) prior: f64,
}

impl Weights {
    pub(super) fn new(index: &Index, tallies: Tallies, population_per_person: f64) -> Self {
        Self {
            birth: (tallies.birth.rate(0.97), index.births().coincidence()),
            sex: (tallies.sex.rate(0.99), 0.5),
            phone_m: tallies.phone.rate(0.5),
            spouse_m: tallies.spouse.rate(0.9),
            county_m: tallies.county.rate(0.85),
            prior: (index.population.max(1) as f64 * population_per_person).log2(),
        }
    }

    /// A whole id is worth all its places: the same for every link, so that the name decides the order.
    pub(super) fn whole_id() -> f64 {
        PLACE_BITS.iter().sum()
    }

    /// What a birth date's digits in an id are worth: a birth date column that repeats them adds nothing.
    pub(super) fn birth_digits(kept: &[u8; 18]) -> f64 {
        (6..14).filter(|place| kept[*place] != b'?').map(|place| PLACE_BITS[place]).sum()
    }

    /// What is left of an id.
    pub(super) fn remains(remains: &Remains) -> f64 {
        let kept = remains.characters().iter().zip(PLACE_BITS).filter(|(character, _)| **character != b'?');
        kept.map(|(_, bits)| bits).sum()
    }

    /// A repaired id: less the place that was wrong and the choice among some 35 readings; letters leave no choice.
    pub(super) fn repaired(repairs: Repairs) -> f64 {
        let lost = if repairs.contains(Repairs::LOOKALIKE) { 3.4 } else { 3.4 + 35f64.log2() };
        Self::whole_id() - lost
    }

    /// The name, by how many on the register bear it: rare names weigh more.
    pub(super) fn name(index: &Index, person: u32, level: NameLevel) -> f64 {
        let bearers = f64::from(index.bearers(person).max(1));
        let rarity = engine::rarity(index.population, bearers);
        match level {
            NameLevel::Equal | NameLevel::Folded => rarity,
            NameLevel::Variant => rarity - 0.5,
            NameLevel::Former => rarity - 1.0,
            NameLevel::Damaged => (rarity - 4.0).max(0.5), // any of some sixteen common characters may stand there
            NameLevel::Homophone => (rarity - 5.0).max(0.25),
            NameLevel::Absent => 0.0,
            NameLevel::Different => -8.0,
        }
    }

    /// Birth date, sex, phone, spouse and place.
    fn facts(&self, index: &Index, person: u32, comparison: &Comparison) -> f64 {
        let phone = match comparison.phone {
            Agreement::Agrees => {
                PHONE_U * f64::from(index.phone_of(person).map_or(1, |phone| index.phone_count(phone)).max(1))
            }
            _ => PHONE_U,
        };
        let agreeing = (comparison.spouse == Agreement::Agrees).then(|| index.spouse_of(person)).flatten();
        let spouse = agreeing.map_or(0.001, |spouse| (-Self::name(index, spouse, NameLevel::Equal)).exp2());
        self.birth(comparison)
            + bits(comparison.sex, self.sex.0, self.sex.1)
            + bits(comparison.phone, self.phone_m, phone)
            + bits(comparison.spouse, self.spouse_m, spouse)
            + self.place(index, person, comparison.place)
    }

    fn birth(&self, comparison: &Comparison) -> f64 {
        bits(comparison.birth, self.birth.0, self.birth.1)
    }

    /// The facts, less what the id's digits have already counted of the birth date.
    pub(super) fn facts_beside(&self, index: &Index, person: u32, comparison: &Comparison, birth_digits: f64) -> f64 {
        self.facts(index, person, comparison) - self.birth(comparison).clamp(0.0, birth_digits)
    }

    /// The same house weighs more than the same county, but village addresses are shared by many.
    fn place(&self, index: &Index, person: u32, level: PlaceLevel) -> f64 {
        const HOUSE: f64 = 5.0;
        if level == PlaceLevel::Unknown {
            return 0.0;
        }
        let share = index.gazetteer().share(index.register.persons[person as usize].division);
        let county = bits(Agreement::Agrees, self.county_m, share).max(0.0);
        match level {
            PlaceLevel::Same => county + HOUSE,
            PlaceLevel::County => county,
            PlaceLevel::Unknown => 0.0,
            PlaceLevel::OtherCounty => bits(Agreement::Differs, self.county_m, share).min(0.0),
            PlaceLevel::OtherCity => bits(Agreement::Differs, self.county_m, share).min(0.0) * 2.0, // never a link anyway
        }
    }
}

/// log2 of the likelihood ratio of one comparison.
fn bits(agreement: Agreement, m: f64, u: f64) -> f64 {
    match agreement {
        Agreement::Agrees => engine::bits(m, u),
        Agreement::Differs => engine::bits(1.0 - m, 1.0 - u),
        Agreement::Blank => 0.0,
    }
}

/// As a link carries it: to a tenth of a bit.
pub(super) fn rounded(weight: f64) -> f32 {
    ((weight * 10.0).round() / 10.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_the_ratio() {
        assert_eq!(bits(Agreement::Blank, 0.9, 0.1), 0.0);
        assert!((bits(Agreement::Agrees, 0.8, 0.1) - 3.0).abs() < 1e-12, "0.8 / 0.1 = 2^3");
        assert!((bits(Agreement::Differs, 0.9, 0.2) + 3.0).abs() < 1e-12, "0.1 / 0.8 = 2^-3");
    }

    #[test]
    fn rates_are_drawn_to_the_guess_while_links_are_few() {
        assert_eq!(Tally::default().rate(0.5), 0.5);
        let many = Tally { both: 100_000, agree: 90_000 };
        assert!((many.rate(0.5) - 0.9).abs() < 0.001);
    }

    #[test]
    fn what_is_left_of_an_id_weighs_less_than_the_whole() {
        let repaired = Weights::repaired(Repairs::ONE_DIGIT);
        assert!(repaired < Weights::repaired(Repairs::LOOKALIKE));
        assert!(Weights::repaired(Repairs::LOOKALIKE) < Weights::whole_id());
    }
}
