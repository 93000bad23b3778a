//! The ad-hoc check: a few people, on the register or not (a new applicant at the window), or a household of it, against
//! every source, now.
//!
//! The same reading, linking and rules as the night's, on a register that holds only the people asked about. Of the
//! extracts in the inbox it reads the rows their key indexes name, publishes nothing, and is written to the ledger by
//! number, never by name or id.

use std::path::Path;

use serde_json::json;

use super::completeness::Usual;
use super::extracts::{in_use, read_sources};
use super::linking::{Linked, gathered, link_all, settle_bins};
use super::register::{FastMap, on_register};
use super::reports::{Told, objection_days, view};
use super::review::{self, InForce};
use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Date, Digest, Error, Message, Progress, Result};
use crate::linkage::{self, Index};
use crate::model::coverage::CoverageState;
use crate::model::evidence::Evidence;
use crate::model::judgement::{self, Review};
use crate::model::kind;
use crate::model::link::Link;
use crate::model::outcome::{Outcomes, RuleCard};
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::standing::NO_HISTORY;
use crate::model::table::{Column, Table};
use crate::policy;
use crate::report::{Answered, Print, Remark, Report, ReportForms, Reports};
use crate::standardise::ids::{self, IdReading};
use crate::standardise::names;
use crate::store::{Extracts, Ledger, OnRegister, Part, Stages, Workspace, recall};

/// Who is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Taken as one household: who stands at the window, and who lives with them.
    People(Vec<Asked>),
    /// Each for himself. A wrong id stops nobody else.
    List(Vec<Asked>),
    /// A household of the last run's register, by its code.
    Household(String),
}

/// One person asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub id: String,
    /// May be empty: then an exact, valid id alone decides.
    pub name: String,
    pub birth: Option<Date>,
}

/// Why somebody may be asked about: a mandate's number or a stated reason (invariant I-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warrant {
    pub mandate: Option<String>,
    pub reason: Option<String>,
}

/// Who asks, when, for which day and programme.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    pub as_of: Date,
    pub programme: String,
    pub warrant: Warrant,
    pub who: String,
    pub at: String,
}

/// Where somebody asked about stands on the centre's register already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Code of the household.
    pub household: String,
    pub programme: String,
    /// The name there is consistent with the one given; without one, with that of every other row under the id.
    pub agrees: bool,
    /// Asked about was a household, and this is another one: rules about enrolment look at the whole register, which is the
    /// night's.
    pub elsewhere: bool,
}

impl Enrolled {
    pub fn message(&self) -> Message {
        let key = match (self.agrees, self.elsewhere) {
            (false, _) => "run.enrolled_otherwise",
            (true, true) => "run.enrolled_elsewhere",
            (true, false) => "run.enrolled",
        };
        Message::new(key).with("household", &self.household).with("programme", &self.programme)
    }
}

/// What the sources say of the people asked about.
pub struct Answer {
    pub register: Register,
    /// By person, of a household in other ones; `None` where the register is another than the last run read.
    pub enrolled: Option<Vec<Vec<Enrolled>>>,
    pub evidences: Vec<Evidence>,
    pub links: Vec<Link>,
    /// Of the links that are no plain matches.
    pub reviews: Vec<Review>,
    pub coverage: crate::model::coverage::Coverage,
    pub outcomes: Outcomes,
    pub cards: Vec<RuleCard>,
    /// Number of the ledger's entry.
    pub entry: u64,
}

/// Checks the people and records the check.
///
/// # Errors
/// Neither mandate nor reason; a programme that no rule names; an id that is none, or of another birth date; the inbox;
/// cancellation.
pub fn check(
    plan: &Plan,
    whom: &Whom,
    options: &CheckOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Answer> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    if blank(&options.warrant.mandate) && blank(&options.warrant.reason) {
        return Err(Error::config(Message::new("run.no_warrant")).hint(Message::new("run.no_warrant_hint")));
    }
    if !matches!(whom, Whom::Household(_)) && !plan.policy.knows_programme(&options.programme) {
        let known = plan.policy.programmes().into_iter().collect::<Vec<_>>().join(" ");
        return Err(Error::config(Message::new("run.unnamed_programme").with("known", known)));
    }
    let workspace = Workspace::open(&plan.root)?;
    let extracts = Extracts::open(&workspace, false);
    let rows = |ids: &[Option<CitizenId>]| rows_of(plan, &extracts, &Stages::open(&workspace, false), ids);
    let before = if lacks_a_name(whom) { Some(rows(&ids_of(whom))) } else { None };
    let known = before.as_ref().and_then(|rows| rows.as_deref());
    let register = match whom {
        Whom::People(asked) => register_of(plan, &named(asked, known), options, false)?,
        Whom::List(asked) => register_of(plan, &named(asked, known), options, true)?,
        Whom::Household(code) => household_of(&workspace, code, options.as_of)?,
    };
    let index = Index::build(&register);
    let sources: Vec<_> = plan.sources.iter().collect();
    // A look at a register of a million takes half as long as one at all sources.
    let (evidences, rows) = rayon::join(
        || read_sources(plan, &sources, options.as_of, &index, &extracts, progress, cancel),
        || match whom {
            Whom::Household(code) => rows_elsewhere(&register, code, rows),
            Whom::People(_) | Whom::List(_) => before.unwrap_or_else(|| rows(&ids_of(whom))),
        },
    );
    let (evidences, enrolled) = (evidences?, rows.map(|rows| enrolled(rows, &register)));
    if extracts.has_news() {
        extracts.save(&in_use(plan))?;
    }
    let linked = link_all(plan, &index, evidences.into_iter().enumerate().collect(), progress, cancel)?;
    let (mut evidences, Linked { mut links, .. }) = gathered(linked.into_iter().map(|(_, found)| found));
    let mut ledger = Ledger::open(&workspace)?;
    let judgements = ledger.judgements()?;
    let reviews = review::settle(&register, &evidences, &mut links, &InForce::new(&judgements));
    settle_bins(&mut evidences, &links);
    let usual = Usual::of(ledger.run_before(options.as_of)?.as_deref(), plan, &ledger)?;
    usual.settle_as_told(plan, &mut evidences, &workspace, &ledger)?;
    let coverage = policy::coverage(
        &plan.policy,
        &register,
        &evidences,
        &links,
        judgement::open(&reviews, &links),
        &plan.programmes_by_source(),
    );
    let outcomes = policy::evaluate(&plan.policy, &register, &evidences, &links, &coverage, cancel)?;
    let entry = record(&mut ledger, &register, options, &evidences, outcomes.discrepancies.len())?;
    drop(index);
    let cards = plan.policy.cards();
    Ok(Answer { register, enrolled, evidences, links, reviews, coverage, outcomes, cards, entry })
}

/// The answer as a verification report of one page or two, in HTML; the first household's, if it is about several. Its
/// number is the ledger's entry.
///
/// # Errors
/// The page could not be made.
pub fn answer_page(plan: &Plan, answer: &Answer, options: &CheckOptions) -> Result<Vec<u8>> {
    let lang = plan.centre.language();
    let (entry, day) = (answer.entry, options.as_of.to_string().replace('-', ""));
    let run = Message::new("run.check_number").with("entry", entry).say(lang);
    let register = &answer.register;
    let explain = |link: &Link| linkage::explain_short(link).say(lang);
    let told = Told {
        run: &run,
        register,
        evidences: &answer.evidences,
        links: &answer.links,
        reviews: &answer.reviews,
        outcomes: &answer.outcomes,
        coverage: &answer.coverage,
        history: &NO_HISTORY,
        cards: &answer.cards,
        profile: &plan.policy.profile,
        unnamed_programmes: &plan.policy.unnamed(&register.programmes),
        demo: plan.is_demo(),
    };
    let days = objection_days(plan, register);
    let view = view(plan, told, &days, &explain);
    let number = format!("{}-{day}-{entry:06}", register.household(0).division.county());
    let print = Print::Counted { on: options.as_of, count: 1, entry };
    // Asked anew: what counties answered to runs stands in their lists.
    let report = Report { number, print, remarks: remarks(answer), answered: &Answered::new() };
    let made = Reports::new(&view, vec![0]).make(0, report, ReportForms { pdf: false, html: true })?;
    Ok(made.html.expect("the form that was asked for"))
}

/// What the page has to say of the people asked about beside what was found: where they are enrolled, and that whoever
/// lives with them does not count.
fn remarks(answer: &Answer) -> Vec<Remark> {
    let household = answer.register.household(0);
    let enrolled = household.persons.iter().flat_map(|&person| {
        answer.enrolled_of(person).iter().map(move |one| Remark { of: Some(person), message: one.message() })
    });
    let unknown = answer.enrolled.is_none().then_some("run.enrolment_unknown");
    let alone = household.code().is_empty().then_some("run.judged_as_a_household");
    let of_all = unknown.into_iter().chain(alone);
    enrolled.chain(of_all.map(|key| Remark { of: None, message: Message::new(key) })).collect()
}

impl Answer {
    /// All links, by person.
    pub fn links_by_person(&self) -> Vec<Vec<&Link>> {
        let mut by_person = vec![Vec::new(); self.register.persons.len()];
        for link in &self.links {
            by_person[link.person as usize].push(link);
        }
        by_person
    }

    /// Where somebody is on the register already.
    pub fn enrolled_of(&self, person: u32) -> &[Enrolled] {
        self.enrolled.as_ref().map_or(&[], |enrolled| &enrolled[person as usize])
    }

    /// State of one person in each source, in source order.
    pub fn states(&self, person: u32) -> &[CoverageState] {
        self.coverage.of(person)
    }
}

/// By person asked about by name or number, the good ids; none of a household's members.
fn ids_of(whom: &Whom) -> Vec<Option<CitizenId>> {
    let id = |one: &Asked| match ids::read(&one.id) {
        IdReading::Whole { id, .. } if id.is_valid() => Some(id),
        _ => None,
    };
    match whom {
        Whom::Household(_) => Vec::new(),
        Whom::People(asked) | Whom::List(asked) => asked.iter().map(id).collect(),
    }
}

/// By member of a household, their rows in other ones.
fn rows_elsewhere(
    household: &Register,
    code: &str,
    rows: impl Fn(&[Option<CitizenId>]) -> Option<Vec<Vec<OnRegister>>>,
) -> Option<Vec<Vec<OnRegister>>> {
    let ids: Vec<Option<CitizenId>> = household.persons.iter().map(|person| person.id).collect();
    let mut rows = rows(&ids)?;
    rows.iter_mut().for_each(|rows| rows.retain(|row| row.household != code));
    Some(rows)
}

/// By person, their rows on the register as it lies; `None` if it is not the one that the last run read.
fn rows_of(
    plan: &Plan,
    extracts: &Extracts,
    stages: &Stages,
    asked: &[Option<CitizenId>],
) -> Option<Vec<Vec<OnRegister>>> {
    let known: Vec<CitizenId> = asked.iter().copied().flatten().collect();
    let mut rows: FastMap<CitizenId, Vec<OnRegister>> = FastMap::default();
    on_register(plan, extracts, stages, &known)?.into_iter().for_each(|row| rows.entry(row.id).or_default().push(row));
    let of_person = |id: Option<CitizenId>| id.and_then(|id| rows.get(&id)).cloned().unwrap_or_default();
    Some(asked.iter().copied().map(of_person).collect())
}

fn lacks_a_name(whom: &Whom) -> bool {
    match whom {
        Whom::Household(_) => false,
        Whom::People(asked) | Whom::List(asked) => asked.iter().any(|one| one.name.trim().is_empty()),
    }
}

/// Whoever is asked about by number alone has the name under which the register knows him: by the number alone, another
/// person's record under it would pass for his.
fn named(asked: &[Asked], rows: Option<&[Vec<OnRegister>]>) -> Vec<Asked> {
    let mut named = asked.to_vec();
    for (one, rows) in named.iter_mut().zip(rows.into_iter().flatten()).filter(|(one, _)| one.name.trim().is_empty()) {
        if let [first, others @ ..] = &rows[..]
            && others.iter().all(|other| names::compare(&other.name, &first.name).is_consistent())
        {
            one.name.clone_from(&first.name);
        }
    }
    named
}

/// Somebody who applies and receives already, or gives another's name, is not one of whom nothing is known.
fn enrolled(rows: Vec<Vec<OnRegister>>, asked: &Register) -> Vec<Vec<Enrolled>> {
    let of_person = |(number, rows): (u32, Vec<OnRegister>)| {
        let name = asked.name(number);
        // Without a name, one that the register gives twice and not alike is nobody's.
        let is_one = rows.iter().all(|row| names::compare(&row.name, &rows[0].name).is_consistent());
        let enrolled = |row: OnRegister| Enrolled {
            agrees: if name.is_empty() { is_one } else { names::compare(&row.name, name).is_consistent() },
            elsewhere: !asked.household_of(number).code().is_empty(),
            household: row.household,
            programme: row.programme,
        };
        rows.into_iter().map(enrolled).collect()
    };
    (0..).zip(rows).map(of_person).collect()
}

/// A household as the last run's register has it; mandates as on that day.
fn household_of(workspace: &Workspace, code: &str, as_of: Date) -> Result<Register> {
    let run = workspace.latest()?.ok_or_else(|| Error::input(Message::new("run.no_run_for_household")))?;
    Ok(Register { as_of, ..recall(workspace, &run, Part::Household(code))?.register })
}

/// `each_alone`: every person is a household, and one without a usable id stays on it, for coverage to say so.
fn register_of(plan: &Plan, asked: &[Asked], options: &CheckOptions, each_alone: bool) -> Result<Register> {
    let kind = kind::register_persons();
    let mut table = Table::new(kind.types());
    let mut persons = Vec::with_capacity(asked.len());
    for (number, one) in asked.iter().enumerate() {
        let id = match ids::read(&one.id) {
            IdReading::Whole { id, .. } if id.is_valid() => Some(id),
            IdReading::Missing if !one.name.trim().is_empty() && one.birth.is_some() => None,
            // In a list one wrong line does not stop the others: that person's coverage says 号码不可用.
            _ if each_alone => None,
            // The id itself is not repeated: messages carry nothing personal (invariant I-9).
            _ => return Err(Error::input(Message::new("run.bad_asked_id").with("number", number + 1))),
        };
        if one.birth.is_some() && id.is_some_and(|id| id.birth() != one.birth) {
            return Err(Error::input(Message::new("run.asked_birth_differs").with("number", number + 1)));
        }
        for (field, column) in kind.fields.iter().zip(&mut table.columns) {
            match (field.name.as_str(), column) {
                ("person_id", Column::Text(texts)) => texts.push(one.id.trim()),
                ("name", Column::Text(texts)) => texts.push(one.name.trim()),
                ("birth", Column::Date(values)) => values.push(one.birth),
                (_, column) => column.push_none(),
            }
        }
        table.end_row();
        persons.push(Person {
            id,
            household: if each_alone { number as u32 } else { 0 },
            role: Role::Member,
            state: State::Applicant,
            programme: 0,
            division: plan.centre.division(),
            birth: id.and_then(CitizenId::birth).or(one.birth),
            mandated: true,
        });
    }
    if persons.is_empty() {
        return Err(Error::input(Message::new("run.nobody_asked")));
    }
    let households = if each_alone { persons.len() } else { 1 };
    let (codes, divisions) = (std::iter::repeat_n("", households).collect(), vec![plan.centre.division(); households]);
    Ok(Register {
        lines: (1..=persons.len() as u32).collect(),
        faulty: Vec::new(),
        households: Households::new(codes, vec![0; households], divisions, &persons),
        persons,
        programmes: vec![options.programme.clone()],
        table,
        as_of: options.as_of,
    })
}

/// The ledger learns how many were asked about, why, and what was there to ask; the people only as one digest.
fn record(
    ledger: &mut Ledger,
    register: &Register,
    options: &CheckOptions,
    evidences: &[Evidence],
    found: usize,
) -> Result<u64> {
    let particulars = ["person_id", "name"].map(|field| register.texts(field));
    let persons = 0..register.persons.len();
    let people = Digest::of_parts(persons.flat_map(|person| particulars.map(|texts| texts.get(person).as_bytes())));
    let sources: serde_json::Map<String, serde_json::Value> = evidences
        .iter()
        .map(|evidence| {
            let delivery = &evidence.delivery;
            let state = delivery.as_of().map_or_else(|| delivery.state().to_owned(), |as_of| as_of.to_string());
            (evidence.source.clone(), state.into())
        })
        .collect();
    let body = json!({
        "people": register.persons.len(),
        "people_digest": people.to_string(),
        "mandate": options.warrant.mandate,
        "reason": options.warrant.reason,
        "as_of": options.as_of.to_string(),
        "sources": sources,
        "discrepancies": found,
    });
    ledger.append(&options.at, &options.who, "check", &body).map(|entry| entry.seq)
}

/// Reads a list of people: CSV, or separated by tabs, in UTF-8 or GB18030, with the headings `id`, `name` (or 身份证号, 姓名) in any
/// order.
///
/// # Errors
/// The file, or a heading that is missing.
pub fn read_list(path: &Path) -> Result<Vec<Asked>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
    let text = ingest::decoded(&bytes);
    let tabs = text.lines().next().is_some_and(|headings| headings.contains('\t'));
    let delimiter = if tabs { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let refused = || Error::input(Message::new("run.bad_list")).at(path);
    let headings = reader.headers().map_err(|_| refused())?.clone();
    let column = |names: [&str; 3]| headings.iter().position(|heading| names.contains(&heading.trim()));
    let id = column(["id", "身份证号", "身份证号码"]).ok_or_else(refused)?;
    let name = column(["name", "姓名", "人员姓名"]);
    let mut asked = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|_| refused().line(number as u64 + 2))?;
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim().to_owned();
        asked.push(Asked { id: cell(Some(id)), name: cell(name), birth: None });
    }
    Ok(asked)
}
