//! How a run's discrepancies stand against the last day's run and the answers so far.
//!
//! **Compared with**: the last published run of an earlier day. A second run of the same day replaces the first, it does
//! not make everything 未变; and the same inputs give the same lists however often the day is run. Without an earlier day
//! everything is 新增. What an earlier run of the same day found and this one cannot answer is kept all the same.
//!
//! **Another id**: a rule that finds other facts of the same household or person than before (of two cars one is gone) raises a
//! new id. It is 事实有变, with what was said of the one before; an objection follows it until somebody answers.
//!
//! **Fact digest**: measure, money, and the fact fields of the rows that count, sorted. Lines, files and dates of the
//! delivery are no part of it, nor is the limit: a parameter that moved changes no fact.
//!
//! **Part of what was answered**: a delivery that is not whole shows one of two cars. The discrepancy of both is held; that of the one says
//! nothing new, and an answer to both is an answer to it.
//!
//! **What is not found any more** is gone only if everything it rested on answered: a source that is missing, stale or
//! refused, a member without a live mandate, and a row of the register that is at fault give 未能核对, and the discrepancy is
//! kept from run to run until they answer. What is kept so is compared with as if the last run had found it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::register::{FastMap, FastSet};
use crate::kernel::{Date, Digest, Division, Result};
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::Evidence;
use crate::model::outcome::{Discrepancy, Outcomes, RuleCard};
use crate::model::register::Register;
use crate::model::standing::{Absence, Absent, Change, Earlier, Facts, History, LastAnswer, Objection, Stand};
use crate::model::verdict::{self, InForce, Said, Statement};
use crate::policy;
use crate::store::{self, Findings, Workspace, findings};

/// What a run has to be compared with: read before the run, so that a broken store stops it early.
pub(super) struct Past {
    against: Option<String>,
    /// A later run of an earlier day that was published and is not kept any more.
    lost: Option<String>,
    workspace: Workspace,
    findings: Findings,
    /// Of the run of the same day that this one replaces.
    replaced: Findings,
    statements: Vec<Statement>,
}

impl Past {
    /// `told`: the last run of an earlier day that the ledger tells of.
    ///
    /// # Errors
    /// I/O, a damaged snapshot.
    pub(super) fn of(
        workspace: &Workspace,
        as_of: Date,
        statements: Vec<Statement>,
        told: Option<String>,
    ) -> Result<Self> {
        let (year, month, day) = as_of.ymd();
        let today = format!("{year:04}{month:02}{day:02}");
        let runs = workspace.runs()?;
        let read = |run: &String| findings(workspace, run);
        let against = workspace.last_before(as_of)?;
        let earlier = against.as_ref().map(read).transpose()?;
        // A damaged one is passed over: to make its day again is the way out that its hint names.
        let replaced = runs.iter().rfind(|run| run[..today.len()] == today[..]).map(read).and_then(Result::ok);
        Ok(Self {
            workspace: workspace.clone(),
            lost: told.filter(|told| against.as_ref() != Some(told)),
            against,
            findings: earlier.unwrap_or_default(),
            replaced: replaced.unwrap_or_default(),
            statements,
        })
    }

    /// What the register's rows at fault name, and the households in which the run before had those persons: a row that lost
    /// the code of its household does not say whose member is missing.
    fn at_fault(&self, now: &Now<'_>) -> Result<FastSet<String>> {
        let mut named = now.at_fault.clone();
        if let Some(run) = self.against.as_ref().filter(|_| !named.is_empty()) {
            let at_fault = |id: &str| !id.is_empty() && now.at_fault.contains(id);
            named.extend(store::households_of(&self.workspace, run, at_fault)?);
        }
        Ok(named)
    }
}

/// What a run found, as far as standing needs it.
pub(super) struct Now<'a> {
    pub(super) register: &'a Register,
    /// What rows of the register that are at fault name: ids of persons, codes of households.
    pub(super) at_fault: &'a FastSet<String>,
    pub(super) evidences: &'a [Evidence],
    pub(super) coverage: &'a Coverage,
    pub(super) outcomes: &'a Outcomes,
    pub(super) cards: &'a [RuleCard],
    /// Days an objection in a county may wait, where a parameter says so, as of the day of the objection.
    pub(super) objection_days: &'a (dyn Fn(Division, Date) -> Option<i64> + Sync),
}

/// Compares, and lays the answers beside what was found.
///
/// # Errors
/// I/O, a damaged snapshot of the run compared with.
pub(super) fn settle(past: &Past, now: &Now<'_>) -> Result<History> {
    let at_fault = past.at_fault(now)?;
    let in_force = verdict::in_force(&past.statements);
    let said = |id: &str, fact: Option<Digest>, county: Division| {
        let InForce { answer, objection } = in_force.get(id).copied().unwrap_or_default();
        let objection = objection.map(|objection| Objection {
            on: objection.on,
            due: (now.objection_days)(county, objection.on).map(|days| later(objection.on, days)),
        });
        (answer.and_then(|answer| last_answer(answer, fact)), objection)
    };
    let earlier: Vec<&Earlier> = past.findings.expected().collect();
    let by_id: FastMap<&str, &Earlier> = earlier.iter().map(|one| (one.id.as_str(), *one)).collect();
    let held = held_again(&earlier, &past.replaced, now, &at_fault);
    let mut absent = [absent(&earlier, now, &at_fault), held, objected_before(past, now, &in_force)].concat();
    for one in &mut absent {
        (one.answer, one.objection) = said(&one.earlier.id, one.earlier.fact, one.earlier.division.county());
    }
    // By what they are about: what the run before listed, and what somebody objects to.
    let (mut listed, mut objected): (FastMap<Subject<'_>, &Absent>, FastMap<Subject<'_>, &Absent>) = Default::default();
    for one in &absent {
        let subject = of_earlier(&one.earlier);
        if !one.again && listed.get(&subject).is_none_or(|other| !other.is_kept()) {
            listed.insert(subject, one);
        }
        if one.objection.is_some() && !one.is_kept() {
            objected.entry(of_earlier(&one.earlier)).or_insert(one);
        }
    }
    let stand = |found: &Discrepancy| {
        let (fact, facts) = fact_of(now, found);
        let county = now.register.household(found.household).division.county();
        // Whoever reads it in another county than before has never seen it.
        let known = by_id.get(found.id.as_str()).filter(|earlier| earlier.division.county() == county);
        // Of two cars one is gone: other facts under another id, and the same household.
        let subject = subject(now, found);
        let before = listed.get(&subject).filter(|one| one.earlier.division.county() == county);
        let covering = before.filter(|one| covers(one, &facts));
        let change = match (known, before) {
            (None, None) => Change::New,
            _ if covering.is_some() => Change::Same,
            // What it was a part of is not held any more: only now is it known that the rest has gone.
            (_, Some(before)) if !before.is_kept() && facts.are_part_of(&before.earlier.facts) => Change::Changed,
            (Some(earlier), _) if earlier.fact.is_none_or(|before| before == fact) => Change::Same,
            _ => Change::Changed,
        };
        let (answer, objection) = said(&found.id, Some(fact), county);
        let answered_on = answer.as_ref().map(|answer| answer.on);
        let following = || objected.get(&subject)?.objection.filter(|objection| !settles(answered_on, objection));
        let stand = Stand {
            fact,
            sources: sources(now, found),
            change,
            objection: objection.or_else(following),
            answer: answer.or_else(|| Some(LastAnswer { holds: covering.is_some(), ..before?.answer.clone()? })),
            facts,
        };
        (stand, answered_on)
    };
    let (stands, answered_on): (Vec<Stand>, Vec<Option<Date>>) =
        now.outcomes.discrepancies.par_iter().map(stand).unzip();
    let shown: FastSet<String> = objected.values().map(|one| one.earlier.id.clone()).collect();
    drop((listed, objected));
    follow(&mut absent, now, &stands, &answered_on, &shown);
    Ok(History {
        against: past.against.clone(),
        lost: past.lost.clone(),
        stands,
        absent,
        tallies: verdict::tallies(&past.statements),
    })
}

/// What becomes of objections to what is not there any more: shown by what stands in its place, settled by an answer to that, or
/// still open. `shown`: ids whose objection is the one that is shown there.
fn follow(
    absent: &mut Vec<Absent>,
    now: &Now<'_>,
    stands: &[Stand],
    answered_on: &[Option<Date>],
    shown: &FastSet<String>,
) {
    if absent.iter().all(|one| one.objection.is_none()) {
        return;
    }
    let subjects = now.outcomes.discrepancies.iter().map(|found| subject(now, found));
    let in_place: FastMap<Subject<'_>, usize> = subjects.zip(0..).collect();
    for one in absent.iter_mut().filter(|one| !one.is_kept()) {
        let Some(&place) = in_place.get(&of_earlier(&one.earlier)) else { continue };
        // Whoever answered what stands in its place has looked into it.
        one.objection = one.objection.filter(|objection| !settles(answered_on[place], objection));
        one.follows = one.objection.is_some() && stands[place].objection.is_some() && shown.contains(&one.earlier.id);
    }
    absent.retain(|one| !one.again || one.objection.is_some());
}

/// What the run before told as gone, replaced or moved, and somebody still objects to: listed until it is answered.
fn objected_before(past: &Past, now: &Now<'_>, in_force: &BTreeMap<&str, InForce<'_>>) -> Vec<Absent> {
    let found: FastSet<&str> = now.outcomes.discrepancies.iter().map(|found| found.id.as_str()).collect();
    let is_open = |absent: &&Absent| {
        let id = absent.earlier.id.as_str();
        !absent.is_kept() && !found.contains(id) && in_force.get(id).is_some_and(|stands| stands.objection.is_some())
    };
    let open = past.findings.absent.iter().filter(is_open);
    open.map(|absent| Absent { again: true, ..absent.clone() }).collect()
}

/// An answer of that day, or of a later one, is an answer to the objection too.
fn settles(answered_on: Option<Date>, objection: &Objection) -> bool {
    answered_on.is_some_and(|on| on >= objection.on)
}

/// What a discrepancy is about: code of the rule, code of the household, and the person's id if it is about one.
type Subject<'a> = (&'a str, &'a str, Cow<'a, str>);

fn of_earlier(earlier: &Earlier) -> Subject<'_> {
    (&earlier.rule, &earlier.household, Cow::from(&earlier.person))
}

fn subject<'a>(now: &Now<'a>, found: &Discrepancy) -> Subject<'a> {
    let person = found.person.map_or_else(String::new, |person| now.register.id_text(person));
    let household = now.register.household(found.household).code();
    (now.cards[usize::from(found.rule)].code.as_str(), household, person.into())
}

/// What only the replaced run found or kept, and nothing can be said of.
fn held_again(earlier: &[&Earlier], replaced: &Findings, now: &Now<'_>, at_fault: &FastSet<String>) -> Vec<Absent> {
    let known: BTreeSet<&str> = earlier.iter().map(|one| one.id.as_str()).collect();
    let own: Vec<&Earlier> = replaced.expected().filter(|one| !known.contains(one.id.as_str())).collect();
    absent(&own, now, at_fault).into_iter().filter(|absent| absent.is_kept()).collect()
}

/// One is the other mistyped: in one character, or two that were swapped.
fn nearly(id: &str, other: &str) -> bool {
    id.len() == other.len() && id.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count() <= 2
}

fn later(day: Date, days: i64) -> Date {
    Date::from_days(day.days() + i32::try_from(days).unwrap_or(i32::MAX / 2))
}

/// An answer beside the fact as it stands; `None` of an objection.
pub(super) fn last_answer(answer: &Statement, fact: Option<Digest>) -> Option<LastAnswer> {
    let Said::Answered(verdict) = answer.said else { return None };
    // Without a digest nobody can say that the fact is the one that was answered, so it is raised.
    let holds = fact.is_some() && answer.fact == fact;
    Some(LastAnswer { verdict, by: answer.by.clone(), on: answer.on, text: answer.text.clone(), holds })
}

/// Whether these facts are among those of a held discrepancy whose answer stands.
fn covers(held: &Absent, facts: &Facts) -> bool {
    let is_settled = held.answer.as_ref().is_some_and(LastAnswer::settles);
    held.is_kept() && is_settled && held.objection.is_none() && facts.are_part_of(&held.earlier.facts)
}

/// The digest of a discrepancy's fact, and the facts in it.
fn fact_of(now: &Now<'_>, found: &Discrepancy) -> (Digest, Facts) {
    let mut facts: Vec<String> = found
        .grounds
        .iter()
        .filter(|ground| ground.innocent.is_none())
        .map(|ground| match ground.source {
            Some(source) => policy::fact_text(&now.evidences[usize::from(source)], ground.row),
            None => now.register.programme_of(ground.person).to_owned(),
        })
        .collect();
    facts.sort();
    facts.dedup();
    let numbers = [found.measure.to_string(), found.amount.map(|amount| amount.0.to_string()).unwrap_or_default()];
    let digest = Digest::of_parts(numbers.iter().chain(&facts).map(String::as_bytes));
    (digest, Facts::of(facts.iter().map(String::as_str)))
}

fn sources(now: &Now<'_>, found: &Discrepancy) -> Vec<String> {
    let counting = found.grounds.iter().filter(|ground| ground.innocent.is_none());
    let indexes: BTreeSet<u16> = counting.filter_map(|ground| ground.source).collect();
    indexes.into_iter().map(|source| now.evidences[usize::from(source)].source.clone()).collect()
}

/// Everything expected and not found, each with the first reason that holds. `at_fault` is what rows of the register name
/// that nothing can be said of.
fn absent(earlier: &[&Earlier], now: &Now<'_>, at_fault: &FastSet<String>) -> Vec<Absent> {
    let county = |found: &Discrepancy| now.register.household(found.household).division.county();
    let found: FastMap<&str, Division> =
        now.outcomes.discrepancies.iter().map(|found| (found.id.as_str(), county(found))).collect();
    let is_here = |one: &Earlier| found.get(one.id.as_str()) == Some(&one.division.county());
    let missing: Vec<&&Earlier> = earlier.iter().filter(|one| !is_here(one)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let register = now.register;
    let asked: FastSet<&str> = missing.iter().map(|one| one.household.as_str()).collect();
    let numbered = (0u32..).zip(register.households.iter()).map(|(index, household)| (household.code(), index));
    let households: FastMap<&str, u32> = numbered.filter(|(code, _)| asked.contains(code)).collect();
    let sources: BTreeMap<&str, usize> =
        now.evidences.iter().enumerate().map(|(index, evidence)| (evidence.source.as_str(), index)).collect();
    let rules: BTreeMap<&str, &RuleCard> = now.cards.iter().map(|card| (card.code.as_str(), card)).collect();
    let flagged: FastSet<Subject<'_>> = now.outcomes.discrepancies.iter().map(|found| subject(now, found)).collect();
    let unmandated = match missing.iter().any(|one| one.sources.is_empty()) {
        true => register.persons.iter().filter(|person| !person.mandated).filter_map(|person| person.id).collect(),
        false => FastSet::default(),
    };
    let why = |one: &Earlier| {
        if found.contains_key(one.id.as_str()) {
            return (Absence::Moved, Vec::new());
        }
        let Some(rule) = rules.get(one.rule.as_str()) else { return (Absence::NoRule, Vec::new()) };
        if at_fault.contains(&one.household) || (!one.person.is_empty() && at_fault.contains(&one.person)) {
            return (Absence::NotChecked, vec![CoverageState::RegisterFault]);
        }
        let Some(&household) = households.get(one.household.as_str()) else {
            return (Absence::LeftRegister, Vec::new());
        };
        let programme = &register.programmes[usize::from(register.household(household).programme)];
        if !rule.programmes.is_empty() && !rule.programmes.contains(programme) {
            return (Absence::NoRule, Vec::new());
        }
        let person = |person: u32| one.person.is_empty() || register.id_text(person) == one.person;
        let living = register.household(household).persons;
        let persons: Vec<u32> = living.iter().copied().filter(|at| person(*at)).collect();
        if persons.is_empty() {
            // It may be one whose id, or whose record, cannot be read any more.
            let unknown = |at: &u32| match register.persons[*at as usize].id {
                Some(id) => !id.is_valid() && nearly(&id.to_string(), &one.person),
                None => true,
            };
            return match living.iter().any(unknown) {
                true => (Absence::NotChecked, vec![CoverageState::UnusableId]),
                false => (Absence::LeftRegister, Vec::new()),
            };
        }
        if let Some(gaps) = gaps(one, &persons, &sources, now.coverage) {
            return (Absence::NotChecked, gaps);
        }
        // No source is asked where somebody is enrolled; who has no mandate, here or there, is not looked at.
        let unasked = |at: &u32| register.persons[*at as usize].id.is_some_and(|id| unmandated.contains(&id));
        if one.sources.is_empty() && persons.iter().any(unasked) {
            return (Absence::NotChecked, vec![CoverageState::NoMandate]);
        }
        match flagged.contains(&of_earlier(one)) {
            true => (Absence::Replaced, Vec::new()),
            false => (Absence::Gone, Vec::new()),
        }
    };
    let whom = |one: &Earlier| {
        let living = register.household(*households.get(one.household.as_str())?).persons;
        living.iter().copied().find(|person| one.person.is_empty() || register.id_text(*person) == one.person)
    };
    let absent = |one: &&Earlier| {
        let (why, gaps) = why(one);
        Absent { gaps, whom: whom(one), ..Absent::new((*one).clone(), why) }
    };
    let mut absent: Vec<Absent> = missing.into_iter().map(absent).collect();
    replace_parts(&mut absent);
    absent.sort_by_cached_key(|one| {
        let Earlier { division, household, rule, id, .. } = &one.earlier;
        (division.county(), household.clone(), rule.clone(), id.clone())
    });
    absent
}

/// Of what is held about one thing, what is part of another is not held beside it.
fn replace_parts(absent: &mut [Absent]) {
    let mut about: FastMap<Subject<'_>, Vec<&Facts>> = FastMap::default();
    for one in absent.iter().filter(|one| one.is_kept()) {
        about.entry(of_earlier(&one.earlier)).or_default().push(&one.earlier.facts);
    }
    let is_part = |one: &Absent| {
        let facts = &one.earlier.facts;
        let others = about.get(&of_earlier(&one.earlier)).into_iter().flatten();
        one.is_kept() && others.into_iter().any(|other| *other != facts && facts.are_part_of(other))
    };
    let parts: Vec<bool> = absent.iter().map(is_part).collect();
    drop(about);
    for (one, _) in absent.iter_mut().zip(parts).filter(|(_, is_part)| *is_part) {
        (one.why, one.gaps) = (Absence::Replaced, Vec::new());
    }
}

/// What keeps it unknown whether the discrepancy still stands, as states of these persons; `None` if all that it rested on
/// answered.
fn gaps(
    one: &Earlier,
    persons: &[u32],
    sources: &BTreeMap<&str, usize>,
    coverage: &Coverage,
) -> Option<Vec<CoverageState>> {
    let source = |code: &String| sources.get(code.as_str()).copied();
    let rested_on = one.sources.iter().filter_map(source);
    let states = rested_on.flat_map(|source| persons.iter().map(move |person| coverage.of(*person)[source]));
    let gaps: BTreeSet<CoverageState> =
        states.filter(|state| !state.is_checked() && *state != CoverageState::NotApplicable).collect();
    let is_unknown = !gaps.is_empty() || one.sources.iter().any(|code| source(code).is_none());
    is_unknown.then(|| gaps.into_iter().collect())
}
