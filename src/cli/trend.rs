//! `hedui trend`: the last runs beside each other, as far as a terminal is wide.

use super::Context;
use super::terminal::table;
use crate::kernel::Result;
use crate::model::trend::percent;
use crate::pipeline::trend as points;
use crate::store::{Ledger, Workspace};

#[derive(Debug, clap::Args)]
pub struct TrendArgs {
    #[arg(long, value_name = "N", default_value_t = 12)]
    last: usize,
}

pub fn trend(args: &TrendArgs, context: &Context) -> Result<u8> {
    let ledger = Ledger::open(&Workspace::open(&context.centre)?)?;
    let points = points(&ledger.entries()?, args.last);
    if context.json {
        println!("{}", serde_json::to_string_pretty(&points).expect("plain texts and numbers"));
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = points
        .iter()
        .map(|point| {
            // Codes, not departments: a year of names would be wider than the terminal.
            let late: Vec<&str> = point.late().map(|source| source.source.as_str()).collect();
            vec![
                point.run.clone(),
                point.persons.to_string(),
                point.fully_checked.and_then(|checked| percent(checked, point.persons)).unwrap_or_default(),
                point.flags().to_string(),
                point.flagged_households.to_string(),
                late.join(" "),
            ]
        })
        .collect();
    let heading = [
        "report.cover_run",
        "report.cover_persons",
        "oversight.col_fully_checked",
        "report.cover_flags",
        "report.cover_flagged_households",
        "oversight.col_late",
    ];
    print!("{}", table(&heading.map(|key| context.word(key)), &rows, &[1, 2, 3, 4]));
    Ok(0)
}
