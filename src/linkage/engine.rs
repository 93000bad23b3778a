//! The arithmetic of match weights (Fellegi and Sunter, 1969), and an engine that applies it to any two files of records
//! described by a comparison table.
//!
//! A centre's run uses the arithmetic alone (`weights`), with chances counted on exact ids. The engine is for records whose
//! ids cannot be trusted, as in the public data sets that linkage programs are compared on (`scripts/febrl4`). It estimates
//! the chances from the records themselves: u, how often two persons agree, on pairs drawn at even distances;
//! m, how often one person's two records agree, by expectation and maximisation over the pairs of each blocking pass, of
//! the fields that the pass does not ask for, since those agree there by construction. A blank is no evidence.
//!
//! Nothing is random and every sum has one order: the same records give the same bits. Memory and time grow with the
//! pairs of the largest pass: a pass is to be chosen so that few records share a key.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// log2 of how much likelier a comparison is for one person (`m`) than for two (`u`).
pub(super) fn bits(m: f64, u: f64) -> f64 {
    (m / u.max(1e-9)).log2()
}

/// Bits of agreeing on a value that `bearers` of `population` have: rare values weigh more.
pub(super) fn rarity(population: usize, bearers: f64) -> f64 {
    (population.max(1) as f64 / bearers).log2()
}

/// The share `seen / of`, drawn towards `guess` as if that had been seen `guessed` times.
pub(super) fn drawn(seen: f64, of: f64, guess: f64, guessed: f64) -> f64 {
    (seen + guess * guessed) / (of + guessed)
}

/// One record: the texts of the table's fields, in the table's order; empty where nothing is given.
pub type Record = Vec<String>;

/// Which fields are compared how, which pairs are looked at, and when a pair is a link.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct Table {
    fields: Vec<Field>,
    passes: Vec<Vec<usize>>,
    line_bits: f64,
    margin_bits: f64,
}

/// A field and its comparison levels, best first; what reaches none of them differs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    pub levels: Vec<Level>,
    /// Agreement on a rare value weighs more than on a common one.
    #[serde(default)]
    pub by_value: bool,
}

/// What two texts must have in common.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Equal,
    /// At most so many letters put in, left out, changed, or exchanged with their neighbour.
    Edits(usize),
    /// Jaro–Winkler similarity of at least this, 0 to 1.
    JaroWinkler(f64),
}

impl Level {
    fn holds(self, a: &str, b: &str) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Edits(most) => strsim::osa_distance(a, b) <= most,
            Self::JaroWinkler(least) => strsim::jaro_winkler(a, b) >= least,
        }
    }
}

/// The table as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Bits over even odds that a link needs.
    line_bits: f64,
    /// How far a link must be ahead of any other that one of its two records could have.
    margin_bits: f64,
    /// Pairs that agree on every field of at least one pass are compared.
    passes: Vec<Vec<String>>,
    field: Vec<Field>,
}

impl TryFrom<Written> for Table {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let names: Vec<&str> = written.field.iter().map(|field| field.name.as_str()).collect();
        let at = |name: &String| {
            let known = names.iter().position(|known| known == name);
            known.ok_or_else(|| format!("a pass asks for {name}, which is no field; fields are {}", names.join(", ")))
        };
        let passes: Vec<Vec<usize>> =
            written.passes.iter().map(|pass| pass.iter().map(at).collect()).collect::<Result<_, _>>()?;
        for (number, field) in written.field.iter().enumerate() {
            if passes.iter().all(|pass| pass.contains(&number)) {
                return Err(format!("{} is in every pass: nothing can tell how often it agrees", field.name));
            }
            if field.by_value && field.levels.first() != Some(&Level::Equal) {
                return Err(format!("{} weighs by value, so its first level must be \"equal\"", field.name));
            }
            if field.levels.is_empty() || field.levels.len() > usize::from(BLANK) {
                return Err(format!("{} must have levels", field.name));
            }
        }
        Ok(Self { fields: written.field, passes, line_bits: written.line_bits, margin_bits: written.margin_bits })
    }
}

/// Level of each field: its place in the table, one more for "differs", [`BLANK`] where one side says nothing.
type Pattern = Vec<u8>;
const BLANK: u8 = u8::MAX;

/// How often each level of a field is reached, "differs" last; sums to one.
type Chances = Vec<f64>;

/// Places of the two records.
type Places = (u32, u32);

impl Table {
    /// What a record must give, in this order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn compare(&self, a: &Record, b: &Record) -> Pattern {
        let levels = self.fields.iter().zip(a.iter().zip(b)).map(|(field, (a, b))| match (a.as_str(), b.as_str()) {
            ("", _) | (_, "") => BLANK,
            (a, b) => field.levels.iter().position(|level| level.holds(a, b)).unwrap_or(field.levels.len()) as u8,
        });
        levels.collect()
    }

    /// Pairs that agree on every field of the pass, in order of the left file.
    fn pairs_of(&self, pass: &[usize], left: &[Record], right: &[Record]) -> Vec<Places> {
        fn key<'t>(pass: &[usize], record: &'t Record) -> Option<Vec<&'t str>> {
            pass.iter().map(|field| Some(record[*field].as_str()).filter(|text| !text.is_empty())).collect()
        }
        let mut blocks: BTreeMap<Vec<&str>, Vec<u32>> = BTreeMap::new();
        for (place, record) in right.iter().enumerate() {
            if let Some(key) = key(pass, record) {
                blocks.entry(key).or_default().push(place as u32);
            }
        }
        let partners = |record| key(pass, record).and_then(|key| blocks.get(&key));
        let found = left.iter().enumerate().filter_map(|(place, record)| Some((place as u32, partners(record)?)));
        found.flat_map(|(a, partners)| partners.iter().map(move |b| (a, *b))).collect()
    }
}

/// A link between record `left` of the one file and `right` of the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub left: usize,
    pub right: usize,
    /// Bits over even odds.
    pub bits: f64,
}

/// A comparison table with chances estimated on two files, ready to link them.
pub struct Engine<'r> {
    table: &'r Table,
    left: &'r [Record],
    right: &'r [Record],
    compared: BTreeMap<Places, Pattern>,
    m: Vec<Chances>,
    u: Vec<Chances>,
    /// Records of both files by field and value, for fields that weigh by value.
    bearers: Vec<BTreeMap<&'r str, u32>>,
    /// log2 of the odds that a pair taken anywhere is one person.
    prior: f64,
}

impl<'r> Engine<'r> {
    /// Estimates chances and prior. Files without a single pair to compare give an engine that links nothing.
    pub fn estimate(table: &'r Table, left: &'r [Record], right: &'r [Record]) -> Self {
        let passes: Vec<Vec<Places>> = table.passes.iter().map(|pass| table.pairs_of(pass, left, right)).collect();
        let places: BTreeSet<Places> = passes.iter().flatten().copied().collect();
        let compare = |places: &Places| table.compare(&left[places.0 as usize], &right[places.1 as usize]);
        let compared: BTreeMap<Places, Pattern> = places.into_iter().map(|places| (places, compare(&places))).collect();
        let u = strangers(table, left, right, &compared);
        let m = one_person(table, &passes, &compared, &u);
        let prior = prior(&compared, &m, &u, left.len() as f64 * right.len() as f64);
        let bearers = (0..table.fields.len()).map(|field| bearers(field, left, right)).collect();
        Self { table, left, right, compared, m, u, bearers, prior }
    }

    /// Pairs that were compared.
    pub fn compared(&self) -> usize {
        self.compared.len()
    }

    /// Bits that a level of a field is worth, "differs" last, whatever the value.
    pub fn level_bits(&self, field: usize) -> Vec<f64> {
        self.m[field].iter().zip(&self.u[field]).map(|(m, u)| bits(*m, *u)).collect()
    }

    /// Pairs over the line that are, by the margin, the best that either record has; so every record is in one at most.
    pub fn links(&self) -> Vec<Pair> {
        let weighed: Vec<(Places, f64)> = self
            .compared
            .iter()
            .map(|(places, pattern)| (*places, self.weight(*places, pattern) + self.prior))
            .collect();
        let mut left = vec![BestTwo::default(); self.left.len()];
        let mut right = vec![BestTwo::default(); self.right.len()];
        for ((a, b), bits) in &weighed {
            left[*a as usize].see(*bits);
            right[*b as usize].see(*bits);
        }
        let stands_alone = |((a, b), bits): &&(Places, f64)| {
            *bits >= self.table.line_bits
                && [left[*a as usize], right[*b as usize]].iter().all(|best| best.leads(*bits, self.table.margin_bits))
        };
        let link = |((a, b), bits): &(Places, f64)| Pair { left: *a as usize, right: *b as usize, bits: *bits };
        weighed.iter().filter(stands_alone).map(link).collect()
    }

    fn weight(&self, places: Places, pattern: &Pattern) -> f64 {
        let value = |field: usize| self.left[places.0 as usize][field].as_str();
        let field_bits = |(field, level): (usize, &u8)| match *level {
            BLANK => 0.0,
            0 if self.table.fields[field].by_value => {
                let bearers = f64::from(self.bearers[field][value(field)]);
                self.m[field][0].log2() + rarity(self.left.len() + self.right.len(), bearers)
            }
            level => bits(self.m[field][usize::from(level)], self.u[field][usize::from(level)]),
        };
        pattern.iter().enumerate().map(field_bits).sum()
    }
}

/// The two highest weights that a record's pairs have.
#[derive(Debug, Clone, Copy)]
struct BestTwo(f64, f64);

impl Default for BestTwo {
    fn default() -> Self {
        Self(f64::NEG_INFINITY, f64::NEG_INFINITY)
    }
}

impl BestTwo {
    fn see(&mut self, bits: f64) {
        if bits > self.0 {
            *self = Self(bits, self.0);
        } else {
            self.1 = self.1.max(bits);
        }
    }

    /// `bits` is the best, and more than `margin` ahead of the second: of two equals neither leads.
    fn leads(&self, bits: f64, margin: f64) -> bool {
        bits == self.0 && bits - self.1 > margin
    }
}

fn bearers<'r>(field: usize, left: &'r [Record], right: &'r [Record]) -> BTreeMap<&'r str, u32> {
    let mut bearers = BTreeMap::new();
    for record in left.iter().chain(right) {
        *bearers.entry(record[field].as_str()).or_default() += 1;
    }
    bearers
}

/// Weighted counts of the levels of every field, turned into shares. One more pair is spread over all levels, so that
/// none is impossible.
struct Counts {
    levels: Vec<Vec<f64>>,
}

impl Counts {
    fn new(table: &Table) -> Self {
        Self { levels: table.fields.iter().map(|field| vec![0.0; field.levels.len() + 1]).collect() }
    }

    fn add(&mut self, pattern: &Pattern, weight: f64) {
        for (levels, level) in self.levels.iter_mut().zip(pattern).filter(|(_, level)| **level != BLANK) {
            levels[usize::from(*level)] += weight;
        }
    }

    fn shares(&self) -> Vec<Chances> {
        let share = |levels: &Vec<f64>| {
            let (all, guess) = (levels.iter().sum(), 1.0 / levels.len() as f64);
            levels.iter().map(|seen| drawn(*seen, all, guess, 1.0)).collect()
        };
        self.levels.iter().map(share).collect()
    }
}

/// u: the levels that pairs of strangers reach. Each left record meets the right ones at even distances; pairs that a
/// pass brought together are left out, because the true ones are among them.
fn strangers(table: &Table, left: &[Record], right: &[Record], compared: &BTreeMap<Places, Pattern>) -> Vec<Chances> {
    const PAIRS: usize = 250_000;
    let mut counts = Counts::new(table);
    let each = (PAIRS / left.len().max(1)).clamp(1, right.len().max(1));
    for (a, record) in left.iter().enumerate() {
        for step in 0..each.min(right.len()) {
            let b = (a + step * right.len() / each) % right.len();
            if !compared.contains_key(&(a as u32, b as u32)) {
                counts.add(&table.compare(record, &right[b]), 1.0);
            }
        }
    }
    counts.shares()
}

/// m: the levels that pairs of one person reach, from every pass that does not ask for the field, by its links' number.
fn one_person(
    table: &Table,
    passes: &[Vec<Places>],
    compared: &BTreeMap<Places, Pattern>,
    u: &[Chances],
) -> Vec<Chances> {
    let mut counts = Counts::new(table);
    for (asked, pairs) in table.passes.iter().zip(passes) {
        let mut patterns: BTreeMap<Pattern, u32> = BTreeMap::new();
        for places in pairs {
            let mut pattern = compared[places].clone();
            asked.iter().for_each(|field| pattern[*field] = BLANK);
            *patterns.entry(pattern).or_default() += 1;
        }
        for (pattern, weight) in maximise(table, &patterns, u) {
            counts.add(pattern, weight);
        }
    }
    counts.shares()
}

/// Expectation and maximisation with u held: how many pairs of each pattern are one person.
fn maximise<'p>(table: &Table, patterns: &'p BTreeMap<Pattern, u32>, u: &[Chances]) -> Vec<(&'p Pattern, f64)> {
    const ROUNDS: usize = 100;
    const STILL: f64 = 1e-9;
    let all: f64 = patterns.values().map(|pairs| f64::from(*pairs)).sum();
    let mut m: Vec<Chances> = u.iter().map(|levels| agreeing(levels.len())).collect();
    let mut share = 0.5;
    for _ in 0..ROUNDS {
        let mut counts = Counts::new(table);
        let mut links = 0.0;
        for (pattern, pairs) in patterns {
            let weight = f64::from(*pairs) * chance(pattern_bits(pattern, &m, u) + odds(share));
            counts.add(pattern, weight);
            links += weight;
        }
        let before = share;
        (m, share) = (counts.shares(), drawn(links, all, 0.5, 1.0));
        if (share - before).abs() < STILL {
            break;
        }
    }
    let expected = |(pattern, pairs): (&'p Pattern, &u32)| {
        (pattern, f64::from(*pairs) * chance(pattern_bits(pattern, &m, u) + odds(share)))
    };
    patterns.iter().map(expected).collect()
}

/// Where estimation starts: nine in ten reach the first level, the rest share what is left.
fn agreeing(levels: usize) -> Chances {
    let rest = 0.1 / (levels - 1) as f64;
    (0..levels).map(|level| if level == 0 { 0.9 } else { rest }).collect()
}

/// log2 of the odds that any pair of the two files is one person: as many as the compared pairs make likely, since a pair
/// that no pass brought together is none.
fn prior(compared: &BTreeMap<Places, Pattern>, m: &[Chances], u: &[Chances], all: f64) -> f64 {
    const ROUNDS: usize = 50;
    let weights: Vec<f64> = compared.values().map(|pattern| pattern_bits(pattern, m, u)).collect();
    let mut share = compared.len() as f64 / 2.0 / all.max(1.0);
    for _ in 0..ROUNDS {
        let links: f64 = weights.iter().map(|weight| chance(weight + odds(share))).sum();
        share = drawn(links, all, 0.0, 1.0).clamp(1e-12, 0.5);
    }
    odds(share)
}

fn pattern_bits(pattern: &Pattern, m: &[Chances], u: &[Chances]) -> f64 {
    let fields = pattern.iter().zip(m.iter().zip(u)).filter(|(level, _)| **level != BLANK);
    fields.map(|(level, (m, u))| bits(m[usize::from(*level)], u[usize::from(*level)])).sum()
}

fn odds(chance: f64) -> f64 {
    (chance / (1.0 - chance)).log2()
}

fn chance(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
        line_bits = 0.0
        margin_bits = 0.0
        passes = [["number"], ["name"]]
        field = [
            { name = "name", levels = ["equal", { jaro_winkler = 0.8 }] },
            { name = "number", levels = ["equal", { edits = 1 }] },
            { name = "town", levels = ["equal"] },
        ]
    "#;

    fn table() -> Table {
        toml::from_str(TABLE).unwrap()
    }

    fn record(name: impl Into<String>, number: impl Into<String>, town: &str) -> Record {
        vec![name.into(), number.into(), town.to_owned()]
    }

    /// Five hundred people of two towns. In the second file, turned by 123 places, every fifth has another name, every
    /// tenth (never the same) another number, every fourth another town.
    fn files() -> (Vec<Record>, Vec<Record>) {
        let town = |place: usize| ["east", "west"][place % 2];
        let name = |place: usize| format!("{:05}", place * 7919 % 99_991);
        let number = |place: usize| format!("{:06}", place * 104_729 % 999_983);
        let person = |place: usize| record(name(place), number(place), town(place / 4));
        let damaged = |place: usize| {
            let name = if place.is_multiple_of(5) { name(place + 1000) } else { name(place) };
            let number = if place % 10 == 1 { number(place + 1000) } else { number(place) };
            record(name, number, town(place / 4 + usize::from(place.is_multiple_of(4))))
        };
        ((0..500).map(person).collect(), (0..500).map(|place| damaged((place + 123) % 500)).collect())
    }

    #[test]
    fn chances_are_found_without_the_truth() {
        let (left, right) = files();
        let table = table();
        let engine = Engine::estimate(&table, &left, &right);
        for (field, agree, strangers) in [(0, 0.8, 0.0), (1, 0.9, 0.0), (2, 0.75, 0.5)] {
            assert!((engine.m[field][0] - agree).abs() < 0.03, "m of {field}: {:?}", engine.m[field]);
            assert!((engine.u[field][0] - strangers).abs() < 0.03, "u of {field}: {:?}", engine.u[field]);
        }
        assert!((engine.prior - (500f64 / 250_000.0).log2()).abs() < 0.1, "one in five hundred: {}", engine.prior);
        let links = engine.links();
        assert_eq!(links.len(), 500);
        assert!(links.iter().all(|pair| pair.left == (pair.right + 123) % 500));
    }

    #[test]
    fn a_rare_value_weighs_more() {
        let (mut left, mut right) = files();
        for record in [&mut left[2], &mut right[379]] {
            record[2] = "north".to_owned();
        }
        let text = TABLE.replace(r#"levels = ["equal"] }"#, r#"levels = ["equal"], by_value = true }"#);
        let table: Table = toml::from_str(&text).unwrap();
        let engine = Engine::estimate(&table, &left, &right);
        let weight = |places: Places| engine.weight(places, &engine.compared[&places]);
        assert_eq!(engine.compared[&(2, 379)], engine.compared[&(3, 380)], "the same levels");
        let east = f64::from(engine.bearers[2]["east"]);
        assert!((weight((2, 379)) - weight((3, 380)) - (east / 2.0).log2()).abs() < 1e-9, "two in north");
    }

    #[test]
    fn of_two_equal_candidates_neither_is_linked() {
        let (mut left, right) = files();
        let twin = left[7].clone();
        left.push(twin);
        let table = table();
        let links = Engine::estimate(&table, &left, &right).links();
        assert_eq!(links.len(), 499);
        assert!(links.iter().all(|pair| pair.left != 7 && pair.left != 500));
    }

    #[test]
    fn a_blank_is_no_evidence_and_meets_nobody() {
        let table = table();
        assert_eq!(table.compare(&record("li", "", "east"), &record("li", "", "west")), [0, BLANK, 1]);
        let nameless = [record("", "", "east")];
        assert_eq!(Engine::estimate(&table, &nameless, &nameless).compared(), 0);
        assert!(Engine::estimate(&table, &nameless, &[]).links().is_empty());
    }

    #[test]
    fn a_table_that_cannot_be_estimated_is_refused() {
        let fault = |from: &str, to: &str| toml::from_str::<Table>(&TABLE.replace(from, to)).unwrap_err().to_string();
        assert!(fault(r#"["number"]"#, r#"["phone"]"#).contains("fields are name, number, town"));
        assert!(fault(r#"["number"]"#, r#"["name", "number"]"#).contains("name is in every pass"));
        assert!(fault(r#""equal"] }"#, r#"{ edits = 1 }], by_value = true }"#).contains("first level must be"));
        assert!(fault(r#"["equal"] }"#, "[] }").contains("town must have levels"));
    }

    #[test]
    fn the_arithmetic() {
        assert!((bits(0.8, 0.1) - 3.0).abs() < 1e-12, "0.8 / 0.1 = 2^3");
        assert_eq!(rarity(1024, 4.0), 8.0);
        assert_eq!(drawn(3.0, 4.0, 0.5, 4.0), 0.625);
        assert!((chance(odds(0.3)) - 0.3).abs() < 1e-12);
    }
}
