//! Every household in the scope of a rule in exactly one count of its county: flagged, not checked, or clear.

use rayon::prelude::*;

use super::frame::World;
use super::rules::Rule;
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::Evidence;
use crate::model::outcome::OutcomeCounts;
use crate::model::register::{Register, Role};

/// The households whose programme a rule covers.
pub struct Scope<'a> {
    /// By programme.
    covers: Vec<bool>,
    /// Of each household.
    programmes: &'a [u16],
}

impl<'a> Scope<'a> {
    pub fn of(rule: &Rule, register: &'a Register) -> Self {
        let covers = register.programmes.iter().map(|programme| rule.covers(programme)).collect();
        let (_, programmes, _) = register.households.columns();
        Self { covers, programmes }
    }

    pub fn covers(&self, household: u32) -> bool {
        self.covers[usize::from(self.programmes[household as usize])]
    }
}

/// Households that are checked for rules that read one kind of evidence: there is somebody whom the rules ask about, and
/// each of those could be looked at. Members are asked about; supporters too, if the rule counts them.
pub struct Checked {
    members: Vec<bool>,
    everybody: Vec<bool>,
}

impl Checked {
    /// For one kind of which each person could be looked at or not.
    pub fn of(register: &Register, looked_at: impl Fn(u32) -> bool + Sync) -> Self {
        Self::of_kinds(register, 1, |person, of_kinds| of_kinds[0] = u64::from(looked_at(person))).remove(0)
    }

    /// For these kinds, in their order. A person is looked at if every source of the kind that concerns him answered, and
    /// there is one.
    pub fn by_answers(register: &Register, coverage: &Coverage, evidences: &[Evidence], kinds: &[&str]) -> Vec<Self> {
        let sources_of = |kind: &&str| {
            let of_kind = evidences.iter().enumerate().filter(|(_, evidence)| evidence.kind.code == *kind);
            of_kind.map(|(source, _)| source).collect::<Vec<_>>()
        };
        let sources: Vec<Vec<usize>> = kinds.iter().map(sources_of).collect();
        Self::of_kinds(register, kinds.len(), |person, of_kinds| {
            let states = coverage.of(person);
            for (kind, sources) in sources.iter().enumerate() {
                let states = sources.iter().map(|source| states[*source]);
                let mut concerned = states.filter(|state| *state != CoverageState::NotApplicable);
                let answered =
                    concerned.next().is_some_and(CoverageState::is_checked) && concerned.all(CoverageState::is_checked);
                of_kinds[kind / KINDS] |= u64::from(answered) << (kind % KINDS);
            }
        })
    }

    /// One pass over all persons, a bit for each kind.
    fn of_kinds(register: &Register, kinds: usize, looked_at: impl Fn(u32, &mut [u64]) + Sync) -> Vec<Self> {
        let words = kinds.div_ceil(KINDS).max(1);
        let households = register.households.len();
        let (mut members, mut everybody) = (vec![0u64; households * words], vec![0u64; households * words]);
        let of_members = members.par_chunks_mut(words).with_min_len(1 << 10);
        of_members.zip(everybody.par_chunks_mut(words)).enumerate().for_each_init(
            || vec![0u64; words],
            |own, (household, (members, everybody))| {
                let persons = register.households.persons(household as u32);
                let (mut asked_members, mut asked) = (false, false);
                for &person in persons {
                    own.fill(0);
                    looked_at(person, own);
                    let is_member = register.persons[person as usize].role == Role::Member;
                    join(everybody, own, &mut asked);
                    if is_member {
                        join(members, own, &mut asked_members);
                    }
                }
            },
        );
        let bit = |all: &[u64], kind: usize| {
            let of_kind = all.iter().skip(kind / KINDS).step_by(words);
            of_kind.map(|word| word >> (kind % KINDS) & 1 == 1).collect()
        };
        (0..kinds).map(|kind| Self { members: bit(&members, kind), everybody: bit(&everybody, kind) }).collect()
    }

    pub fn by(&self, rule: &Rule) -> &[bool] {
        if rule.supporters { &self.everybody } else { &self.members }
    }
}

/// As many kinds as one number has bits.
const KINDS: usize = u64::BITS as usize;

/// Whoever is asked first says what holds; each further one may take it away.
fn join(all: &mut [u64], own: &[u64], asked: &mut bool) {
    for (all, own) in all.iter_mut().zip(own) {
        *all = if *asked { *all & own } else { *own };
    }
    *asked = true;
}

/// The counts of a rule by index of the county.
pub fn count(world: &World, scope: &Scope, flagged: &[bool], checked: &[bool]) -> Vec<OutcomeCounts> {
    // Fewer households are not worth another core.
    const AT_LEAST: usize = 1 << 16;
    let households = &world.register.households;
    let none = || vec![OutcomeCounts::default(); world.register.counties().len()];
    let counted = |mut counts: Vec<OutcomeCounts>, household: u32| {
        let of_county = &mut counts[households.county(household)];
        match (flagged[household as usize], checked[household as usize]) {
            (true, _) => of_county.flagged += 1,
            (false, true) => of_county.clear += 1,
            (false, false) => of_county.not_checked += 1,
        }
        counts
    };
    let sum = |mut counts: Vec<OutcomeCounts>, others: Vec<OutcomeCounts>| {
        counts.iter_mut().zip(others).for_each(|(counts, others)| *counts += others);
        counts
    };
    let in_scope = (0..households.len() as u32).into_par_iter().with_min_len(AT_LEAST);
    in_scope.filter(|household| scope.covers(*household)).fold(none, counted).reduce(none, sum)
}

#[cfg(test)]
mod tests {
    use super::super::cases::register;
    use super::*;
    use crate::kernel::Date;

    /// More kinds than one number has bits: person 0 and 1 are one household, 2 is a supporter in it, 3 lives alone.
    #[test]
    fn a_household_is_checked_for_a_kind_if_everybody_asked_was_looked_at() {
        let persons = toml::toml! {
            persons = [
                { name = "甲" },
                { name = "乙" },
                { name = "丙", role = "supporter" },
                { name = "丁", household = "H-2" },
            ]
        };
        let persons: Vec<toml::Table> =
            persons["persons"].as_array().unwrap().iter().map(|person| person.as_table().unwrap().clone()).collect();
        let register = register(&persons, Date::from_ymd(2026, 11, 24).unwrap());
        // Kind 3: all but the supporter. Kind 66: all but person 1.
        let missed = |person: u32, kind: usize| matches!((person, kind), (2, 3) | (1, 66));
        let checked = Checked::of_kinds(&register, 70, |person, of_kinds| {
            (0..70)
                .filter(|kind| !missed(person, *kind))
                .for_each(|kind| of_kinds[kind / KINDS] |= 1 << (kind % KINDS));
        });
        for (kind, checked) in checked.iter().enumerate() {
            assert_eq!(checked.members, [kind != 66, true], "members, kind {kind}");
            assert_eq!(checked.everybody, [kind != 66 && kind != 3, true], "everybody, kind {kind}");
        }
    }
}
