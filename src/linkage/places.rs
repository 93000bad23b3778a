//! Addresses as far as linking needs them: which city and county they name, and whether two are one.
//!
//! No gazetteer is shipped: the words that stand for a county or city are learned from the register's own addresses and
//! division codes, so that a register without addresses still knows that 济南市历城区 is 370112.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::kernel::Division;
use crate::model::register::Register;
use crate::model::table::Texts;

/// How two addresses agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PlaceLevel {
    /// The same place down to the house, or written so alike that only words differ and every number is the same.
    Same,
    /// The same county.
    County,
    /// One side says nothing about county or city.
    Unknown,
    /// Another county of the same city.
    OtherCounty,
    /// Another city: never a link by name and birth date.
    OtherCity,
}

/// How names of provinces, cities and counties end.
const PROVINCES: [&str; 3] = ["自治区", "特别行政区", "省"];
const CITIES: [&str; 4] = ["自治州", "地区", "市", "盟"];
const COUNTIES: [&str; 4] = ["县", "区", "旗", "市"];

/// The parts of an address; empty where it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    city: String,
    county: String,
    rest: String,
}

impl Place {
    pub(super) fn parse(address: &str) -> Self {
        let text: String = address.chars().filter(|character| !character.is_whitespace()).map(half_width).collect();
        let mut rest = text.as_str();
        if let Some((_, after)) = cut(rest, &PROVINCES) {
            rest = after;
        }
        let mut place = Self::default();
        if let Some((city, after)) = cut(rest, &CITIES) {
            place.city = city.to_owned();
            rest = after;
        }
        if let Some((county, after)) = cut(rest, &COUNTIES)
            && !["小区", "社区", "园区", "片区", "校区", "库区", "矿区"].iter().any(|word| county.ends_with(word))
        {
            place.county = county.to_owned();
            rest = after;
        }
        place.rest = rest.chars().filter(|character| character.is_alphanumeric()).collect();
        place
    }

    /// The address names this word as its city or its county (a county-level city stands in either place).
    fn names(&self, word: &str) -> bool {
        !word.is_empty() && (self.city == word || self.county == word)
    }

    pub(super) fn compare(&self, other: &Place) -> PlaceLevel {
        let county = self.names(&other.county) || other.names(&self.county);
        let city = self.names(&other.city) || other.names(&self.city);
        if !self.city.is_empty() && !other.city.is_empty() && !city && !county {
            return PlaceLevel::OtherCity;
        }
        if !self.county.is_empty() && !other.county.is_empty() && !county {
            return PlaceLevel::OtherCounty;
        }
        match (same_house(&self.rest, &other.rest), county) {
            (true, _) => PlaceLevel::Same,
            (false, true) => PlaceLevel::County,
            (false, false) => PlaceLevel::Unknown,
        }
    }
}

/// Two such addresses are not the same house, as far as that can be seen without taking them apart: each ends in a number,
/// and not in the same one. Most namesakes' houses are told apart by it.
pub(super) fn end_in_other_numbers(a: &str, b: &str) -> bool {
    last_number(a).zip(last_number(b)).is_some_and(|(a, b)| !a.eq(b))
}

/// The digits of an address's last number, the last first, if it surely belongs to the house: nothing behind it can end the
/// name of a city or county. Signs and blanks between digits do not part them, as in [`Place::rest`].
fn last_number(address: &str) -> Option<impl Iterator<Item = char>> {
    let ends_name =
        |letter: char| PROVINCES.iter().chain(&CITIES).chain(&COUNTIES).any(|ending| ending.ends_with(letter));
    let is_digit = |letter: char| half_width(letter).is_ascii_digit();
    let before_last = address.rfind(is_digit)?;
    let behind = before_last + address[before_last..].chars().next().map_or(0, char::len_utf8);
    let letters = address[..behind].chars().rev().map(half_width);
    let digits = letters.take_while(|letter| letter.is_ascii_digit() || !letter.is_alphanumeric());
    (!address[behind..].contains(ends_name)).then(|| digits.filter(char::is_ascii_digit))
}

fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(character as u32 - 0xFEE0).unwrap_or(character),
        other => other,
    }
}

/// The text up to and with the first of the endings, within the first twelve characters, and the text behind it. An
/// ending that the text begins with (市中区) is part of a name there and ends nothing.
fn cut<'t>(text: &'t str, endings: &[&str]) -> Option<(&'t str, &'t str)> {
    let window = text.char_indices().nth(12).map_or(text.len(), |(at, _)| at);
    let first = |ending: &&str| ending.as_bytes()[0];
    for (at, _) in text[..window].char_indices().skip(1) {
        let rest = &text[at..window];
        let ends = |ending: &&&str| {
            first(ending) == rest.as_bytes()[0] && rest.starts_with(**ending) && !text.starts_with(**ending)
        };
        if let Some(ending) = endings.iter().find(ends) {
            return Some(text.split_at(at + ending.len()));
        }
    }
    None
}

/// Long enough to mean a house, every number the same in order, and most pairs of characters shared.
fn same_house(a: &str, b: &str) -> bool {
    const LEAST: usize = 5;
    if a.chars().nth(LEAST - 1).is_none() || b.chars().nth(LEAST - 1).is_none() {
        return false;
    }
    if a == b {
        return true;
    }
    // Without a number an address is a village: only the very same text is the same house.
    if numbers(a).next().is_none() || !numbers(a).eq(numbers(b)) {
        return false;
    }
    let pairs = |text: &str| {
        let mut pairs: Vec<(char, char)> = text.chars().zip(text.chars().skip(1)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    };
    let (pairs_a, pairs_b) = (pairs(a), pairs(b));
    let shared = pairs_a.iter().filter(|pair| pairs_b.binary_search(pair).is_ok()).count();
    shared * 20 >= (pairs_a.len() + pairs_b.len()) * 7
}

/// The runs of digits in an address.
fn numbers(address: &str) -> impl Iterator<Item = &str> {
    address.split(|letter: char| !letter.is_ascii_digit()).filter(|number| !number.is_empty())
}

/// What counties and cities are called, learned from the register.
pub(super) struct Gazetteer {
    counties: BTreeMap<Division, String>,
    cities: BTreeMap<Division, String>,
    /// Persons on the register by county.
    people: HashMap<Division, u32, FixedState>,
    total: usize,
}

impl Gazetteer {
    /// The commonest word among the first addresses of each division; ties go to the first in order.
    pub(super) fn learn(register: &Register, addresses: &Texts) -> Self {
        const ENOUGH: u32 = 50;
        type Counts = HashMap<Division, (u32, BTreeMap<String, u32>), FixedState>;
        let (mut counties, mut cities) = (Counts::default(), Counts::default());
        let mut people = HashMap::default();
        // A register stands county by county: a look-up for each run of people, not for each person.
        let mut first = 0;
        for neighbours in register.persons.chunk_by(|a, b| a.division.county() == b.division.county()) {
            let county = neighbours[0].division.county();
            *people.entry(county).or_insert(0) += neighbours.len() as u32;
            let seen = counties.entry(county).or_default();
            let given = (first..).zip(neighbours).map(|(at, person)| (person, addresses.get(at)));
            for (person, address) in given.filter(|(_, address)| !address.is_empty()).take((ENOUGH - seen.0) as usize) {
                seen.0 += 1;
                let place = Place::parse(address);
                *seen.1.entry(place.county).or_insert(0) += 1;
                *cities.entry(person.division.city()).or_default().1.entry(place.city).or_insert(0) += 1;
            }
            first += neighbours.len();
        }
        let commonest = |counts: Counts| {
            counts
                .into_iter()
                .filter_map(|(division, (_, words))| {
                    let best = words.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
                    Some((division, best.0)).filter(|(_, word)| !word.is_empty())
                })
                .collect()
        };
        Self { counties: commonest(counties), cities: commonest(cities), people, total: register.persons.len() }
    }

    /// Share of the register that lives in this county.
    pub(super) fn share(&self, division: Division) -> f64 {
        let people = self.people.get(&division.county()).copied().unwrap_or(0);
        f64::from(people.max(1)) / self.total.max(1) as f64
    }

    /// A register person's place: the address, with what it leaves out filled in from the division.
    pub(super) fn place(&self, address: &str, division: Division) -> Place {
        let mut place = Place::parse(address);
        let word = |words: &BTreeMap<Division, String>, division| words.get(&division).cloned().unwrap_or_default();
        if place.city.is_empty() {
            place.city = word(&self.cities, division.city());
        }
        if place.county.is_empty() {
            place.county = word(&self.counties, division.county());
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIECES: [&str; 18] = [
        "济南",
        "市",
        "历城",
        "区",
        "县",
        "1",
        "2",
        "12",
        "1-2",
        "1 2",
        "号",
        "楼",
        " ",
        "３",
        "幸福村",
        "-",
        "旗",
        "自治州",
    ];

    proptest! {
        /// Whatever is told apart by its last number alone is told apart when it is taken to pieces, too.
        #[test]
        fn other_numbers_are_never_the_same_house(
            a in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..10),
            b in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..10),
            tails in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 2),
            alike: bool,
        ) {
            let (a, b) = (a.concat(), if alike { a.concat() } else { b.concat() });
            let (a, b) = (a + tails[0], b + tails[1]);
            if end_in_other_numbers(&a, &b) {
                prop_assert_ne!(Place::parse(&a).compare(&Place::parse(&b)), PlaceLevel::Same, "{} {}", a, b);
            }
        }
    }

    #[test]
    fn a_number_that_may_be_a_name_tells_nothing() {
        assert!(end_in_other_numbers("济南市历城区幸福小区3号楼201", "历城区幸福小区3号楼202室"));
        assert!(!end_in_other_numbers("济南市历城区幸福村12号", "历城区幸福村12"));
        assert!(end_in_other_numbers("历城区幸福村1-13号", "历城区幸福村12号"));
        for unsure in ["济南市历城区幸福村", "", "幸福村1-3号", "幸福村 １３号", "第11区幸福村", "第11区"]
        {
            assert!(!end_in_other_numbers(unsure, "历城区幸福村13号"), "{unsure}");
        }
    }

    #[test]
    fn levels_of_places() {
        use PlaceLevel::*;
        let cases = [
            ("山东省济南市历城区王舍人街道幸福村12号", "济南市历城区王舍人幸福村12号", Same),
            ("济南市历城区幸福小区3号楼201", "济南市历城区幸福小区3号楼202", County),
            ("济南市历城区幸福村", "历城区光明村", County),
            ("济南市历城区幸福村", "济南市历下区幸福村", OtherCounty),
            ("济南市历城区幸福村12号", "青岛市市南区幸福村12号", OtherCity),
            ("山东省章丘市明水镇", "济南市章丘市明水街道", County),
            ("幸福小区3号楼201室", "济南市历城区", Unknown),
            ("", "济南市历城区", Unknown),
        ];
        for (a, b, level) in cases {
            assert_eq!(Place::parse(a).compare(&Place::parse(b)), level, "{a} {b}");
            assert_eq!(Place::parse(b).compare(&Place::parse(a)), level, "{b} {a}");
        }
    }
}
