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
    let counts = coverage_counts(&workspace.run_dir(&run), county.transpose()?)?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&counts).expect("plain texts and numbers"));
        return Ok(0);
    }
    println!("{}", context.say(&Message::new("cli.coverage_of").with("run", &run).with("persons", counts.persons)));
    let rows: Vec<Vec<String>> = counts
        .sources
        .iter()
        .map(|source| {
            let mut row = vec![source.source.clone(), source.as_of.clone().unwrap_or_default()];
            row.extend(source.states.iter().map(u64::to_string));
            row
        })
        .collect();
    let mut heading = vec![context.word("cli.source"), context.word("cli.as_of")];
    let words: Vec<String> = CoverageState::ALL.iter().map(|state| format!("coverage.{}", state.code())).collect();
    heading.extend(words.iter().map(|key| crate::kernel::wording::say(context.lang, key)));
    let right: Vec<usize> = (2..heading.len()).collect();
    print!("{}", table(&heading, &rows, &right));
    println!("{}", context.word("cli.coverage_note"));
    Ok(0)
}
