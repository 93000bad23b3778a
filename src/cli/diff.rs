//! `hedui diff RUN RUN`: what is new, unchanged, changed and gone between two runs, by county and rule.

use std::path::PathBuf;

use super::Context;
use super::terminal::table;
use crate::kernel::{Division, Error, Message, Result};
use crate::pipeline::{Comparison, compare};
use crate::store::{Workspace, write_bytes};

#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    #[arg(value_name = "RUN")]
    before: String,
    #[arg(value_name = "RUN")]
    after: String,
    #[arg(long, value_name = "CODE")]
    county: Option<String>,
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const HEADING: [&str; 8] = [
    "cli.division",
    "answers.rule",
    "answers.title",
    "standing.new",
    "standing.same",
    "standing.changed",
    "answers.gone",
    "answers.kept",
];

pub fn diff(args: &DiffArgs, context: &Context) -> Result<u8> {
    let workspace = Workspace::open(&context.centre)?;
    let county = args.county.as_deref().map(|code| {
        Division::parse(code).ok_or_else(|| Error::config(Message::new("config.bad_division").with("value", code)))
    });
    let comparison = compare(&workspace, &args.before, &args.after, county.transpose()?)?;
    if let Some(path) = &args.out {
        let csv = csv(&comparison, context);
        write_bytes(path, &csv)?;
    }
    if context.json {
        println!("{}", serde_json::to_string_pretty(&comparison).expect("plain texts and numbers"));
    } else if args.out.is_none() {
        let heading = HEADING.map(|key| context.word(key));
        print!("{}", table(&heading, &rows(&comparison), &[3, 4, 5, 6, 7]));
    }
    Ok(0)
}

fn rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let row = |line: &crate::pipeline::ComparisonLine| {
        let counts = [line.new, line.same, line.changed, line.gone, line.kept].map(|count| count.to_string());
        [line.county.clone(), line.rule.clone(), line.title.clone()].into_iter().chain(counts).collect()
    };
    comparison.lines.iter().map(row).collect()
}

/// UTF-8 with a byte-order mark, for spreadsheets.
fn csv(comparison: &Comparison, context: &Context) -> Vec<u8> {
    const IN_MEMORY: &str = "a Vec takes every byte, and every row has as many cells as there are headings";
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADING.map(|key| context.word(key))).expect(IN_MEMORY);
    rows(comparison).iter().for_each(|row| writer.write_record(row).expect(IN_MEMORY));
    writer.into_inner().expect(IN_MEMORY)
}
