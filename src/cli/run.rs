//! `hedui run`: the nightly batch.

use super::package::password as package_password;
use super::terminal::{progress, table};
use super::{Context, NEEDS_ATTENTION, as_of, holder, now};
use crate::config::{self, Format};
use crate::kernel::{Error, Message, Result};
use crate::pipeline::{self, Intended, RunOptions, RunSummary, SourceSummary, StandingSummary, Work};

#[derive(Debug, clap::Args)]
pub struct RunArgs {
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    only: Vec<String>,
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[arg(long, value_name = "csv,xlsx,html,pdf", value_delimiter = ',')]
    formats: Vec<String>,
    #[arg(long)]
    reread: bool,
    #[arg(long)]
    explain: bool,
    #[arg(long)]
    plan: bool,
    #[arg(long, value_name = "GB")]
    memory_limit: Option<f64>,
}

pub fn run(args: &RunArgs, context: &Context) -> Result<u8> {
    let plan = config::load(&context.centre)?;
    for code in &args.only {
        if !plan.sources.iter().any(|source| source.code == *code) {
            let known = plan.source_codes();
            let fault = Message::new("cli.unknown_source").with("value", code).with("known", known.join(", "));
            return Err(Error::config(fault));
        }
    }
    if args.explain {
        let day = as_of(args.as_of.as_deref())?;
        print_intended(&pipeline::explain(&plan, day, &args.only, args.reread)?, context);
        return Ok(0);
    }
    let formats = formats(&args.formats, &plan.report.formats)?;
    if args.plan {
        return super::plan::plan(&plan, &args.only, &formats, context);
    }
    if let Some(limit) = args.memory_limit {
        super::plan::refuse_over(limit, &plan, &args.only, &formats)?;
    }
    let at = now();
    let options = RunOptions {
        as_of: as_of(args.as_of.as_deref())?,
        only: args.only.clone(),
        reread: args.reread,
        formats,
        password: package_password()?,
        holder: holder(at.clone()),
        at,
    };
    let summary = pipeline::run(&plan, &options, &*progress(context), &context.cancel)?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&summary).expect("plain numbers and texts"));
    } else {
        print(&summary, &args.only, context);
    }
    Ok(if summary.needs_attention() { NEEDS_ATTENTION } else { 0 })
}

fn print_intended(intended: &[Intended], context: &Context) {
    if context.json {
        println!("{}", serde_json::to_string_pretty(intended).expect("plain numbers and texts"));
        return;
    }
    let rows: Vec<Vec<String>> = intended
        .iter()
        .map(|file| {
            let why = match file.work {
                Work::Refused => "cli.explain_refused",
                Work::New => "cli.explain_new",
                Work::Changed => "cli.explain_changed",
                Work::OtherLayout => "cli.explain_layout",
                Work::Known => "cli.explain_known",
                Work::Kept => "cli.explain_kept",
            };
            let megabytes = format!("{:.1}", file.bytes as f64 / 1e6);
            vec![file.source.clone(), file.path.clone(), megabytes, context.word(why).to_owned()]
        })
        .collect();
    let heading = ["cli.source", "cli.file", "cli.megabytes", "cli.explain_why"].map(|key| context.word(key));
    print!("{}", table(&heading, &rows, &[2]));
    println!("{}", context.word("cli.explain_rest"));
}

fn formats(given: &[String], configured: &[Format]) -> Result<Vec<Format>> {
    if given.is_empty() {
        return Ok(configured.to_vec());
    }
    given
        .iter()
        .map(|name| match name.as_str() {
            "csv" => Ok(Format::Csv),
            "xlsx" => Ok(Format::Xlsx),
            "html" => Ok(Format::Html),
            "pdf" => Ok(Format::Pdf),
            other => Err(Error::config(Message::new("cli.unknown_format").with("value", other))),
        })
        .collect()
}

fn print(summary: &RunSummary, only: &[String], context: &Context) {
    let word = |key| context.word(key);
    println!(
        "{}",
        context.say(
            &Message::new("cli.run_done")
                .with("run", &summary.run)
                .with("persons", summary.persons)
                .with("households", summary.households)
        )
    );
    let rows: Vec<Vec<String>> = summary
        .sources
        .iter()
        .map(|source| {
            let bins = source.bins;
            vec![
                source.source.clone(),
                context.word(state_key(source.state)).to_owned(),
                source.as_of.clone().unwrap_or_default(),
                bins.read.to_string(),
                bins.linked.to_string(),
                bins.unlinked.to_string(),
                bins.rejected.to_string(),
                bins.skipped.to_string(),
            ]
        })
        .collect();
    let heading = [
        word("cli.source"),
        word("cli.state"),
        word("cli.as_of"),
        word("cli.read"),
        word("cli.linked"),
        word("cli.unlinked"),
        word("cli.rejected"),
        word("cli.skipped"),
    ];
    print!("{}", table(&heading, &rows, &[3, 4, 5, 6, 7]));
    let grades = ["A", "B", "C", "D", "E"].iter().zip(summary.grades);
    let grades = grades.map(|(grade, count)| format!("{grade} {count}")).collect::<Vec<_>>().join("  ");
    println!("{}  {grades}", word("cli.grades"));
    let reviews = &summary.reviews;
    let review = Message::new("cli.reviews")
        .with("open", reviews.open)
        .with("in_force", reviews.in_force)
        .with("same", reviews.same)
        .with("other", reviews.other);
    println!("{}", context.say(&review.with("folder", &summary.outbox)));
    let [high, medium, low] = summary.flagged;
    let flagged = Message::new("cli.flagged")
        .with("count", high + medium + low)
        .with("households", summary.flagged_households)
        .with("high", high)
        .with("medium", medium)
        .with("low", low);
    println!("{}", context.say(&flagged));
    print_standing(&summary.standing, context);
    print_filings(summary, context);
    print_troubles(summary, only, context);
    let shown = if context.verbose { summary.packages.len() } else { 10.min(summary.packages.len()) };
    println!("{}", context.say(&Message::new("cli.packages").with("count", summary.packages.len())));
    for package in &summary.packages[..shown] {
        let line = Message::new("cli.package").with("folder", format!("{}/{}", summary.outbox, package.folder));
        println!("  {}", context.say(&line.with("files", package.files).with("flagged", package.flagged)));
    }
    if shown < summary.packages.len() {
        println!("  {}", context.say(&Message::new("cli.more_packages").with("count", summary.packages.len() - shown)));
    }
}

/// Sources that did not arrive as they should, and people whom the register keeps from being matched.
fn print_troubles(summary: &RunSummary, only: &[String], context: &Context) {
    // Nobody waits for the sources that were left out.
    let is_left_out =
        |source: &SourceSummary| !only.is_empty() && source.state == "missing" && !only.contains(&source.source);
    if summary.sources.iter().any(is_left_out) {
        eprintln!("! {}", context.word("cli.left_out"));
    }
    let returned: u64 =
        summary.sources.iter().filter(|source| source.source == "register").map(|own| own.bins.rejected).sum();
    if returned > 0 {
        let told = Message::new("cli.register_returned").with("count", returned);
        eprintln!("! {}", context.say(&told.with("folder", &summary.outbox)));
    }
    if summary.fewer_persons > 0 {
        eprintln!("! {}", context.say(&Message::new("cli.fewer_persons").with("count", summary.fewer_persons)));
    }
    if summary.register_faults > 0 {
        let told = Message::new("cli.register_faults").with("count", summary.register_faults);
        eprintln!("! {}", context.say(&told.with("folder", &summary.outbox)));
    }
    if summary.fewer_mandated > 0 {
        eprintln!("! {}", context.say(&Message::new("cli.fewer_mandated").with("count", summary.fewer_mandated)));
    }
    if summary.mandates_at_fault > 0 {
        let told = Message::new("cli.mandates_at_fault").with("count", summary.mandates_at_fault);
        eprintln!("! {}", context.say(&told.with("folder", &summary.outbox)));
    }
    if !summary.standing.rules_gone.is_empty() {
        let rules = summary.standing.rules_gone.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        eprintln!("! {}", context.say(&Message::new("cli.rules_gone").with("rules", rules)));
    }
    if let Some(lost) = &summary.standing.lost {
        eprintln!("! {}", context.say(&Message::new("cli.lost_run").with("run", lost)));
    }
    if summary.unnamed_households > 0 {
        let told = Message::new("cli.unnamed_programmes").with("count", summary.unnamed_households);
        let named = Message::new("cli.named_programmes").with("names", summary.unnamed_programmes.join("、"));
        let named = if summary.unnamed_programmes.is_empty() { String::new() } else { context.say(&named) };
        eprintln!("! {}", context.say(&told.with("programmes", named).with("folder", &summary.outbox)));
    }
    let unmapped: u64 = summary.sources.iter().map(|source| source.unmapped).sum();
    if unmapped > 0 {
        let told = Message::new("cli.unmapped").with("count", unmapped);
        eprintln!("! {}", context.say(&told.with("folder", &summary.outbox)));
    }
    let unread: u64 = summary.sources.iter().map(|source| source.unread).sum();
    if unread > 0 {
        let told = Message::new("cli.unread").with("count", unread);
        eprintln!("! {}", context.say(&told.with("folder", &summary.outbox)));
    }
    let troubled = summary.sources.iter().filter(|source| source.needs_attention());
    for source in troubled.filter(|source| !is_left_out(source)) {
        let reason = match (&source.fault, source.short) {
            (Some(fault), _) => fault.say(context.lang),
            (None, Some(short)) => context.say(&short.message()),
            (None, None) if source.rejects_over_limit => context.word("cli.too_many_rejects").to_owned(),
            (None, None) if source.unread_over_limit => context.word("cli.too_many_unread").to_owned(),
            (None, None) if source.cells_over_limit => context.word("cli.too_many_cells").to_owned(),
            (None, None) if source.state == "stale" && source.as_of.is_none() => context.word("cli.undated").to_owned(),
            (None, None) => context.word(state_key(source.state)).to_owned(),
        };
        eprintln!("! {} ({}): {reason}", source.source, context.department(&source.department));
    }
}

fn print_filings(summary: &RunSummary, context: &Context) {
    if let Some(filings) = &summary.filings {
        let line = Message::new("filing.run")
            .with("officials", filings.officials)
            .with("lines", filings.lines)
            .with("filed", filings.filed)
            .with("not_seen", filings.not_seen);
        println!("{}", context.say(&line.with("folder", &summary.outbox)));
    }
}

/// Wording key of a source's state.
fn state_key(state: &str) -> &'static str {
    match state {
        "arrived" => "cli.state_arrived",
        "stale" => "cli.state_stale",
        "incomplete" => "cli.state_incomplete",
        "missing" => "cli.state_missing",
        _ => "cli.state_refused",
    }
}

/// What changed since the run before, in a line.
fn print_standing(standing: &StandingSummary, context: &Context) {
    let stands = Message::new("answers.run")
        .with("against", standing.against.as_deref().unwrap_or_else(|| context.word("standing.no_earlier_run")))
        .with("new", standing.new)
        .with("changed", standing.changed)
        .with("same", standing.same)
        .with("answered", standing.answered)
        .with("gone", standing.gone)
        .with("kept", standing.kept)
        .with("objections", standing.objections);
    println!("{}", context.say(&stands));
}
