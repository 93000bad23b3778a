//! Which facts each feed tells of people on the register, which of those rows are damaged, and what rules should find.
//!
//! One pass over the register in its order, so that damages are spread evenly; the feeds' rows are shuffled afterwards, as
//! no department keeps its file in the register's order.

use super::damage::{Damage, Schedule};
use super::dice::{Dice, Purpose};
use super::feeds::{FEEDS, Fact, Feed, Subject};
use super::people::{Mandate, People, Relation};
use super::truth::{Flag, Topic, Verdict};
use crate::kernel::{Cancel, Result};
use crate::model::link::Grade;

/// A row about a register person.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    pub person: u32,
    pub fact: Fact,
    pub damage: Damage,
}

pub struct Plan {
    /// By feed, in the order of [`FEEDS`].
    pub rows: Vec<Vec<Planned>>,
    pub flags: Vec<Flag>,
}

/// How many people are planned between two looks at the cancel switch.
const STRIDE: usize = 65_536;

pub fn plan(people: &People, cancel: &Cancel) -> Result<Plan> {
    let mut plan = Plan { rows: FEEDS.iter().map(|_| Vec::new()).collect(), flags: Vec::new() };
    let mut schedule = Schedule::new();
    let mut facts = Vec::new();
    for (index, person) in people.persons.iter().enumerate() {
        if index % STRIDE == 0 {
            cancel.check()?;
        }
        let index = index as u32;
        if people.citizen(index) != index {
            continue;
        }
        let mut dice = Dice::new(people.seed(), Purpose::Facts, u64::from(index));
        let household = people.household(index);
        let subject = Subject { people, index, person, household, age: people.age(index) };
        for (feed, rows) in FEEDS.iter().zip(&mut plan.rows) {
            (feed.facts)(&subject, &mut dice, &mut facts);
            for fact in facts.drain(..) {
                let damage = damage_for(&mut schedule, feed, &subject, fact);
                plan.flags.extend(flag(feed, &subject, fact).filter(|_| damage != Damage::WrongName));
                rows.push(Planned { person: index, fact, damage });
            }
        }
    }
    plan.flags.extend(enrolled_again(people));
    for (feed, rows) in plan.rows.iter_mut().enumerate() {
        Dice::new(people.seed(), Purpose::Order, feed as u64).shuffle(rows);
    }
    Ok(plan)
}

fn damage_for(schedule: &mut Schedule, feed: &Feed, subject: &Subject<'_>, fact: Fact) -> Damage {
    // Several ids in one cell are paired by their places: a damage there would befall the pairing, not the id.
    if fact.with.is_some() {
        return Damage::None;
    }
    let carries_verdict = feed.varieties[usize::from(fact.what)].verdict.is_some();
    for damage in schedule.due() {
        let expected = damage.expected(subject.person.entry, feed.carries);
        // What a rule should find must rest on a link that is accepted without a reviewer.
        let accepted = matches!(expected, Some(Grade::A | Grade::C));
        let fits = if damage == Damage::WrongName { expected.is_some() } else { accepted || !carries_verdict };
        if fits && can_befall(subject, damage) {
            schedule.pay(damage);
            return damage;
        }
    }
    Damage::None
}

fn can_befall(subject: &Subject<'_>, damage: Damage) -> bool {
    let former = subject.people.former_name(subject.index);
    let mut party = subject.people.party(subject.index, false);
    let mut dice = Dice::new(subject.people.seed(), Purpose::Damage, u64::from(subject.index));
    damage.befall(&mut party, former.as_deref(), &mut dice)
}

/// The flag a fact should raise, where everybody in the household can be checked at all.
fn flag(feed: &Feed, subject: &Subject<'_>, fact: Fact) -> Option<Flag> {
    let (topic, verdict) = feed.varieties[usize::from(fact.what)].verdict?;
    let household = subject.person.household;
    // What a supporter owns is not the household's.
    let verdict = if subject.person.relation == Relation::Supporter { Verdict::Clear } else { verdict };
    // 临时救助 answers a sudden need: the shipped rules do not ask what property there is.
    let property = matches!(topic, Topic::Vehicle | Topic::Dwelling | Topic::Deposits);
    if property && subject.household.programme == "临时救助" {
        return None;
    }
    // The other household of a citizen enrolled twice meets the same facts: neither is listed.
    let enrolled_once = !subject.people.enrolled_again.contains_key(&subject.index);
    (enrolled_once && subject.people.fully_checkable(household)).then_some((household, topic, verdict))
}

/// Two programmes, or two counties, and a mandate for both. 临时救助 may be given beside any other, and where the need arises.
fn enrolled_again(people: &People) -> impl Iterator<Item = Flag> {
    let twice = people.enrolled_again.iter().filter(|(first, again)| {
        let (one, other) = (people.household(**first), people.household(**again));
        let both_last = one.programme != "临时救助" && other.programme != "临时救助";
        let mandated = enrolments(people, **first).all(|(_, mandated)| mandated);
        mandated && both_last && (one.programme != other.programme || one.place.county != other.place.county)
    });
    twice.flat_map(|(first, again)| {
        [*first, *again].map(|person| (people.persons[person as usize].household, Topic::Duplicate, Verdict::Flagged))
    })
}

/// Everybody on the register who is this citizen and gave a mandate decides what link may be asked for.
pub fn enrolments(people: &People, person: u32) -> impl Iterator<Item = (u32, bool)> {
    let again = people.enrolled_again.get(&person).copied();
    std::iter::once(person)
        .chain(again)
        .map(|person| (person, people.persons[person as usize].mandate == Mandate::Live))
}
