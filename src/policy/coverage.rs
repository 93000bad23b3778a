//! 核对覆盖: what each source could say about each person. A missing answer is never clearance (invariant I-6).
//!
//! A row that was set aside, and in which a registered person's id can be read, is a record at fault as well: it would have said
//! something of somebody.
//!
//! The first that holds: the register's row cannot be read; the source does not concern the person's programme; no live
//! mandate; no usable id and no link; the source did not arrive or was refused; it is stale; it is not whole; a record was
//! found in which something that a rule asks for cannot be read; one was found; one was found that may be the person's and
//! waits for somebody to judge; none was found. A stale source stays stale even where it holds a record: the record is
//! evidence for the rules, its age is what the coverage has to tell. So does one that is not whole: of whom a record is
//! there another may be missing.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::Policy;
use crate::kernel::CitizenId;
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::link::Link;
use crate::model::register::Register;
use crate::standardise::ids;

/// States of all persons × sources, sources in the order of `evidences`. Only accepted links count as records.
///
/// `pending`: links that wait for a judgement, in any order. `applies[source]`: programmes the source concerns; empty means
/// all.
pub fn coverage<'l>(
    policy: &Policy,
    register: &Register,
    evidences: &[Evidence],
    links: &[Link],
    pending: impl Iterator<Item = &'l Link>,
    applies: &[Vec<String>],
) -> Coverage {
    assert_eq!(evidences.len(), applies.len(), "each source says which programmes it concerns");
    let sources = evidences.len();
    if sources == 0 {
        return Coverage::new(0, Vec::new());
    }
    let mut states = vec![CoverageState::NotFound; register.persons.len() * sources];
    let place = |link: &Link| link.person as usize * sources + usize::from(link.source);
    pending.for_each(|link| states[place(link)] = CoverageState::Pending);
    let faulty: Vec<Vec<u32>> = evidences.iter().map(|evidence| faulty_rows(policy, evidence)).collect();
    for link in links.iter().filter(|link| link.accepted) {
        let state = &mut states[place(link)];
        // Of several records one at fault is enough: nobody knows what it adds.
        if faulty[usize::from(link.source)].binary_search(&link.row).is_ok() {
            *state = CoverageState::RecordFault;
        } else if *state != CoverageState::RecordFault {
            *state = CoverageState::Found;
        }
    }
    for (person, source) in named_in_rejects(register, evidences) {
        states[person as usize * sources + source] = CoverageState::RecordFault;
    }
    let concerned: Vec<Vec<bool>> = register
        .programmes
        .iter()
        .map(|programme| applies.iter().map(|listed| listed.is_empty() || listed.contains(programme)).collect())
        .collect();
    states.par_chunks_mut(sources).zip(&register.persons).for_each(|(states, person)| {
        let usable = person.id.is_some_and(CitizenId::is_valid);
        let concerned = &concerned[usize::from(person.programme)];
        for (source, state) in states.iter_mut().enumerate() {
            let found = *state != CoverageState::NotFound;
            *state = if !concerned[source] {
                CoverageState::NotApplicable
            } else if !person.mandated {
                // A mandate is given under an id: whose id is none may have one, and the id is what is to be mended.
                if usable { CoverageState::NoMandate } else { CoverageState::UnusableId }
            } else if !usable && !found {
                CoverageState::UnusableId
            } else {
                match evidences[source].delivery {
                    Delivery::Missing | Delivery::Refused(_) => CoverageState::SourceMissing,
                    Delivery::Arrived { stale: true, .. } => CoverageState::SourceStale,
                    Delivery::Arrived { short: Some(_), .. } => CoverageState::SourceIncomplete,
                    Delivery::Arrived { .. } => *state,
                }
            };
        }
    });
    for person in &register.faulty {
        states[*person as usize * sources..][..sources].fill(CoverageState::RegisterFault);
    }
    Coverage::new(sources, states)
}

/// Persons whose id stands in a row that a source's file could not be read of, each with the source; as far as such rows were kept.
fn named_in_rejects(register: &Register, evidences: &[Evidence]) -> Vec<(u32, usize)> {
    let mut named: HashMap<u64, BTreeSet<usize>, FixedState> = HashMap::default();
    for (source, evidence) in evidences.iter().enumerate() {
        for reject in evidence.rejects.iter().filter(|reject| reject.whole_row) {
            let cells = reject.text.split(|letter: char| !letter.is_ascii_alphanumeric());
            let ids = cells.filter_map(|cell| ids::read_plain(cell.as_bytes())).filter(|id| id.is_valid());
            ids.for_each(|id| _ = named.entry(id.packed()).or_default().insert(source));
        }
    }
    if named.is_empty() {
        return Vec::new();
    }
    let sources_of = |id: Option<CitizenId>| named.get(&id?.packed());
    let persons = (0..register.persons.len() as u32).into_par_iter();
    let named = persons.filter_map(|number| Some((number, sources_of(register.persons[number as usize].id)?)));
    named.flat_map_iter(|(number, sources)| sources.iter().map(move |source| (number, *source))).collect()
}

/// Rows in which something that a rule asks for was given and cannot be read, or has no meaning; ascending.
pub fn faulty_rows(policy: &Policy, evidence: &Evidence) -> Vec<u32> {
    let mut rows: Vec<u32> = Vec::new();
    for (_, rule) in policy.rules_reading(&evidence.kind.code) {
        rows.extend(rule.unread_rows(evidence));
    }
    rows.sort_unstable();
    rows.dedup();
    rows
}

#[cfg(test)]
mod tests {
    use super::super::cases::{demo, evidence, link, register};
    use super::CoverageState::{
        Found, NoMandate, NotApplicable, NotFound, Pending, RecordFault, RegisterFault, SourceIncomplete,
        SourceMissing, SourceStale, UnusableId,
    };
    use super::*;
    use crate::kernel::Date;
    use crate::model::evidence::{Reject, RowRef, Shortfall};

    #[test]
    fn exactly_one_state_and_the_first_reason_wins() {
        let as_of = Date::from_ymd(2026, 11, 24).unwrap();
        let persons = toml::toml! {
            persons = [
                { name = "甲" },
                { name = "乙", mandated = false },
                { name = "丙", citizen = 0 },
                { name = "丁", citizen = 0 },
                { name = "戊", programme = "临时救助" },
                { name = "己", programme = "临时救助", mandated = false },
                { name = "庚", citizen = 0 },
                { name = "辛", citizen = 0, mandated = false },
            ]
        };
        let persons: Vec<toml::Table> =
            persons["persons"].as_array().unwrap().iter().map(|person| person.as_table().unwrap().clone()).collect();
        let register = Register { faulty: vec![5], ..register(&persons, as_of) };
        let arrived = |stale, short| Delivery::Arrived { as_of: Some(as_of), stale, short };
        let short = Some(Shortfall::BrokenOff);
        let sources = [
            evidence("vehicle", &[], arrived(false, None)),
            evidence("bank", &[], arrived(true, short)),
            evidence("tax", &[], Delivery::Missing),
            evidence("business", &[], arrived(false, short)),
        ];
        let unaccepted = |person| Link { accepted: false, ..link(person, 0, 0, 0) };
        let others = [unaccepted(4), unaccepted(6)];
        let links = [link(0, 0, 0, 0), link(0, 1, 0, 0), link(0, 3, 0, 0), link(3, 0, 0, 0), others[0], others[1]];
        let applies = [Vec::new(), vec!["低保".to_owned()], Vec::new(), Vec::new()];
        let coverage = coverage(&demo(), &register, &sources, &links, [&others[1], &links[0]].into_iter(), &applies);
        assert_eq!(coverage.of(0), [Found, SourceStale, SourceMissing, SourceIncomplete]);
        assert_eq!(coverage.of(1), [NoMandate; 4]);
        assert_eq!(coverage.of(2), [UnusableId; 4]);
        assert_eq!(coverage.of(7), [UnusableId; 4], "no mandate can be found under it");
        assert_eq!(
            coverage.of(3),
            [Found, UnusableId, UnusableId, UnusableId],
            "linked by name, birth and a third fact"
        );
        assert_eq!(
            coverage.of(4),
            [NotFound, NotApplicable, SourceMissing, SourceIncomplete],
            "another person's record is none of his, and where part is missing none is no answer"
        );
        assert_eq!(coverage.of(6)[0], Pending, "nobody has judged yet whose it is");
        assert_eq!(coverage.of(5), [RegisterFault; 4], "whatever else is to be said");
    }

    #[test]
    fn a_row_that_was_set_aside_is_a_record_at_fault_of_whoever_it_names() {
        let as_of = Date::from_ymd(2026, 11, 24).unwrap();
        let persons = ["甲", "乙"].map(|name| toml::Table::from_iter([("name".to_owned(), name.into())]));
        let register = register(&persons, as_of);
        let delivery = Delivery::Arrived { as_of: Some(as_of), stale: false, short: None };
        let mut vehicles = evidence("vehicle", &[], delivery);
        let at = RowRef { file: 0, sheet: 0, line: 9, offset: 0 };
        let text = format!("\"鲁A1,{},甲,,\n", register.id_text(0));
        let row = Reject { at, column: String::new(), reason: "ingest.reject_quote", text, whole_row: true };
        let field = Reject { text: register.id_text(1), whole_row: false, ..row.clone() };
        vehicles.rejects = vec![row, field];
        let coverage = coverage(&demo(), &register, &[vehicles], &[], [].iter(), &[Vec::new()]);
        assert_eq!([0, 1].map(|person| coverage.of(person)[0]), [RecordFault, NotFound]);
    }

    #[test]
    fn a_record_is_at_fault_if_a_rule_asks_for_what_cannot_be_read_in_it() {
        let as_of = Date::from_ymd(2026, 11, 24).unwrap();
        let persons = ["甲", "乙", "丙", "丁"].map(|name| toml::Table::from_iter([("name".to_owned(), name.into())]));
        let register = register(&persons, as_of);
        let delivery = Delivery::Arrived { as_of: Some(as_of), stale: false, short: None };
        let rows = vec![toml::Table::new(); 5];
        let mut vehicles = evidence("vehicle", &rows, delivery);
        let field = |name| vehicles.kind.field(name).unwrap() as u16;
        // V001 asks for a car's state, no rule for its model, and cars are told apart by their plates.
        vehicles.unread = vec![(0, field("state")), (3, field("model")), (4, field("plate"))];
        let links = [link(0, 0, 0, 0), link(0, 0, 1, 0), link(1, 0, 2, 0), link(2, 0, 3, 0), link(3, 0, 4, 0)];
        let coverage = coverage(&demo(), &register, &[vehicles], &links, [].iter(), &[Vec::new()]);
        let states = [0, 1, 2, 3].map(|person| coverage.of(person)[0]);
        assert_eq!(states, [RecordFault, Found, Found, RecordFault]);
        assert!(!RecordFault.is_checked());
    }
}
