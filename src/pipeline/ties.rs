//! Who on the register is tied to an official, how that is known, and whether a filing is seen: the lines of 备案核查清单.
//!
//! Four ways, each by records that stand: the person is the official; the relation is declared; an accepted link leads to a
//! marriage record that names the official as the other spouse; the official stands on the register in the person's household.
//! Reads only the register and links already made. Purpose and basis: [`crate::model::filing`].

use std::collections::BTreeMap;

use super::filings::{Lists, valid_id};
use crate::kernel::Date;
use crate::model::evidence::Evidence;
use crate::model::filing::{Filing, FilingCheck, Known, Official, Standing, Tie};
use crate::model::link::Link;
use crate::model::register::{Register, Role};
use crate::model::table::Column;
use crate::standardise::names;

/// (person, official) → how it is known.
type Found = BTreeMap<(u32, u32), Vec<Known>>;

/// Finds all ties. `links` after judgements: only accepted ones say anything.
pub(super) fn find(lists: Lists, register: &Register, evidences: &[Evidence], links: &[Link]) -> FilingCheck {
    let mut found = Found::new();
    for (index, official) in (0..).zip(&lists.officials) {
        own_and_household(register, index, official, &mut found);
    }
    for (index, filing) in (0..).zip(lists.filings.iter().flatten()) {
        let official = &lists.officials[filing.official as usize];
        // An official's own enrolment may be filed as well; that makes nobody a relative.
        for &person in filing.persons.iter().filter(|person| !official.persons.contains(person)) {
            found.entry((person, filing.official)).or_default().push(Known::Declared { filing: index });
        }
    }
    spouses(evidences, links, &lists.officials, &mut found);
    let filed = lists.filings.as_deref().map(|filings| Filed::new(register, filings));
    let ties = found.into_iter().map(|((person, official), mut known)| {
        known.sort_unstable();
        known.dedup();
        let standing = filed.as_ref().map_or(Standing::NoList, |filed| filed.standing(register, person, official));
        Tie { person, official, known, standing }
    });
    let ties = ties.collect();
    FilingCheck { officials: lists.officials, filings: lists.filings.unwrap_or_default(), ties }
}

fn own_and_household(register: &Register, index: u32, official: &Official, found: &mut Found) {
    for &own in &official.persons {
        found.entry((own, index)).or_default().push(Known::Own);
        let known = match register.persons[own as usize].role {
            Role::Member => Known::Member,
            Role::Supporter => Known::Supporter,
        };
        for &other in register.household_of(own).persons {
            // Two supporters of one household are nothing to each other that a filing would be about.
            if !official.persons.contains(&other) && register.persons[other as usize].role == Role::Member {
                found.entry((other, index)).or_default().push(known);
            }
        }
    }
}

/// The registration of a couple that counts is its latest: a divorce ends what an earlier row says.
fn spouses(evidences: &[Evidence], links: &[Link], officials: &[Official], found: &mut Found) {
    let mut latest: BTreeMap<(u32, u32), (Option<Date>, u16, u32)> = BTreeMap::new();
    for link in links.iter().filter(|link| link.accepted) {
        let evidence = &evidences[usize::from(link.source)];
        if evidence.kind.code != "marriage" {
            continue;
        }
        let registration = (registered_on(evidence, link.row), link.source, link.row);
        for official in others(evidence, link).filter_map(|party| official_named(evidence, party, officials)) {
            let of_couple = latest.entry((link.person, official)).or_insert(registration);
            *of_couple = registration.max(*of_couple);
        }
    }
    for (couple, (_, source, row)) in latest {
        let evidence = &evidences[usize::from(source)];
        let registration = evidence.kind.field("registration").map(|column| evidence.table.texts(column));
        if registration.is_some_and(|texts| texts.get(row as usize) == "marriage") {
            found.entry(couple).or_default().push(Known::Spouse { source, row });
        }
    }
}

fn registered_on(evidence: &Evidence, row: u32) -> Option<Date> {
    match &evidence.table.columns[evidence.kind.field("registered_on")?] {
        Column::Date(days) => days.get(row as usize),
        _ => None,
    }
}

/// The other spouse of a linked row. The parties of a row stand together.
fn others<'e>(evidence: &'e Evidence, link: &Link) -> impl Iterator<Item = usize> + 'e {
    let (parties, party, row, slot) = (&evidence.parties, link.party as usize, link.row, link.slot);
    let first = (0..party).rev().take_while(|before| parties.row[*before] == row).last().unwrap_or(party);
    let of_row = (first..parties.len()).take_while(move |other| parties.row[*other] == row);
    of_row.filter(move |other| parties.slot[*other] != slot)
}

/// The official in a record, by a whole, valid id and a consistent name.
fn official_named(evidence: &Evidence, party: usize, officials: &[Official]) -> Option<u32> {
    let id = valid_id(evidence.parties.id.get(party))?;
    let index = officials.binary_search_by_key(&id.packed(), |official| official.id.packed()).ok()?;
    names::compare(evidence.parties.name.get(party), &officials[index].name).is_consistent().then_some(index as u32)
}

/// Filings that are in force, by household and official.
struct Filed(BTreeMap<(u32, u32), Vec<(u32, u32)>>);

impl Filed {
    fn new(register: &Register, filings: &[Filing]) -> Self {
        let mut filed: BTreeMap<(u32, u32), Vec<(u32, u32)>> = BTreeMap::new();
        for (index, filing) in (0..).zip(filings).filter(|(_, filing)| filing.is_filed(register.as_of)) {
            for &person in &filing.persons {
                let household = register.persons[person as usize].household;
                filed.entry((household, filing.official)).or_default().push((person, index));
            }
        }
        Self(filed)
    }

    /// The person's own filing goes before another's of the household; of several the first in the list.
    fn standing(&self, register: &Register, person: u32, official: u32) -> Standing {
        let household = register.persons[person as usize].household;
        let of_household = self.0.get(&(household, official)).map_or(&[][..], Vec::as_slice);
        match (of_household.iter().find(|(filed, _)| *filed == person), of_household.first()) {
            (Some((_, filing)), _) => Standing::Filed(*filing),
            (None, Some((_, filing))) => Standing::HouseholdFiled(*filing),
            (None, None) => Standing::NotSeen,
        }
    }
}
