//! What is true in a made-up centre, beside it: `truth.csv` (which person and row belong together, and the grade a link
//! should get) and `truth_flags.csv` (what a rule should find in a household).
//!
//! truth.csv has one line for each register person × row that belong together, plus one with `expected` B for each row that
//! holds a register person's id under somebody else's name. Pairs that are not listed are non-links. `expected` is `none`
//! where the two are one person but a link cannot be asked for: no live mandate, or too little is left to tell them from a
//! namesake; a link there is neither a hit nor a fault. `line` is the physical line, the heading being line 1; line breaks
//! inside quotation marks count.

use std::io::Write;
use std::path::Path;

use super::damage::Damage;
use super::people::{Entry, People};
use crate::kernel::{Error, Result};
use crate::model::link::Grade;

/// What a rule is about, as truth_flags.csv names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Vehicle,
    Dwelling,
    Provident,
    Pension,
    Business,
    Deposits,
    Death,
    Marriage,
    Payroll,
    Duplicate,
}

impl Topic {
    fn name(self) -> &'static str {
        match self {
            Self::Vehicle => "vehicle",
            Self::Dwelling => "dwelling",
            Self::Provident => "provident",
            Self::Pension => "pension",
            Self::Business => "business",
            Self::Deposits => "deposits",
            Self::Death => "death",
            Self::Marriage => "marriage",
            Self::Payroll => "payroll",
            Self::Duplicate => "duplicate",
        }
    }
}

/// One person × row that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub line: u32,
    /// 0 owner (or one of several), 1 spouse.
    pub slot: u8,
    pub person: u32,
    pub damage: Damage,
    pub expected: Option<Grade>,
}

/// What one feed's file holds.
pub struct FeedTruth {
    pub source: &'static str,
    pub file: String,
    pub rows: u64,
    pub pairs: Vec<Pair>,
}

/// Writes `truth.csv`; returns its lines without the heading.
pub fn write_pairs(path: &Path, people: &People, feeds: &[FeedTruth]) -> Result<u64> {
    let mut text = String::from("source,file,line,slot,person_id,household_id,damage,expected\n");
    let mut lines = 0;
    let mut out = create(path)?;
    for feed in feeds {
        for pair in &feed.pairs {
            let code = people.household_code(people.persons[pair.person as usize].household);
            let fields = [
                feed.source,
                &feed.file,
                &pair.line.to_string(),
                &pair.slot.to_string(),
                &exported_id(people, pair.person),
                &code,
                pair.damage.name(),
                pair.expected.map_or("none", Grade::letter),
            ];
            text.push_str(&fields.join(","));
            text.push('\n');
            lines += 1;
        }
        write_all(&mut out, path, &text)?;
        text.clear();
    }
    out.flush().map_err(|error| Error::io(path, &error))?;
    Ok(lines)
}

/// The id as links are exported: 18 characters, or what the register holds where it is no usable id.
fn exported_id(people: &People, person: u32) -> String {
    let who = &people.persons[person as usize];
    match who.entry {
        Entry::Whole | Entry::Fifteen => who.id.to_string(),
        Entry::Missing | Entry::Wrong => people.register_id(person),
    }
}

/// What a fact should come to. In this order: one finding flags a household, whatever else is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Flagged,
    /// The place's own rule decides: the household is not listed on this topic.
    Open,
    Clear,
}

/// What should be found in a household on a topic.
pub type Flag = (u32, Topic, Verdict);

/// Writes `truth_flags.csv`: one line for each household and topic.
pub fn write_flags(path: &Path, people: &People, flags: &mut Vec<Flag>) -> Result<()> {
    flags.sort_unstable();
    flags.dedup_by_key(|(household, topic, _)| (*household, *topic));
    let mut text = String::from("household_id,rule,expected\n");
    for (household, topic, verdict) in flags {
        let expected = match verdict {
            Verdict::Flagged => "flagged",
            Verdict::Open => continue,
            Verdict::Clear => "clear",
        };
        text.push_str(&format!("{},{},{expected}\n", people.household_code(*household), topic.name()));
    }
    let mut out = create(path)?;
    write_all(&mut out, path, &text)?;
    out.flush().map_err(|error| Error::io(path, &error))
}

fn create(path: &Path) -> Result<std::io::BufWriter<std::fs::File>> {
    let file = std::fs::File::create(path).map_err(|error| Error::io(path, &error))?;
    Ok(std::io::BufWriter::new(file))
}

fn write_all(out: &mut impl Write, path: &Path, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).map_err(|error| Error::io(path, &error))
}
