//! `hedui report`: the verification report of a household, or those of a county, out of a published run.

use std::path::PathBuf;

use super::terminal::progress;
use super::trace::chosen_run;
use super::{Context, as_of, now, who};
use crate::config;
use crate::kernel::{Division, Error, Message, Result};
use crate::pipeline::{ReportOptions, ReportSummary, Whose, make_reports};
use crate::report::ReportForms;
use crate::store::Workspace;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["household", "county"]))]
pub struct ReportArgs {
    #[arg(long, value_name = "CODE")]
    household: Option<String>,
    #[arg(long, value_name = "CODE")]
    county: Option<String>,
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[arg(id = "report_formats", long = "formats", value_name = "pdf,html", value_delimiter = ',')]
    formats: Vec<String>,
}

pub fn report(args: &ReportArgs, context: &Context) -> Result<u8> {
    let plan = config::load(&context.centre)?;
    let run = chosen_run(&Workspace::open(&context.centre)?, args.run.as_deref())?;
    let whose = match (&args.household, &args.county) {
        (Some(code), _) => Whose::Household(code.clone()),
        (None, county) => Whose::County(division(county.as_deref().unwrap_or_default())?),
    };
    let folder = || {
        let of_run = plan.root.join("outbox/reports").join(&run);
        match &whose {
            Whose::Household(_) => of_run,
            // Each county has an index of its own.
            Whose::County(county) => of_run.join(county.to_string()),
        }
    };
    let options = ReportOptions {
        out: args.out.clone().unwrap_or_else(folder),
        whose,
        run,
        forms: forms(&args.formats)?,
        today: as_of(None)?,
        at: now(),
        who: who(),
    };
    let summary = make_reports(&plan, &options, &*progress(context), &context.cancel)?;
    print(&summary, &options, context);
    Ok(0)
}

fn division(code: &str) -> Result<Division> {
    let fault = || Error::config(Message::new("config.bad_division").with("value", code));
    Division::parse(code).map(Division::county).ok_or_else(fault)
}

fn forms(given: &[String]) -> Result<ReportForms> {
    if given.is_empty() {
        return Ok(ReportForms { pdf: true, html: true });
    }
    if let Some(other) = given.iter().find(|name| !["pdf", "html"].contains(&name.as_str())) {
        return Err(Error::config(Message::new("household.unknown_format").with("value", other)));
    }
    let has = |name: &str| given.iter().any(|given| given == name);
    Ok(ReportForms { pdf: has("pdf"), html: has("html") })
}

fn print(summary: &ReportSummary, options: &ReportOptions, context: &Context) {
    if context.json {
        println!("{}", serde_json::to_string_pretty(summary).expect("plain numbers and names of files"));
        return;
    }
    let done = Message::new(if summary.pages > 0 { "household.done" } else { "household.done_unpaged" })
        .with("count", summary.reports)
        .with("pages", summary.pages)
        .with("folder", options.out.display())
        .with("entry", summary.entry);
    println!("{}", context.say(&done));
    if let Some(count) = summary.print {
        println!("{}", context.say(&Message::new("household.done_print").with("count", count)));
        summary.files.iter().for_each(|file| println!("  {file}"));
    }
    if summary.missing_characters > 0 {
        let message = Message::new("household.missing_characters").with("count", summary.missing_characters);
        eprintln!("! {}", context.say(&message));
    }
}
