//! `hedui verdict`: filled-in lists come back (`import`), objections are raised (`object`), and how often the answers found
//! facts to be so (`precision`).

use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;

use super::terminal::table;
use super::{Context, NEEDS_ATTENTION, as_of, now, who};
use crate::kernel::{Error, Message, Result};
use crate::model::verdict::tallies;
use crate::pipeline::{AnswerSummary, Import, ImportSummary, Imported, Objecting, import, object};
use crate::report::{ANSWER_HEADINGS, ReturnedLine, VERDICT_HEADINGS, returned_csv};
use crate::store::{Ledger, Workspace, write_bytes};

#[derive(Debug, clap::Args)]
pub struct VerdictArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Import {
        #[arg(value_name = "FILE", required = true)]
        file: Vec<PathBuf>,
        #[arg(long, value_name = "NAME")]
        sheet: Option<String>,
    },
    Object {
        #[arg(value_name = "ID")]
        id: String,
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        by: String,
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    Precision,
}

pub fn verdict(args: &VerdictArgs, context: &Context) -> Result<u8> {
    let workspace = Workspace::open(&context.centre)?;
    match &args.action {
        Action::Import { file, sheet } => {
            let mut code = 0;
            for file in file {
                code = code.max(import_file(&workspace, file, sheet.as_deref(), context)?);
            }
            Ok(code)
        }
        Action::Object { id, by, reason, on } => {
            let (at, who, on) = (now(), who(), as_of(on.as_deref())?);
            if on > as_of(None)? {
                return Err(Error::config(Message::new("verdict.future_day")));
            }
            let (id, entry) = object(&workspace, &Objecting { id, by, reason, on, at: &at, who: &who })?;
            println!("{}", context.say(&Message::new("answers.objected").with("id", id).with("entry", entry)));
            Ok(0)
        }
        Action::Precision => precision(&workspace, context),
    }
}

fn import_file(workspace: &Workspace, file: &Path, sheet: Option<&str>, context: &Context) -> Result<u8> {
    let (at, who) = (now(), who());
    let imported = import(workspace, &Import { file, sheet, today: as_of(None)?, at: &at, who: &who })?;
    if context.json {
        print_json(&imported);
    } else if imported.is_empty() {
        println!("{}", context.word("verdict.untouched"));
    }
    let (mut code, mut returned_lists) = (0, 0);
    for list in &imported {
        let (returned, headings) = match list {
            Imported::Judgements(summary) => (&summary.returned, ANSWER_HEADINGS),
            Imported::Answers(summary) => (&summary.returned, VERDICT_HEADINGS),
        };
        match list {
            _ if context.json => {}
            Imported::Judgements(summary) => print_judgements(summary, context),
            Imported::Answers(summary) => print_answers(summary, context),
        }
        if !returned.is_empty() {
            returned_lists += 1;
            give_back(file, returned_lists, returned, headings, context)?;
            code = NEEDS_ATTENTION;
        }
    }
    Ok(code)
}

/// Lines at fault go beside the file they came from, and never over it: the writer of the list looks there. Each list of a
/// workbook has a file of its own, under its own headings.
fn give_back(
    file: &Path,
    number: u32,
    returned: &[ReturnedLine],
    headings: [&'static str; 5],
    context: &Context,
) -> Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(if number == 1 { ".returned.csv".to_owned() } else { format!(".returned-{number}.csv") });
    let path = file.with_file_name(name);
    let csv = returned_csv(returned, headings, context.lang);
    write_bytes(&path, &csv)?;
    let message = Message::new("verdict.returned").with("count", returned.len());
    eprintln!("{}", context.say(&message.with("file", path.display())));
    Ok(())
}

/// The counts of a file's list; of several in one workbook, a list of them.
fn print_json(imported: &[Imported]) {
    let counts = |list: &Imported| {
        let (counts, returned) = match list {
            Imported::Judgements(summary) => (serde_json::to_value(summary), summary.returned.len()),
            Imported::Answers(summary) => (serde_json::to_value(summary), summary.returned.len()),
        };
        let mut counts = counts.expect("plain numbers");
        counts["returned"] = returned.into();
        counts
    };
    let all: serde_json::Value = match imported {
        [one] => counts(one),
        several => several.iter().map(counts).collect(),
    };
    println!("{}", serde_json::to_string_pretty(&all).expect("plain numbers"));
}

fn print_judgements(summary: &ImportSummary, context: &Context) {
    let done = Message::new("verdict.done")
        .with("lines", summary.lines)
        .with("same", summary.same)
        .with("other", summary.other)
        .with("unclear", summary.unclear)
        .with("known", summary.known)
        .with("open", summary.open)
        .with("returned", summary.returned.len())
        .with("entry", summary.entry);
    println!("{}", context.say(&done));
}

fn print_answers(summary: &AnswerSummary, context: &Context) {
    let done = Message::new("answers.done")
        .with("lines", summary.lines)
        .with("stored", summary.stored.values().sum::<u64>())
        .with("known", summary.known)
        .with("open", summary.open)
        .with("returned", summary.returned.len())
        .with("entry", summary.entry);
    println!("{}", context.say(&done));
    for (code, count) in &summary.stored {
        println!("  {} {count}", context.word(&format!("report.verdict_{code}")));
    }
}

fn precision(workspace: &Workspace, context: &Context) -> Result<u8> {
    let tallies = tallies(&Ledger::open(workspace)?.statements()?);
    if context.json {
        let line = |((rule, source, county), tally): (&(String, String, crate::kernel::Division), &_)| {
            let tally: &crate::model::verdict::Tally = tally;
            serde_json::json!({
                "rule": rule, "source": source, "county": county.to_string(), "confirmed": tally.confirmed,
                "refuted": tally.refuted, "unverified": tally.unverified, "precision": tally.precision(),
                "interval": tally.interval(),
            })
        };
        let lines: Vec<serde_json::Value> = tallies.iter().map(line).collect();
        println!("{}", serde_json::to_string_pretty(&lines).expect("plain texts and numbers"));
        return Ok(0);
    }
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    let rows: Vec<Vec<String>> = tallies
        .iter()
        .map(|((rule, source, county), tally)| {
            let source = if source.is_empty() { context.word("cli.register") } else { source };
            let interval = tally.interval().map(|(low, high)| format!("{}–{}", percent(low), percent(high)));
            let counts = [tally.confirmed, tally.refuted, tally.unverified].map(|count| count.to_string());
            let figures = [tally.precision().map(percent).unwrap_or_default(), interval.unwrap_or_default()];
            [rule.clone(), source.to_owned(), county.to_string()].into_iter().chain(counts).chain(figures).collect()
        })
        .collect();
    let heading = [
        "answers.rule",
        "cli.source",
        "cli.division",
        "standing.col_confirmed",
        "standing.col_refuted",
        "standing.col_unverified",
        "standing.col_precision",
        "standing.col_interval",
    ];
    print!("{}", table(&heading.map(|key| context.word(key)), &rows, &[3, 4, 5, 6]));
    Ok(0)
}
