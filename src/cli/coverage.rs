//! `hedui coverage`: who was checked against what, and who was not and why: the proof of 凡进必核、在保必核.

use super::Context;
use super::terminal::table;
use super::trace::chosen_run;
use crate::kernel::{Division, Error, Message, Result};
use crate::model::coverage::CoverageState;
use crate::store::{Workspace, coverage_counts};

#[derive(Debug, clap::Args)]
pub struct CoverageArgs {
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[arg(long, value_name = "CODE")]
    county: Option<String>,
}

pub fn coverage(args: &CoverageArgs, context: &Context) -> Result<u8> {
    let workspace = Workspace::open(&context.centre)?;
    let run = chosen_run(&workspace, args.run.as_deref())?;
    let county = args.county.as_deref().map(|code| {
        Division::parse(code).ok_or_else(|| Error::config(Message::new("config.bad_division").with("value", code)))
    });
    let counts = coverage_counts(&workspace, &run, county.transpose()?)?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&counts).expect("plain texts and numbers"));
        return Ok(0);
    }
    println!("{}", context.say(&Message::new("cli.coverage_of").with("run", &run).with("persons", counts.persons)));
    // A state that nobody has is no news: all of them are wider than a terminal.
    let has = |state: &usize| counts.sources.iter().any(|source| source.states[*state] > 0);
    let occurring: Vec<usize> = (0..CoverageState::ALL.len()).filter(has).collect();
    let rows: Vec<Vec<String>> = counts
        .sources
        .iter()
        .map(|source| {
            let mut row = vec![source.source.clone(), source.as_of.clone().unwrap_or_default()];
            row.extend(occurring.iter().map(|state| source.states[*state].to_string()));
            row
        })
        .collect();
    let mut heading = vec![context.word("cli.source"), context.word("cli.as_of")];
    let key = |state: &usize| format!("coverage.{}", CoverageState::ALL[*state].code());
    heading.extend(occurring.iter().map(|state| crate::kernel::wording::say(context.lang, &key(state))));
    let right: Vec<usize> = (2..heading.len()).collect();
    print!("{}", table(&heading, &rows, &right));
    println!("{}", context.word("cli.coverage_note"));
    Ok(0)
}
