//! `hedui validate`: the whole configuration and every inbox, without running. All faults at once.

use super::terminal::table;
use super::{Context, NEEDS_ATTENTION};
use crate::config;
use crate::ingest;
use crate::kernel::{Error, Message, Result};

#[derive(Debug, clap::Args)]
pub struct ValidateArgs {}

pub fn validate(_: &ValidateArgs, context: &Context) -> Result<u8> {
    let plan = config::load(&context.centre)?;
    let mut rows = Vec::new();
    let mut missing = false;
    for source in &plan.sources {
        let files = ingest::deliveries(&plan.root, &source.layout)?;
        missing |= files.is_empty();
        let state = if files.is_empty() { "cli.state_missing" } else { "cli.state_delivered" };
        rows.push(vec![
            source.code.clone(),
            source.layout.department.clone(),
            source.kind.label.clone(),
            context.word(state).to_owned(),
            files.len().to_string(),
        ]);
    }
    let mut faults = Vec::new();
    for (code, layout, kind) in plan.filing_lists() {
        let sample = ingest::sample(&plan.root, layout, &kind)?;
        missing |= sample.files == 0;
        faults.extend(sample.refused);
        let state = if sample.files == 0 { "cli.state_missing" } else { "cli.state_delivered" };
        let state = context.word(state).to_owned();
        rows.push(vec![code.to_owned(), layout.department.clone(), kind.label, state, sample.files.to_string()]);
    }
    Error::all(faults)?;
    let heading = ["cli.source", "cli.department", "cli.kind", "cli.state", "cli.files"].map(|key| context.word(key));
    print!("{}", table(&heading, &rows, &[4]));
    let valid =
        Message::new("cli.valid").with("rules", plan.policy.cards().len()).with("profile", &plan.policy.profile);
    println!("{}", context.say(&valid));
    Ok(if missing { NEEDS_ATTENTION } else { 0 })
}
