//! `hedui simulate --set NAME=VALUE`: which households other values of parameters would flag, by rule and county.
//!
//! The register and the extracts are taken as tonight's run would take them: what is known of them is taken over, what is new is
//! read and kept for that run. The rules that read the parameters are then asked twice, with the values in force and with
//! those asked about. Nothing is published and no parameter is changed. Figures are of households with a discrepancy, whatever
//! counties answered; they say what would be looked at, not who would be entitled (invariant I-2).

use std::collections::BTreeSet;

use super::completeness::Usual;
use super::extracts::in_use;
use super::linking::{Ground, settle};
use super::outcomes::Judging;
use super::register::register_for;
use super::review::InForce;
use crate::config::Plan;
use crate::kernel::{Cancel, Date, Division, Error, Message, Progress, Result};
use crate::model::evidence::Evidence;
use crate::model::outcome::{Discrepancy, RuleCard};
use crate::model::register::Register;
use crate::policy::{self, Policy};
use crate::store::{Extracts, Holder, Ledger, Stages, Workspace};

/// What the caller decides.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    pub as_of: Date,
    /// Names of parameters and their values, written as in the parameter file (money in 元).
    pub settings: Vec<(String, String)>,
    pub holder: Holder,
}

/// What other values of parameters would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Simulation {
    pub as_of: String,
    pub profile: String,
    pub demo: bool,
    pub settings: Vec<Setting>,
    /// Those rules that read one of the parameters, as `policy/` lists them.
    pub rules: Vec<Change>,
    /// All counties of the register, ascending.
    pub counties: Vec<Change>,
    pub total: Change,
    /// Sources that these rules ask and that did not come, came late or not whole: what they would say is not in the figures.
    pub unanswered: Vec<String>,
}

/// A parameter and its values.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    pub name: String,
    pub unit: String,
    /// In force in the register's counties on the day, each once.
    pub now: Vec<String>,
    pub then: Vec<String>,
}

/// Households that are flagged with the values in force and with the others; `after` = `before` + `newly` − `no_longer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// Of the rule or the county; blank for the total.
    pub code: String,
    /// Title of the rule or name of the county.
    pub title: String,
    pub before: u64,
    pub after: u64,
    pub newly: u64,
    pub no_longer: u64,
}

impl Change {
    fn count(&mut self, was_flagged: bool, is_flagged: bool) {
        self.before += u64::from(was_flagged);
        self.after += u64::from(is_flagged);
        self.newly += u64::from(is_flagged && !was_flagged);
        self.no_longer += u64::from(was_flagged && !is_flagged);
    }
}

/// Asks the rules that read some parameters what they find with other values.
///
/// # Errors
/// Kind `Config`: no such parameter, a value that its unit does not take, a parameter that no rule reads. Else as a run.
pub fn simulate(
    plan: &Plan,
    options: &SimulateOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Simulation> {
    let other = with_settings(&plan.policy, &options.settings)?;
    let workspace = Workspace::open(&plan.root)?;
    let _lock = workspace.lock(&options.holder)?;
    let ledger = Ledger::open(&workspace)?;
    let in_force = InForce::new(&ledger.judgements()?);
    let usual = Usual::of(ledger.run_before(options.as_of)?.as_deref(), plan, &ledger)?;
    let (extracts, stages) = (Extracts::open(&workspace, false), Stages::open(&workspace, false));
    let read = register_for(plan, options.as_of, &extracts, &stages, progress, cancel)?;
    let register = &read.register;
    for policy in [&plan.policy, &other] {
        policy.check_places(register.counties(), options.as_of)?;
    }
    let ground = Ground { plan, read: &read, only: &[], extracts: &extracts, stages: &stages };
    read.keep(&stages)?;
    let (mut evidences, mut linked, keys) = ground.link(progress, cancel)?;
    extracts.save(&in_use(plan))?;
    let reviews = settle(plan, register, &in_force, &usual, &mut evidences, &mut linked.links);
    let links = &linked.links;
    let judging = Judging {
        plan,
        read: &read,
        evidences: &evidences,
        keys: &keys,
        links,
        reviews: &reviews,
        judgements: in_force.digest(),
        stages: &stages,
    };
    let coverage = judging.coverage();
    let before = judging.outcomes(&coverage, progress, cancel)?.discrepancies;
    let asked = AskedRules::of(&plan.policy, &options.settings);
    let found = policy::find(&other, &asked.kinds(), register, &evidences, links, &coverage, cancel)?;
    let after = policy::join(register, found.into_iter().flatten().collect()).discrepancies;
    let (rules, counties, total) = asked.compared(plan, register, &before, &after);
    let setting = |(name, _): &(String, String)| {
        let stated = |policy: &Policy| policy.stated(name, register.counties(), options.as_of);
        let ((unit, now), (_, then)) = (stated(&plan.policy), stated(&other));
        Setting { name: name.clone(), unit, now, then }
    };
    let is_unanswered = |evidence: &&Evidence| asked.reads(evidence) && evidence.delivery.state() != "arrived";
    Ok(Simulation {
        as_of: options.as_of.to_string(),
        profile: plan.policy.profile.clone(),
        demo: plan.is_demo(),
        settings: options.settings.iter().map(setting).collect(),
        rules,
        counties,
        total,
        unanswered: evidences.iter().filter(is_unanswered).map(|evidence| evidence.source.clone()).collect(),
    })
}

/// The policy with some parameters set; each must be one that a rule reads, or nothing could come of it.
fn with_settings(policy: &Policy, settings: &[(String, String)]) -> Result<Policy> {
    let mut other = policy.clone();
    for (at, (name, value)) in settings.iter().enumerate() {
        if settings[..at].iter().any(|(before, _)| before == name) {
            return Err(Error::config(Message::new("simulate.twice").with("name", name)));
        }
        other = other.with(name, value)?;
        if !policy.cards().iter().any(|card| card.parameters.contains(name)) {
            return Err(Error::config(Message::new("simulate.unread").with("name", name)));
        }
    }
    Ok(other)
}

/// The rules that read one of the parameters, by index.
struct AskedRules(Vec<(u16, RuleCard)>);

impl AskedRules {
    fn of(policy: &Policy, settings: &[(String, String)]) -> Self {
        let reads = |card: &RuleCard| settings.iter().any(|(name, _)| card.parameters.contains(name));
        Self((0..).zip(policy.cards()).filter(|(_, card)| reads(card)).collect())
    }

    fn kinds(&self) -> Vec<&str> {
        let kinds: BTreeSet<&str> = self.0.iter().map(|(_, card)| card.evidence.as_str()).collect();
        kinds.into_iter().collect()
    }

    fn reads(&self, evidence: &Evidence) -> bool {
        self.0.iter().any(|(_, card)| card.evidence == evidence.kind.code)
    }

    fn holds(&self, rule: u16) -> bool {
        self.0.iter().any(|(asked, _)| *asked == rule)
    }

    /// By rule, by county, and in all. `before` is what all rules find, `after` what these find with the other values.
    fn compared(
        &self,
        plan: &Plan,
        register: &Register,
        before: &[Discrepancy],
        after: &[Discrepancy],
    ) -> (Vec<Change>, Vec<Change>, Change) {
        let flagged = |found: &mut dyn Iterator<Item = &Discrepancy>| {
            let mut flagged = vec![false; register.households.len()];
            found.for_each(|one| flagged[one.household as usize] = true);
            flagged
        };
        let of_rule = |(rule, card): &(u16, RuleCard)| {
            let own = |found: &[Discrepancy]| flagged(&mut found.iter().filter(|one| one.rule == *rule));
            let mut change = Change { code: card.code.clone(), title: card.title.clone(), ..Change::default() };
            own(before).into_iter().zip(own(after)).for_each(|(was, is)| change.count(was, is));
            change
        };
        let of_county = |county: &Division| {
            let title = plan.places.get(county).cloned().unwrap_or_default();
            Change { code: county.to_string(), title, ..Change::default() }
        };
        let mut counties: Vec<Change> = register.counties().iter().map(of_county).collect();
        let mut total = Change::default();
        let rest = before.iter().filter(|one| !self.holds(one.rule));
        let now = flagged(&mut before.iter());
        let then = flagged(&mut rest.chain(after.iter().filter(|one| self.holds(one.rule))));
        for (household, (was, is)) in (0..).zip(now.into_iter().zip(then)) {
            total.count(was, is);
            counties[register.households.county(household)].count(was, is);
        }
        (self.0.iter().map(of_rule).collect(), counties, total)
    }
}
