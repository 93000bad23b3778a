//! `hedui check`: a few people against every source, while the clerk waits.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};

use super::terminal::{printable, progress, table};
use super::{Context, NEEDS_ATTENTION, as_of, now, who};
use crate::config;
use crate::kernel::{Error, Result, wording};
use crate::linkage::explain_short;
use crate::model::coverage::CoverageState;
use crate::model::evidence::{Delivery, Evidence};
use crate::model::kind::Field;
use crate::model::link::Link;
use crate::model::outcome::Discrepancy;
use crate::pipeline::{Answer, Asked, CheckOptions, Enrolled, Warrant, Whom, answer_page, check as checked, read_list};
use crate::report::{sentence, value_in_words};
use crate::store::{check_file_name, write_bytes};

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[arg(long, value_name = "ID", required_unless_present_any = ["file", "birth", "household"])]
    id: Option<String>,
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[arg(long, value_name = "DATE", requires = "name")]
    birth: Option<String>,
    #[arg(long, value_name = "LIST", conflicts_with_all = ["id", "name", "birth"])]
    file: Option<PathBuf>,
    #[arg(long, value_name = "CODE", conflicts_with_all = ["id", "name", "birth", "file"])]
    household: Option<String>,
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    html: Option<PathBuf>,
    #[arg(long, value_name = "NUMBER")]
    mandate: Option<String>,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[arg(long, value_name = "NAME", default_value = "低保")]
    programme: String,
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
}

pub fn check(args: &CheckArgs, context: &Context) -> Result<u8> {
    let plan = config::load(&context.centre)?;
    let whom = match (&args.file, &args.household) {
        (Some(path), _) => Whom::List(read_list(path)?),
        (None, Some(code)) => Whom::Household(code.clone()),
        (None, None) => Whom::People(vec![Asked {
            id: args.id.clone().unwrap_or_default(),
            name: args.name.clone().unwrap_or_default(),
            birth: args.birth.as_deref().map(|text| as_of(Some(text))).transpose()?,
        }]),
    };
    let options = CheckOptions {
        as_of: as_of(args.as_of.as_deref())?,
        programme: args.programme.clone(),
        warrant: Warrant { mandate: args.mandate.clone(), reason: args.reason.clone() },
        who: who(),
        at: now(),
    };
    args.html.as_deref().map_or(Ok(()), check_file_name)?;
    let answer = checked(&plan, &whom, &options, &*progress(context), &context.cancel)?;
    if let Some(path) = &args.html {
        write_bytes(path, &answer_page(&plan, &answer, &options)?)?;
    }
    if context.json {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let written = serde_json::to_writer_pretty(&mut out, &AsJson { answer: &answer, context });
        let written = written.map_err(std::io::Error::from).and_then(|()| writeln!(out)).and_then(|()| out.flush());
        written.map_err(|error| Error::io(Path::new("stdout"), &error))?;
    } else {
        print(&answer, context);
        // A limit by heads is another one for a family than for somebody alone.
        if !matches!(whom, Whom::Household(_)) {
            println!("{}", context.word("cli.judged_alone"));
        }
        if answer.enrolled.is_none() {
            println!("{}", context.word("run.enrolment_unknown"));
        }
    }
    let complete = answer.evidences.iter().all(|evidence| evidence.delivery.state() == "arrived");
    let agrees = answer.enrolled.iter().flatten().flatten().all(|one| one.agrees && !one.elsewhere);
    let is_asked = |programme: u16| plan.policy.knows_programme(&answer.register.programmes[usize::from(programme)]);
    let all_asked = answer.register.households.iter().all(|household| is_asked(household.programme));
    if !all_asked && !context.json {
        println!("! {}", context.word("cli.half_asked"));
    }
    let is_fault = |state: &CoverageState| matches!(state, CoverageState::RecordFault | CoverageState::UnusableId);
    let is_read = |person| !answer.states(person).iter().any(is_fault);
    let all_read = (0..answer.register.persons.len() as u32).all(is_read);
    Ok(if complete && agrees && all_read && all_asked { 0 } else { NEEDS_ATTENTION })
}

fn print(answer: &Answer, context: &Context) {
    let date = |delivery: &Delivery| match delivery {
        Delivery::Arrived { as_of: None, .. } => context.word("report.date_unknown").to_owned(),
        _ => delivery.as_of().map(|date| date.to_string()).unwrap_or_default(),
    };
    for (person, links) in (0..).zip(answer.links_by_person()) {
        println!("{}  {}", answer.register.id_text(person), printable(answer.register.name(person)));
        let rows: Vec<Vec<String>> = answer
            .evidences
            .iter()
            .zip(answer.states(person))
            .map(|(evidence, state)| {
                let state = wording::say(context.lang, &format!("coverage.{}", state.code()));
                vec![
                    evidence.department.clone(),
                    evidence.kind.label.clone(),
                    date(&evidence.delivery),
                    state.to_owned(),
                ]
            })
            .collect();
        let heading = ["cli.department", "cli.kind", "cli.as_of", "cli.state"].map(|key| context.word(key));
        print!("{}", table(&heading, &rows, &[]));
        if answer.register.persons[person as usize].id.is_none() {
            println!("{}", context.word("cli.without_id"));
        }
        for one in answer.enrolled_of(person) {
            println!("{}", printable(&context.say(&one.message())));
        }
        for link in links {
            let evidence = &answer.evidences[link.source as usize];
            let at = evidence.refs[link.row as usize];
            println!();
            println!("{}  {}:{}", evidence.department, evidence.files[at.file as usize].path, at.line);
            println!(
                "    {} {}  {}",
                context.word("cli.grade"),
                link.grade.letter(),
                context.say(&explain_short(link))
            );
            for (field, value) in fields(answer, link.source, link.row) {
                println!(
                    "    {}: {}",
                    field.label,
                    printable(&value_in_words(context.lang, &evidence.kind.code, field.ty, &value))
                );
            }
        }
        println!();
    }
    for discrepancy in &answer.outcomes.discrepancies {
        let card = &answer.cards[discrepancy.rule as usize];
        let sentence = sentence(context.lang, discrepancy, card);
        let name = discrepancy.whom(&answer.register).map_or("", |person| answer.register.name(person));
        println!("! {}  {name}  {sentence}", card.code);
    }
    println!("{}", context.word("cli.for_verification"));
}

/// Fields of a record that were given.
fn fields(answer: &Answer, source: u16, row: u32) -> impl Iterator<Item = (&Field, String)> {
    let evidence = &answer.evidences[source as usize];
    let cells = evidence.kind.fields.iter().zip(&evidence.table.columns);
    cells.map(move |(field, column)| (field, column.text(row as usize))).filter(|(_, value)| !value.is_empty())
}

/// The answer as JSON. One person after the other is put together and written: ten thousand at once took longer than finding
/// them.
struct AsJson<'a> {
    answer: &'a Answer,
    context: &'a Context,
}

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut whole = serializer.serialize_map(Some(2))?;
        whole.serialize_entry("discrepancies", &self.discrepancies())?;
        whole.serialize_entry("people", &People(self))?;
        whole.end()
    }
}

/// The people of an answer, with what each source said and its records.
struct People<'a>(&'a AsJson<'a>);

impl Serialize for People<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let people = (0..).zip(self.0.answer.links_by_person());
        serializer.collect_seq(people.map(|(person, links)| self.0.person(person, &links)))
    }
}

impl AsJson<'_> {
    fn discrepancies(&self) -> Vec<Value> {
        let found = self.answer.outcomes.discrepancies.iter();
        let one = |discrepancy: &Discrepancy| {
            let card = &self.answer.cards[discrepancy.rule as usize];
            let register = &self.answer.register;
            let person = discrepancy.whom(register).map(|person| register.id_text(person));
            json!({ "id": discrepancy.id, "person_id": person, "rule": card.code, "title": card.title,
                "measure": discrepancy.measure, "limit": discrepancy.limit })
        };
        found.map(one).collect()
    }

    fn person(&self, person: u32, links: &[&Link]) -> Value {
        let source = |(evidence, state): (&Evidence, &CoverageState)| {
            let as_of = evidence.delivery.as_of().map(|date| date.to_string());
            json!({ "source": evidence.source, "state": state.code(), "as_of": as_of })
        };
        let sources: Vec<Value> = self.answer.evidences.iter().zip(self.answer.states(person)).map(source).collect();
        let records: Vec<Value> = links.iter().map(|link| self.record(link)).collect();
        let enrolled = self.answer.enrolled.as_ref().map(|enrolled| {
            let line = |one: &Enrolled| {
                json!({ "household_id": one.household, "programme": one.programme, "name_agrees": one.agrees })
            };
            enrolled[person as usize].iter().map(line).collect::<Vec<Value>>()
        });
        json!({ "id": self.answer.register.id_text(person), "enrolled": enrolled, "sources": sources, "records": records })
    }

    fn record(&self, link: &Link) -> Value {
        let evidence = &self.answer.evidences[link.source as usize];
        let at = evidence.refs[link.row as usize];
        let fields =
            fields(self.answer, link.source, link.row).map(|(field, value)| (field.label.clone(), value.into()));
        let fields: serde_json::Map<String, Value> = fields.collect();
        json!({
            "source": evidence.source,
            "file": evidence.files[at.file as usize].path,
            "line": at.line,
            "grade": link.grade.letter(),
            "code": link.code_text(),
            "accepted": link.accepted,
            "explanation": self.context.say(&explain_short(link)),
            "fields": fields,
        })
    }
}
