//! Made-up officials and declared relatives (`inbox/register/officials.csv`, `filings.csv`), and `truth_filings.csv`: one line
//! for each person and official that the 备案 check should name, with what it should say of a filing.
//!
//! Most officials are nobody on the register; some are, or are a household's supporter, some have declared relatives there,
//! filed or not, and some only share a name with somebody, which must lead nowhere. Each household is drawn once.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use super::dice::{Dice, Purpose};
use super::feeds::Line;
use super::names;
use super::people::{Entry, People, Relation};
use super::places;
use super::register::{SHAPE, put_all};
use super::sheet::Sheet;
use crate::kernel::{Cancel, CitizenId, Date, Division, Error, Result, Sex};

const OFFICIALS: &str = "inbox/register/officials.csv";
const FILINGS: &str = "inbox/register/filings.csv";
const TRUTH: &str = "truth_filings.csv";
const OFFICIAL_HEADINGS: [&str; 5] = ["身份证号", "姓名", "职务", "单位", "行政区划代码"];
const FILING_HEADINGS: [&str; 6] =
    ["近亲属身份证号", "近亲属姓名", "与经办人员关系", "经办人员身份证号", "备案号", "备案日期"];
const POSTS: [(&str, &str); 4] = [
    ("社会救助经办员", "演示乡镇社会救助站"),
    ("民政助理员", "演示乡镇人民政府"),
    ("村民委员会主任", "演示村民委员会"),
    ("居民委员会委员", "演示社区居民委员会"),
];
/// People on the register for each official, and the fewest officials.
const PEOPLE_PER_OFFICIAL: usize = 400;
const FEWEST: usize = 16;

/// What an official is to the register; they take turns.
#[derive(Debug, Clone, Copy)]
enum Tie {
    Own { filed: bool },
    Supporter { filed: bool },
    Declared { filed: bool },
    Namesake,
    Nobody,
}

const TURNS: [Tie; 10] = [
    Tie::Own { filed: true },
    Tie::Supporter { filed: true },
    Tie::Declared { filed: true },
    Tie::Namesake,
    Tie::Nobody,
    Tie::Own { filed: false },
    Tie::Supporter { filed: false },
    Tie::Declared { filed: false },
    Tie::Declared { filed: true },
    Tie::Nobody,
];

/// Writes both lists and the truth.
pub fn write(dir: &Path, people: &People, cancel: &Cancel) -> Result<()> {
    let mut lists = Lists {
        people,
        officials: Sheet::create(&dir.join(OFFICIALS), SHAPE, people.as_of())?,
        filings: Sheet::create(&dir.join(FILINGS), SHAPE, people.as_of())?,
        line: Line::default(),
        truth: String::from("person_id,household_id,official_id,expected\n"),
        drawn: BTreeSet::new(),
        filed: 0,
    };
    put_all(&mut lists.officials, &mut lists.line, &OFFICIAL_HEADINGS)?;
    put_all(&mut lists.filings, &mut lists.line, &FILING_HEADINGS)?;
    for number in 0..(people.persons.len() / PEOPLE_PER_OFFICIAL).max(FEWEST) {
        cancel.check()?;
        let mut dice = Dice::new(people.seed(), Purpose::Officials, number as u64);
        lists.add(TURNS[number % TURNS.len()], &mut dice)?;
    }
    lists.officials.finish()?;
    lists.filings.finish()?;
    let path = dir.join(TRUTH);
    let file = std::fs::File::create(&path).and_then(|mut file| file.write_all(lists.truth.as_bytes()));
    file.map_err(|error| Error::io(&path, &error))
}

struct Lists<'a> {
    people: &'a People,
    officials: Sheet,
    filings: Sheet,
    line: Line,
    truth: String,
    /// Households that an official has to do with.
    drawn: BTreeSet<u32>,
    /// Filing numbers given out.
    filed: u32,
}

impl Lists<'_> {
    fn add(&mut self, tie: Tie, dice: &mut Dice) -> Result<()> {
        let wanted = |relation: Relation| match tie {
            Tie::Supporter { .. } => relation == Relation::Supporter,
            _ => relation != Relation::Supporter,
        };
        let person = match tie {
            Tie::Nobody => None,
            _ => self.somebody(dice, wanted),
        };
        // A small register may have nobody of the kind left: then the official is nobody's.
        let Some(person) = person else { return self.outsider(None, dice).map(drop) };
        match tie {
            Tie::Own { filed } => {
                let official = self.insider(person, dice)?;
                if filed {
                    self.filing(person, "本人", official, true, dice)?;
                }
                self.expect(person, official, if filed { "filed" } else { "not_seen" });
                self.expect_members(person, official, if filed { "household_filed" } else { "not_seen" });
            }
            Tie::Supporter { filed } => {
                let official = self.insider(person, dice)?;
                // The household's head comes first, and a supporter is nobody's head.
                let head = self.people.household(person).first;
                let by_id = filed && self.is_whole(head);
                if by_id {
                    self.filing(head, "父母", official, true, dice)?;
                    self.expect(head, official, "filed");
                }
                let others = if by_id { "household_filed" } else { "not_seen" };
                self.expect(person, official, others);
                self.expect_members(if by_id { head } else { person }, official, others);
            }
            Tie::Declared { filed } => {
                let official = self.outsider(None, dice)?;
                let relation = dice.pick(&["兄弟姐妹", "配偶的父母", "子女", "祖父母", "伯叔姑舅姨"]);
                self.filing(person, relation, official, filed, dice)?;
                self.expect(person, official, if filed { "filed" } else { "not_seen" });
            }
            Tie::Namesake => drop(self.outsider(Some(self.people.name(person)), dice)?),
            Tie::Nobody => unreachable!("nobody was drawn for it"),
        }
        Ok(())
    }

    /// Somebody of a household not yet drawn, enrolled once, whose id the register holds whole.
    fn somebody(&mut self, dice: &mut Dice, wanted: impl Fn(Relation) -> bool) -> Option<u32> {
        const DRAWS: usize = 500;
        let found = (0..DRAWS).map(|_| dice.below(self.people.persons.len() as u64) as u32).find(|&person| {
            let who = &self.people.persons[person as usize];
            let once = self.people.citizen(person) == person && !self.people.enrolled_again.contains_key(&person);
            once && wanted(who.relation) && self.is_whole(person) && !self.drawn.contains(&who.household)
        })?;
        self.drawn.insert(self.people.persons[found as usize].household);
        Some(found)
    }

    fn is_whole(&self, person: u32) -> bool {
        matches!(self.people.persons[person as usize].entry, Entry::Whole | Entry::Fifteen)
    }

    /// An official who stands on the register.
    fn insider(&mut self, person: u32, dice: &mut Dice) -> Result<CitizenId> {
        let id = self.people.persons[person as usize].id;
        self.official(id, &self.people.name(person), self.people.household(person).place.division(), dice)?;
        Ok(id)
    }

    /// An official who does not, by another's name if one is given.
    fn outsider(&mut self, name: Option<String>, dice: &mut Dice) -> Result<CitizenId> {
        let sex = if dice.chance(60_000) { Sex::Male } else { Sex::Female };
        let birth = Date::from_days(self.people.as_of().days() - 365 * dice.between(24, 59) - dice.between(0, 364));
        let household = dice.below(self.people.households.len() as u64) as usize;
        let place = self.people.households[household].place;
        let id = self.people.outside(dice, places::county(place.county), birth, sex);
        let name = name.unwrap_or_else(|| names::anyone(dice, sex));
        self.official(id, &name, place.division(), dice)?;
        Ok(id)
    }

    fn official(&mut self, id: CitizenId, name: &str, division: Division, dice: &mut Dice) -> Result<()> {
        let (post, unit) = dice.pick(&POSTS);
        let town = division.town().unwrap_or(division);
        put_all(&mut self.officials, &mut self.line, &[&id.to_string(), name, post, unit, &town.to_string()])
    }

    fn filing(&mut self, person: u32, relation: &str, official: CitizenId, filed: bool, dice: &mut Dice) -> Result<()> {
        let (mut number, mut day) = (String::new(), String::new());
        if filed {
            self.filed += 1;
            number = format!("演备{:06}", self.filed);
            day = Date::from_days(self.people.as_of().days() - dice.between(20, 700)).to_string();
        }
        let id = self.people.persons[person as usize].id.to_string();
        let cells = [&id, &self.people.name(person), relation, &official.to_string(), &number, &day];
        put_all(&mut self.filings, &mut self.line, &cells)
    }

    /// The other members of the household.
    fn expect_members(&mut self, but: u32, official: CitizenId, expected: &str) {
        let house = self.people.household(but);
        for member in house.first..house.first + u32::from(house.members) {
            if member != but {
                self.expect(member, official, expected);
            }
        }
    }

    fn expect(&mut self, person: u32, official: CitizenId, expected: &str) {
        let people = self.people;
        let code = people.household_code(people.persons[person as usize].household);
        let id = match self.is_whole(person) {
            true => people.persons[person as usize].id.to_string(),
            false => people.register_id(person),
        };
        self.truth.push_str(&format!("{id},{code},{official},{expected}\n"));
    }
}
