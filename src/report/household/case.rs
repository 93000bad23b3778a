//! One household's case, before it has words: which items were asked, what they answered about whom, which records are
//! in force, which were set aside and why, and what the rules found.
//!
//! An item is a source. It counts as checked if it answered about at least one person; it reports 疑似信息 if a record of
//! its own counts in a discrepancy that no answer settles. Only accepted links enter (invariant I-5); silence is never clearance (I-6).

use std::collections::BTreeMap;

use super::Answered;
use crate::kernel::Message;
use crate::model::coverage::CoverageState;
use crate::model::outcome::{Discrepancy, Ground};
use crate::model::standing::Earlier;
use crate::report::RunView;

/// Everything a run says about one household.
pub(super) struct Case<'v> {
    pub household: u32,
    /// In the order of the run's sources.
    pub items: Vec<Item<'v>>,
    /// In the order of the run, those that no answer settles.
    pub discrepancies: Vec<&'v Discrepancy>,
    /// The others, and what was answered.
    pub answered: Vec<(&'v Discrepancy, &'v Message)>,
    /// What an earlier run had found and this one could not ask again.
    pub kept: Vec<&'v Earlier>,
    /// Of those that no answer settles, the ones that rest on the register's own rows.
    pub from_register: u64,
    /// Links of the household's persons that wait for somebody's judgement; they are not in the report.
    pub pending: u64,
}

/// One source and the household.
pub(super) struct Item<'v> {
    pub source: u16,
    /// By the household's persons.
    pub states: Vec<CoverageState>,
    pub records: Vec<Record<'v>>,
    pub suspected: bool,
}

/// One row in force about one person.
pub(super) struct Record<'v> {
    pub person: u32,
    pub row: u32,
    pub slot: u8,
    /// Ids of the discrepancies it counts in, and of those that are answered.
    pub counts_in: Vec<&'v str>,
    pub answered_in: Vec<&'v str>,
    /// Why rules set it aside, each said once.
    pub innocent: Vec<&'v str>,
}

impl Item<'_> {
    pub fn is_checked(&self) -> bool {
        self.suspected || self.states.iter().any(|state| state.is_checked())
    }

    /// States that keep something unknown, each once, in the order of [`CoverageState::ALL`].
    pub fn gaps(&self) -> Vec<CoverageState> {
        let gap = |state: &CoverageState| !state.is_checked() && *state != CoverageState::NotApplicable;
        CoverageState::ALL.into_iter().filter(|state| gap(state) && self.states.contains(state)).collect()
    }
}

impl Case<'_> {
    pub fn checked(&self) -> u64 {
        self.items.iter().filter(|item| item.is_checked()).count() as u64
    }

    pub fn suspected(&self) -> impl Iterator<Item = &Item<'_>> {
        self.items.iter().filter(|item| item.suspected)
    }
}

/// The run's links and outcomes sorted by household, for the households asked about; made once for all of them.
pub(in crate::report) struct Cases {
    /// Ascending.
    households: Vec<u32>,
    parts: Vec<Parts>,
}

/// Indexes into the run's tables that belong to one household, each ascending.
#[derive(Default, Clone)]
struct Parts {
    links: Vec<u32>,
    discrepancies: Vec<u32>,
    set_aside: Vec<u32>,
    reviews: Vec<u32>,
    /// Of [`crate::model::standing::History::absent`], what nothing could be said of.
    kept: Vec<u32>,
}

impl Cases {
    /// `households` in any order, each once.
    pub fn new(view: &RunView, mut households: Vec<u32>) -> Self {
        households.sort_unstable();
        let parts = vec![Parts::default(); households.len()];
        let mut cases = Self { households, parts };
        let household_of = |person: u32| view.register.persons[person as usize].household;
        for (index, link) in view.links.iter().enumerate() {
            cases.put(household_of(link.person), |parts| parts.links.push(index as u32));
        }
        for (index, discrepancy) in view.outcomes.discrepancies.iter().enumerate() {
            cases.put(discrepancy.household, |parts| parts.discrepancies.push(index as u32));
        }
        for (index, (_, ground)) in view.outcomes.set_aside.iter().enumerate() {
            cases.put(household_of(ground.person), |parts| parts.set_aside.push(index as u32));
        }
        for (index, review) in view.reviews.iter().enumerate() {
            let person = view.links[review.link as usize].person;
            cases.put(household_of(person), |parts| parts.reviews.push(index as u32));
        }
        // Earlier runs number households otherwise: they are told by their codes.
        let code = |household: &u32| (view.register.household(*household).code(), *household);
        let by_code: BTreeMap<&str, u32> = cases.households.iter().map(code).collect();
        for (index, absent) in view.history.absent.iter().enumerate() {
            if let Some(household) = by_code.get(absent.earlier.household.as_str())
                && absent.is_kept()
            {
                cases.put(*household, |parts| parts.kept.push(index as u32));
            }
        }
        cases
    }

    fn put(&mut self, household: u32, into: impl FnOnce(&mut Parts)) {
        if let Ok(place) = self.households.binary_search(&household) {
            into(&mut self.parts[place]);
        }
    }

    /// The case of one of the households asked about.
    pub(super) fn case<'v>(&self, view: &RunView<'v>, household: u32, answered: &'v Answered) -> Case<'v> {
        let place = self.households.binary_search(&household).expect("a household that was asked about");
        let parts = &self.parts[place];
        let persons = view.register.household(household).persons;
        let mut items: Vec<Item> = (0..view.coverage.sources())
            .map(|source| Item {
                source: source as u16,
                states: persons.iter().map(|person| view.coverage.of(*person)[source]).collect(),
                records: Vec::new(),
                suspected: false,
            })
            .collect();
        for link in parts.links.iter().map(|link| &view.links[*link as usize]).filter(|link| link.accepted) {
            let records = &mut items[usize::from(link.source)].records;
            let (person, row, slot) = (link.person, link.row, link.slot);
            let (counts_in, answered_in, innocent) = (Vec::new(), Vec::new(), Vec::new());
            records.push(Record { person, row, slot, counts_in, answered_in, innocent });
        }
        let kept = parts.kept.iter().map(|index| &view.history.absent[*index as usize].earlier).collect();
        let (discrepancies, settled) = (Vec::new(), Vec::new());
        let mut case = Case { household, items, discrepancies, answered: settled, kept, from_register: 0, pending: 0 };
        for discrepancy in parts.discrepancies.iter().map(|index| &view.outcomes.discrepancies[*index as usize]) {
            case.add(view, discrepancy, answered.get(&discrepancy.id));
        }
        for (rule, ground) in parts.set_aside.iter().map(|index| &view.outcomes.set_aside[*index as usize]) {
            case.set_aside(view, *rule, ground);
        }
        let open = |index: &&u32| {
            let review = &view.reviews[**index as usize];
            review.is_open(&view.links[review.link as usize])
        };
        case.pending = parts.reviews.iter().filter(open).count() as u64;
        case
    }
}

impl<'v> Case<'v> {
    fn add(&mut self, view: &RunView<'v>, discrepancy: &'v Discrepancy, answer: Option<&'v Message>) {
        match answer {
            Some(answer) => self.answered.push((discrepancy, answer)),
            None => self.discrepancies.push(discrepancy),
        }
        let is_of_register = discrepancy.grounds.iter().all(|ground| ground.source.is_none());
        self.from_register += u64::from(is_of_register && answer.is_none());
        for ground in &discrepancy.grounds {
            if ground.innocent.is_some() {
                self.set_aside(view, discrepancy.rule, ground);
                continue;
            }
            let Some(source) = ground.source else { continue };
            let item = &mut self.items[usize::from(source)];
            item.suspected |= answer.is_none();
            if let Some(record) = item.record(ground) {
                let ids = if answer.is_some() { &mut record.answered_in } else { &mut record.counts_in };
                ids.push(&discrepancy.id);
            }
        }
    }

    fn set_aside(&mut self, view: &RunView<'v>, rule: u16, ground: &Ground) {
        let (Some(source), Some(reason)) = (ground.source, ground.innocent) else { return };
        let reason = view.cards[usize::from(rule)].innocent[usize::from(reason)].as_str();
        if let Some(record) = self.items[usize::from(source)].record(ground)
            && !record.innocent.contains(&reason)
        {
            record.innocent.push(reason);
        }
    }
}

impl<'v> Item<'v> {
    fn record(&mut self, ground: &Ground) -> Option<&mut Record<'v>> {
        self.records.iter_mut().find(|record| record.person == ground.person && record.row == ground.row)
    }
}
