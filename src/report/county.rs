//! Which households, discrepancies and links belong to which county, found in one pass, and the figures of each.
//!
//! A household belongs to the county of its own division, and its persons go with it wherever they are registered: a
//! county's package holds only its own people, and everybody stands in exactly one.

use rayon::prelude::*;

use super::{RunView, filings};
use crate::kernel::Division;
use crate::model::coverage::{StateCounts, is_fully_checked};
use crate::model::link::{Grade, Link};
use crate::model::register::Role;
use crate::model::standing::Absent;

/// Indexes into the run's tables that belong to one county.
pub(super) struct County {
    pub division: Division,
    /// In register order.
    pub households: Vec<u32>,
    /// In the order of the work list, without what an answer settled.
    pub discrepancies: Vec<u32>,
    /// Discrepancies that an answer settled, in the same order.
    pub answered: Vec<u32>,
    /// Of [`crate::model::standing::History::absent`].
    pub absent: Vec<u32>,
    /// How many rows of [`crate::model::outcome::Outcomes::set_aside`].
    pub set_aside: u64,
    /// Of [`RunView::reviews`], those that are open.
    pub reviews: Vec<u32>,
    /// Of [`crate::model::filing::FilingCheck::ties`], village by village.
    pub ties: Vec<u32>,
}

impl County {
    /// All persons of its households, in register order of the households.
    pub fn persons<'v>(&'v self, view: &'v RunView) -> impl Iterator<Item = u32> + 'v {
        self.households.iter().flat_map(|&household| view.register.household(household).persons.iter().copied())
    }
}

/// All counties with households on the register, ascending.
pub(super) fn group(view: &RunView) -> Vec<County> {
    let mut counties: Vec<County> = view
        .register
        .counties()
        .iter()
        .map(|&division| County {
            division,
            households: Vec::new(),
            discrepancies: Vec::new(),
            answered: Vec::new(),
            absent: Vec::new(),
            set_aside: 0,
            reviews: Vec::new(),
            ties: Vec::new(),
        })
        .collect();
    let place_of = |household: u32| view.register.households.county(household);
    let household_of = |person: u32| view.register.persons[person as usize].household;
    for household in 0..view.register.households.len() as u32 {
        counties[place_of(household)].households.push(household);
    }
    for (index, discrepancy) in view.outcomes.discrepancies.iter().enumerate() {
        let county = &mut counties[place_of(discrepancy.household)];
        let is_answered = view.history.stands[index].is_answered();
        let list = if is_answered { &mut county.answered } else { &mut county.discrepancies };
        list.push(index as u32);
    }
    for (index, absent) in view.history.absent.iter().enumerate() {
        if let Some(place) = package_of(view, absent) {
            counties[place].absent.push(index as u32);
        }
    }
    for (_, ground) in &view.outcomes.set_aside {
        counties[place_of(household_of(ground.person))].set_aside += 1;
    }
    for (index, review) in view.reviews.iter().enumerate() {
        let link = &view.links[review.link as usize];
        if review.is_open(link) {
            counties[place_of(household_of(link.person))].reviews.push(index as u32);
        }
    }
    for (index, tie) in view.filings.iter().flat_map(|check| &check.ties).enumerate() {
        counties[place_of(household_of(tie.person))].ties.push(index as u32);
    }
    counties.par_iter_mut().for_each(|county| {
        sort_for_work(view, &mut county.discrepancies);
        sort_for_work(view, &mut county.answered);
    });
    counties
}

/// All counties with their figures. Persons are counted in register order, where neighbours lie together, and not county by
/// county: a register need not be sorted.
pub(super) fn counted(view: &RunView) -> Vec<(County, Counts)> {
    let counties = group(view);
    let none = || vec![Counts::nothing(view); counties.len()];
    let persons =
        view.register.persons.par_iter().enumerate().with_min_len(1 << 16).fold(none, |mut counts, person| {
            counts[view.register.households.county(person.1.household)].add_person(view, person.0 as u32);
            counts
        });
    let sums = persons.reduce(none, |mut sums, counts| {
        sums.iter_mut().zip(&counts).for_each(|(sum, counts)| sum.add(counts));
        sums
    });
    let lists = counties.into_par_iter().zip(sums).map(|(county, mut counts)| {
        counts.add_lists(view, &county);
        (county, counts)
    });
    lists.collect()
}

/// The place of its county among those with a package.
fn package_of(view: &RunView, absent: &Absent) -> Option<usize> {
    view.register.counties().binary_search(&absent.earlier.division.county()).ok()
}

/// Of [`crate::model::standing::History::absent`], those whose county has nobody on the register any more and gets no package.
pub(super) fn without_package(view: &RunView) -> Vec<u32> {
    let numbered = (0..).zip(&view.history.absent);
    numbered.filter(|(_, absent)| package_of(view, absent).is_none()).map(|(index, _)| index).collect()
}

/// 同号异名: the id agrees, the name is another person's.
pub(super) fn is_identity(link: &Link) -> bool {
    link.grade == Grade::B
}

/// Severity (each has a sheet of its own), what is new or changed first, then town, household, rule: what a county works
/// through, village by village.
fn sort_for_work(view: &RunView, discrepancies: &mut [u32]) {
    let key = |index: u32| {
        let discrepancy = &view.outcomes.discrepancies[index as usize];
        let household = view.register.household(discrepancy.household);
        let code = household.code();
        let change = view.history.stands[index as usize].change;
        (discrepancy.severity, change, household.division, code, discrepancy.rule, discrepancy.person, index)
    };
    discrepancies.sort_by_cached_key(|index| key(*index));
}

/// The figures of a county, and added up those of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counts {
    pub households: u64,
    pub persons: u64,
    pub members: u64,
    pub supporters: u64,
    /// Every source that applies answered about the person.
    pub fully_checked: u64,
    /// No source could answer.
    pub unchecked: u64,
    pub flagged_households: u64,
    /// Discrepancies by [`crate::model::outcome::Severity`].
    pub severity: [u64; 3],
    /// Discrepancies by [`crate::model::standing::Change`].
    pub changes: [u64; 3],
    /// Settled by an answer, in none of the figures above.
    pub answered: u64,
    pub objections: u64,
    /// Of the run before and not found: nothing could be said of it.
    pub kept: u64,
    /// Nor is anything listed in its place.
    pub gone: u64,
    /// Discrepancies by rule index.
    pub rules: Vec<u64>,
    /// Persons by source and state.
    pub states: Vec<StateCounts>,
    pub identity: u64,
    pub pending: u64,
    pub set_aside: u64,
    /// Lines of the 备案 check, and those of them without a filing that is known.
    pub ties: u64,
    pub ties_not_seen: u64,
}

impl Counts {
    pub fn nothing(view: &RunView) -> Self {
        Self {
            households: 0,
            persons: 0,
            members: 0,
            supporters: 0,
            fully_checked: 0,
            unchecked: 0,
            flagged_households: 0,
            severity: [0; 3],
            changes: [0; 3],
            answered: 0,
            objections: 0,
            kept: 0,
            gone: 0,
            rules: vec![0; view.cards.len()],
            states: vec![StateCounts::default(); view.coverage.sources()],
            identity: 0,
            pending: 0,
            set_aside: 0,
            ties: 0,
            ties_not_seen: 0,
        }
    }

    /// Everything but the persons, from the county's lists.
    fn add_lists(&mut self, view: &RunView, county: &County) {
        self.households = county.households.len() as u64;
        self.set_aside = county.set_aside;
        let mut flagged = Vec::with_capacity(county.discrepancies.len());
        for &index in &county.discrepancies {
            let discrepancy = &view.outcomes.discrepancies[index as usize];
            self.severity[discrepancy.severity as usize] += 1;
            let stand = &view.history.stands[index as usize];
            self.changes[stand.change as usize] += 1;
            self.objections += u64::from(stand.objection.is_some());
            self.rules[discrepancy.rule as usize] += 1;
            flagged.push(discrepancy.household);
        }
        self.answered = county.answered.len() as u64;
        for &index in &county.absent {
            let absent = &view.history.absent[index as usize];
            self.kept += u64::from(absent.is_kept());
            self.gone += u64::from(absent.is_gone());
            self.objections += u64::from(absent.is_objected());
        }
        flagged.sort_unstable();
        flagged.dedup();
        self.flagged_households = flagged.len() as u64;
        self.identity = county.reviews.iter().filter(|&&review| is_identity(view.review_link(review))).count() as u64;
        self.ties = county.ties.len() as u64;
        self.ties_not_seen = filings::not_seen(view, county);
        self.pending = county.reviews.len() as u64 - self.identity;
    }

    fn add_person(&mut self, view: &RunView, person: u32) {
        self.persons += 1;
        match view.register.persons[person as usize].role {
            Role::Member => self.members += 1,
            Role::Supporter => self.supporters += 1,
        }
        let states = view.coverage.of(person);
        for (counts, state) in self.states.iter_mut().zip(states) {
            counts[*state as usize] += 1;
        }
        self.fully_checked += u64::from(is_fully_checked(states));
        self.unchecked += u64::from(!states.iter().any(|state| state.is_checked()));
    }

    pub fn add(&mut self, other: &Counts) {
        self.households += other.households;
        self.persons += other.persons;
        self.members += other.members;
        self.supporters += other.supporters;
        self.fully_checked += other.fully_checked;
        self.unchecked += other.unchecked;
        self.flagged_households += other.flagged_households;
        self.identity += other.identity;
        self.pending += other.pending;
        self.set_aside += other.set_aside;
        self.answered += other.answered;
        self.objections += other.objections;
        self.changes.iter_mut().zip(other.changes).for_each(|(mine, theirs)| *mine += theirs);
        self.kept += other.kept;
        self.gone += other.gone;
        self.ties += other.ties;
        self.ties_not_seen += other.ties_not_seen;
        self.severity.iter_mut().zip(other.severity).for_each(|(mine, theirs)| *mine += theirs);
        self.rules.iter_mut().zip(&other.rules).for_each(|(mine, theirs)| *mine += theirs);
        for (mine, theirs) in self.states.iter_mut().zip(&other.states) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
    }

    pub fn flags(&self) -> u64 {
        self.severity.iter().sum()
    }

    /// Persons × sources, counted state by state.
    pub fn states_in_all(&self) -> u64 {
        self.states.iter().flatten().sum()
    }
}
