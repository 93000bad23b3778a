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

/// Households that are checked: there is somebody whom the rules ask about, and each of those could be looked at.
///
/// Members are asked about; supporters too, if the rules count them.
fn checked(register: &Register, supporters: bool, looked_at: impl Fn(u32) -> bool + Sync) -> Vec<bool> {
    let households = (0..register.households.len() as u32).into_par_iter();
    let holds = |household: u32| {
        let persons = register.households.persons(household).iter().copied();
        let mut asked = persons.filter(|person| supporters || register.persons[*person as usize].role == Role::Member);
        asked.next().is_some_and(&looked_at) && asked.all(&looked_at)
    };
    households.map(holds).collect()
}

/// Whether each household is checked, for rules that ask about members only and for those that ask about supporters too.
pub struct Checked {
    members: Option<Vec<bool>>,
    supporters: Option<Vec<bool>>,
}

impl Checked {
    /// As far as one of `rules` needs it.
    pub fn of<'r>(
        register: &Register,
        rules: impl Iterator<Item = &'r Rule> + Clone,
        looked_at: impl Fn(u32) -> bool + Sync,
    ) -> Self {
        let of = |supporters: bool| {
            let needed = rules.clone().any(|rule| rule.supporters == supporters);
            needed.then(|| checked(register, supporters, &looked_at))
        };
        Self { members: of(false), supporters: of(true) }
    }

    pub fn by(&self, rule: &Rule) -> &[bool] {
        let checked = if rule.supporters { &self.supporters } else { &self.members };
        checked.as_deref().expect("it was made for this rule")
    }
}

/// Every source of a kind that concerns the person answered, and there is one.
pub fn answers<'a>(
    coverage: &'a Coverage,
    evidences: &[Evidence],
    kind: &str,
) -> impl Fn(u32) -> bool + Sync + use<'a> {
    let of_kind = evidences.iter().enumerate().filter(|(_, evidence)| evidence.kind.code == kind);
    let sources: Vec<usize> = of_kind.map(|(source, _)| source).collect();
    move |person| {
        let states = coverage.of(person);
        let mut concerned = sources.iter().map(|source| states[*source]).filter(|s| *s != CoverageState::NotApplicable);
        concerned.next().is_some_and(CoverageState::is_checked) && concerned.all(CoverageState::is_checked)
    }
}

/// The counts of a rule by index of the county.
pub fn count(world: &World, scope: &Scope, flagged: &[bool], checked: &[bool]) -> Vec<OutcomeCounts> {
    let households = &world.register.households;
    let mut counts = vec![OutcomeCounts::default(); world.register.counties().len()];
    for household in (0..households.len() as u32).filter(|household| scope.covers(*household)) {
        let counts = &mut counts[households.county(household)];
        match (flagged[household as usize], checked[household as usize]) {
            (true, _) => counts.flagged += 1,
            (false, true) => counts.clear += 1,
            (false, false) => counts.not_checked += 1,
        }
    }
    counts
}
