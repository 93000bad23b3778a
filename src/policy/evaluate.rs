//! All rules over all households at once: which rows count, what they measure, whom that flags, and who was not checked.
//!
//! Every household in the scope of a rule ends in exactly one of flagged, not checked, clear. Not checked: no flag, and
//! some member was not answered by every source of that kind that concerns its programme (or no such source exists):
//! with one of two banks missing nobody's deposits are clear. Supporters are asked about only if the rule counts them.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;
use polars::series::IsSorted;
use rayon::prelude::*;

use super::Policy;
use super::check::{KEY, MEASURE, column_names};
use super::columns::{RuleColumn, small};
use super::counts::{Checked, Scope, count};
use super::frame::{Frame, Seat, World, build, enrolment_seats, evidence_seats, fact_text};
use super::parameters::Parameter;
use super::rules::{Amount, ENROLMENT, Rule};
use super::text::Per;
use crate::kernel::{Cancel, Date, Digest, Error, Fen, Message, Result};
use crate::model::coverage::Coverage;
use crate::model::evidence::Evidence;
use crate::model::link::Link;
use crate::model::outcome::{Discrepancy, Ground, OutcomeCounts, Outcomes, RuleFindings};
use crate::model::register::{Register, Role};

/// Enrolments in other households that one household's discrepancy shows; its measure counts them all. A register that
/// repeats an id on thousands of rows (2,000 took 900 MB) would otherwise show in each of them all the others.
const ENROLMENTS_ELSEWHERE: usize = 40;

/// Fewer rows are not worth another core.
const AT_LEAST: usize = 1 << 12;

/// Row of a table that lies outside the rule, or counts, or was set aside by the innocent explanation of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Outside,
    Counts,
    Innocent(u16),
}

/// A household, person or enrolment with its measure; it stands at a row of the table.
struct Subject {
    at: u32,
    measure: i64,
    amount: Option<i64>,
    limit: Option<i64>,
}

/// Computes all rules. As [`find`] and [`join`].
///
/// # Errors
/// As [`find`].
pub fn evaluate(
    policy: &Policy,
    register: &Register,
    evidences: &[Evidence],
    links: &[Link],
    coverage: &Coverage,
    cancel: &Cancel,
) -> Result<Outcomes> {
    let found = find(policy, &policy.evidence_read(), register, evidences, links, coverage, cancel)?;
    Ok(join(register, found.into_iter().flatten().collect()))
}

/// What the rules find that read some kinds of evidence, by kind. Only accepted links enter (invariant I-5); `coverage` must
/// be of the same register and sources.
///
/// # Errors
/// A needed parameter has no value in some county; an expression fails on the rows (its rule is named, never a value);
/// somebody asked to stop.
pub fn find(
    policy: &Policy,
    kinds: &[&str],
    register: &Register,
    evidences: &[Evidence],
    links: &[Link],
    coverage: &Coverage,
    cancel: &Cancel,
) -> Result<Vec<Vec<RuleFindings>>> {
    assert_eq!(coverage.sources(), evidences.len(), "coverage of other sources");
    policy.check_places(register.counties(), register.as_of)?;
    let world = World { register, evidences, links };
    let answering: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != ENROLMENT).collect();
    let checked = Checked::by_answers(register, coverage, evidences, &answering);
    let checked: BTreeMap<&str, Checked> = answering.into_iter().zip(checked).collect();
    let found: Vec<Result<Vec<RuleFindings>>> =
        kinds.par_iter().with_max_len(1).map(|kind| of_evidence(policy, &world, &checked, kind, cancel)).collect();
    found.into_iter().collect()
}

/// The rules that read one kind of evidence: they share a table, and who was asked.
fn of_evidence(
    policy: &Policy,
    world: &World,
    checked: &BTreeMap<&str, Checked>,
    evidence: &str,
    cancel: &Cancel,
) -> Result<Vec<RuleFindings>> {
    cancel.check()?;
    let rules: Vec<(u16, &Rule)> = policy.rules_reading(evidence).collect();
    let of_enrolment;
    let (seats, checked) = match checked.get(evidence) {
        Some(checked) => (evidence_seats(world, evidence), checked),
        None => {
            let (seats, compared) = enrolment_seats(world.register);
            of_enrolment = Checked::of(world.register, |person| compared[person as usize]);
            (seats, &of_enrolment)
        }
    };
    let frame = frame_for(policy, world, seats, &rules)?;
    let found: Vec<Result<RuleFindings>> = rules
        .par_iter()
        .with_max_len(1)
        .map(|(index, rule)| {
            cancel.check()?;
            by_rule(*index, rule, world, &frame, checked.by(rule))
        })
        .collect();
    found.into_iter().collect()
}

/// The table with all columns and parameters that some of these rules reads.
fn frame_for(policy: &Policy, world: &World, seats: Vec<Seat>, rules: &[(u16, &Rule)]) -> Result<Frame> {
    let rules = || rules.iter().map(|(_, rule)| *rule);
    let mut columns: Vec<RuleColumn> = rules().flat_map(|rule| rule.columns.iter().cloned()).collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    columns.dedup_by(|a, b| a.name == b.name);
    let parameters: Vec<&Parameter> = policy.named_by(rules()).collect();
    let first = rules().next().expect("a group of rules holds one");
    build(world, seats, &columns, &parameters).map_err(|error| failed(first, &error))
}

/// Polars' words may hold values of rows, so only the kind of the fault is passed on (invariant I-9).
fn failed(rule: &Rule, error: &PolarsError) -> Error {
    let fault = match error {
        PolarsError::ComputeError(_) => "ComputeError",
        PolarsError::InvalidOperation(_) => "InvalidOperation",
        PolarsError::SchemaMismatch(_) => "SchemaMismatch",
        PolarsError::ColumnNotFound(_) => "ColumnNotFound",
        PolarsError::OutOfBounds(_) => "OutOfBounds",
        _ => "PolarsError",
    };
    let message = Message::new("policy.evaluation_failed").with("code", &rule.card.code).with("fault", fault);
    Error::config(message).at(&rule.path).line(rule.line)
}

/// Discrepancies, rows set aside and counts of one rule. `checked`: whether each household is.
fn by_rule(index: u16, rule: &Rule, world: &World, frame: &Frame, checked: &[bool]) -> Result<RuleFindings> {
    let scope = Scope::of(rule, world.register);
    let mut flagged = vec![false; world.register.households.len()];
    let mut found = RuleFindings { rule: index, discrepancies: Vec::new(), set_aside: Vec::new(), counts: Vec::new() };
    if !frame.seats.is_empty() {
        let failed = |error: PolarsError| failed(rule, &error);
        let standings = standings(rule, world, frame, &scope).map_err(failed)?;
        let subjects = measured(rule, frame, &standings).map_err(failed)?;
        let subjects = held(rule, frame, subjects, &scope).map_err(failed)?;
        let seat_of = |subject: &Subject| &frame.seats[subject.at as usize];
        let group_of = |subject: &Subject| group_around(rule, &frame.seats, subject.at as usize);
        let made = |subject: &Subject| {
            let shown = shown_at(rule, &frame.seats, seat_of(subject), group_of(subject));
            discrepancy(index, rule, world, seat_of(subject), subject, grounds(&frame.seats, &standings, &shown))
        };
        found.discrepancies = subjects.par_iter().map(made).collect();
        let mut shown = vec![false; frame.seats.len()];
        for subject in &subjects {
            flagged[seat_of(subject).household as usize] = true;
            shown[group_of(subject)].fill(true);
        }
        for (at, seat) in frame.seats.iter().enumerate() {
            if let (Standing::Innocent(innocent), false) = (standings[at], shown[at]) {
                found.set_aside.push((seat.household, ground(seat, Some(innocent))));
            }
        }
    }
    found.counts = count(world, &scope, &flagged, checked);
    Ok(found)
}

/// For each row of the table: outside the rule, counting, or set aside.
fn standings(rule: &Rule, world: &World, frame: &Frame, scope: &Scope) -> PolarsResult<Vec<Standing>> {
    let name = |index: usize| format!("@when{index}");
    let mut expressions = vec![rule.rows.clone().alias("@rows")];
    expressions.extend(rule.innocent.iter().enumerate().map(|(index, when)| when.clone().alias(name(index))));
    let judged = frame.table.clone().lazy().with_columns(expressions).collect()?;
    let rows = judged.column("@rows")?.bool()?;
    let mut innocent = Vec::with_capacity(rule.innocent.len());
    for index in 0..rule.innocent.len() {
        innocent.push(judged.column(&name(index))?.bool()?);
    }
    // Nobody is accused by what a rule takes for granted where nothing was given.
    let unread = unread(rule, world, &frame.seats);
    let is_unread = |rows: std::ops::Range<usize>| unread.as_ref().is_some_and(|unread| unread[rows].contains(&true));
    let in_scope = in_scope(rule, world, frame, scope, &is_unread)?;
    let judge = |at: usize| {
        if !in_scope[at] || is_unread(at..at + 1) {
            Standing::Outside
        } else if rows.get(at) == Some(true) {
            Standing::Counts
        } else {
            let holds = innocent.iter().position(|when| when.get(at) == Some(true));
            holds.map_or(Standing::Outside, |index| Standing::Innocent(index as u16))
        }
    };
    Ok((0..frame.seats.len()).into_par_iter().with_min_len(AT_LEAST).map(judge).collect())
}

/// Rows of which the rule reads something that cannot be read; `None` if there is none.
fn unread(rule: &Rule, world: &World, seats: &[Seat]) -> Option<Vec<bool>> {
    let rows: Vec<Vec<u32>> = world.evidences.iter().map(|evidence| rule.unread_rows(evidence)).collect();
    let is_unread =
        |seat: &Seat| seat.source.is_some_and(|source| rows[usize::from(source)].binary_search(&seat.row).is_ok());
    rows.iter().any(|rows| !rows.is_empty()).then(|| seats.iter().map(is_unread).collect())
}

/// Rows of the rule's programmes and persons; with `latest`, of each person only the newest, and none if one of them cannot be
/// read: it may be the newest. Enrolment rows count whatever their programme is; whom they flag is decided later.
fn in_scope(
    rule: &Rule,
    world: &World,
    frame: &Frame,
    scope: &Scope,
    is_unread: &dyn Fn(std::ops::Range<usize>) -> bool,
) -> PolarsResult<Vec<bool>> {
    let seats = &frame.seats;
    let mut in_scope: Vec<bool> = seats
        .par_iter()
        .with_min_len(AT_LEAST)
        .map(|seat| {
            let counted = rule.supporters || world.register.persons[seat.person as usize].role == Role::Member;
            counted && (rule.of_enrolment() || scope.covers(seat.household))
        })
        .collect();
    if let Some(latest) = &rule.latest {
        let dates = frame.table.column(latest)?.as_materialized_series().to_physical_repr().cast(&DataType::Int64)?;
        let dates = dates.i64()?;
        let mut at = 0;
        for rows in seats.chunk_by(|a, b| (a.household, a.person) == (b.household, b.person)) {
            let own = at..at + rows.len();
            let newest = own.clone().map(|row| dates.get(row)).max().flatten();
            let is_known = !is_unread(own.clone());
            own.for_each(|row| in_scope[row] &= is_known && dates.get(row) == newest);
            at += rows.len();
        }
    }
    Ok(in_scope)
}

/// What the rule is about at a row: a household, a person, or a citizen enrolled more than once.
fn key(rule: &Rule, seat: &Seat) -> u32 {
    match rule.per {
        _ if rule.of_enrolment() => seat.citizen,
        Per::Household => seat.household,
        Per::Person => seat.person,
    }
}

/// The rows about the same subject; seats are sorted so that they stand together.
fn group_around(rule: &Rule, seats: &[Seat], at: usize) -> std::ops::Range<usize> {
    let key_at = key(rule, &seats[at]);
    let same = |seat: &&Seat| key(rule, seat) == key_at;
    let before = seats[..at].iter().rev().take_while(same).count();
    let after = seats[at..].iter().take_while(same).count();
    at - before..at + after
}

/// The measure of each subject that has a row that counts, by subject.
///
/// One evidence row linked to two members of a household is one row of the household.
fn measured(rule: &Rule, frame: &Frame, standings: &[Standing]) -> PolarsResult<Vec<Subject>> {
    let counting = (0..frame.seats.len() as u32).filter(|at| standings[*at as usize] == Standing::Counts);
    let mut counting: Vec<(u32, Option<u16>, u32, u32)> = counting
        .map(|at| {
            let seat = &frame.seats[at as usize];
            (key(rule, seat), seat.source, seat.row, at)
        })
        .collect();
    counting.sort_unstable();
    counting.dedup_by_key(|row| (row.0, row.1, row.2));
    let at: Vec<u32> = counting.iter().map(|row| row.3).collect();
    let keys: Vec<u32> = counting.iter().map(|row| row.0).collect();
    let amount = match &rule.amount {
        Some(Amount::OverRows(amount)) => Some(amount),
        _ => None,
    };
    let mut table = rows_of(frame, &at, [&rule.measure].into_iter().chain(amount))?;
    let mut keys = Series::new(small(KEY), keys);
    keys.set_sorted_flag(IsSorted::Ascending); // or Polars would look for the groups
    table.with_column(keys.into())?;
    table.with_column(Column::new(small("@at"), at))?;
    let mut aggregates = vec![rule.measure.clone().cast(DataType::Int64).alias(MEASURE), col("@at").min()];
    if let Some(amount) = amount {
        aggregates.push(amount.clone().cast(DataType::Int64).alias("@amount"));
    }
    let groups =
        table.lazy().group_by([col(KEY)]).agg(aggregates).sort([KEY], SortMultipleOptions::default()).collect()?;
    let measures = groups.column(MEASURE)?.i64()?;
    let at = groups.column("@at")?.u32()?;
    let amounts = amount.map(|_| groups.column("@amount")?.i64()).transpose()?;
    // A measure that is NULL (a month that was not given) flags nobody; rules count such rows in a rule of their own.
    let subject = |row: usize| {
        let amount = amounts.and_then(|amounts| amounts.get(row));
        Some(Subject { at: at.get(row)?, measure: measures.get(row)?, amount, limit: None })
    };
    let subjects: Vec<Subject> = (0..groups.height()).filter_map(subject).collect();
    Ok(if rule.of_enrolment() { by_enrolment(rule, frame, standings, &subjects) } else { subjects })
}

/// Some rows of the table, with the columns that these expressions read.
fn rows_of<'e>(frame: &Frame, at: &[u32], exprs: impl Iterator<Item = &'e Expr>) -> PolarsResult<DataFrame> {
    let names: BTreeSet<String> = exprs.flat_map(column_names).collect();
    let read = frame.table.columns().iter().filter(|column| names.contains(column.name().as_str()));
    let at = IdxCa::from_vec(small("@taken"), at.to_vec());
    DataFrame::new(frame.table.height(), read.cloned().collect())?.take(&at)
}

/// A citizen's measure holds for each household it is enrolled in: every county concerned learns of it.
fn by_enrolment(rule: &Rule, frame: &Frame, standings: &[Standing], citizens: &[Subject]) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for citizen in citizens {
        let mut last = None;
        for at in group_around(rule, &frame.seats, citizen.at as usize) {
            let household = frame.seats[at].household;
            if standings[at] == Standing::Counts && last != Some(household) {
                last = Some(household);
                let Subject { measure, amount, limit, .. } = *citizen;
                subjects.push(Subject { at: at as u32, measure, amount, limit });
            }
        }
    }
    subjects
}

/// The subjects that the flag condition holds for, with limit and amount.
fn held(rule: &Rule, frame: &Frame, mut subjects: Vec<Subject>, scope: &Scope) -> PolarsResult<Vec<Subject>> {
    if rule.of_enrolment() {
        subjects.retain(|subject| scope.covers(frame.seats[subject.at as usize].household));
    }
    let at: Vec<u32> = subjects.iter().map(|subject| subject.at).collect();
    let measures: Vec<i64> = subjects.iter().map(|subject| subject.measure).collect();
    let amount = match &rule.amount {
        Some(Amount::FromMeasure(amount)) => Some(amount),
        _ => None,
    };
    let mut table = rows_of(frame, &at, [&rule.flag].into_iter().chain(&rule.limit).chain(amount))?;
    table.with_column(Column::new(small(MEASURE), measures))?;
    let nothing = lit(NULL).cast(DataType::Int64);
    let limit = rule.limit.clone().map_or(nothing.clone(), |limit| limit.cast(DataType::Int64));
    let amount = amount.map_or(nothing, |amount| amount.clone().cast(DataType::Int64));
    let results = [rule.flag.clone().alias("@flag"), limit.alias("@limit"), amount.alias("@amount")];
    let results = table.lazy().with_columns(results).collect()?;
    let (flags, limits) = (results.column("@flag")?.bool()?, results.column("@limit")?.i64()?);
    let amounts = results.column("@amount")?.i64()?;
    let with_results = |(row, subject): (usize, Subject)| {
        let amount = subject.amount.or_else(|| amounts.get(row));
        (flags.get(row) == Some(true)).then_some(Subject { limit: limits.get(row), amount, ..subject })
    };
    Ok(subjects.into_iter().enumerate().filter_map(with_results).collect())
}

fn ground(seat: &Seat, innocent: Option<u16>) -> Ground {
    Ground { source: seat.source, row: seat.row, link: seat.link, person: seat.person, innocent }
}

/// The rows of a group that a household's discrepancy shows: all, but of enrolments elsewhere the first of many.
fn shown_at(rule: &Rule, seats: &[Seat], of: &Seat, group: std::ops::Range<usize>) -> Vec<usize> {
    let mut elsewhere = 0;
    let shown = |at: &usize| {
        let other = rule.of_enrolment() && seats[*at].household != of.household;
        elsewhere += usize::from(other);
        !other || elsewhere <= ENROLMENTS_ELSEWHERE
    };
    group.filter(shown).collect()
}

/// Rows that count, then rows set aside.
fn grounds(seats: &[Seat], standings: &[Standing], shown: &[usize]) -> Vec<Ground> {
    let counting = shown.iter().filter(|at| standings[**at] == Standing::Counts).map(|at| ground(&seats[*at], None));
    let aside = shown.iter().filter_map(|at| match standings[*at] {
        Standing::Innocent(innocent) => Some(ground(&seats[*at], Some(innocent))),
        _ => None,
    });
    counting.chain(aside).collect()
}

fn discrepancy(
    index: u16,
    rule: &Rule,
    world: &World,
    seat: &Seat,
    subject: &Subject,
    grounds: Vec<Ground>,
) -> Discrepancy {
    let person = (rule.per == Per::Person).then_some(seat.person);
    Discrepancy {
        id: discrepancy_id(rule, world, seat.household, person, &grounds),
        rule: index,
        household: seat.household,
        person,
        severity: rule.card.severity,
        measure: subject.measure,
        limit: subject.limit,
        amount: subject.amount.map(Fen),
        as_of: oldest(world, &grounds),
        grounds,
    }
}

/// Oldest date of the sources whose rows count.
fn oldest(world: &World, grounds: &[Ground]) -> Option<Date> {
    let date = |ground: &Ground| match ground.source.map(|source| &world.evidences[usize::from(source)].delivery) {
        None => Some(world.register.as_of),
        Some(delivery) => delivery.as_of(),
    };
    grounds.iter().filter(|ground| ground.innocent.is_none()).filter_map(date).min()
}

/// Rule code and ten characters of a digest over rule, household, citizen and facts; the same as long as the facts are.
fn discrepancy_id(rule: &Rule, world: &World, household: u32, person: Option<u32>, grounds: &[Ground]) -> String {
    let register = world.register;
    let mut facts: Vec<String> = grounds
        .iter()
        .filter(|ground| ground.innocent.is_none())
        .map(|ground| match ground.source {
            Some(source) => fact_text(&world.evidences[usize::from(source)], ground.row),
            None => {
                format!("{}\u{1f}{}", register.household_of(ground.person).code(), register.programme_of(ground.person))
            }
        })
        .collect();
    facts.sort();
    facts.dedup();
    let citizen = person.map(|person| match register.persons[person as usize].id {
        Some(id) => id.to_string(),
        None => register.name(person).to_owned(),
    });
    let mut parts = vec![rule.card.code.as_bytes(), register.household(household).code().as_bytes()];
    parts.push(citizen.as_deref().unwrap_or_default().as_bytes());
    parts.extend(facts.iter().map(String::as_bytes));
    format!("{}-{}", rule.card.code, Digest::of_parts(parts).base32(10))
}

/// All that the rules found: discrepancies by county, household, rule and person, rows set aside by household, rule and
/// person. Two persons of a household with one id would carry one discrepancy twice.
pub fn join(register: &Register, mut found: Vec<RuleFindings>) -> Outcomes {
    found.sort_by_key(|found| found.rule);
    // County and household as one number, since there are many rows to sort.
    let place = |household: u32| (register.households.county(household) as u64) << 32 | u64::from(household);
    let mut outcomes = Outcomes::default();
    let mut set_aside: Vec<(u32, u16, Ground)> = Vec::new();
    for RuleFindings { rule, discrepancies, set_aside: aside, counts } in found {
        outcomes.discrepancies.extend(discrepancies);
        set_aside.extend(aside.into_iter().map(|(household, ground)| (household, rule, ground)));
        let given = register.counties().iter().zip(counts).filter(|(_, counts)| *counts != OutcomeCounts::default());
        outcomes.counts.extend(given.map(|(county, counts)| ((rule, *county), counts)));
    }
    outcomes.discrepancies.par_sort_by_key(|found| (place(found.household), found.rule, found.person));
    outcomes.discrepancies.dedup_by(|a, b| a.id == b.id);
    outcomes.set_aside = by_household(set_aside);
    outcomes
}

/// Rows set aside, which come rule by rule as the tables lie, by household; there are so many that only numbers are sorted.
fn by_household(found: Vec<(u32, u16, Ground)>) -> Vec<(u16, Ground)> {
    let number = |(at, (household, ..)): (usize, &(u32, u16, Ground))| u64::from(*household) << 32 | at as u64;
    let mut order: Vec<u64> = found.iter().enumerate().map(number).collect();
    order.par_sort_unstable();
    let row = |number: u64| {
        let (_, rule, ground) = found[number as u32 as usize];
        (rule, ground)
    };
    order.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{demo, evidence, link, register};
    use super::super::coverage;
    use super::*;
    use crate::model::evidence::Delivery;

    fn row(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    fn day() -> Date {
        Date::from_ymd(2026, 11, 24).unwrap()
    }

    fn arrived() -> Delivery {
        Delivery::Arrived { as_of: Some(day()), stale: false, short: None }
    }

    /// Outcomes of the demo rules, every source concerning everybody.
    fn run(register: &Register, evidences: &[Evidence], links: &[Link]) -> Outcomes {
        let (policy, applies) = (demo(), vec![Vec::new(); evidences.len()]);
        let coverage = coverage(&policy, register, evidences, links, [].iter(), &applies);
        evaluate(&policy, register, evidences, links, &coverage, &Cancel::default()).unwrap()
    }

    fn two_households() -> Register {
        register(&[row("name = '甲'"), row("name = '乙'\nhousehold = 'H2'\ndivision = '370103'")], day())
    }

    #[test]
    fn an_id_stays_while_the_fact_stays() {
        let register = two_households();
        let car = "plate = '演A1'\nstate = 'normal'";
        let once = run(&register, &[evidence("vehicle", &[row(car)], arrived())], &[link(0, 0, 0, 0)]);
        let other_rows = [row("plate = '演A9'"), row(&format!("{car}\nbrand = '演示'"))];
        let again = run(&register, &[evidence("vehicle", &other_rows, arrived())], &[link(0, 0, 1, 0)]);
        assert_eq!(once.discrepancies[0].id, again.discrepancies[0].id, "another line of another delivery");
        assert_eq!(once.discrepancies[0].id.len(), "V001-".len() + 10);
        let other = run(&register, &[evidence("vehicle", &other_rows, arrived())], &[link(0, 0, 0, 0)]);
        assert_ne!(once.discrepancies[0].id, other.discrepancies[0].id, "another car");
    }

    #[test]
    fn links_that_were_not_accepted_flag_nobody() {
        let register = two_households();
        let cars = [evidence("vehicle", &[row("plate = '演A1'")], arrived())];
        let outcomes = run(&register, &cars, &[Link { accepted: false, ..link(0, 0, 0, 0) }]);
        assert!(outcomes.discrepancies.is_empty());
    }

    #[test]
    fn order_of_links_changes_nothing_and_every_household_is_counted_once_per_rule() {
        let register = two_households();
        let rows = [row("plate = '演A1'"), row("plate = '演A2'"), row("plate = '演A3'\nstate = 'cancelled'")];
        let cars = [evidence("vehicle", &rows, arrived())];
        let links = [link(0, 0, 0, 0), link(1, 0, 1, 0), link(0, 0, 2, 0)];
        let forward = run(&register, &cars, &links);
        let backward = run(&register, &cars, &[links[2], links[1], links[0]]);
        let told = |outcomes: &Outcomes| -> Vec<(String, u32, usize)> {
            let tell = |found: &Discrepancy| (found.id.clone(), found.household, found.grounds.len());
            outcomes.discrepancies.iter().map(tell).collect()
        };
        assert_eq!(told(&forward), told(&backward));
        assert_eq!(forward.discrepancies.iter().map(|found| found.household).collect::<Vec<_>>(), [0, 1]);
        for rule in 0..demo().cards().len() as u16 {
            let of_rule = forward.counts.iter().filter(|((index, _), _)| *index == rule);
            let total: u64 = of_rule.map(|(_, counts)| counts.clear + counts.flagged + counts.not_checked).sum();
            assert_eq!(total, 2, "rule {rule}");
        }
    }

    #[test]
    fn one_of_two_banks_missing_clears_nobody() {
        let register = two_households();
        let mut other = evidence("bank", &[], Delivery::Missing);
        other.source = "bank_two".to_owned();
        let outcomes = run(&register, &[evidence("bank", &[], arrived()), other], &[]);
        let rule = demo().cards().iter().position(|card| card.code == "D001").unwrap() as u16;
        let counts = outcomes.counts[&(rule, register.household(0).division.county())];
        assert_eq!((counts.clear, counts.not_checked), (0, 1));
    }

    #[test]
    fn both_counties_learn_of_a_citizen_enrolled_twice() {
        let persons = ["name = '甲'\ncitizen = 1", "name = '甲'\ncitizen = 1\nhousehold = 'H2'\ndivision = '370103'"];
        let register = register(&persons.map(row), day());
        let outcomes = run(&register, &[], &[]);
        let households: Vec<u32> = outcomes.discrepancies.iter().map(|found| found.household).collect();
        assert_eq!(households, [0, 1]);
        assert!(outcomes.discrepancies.iter().all(|found| found.grounds.len() == 2), "each sees both enrolments");
    }

    /// Two ids, each typed for a second man as well.
    #[test]
    fn an_id_under_two_names_accuses_nobody() {
        let person = |(name, household, division, programme): (&str, &str, &str, &str)| {
            row(&format!(
                "name = '{name}'\ncitizen = 1\nhousehold = '{household}'\ndivision = '{division}'\nprogramme = '{programme}'"
            ))
        };
        let flagged = |rows: &[(&str, &str, &str, &str)]| {
            let register = register(&rows.iter().copied().map(person).collect::<Vec<_>>(), day());
            let found = run(&register, &[], &[]).discrepancies;
            let cards = demo().cards();
            let by = |code: &str| found.iter().filter(|one| cards[usize::from(one.rule)].code == code).count();
            ["E001", "E002", "E003"].map(by)
        };
        let (a, b) = (("王建国", "A1", "370102", "低保"), ("李秀英", "B1", "370103", "特困"));
        let (a_again, b_again) = (("王建国", "A2", "370102", "低保"), ("李秀英", "B2", "370103", "特困"));
        assert_eq!(
            flagged(&[a, a_again, b, b_again]),
            [0, 0, 4],
            "each in one county and one programme, in two households"
        );
        assert_eq!(flagged(&[a, ("", "C1", "370103", "特困"), b]), [0; 3], "a row without a name joins no two");
        assert_eq!(
            flagged(&[a, ("", "C1", "370103", "特困")]),
            [2, 2, 0],
            "it is the only citizen's: two rules, two households"
        );
        let names: Vec<String> = ('一'..).take(40).map(|letter| format!("王{letter}国")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str(), "370102", "低保")).collect();
        assert_eq!(flagged(&[&many[..], &[a, ("王建国", "Z", "370103", "特困")]].concat()), [0; 3], "nobody's id");
    }

    #[test]
    fn an_id_on_a_hundred_rows_is_counted_in_full_and_shown_in_part() {
        let person = |at: u32| {
            let division = if at == 99 { "370103" } else { "370102" };
            row(&format!("name = '甲'\ncitizen = 1\nhousehold = 'H{at}'\ndivision = '{division}'"))
        };
        let register = register(&(0..100).map(person).collect::<Vec<_>>(), day());
        let outcomes = run(&register, &[], &[]);
        let two_counties = demo().cards().iter().position(|card| card.code == "E002").unwrap();
        let found = outcomes.discrepancies.iter().filter(|found| usize::from(found.rule) == two_counties);
        assert_eq!(found.clone().count(), 100);
        for found in found {
            let home = |ground: &&Ground| register.persons[ground.person as usize].household == found.household;
            let own = found.grounds.iter().filter(home).count();
            assert_eq!(
                (found.measure, own, found.grounds.len()),
                (2, 1, 41),
                "two counties, though one row is of the second"
            );
        }
    }

    #[test]
    fn asked_to_stop_it_stops() {
        let cancel = Cancel::default();
        cancel.cancel();
        let register = two_households();
        let policy = demo();
        let coverage = coverage(&policy, &register, &[], &[], [].iter(), &[]);
        let stopped = evaluate(&policy, &register, &[], &[], &coverage, &cancel);
        assert_eq!(stopped.unwrap_err().kind(), crate::kernel::ErrorKind::Cancelled);
    }
}
