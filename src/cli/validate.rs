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
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut missing = false;
    let own = plan.register_files();
    let own = own.iter().map(|(code, layout, kind)| (*code, *layout, kind));
    let sources = plan.sources.iter().map(|source| (source.code.as_str(), &source.layout, &source.kind));
    for (code, layout, kind) in own.chain(sources) {
        let sample = ingest::sample(&plan.root, layout, kind)?;
        missing |= sample.files == 0;
        faults.extend(sample.refused);
        let state = if sample.files == 0 { "cli.state_missing" } else { "cli.state_delivered" };
        let state = context.word(state).to_owned();
        rows.push(vec![
            code.to_owned(),
            layout.department.clone(),
            kind.label.clone(),
            state,
            sample.files.to_string(),
        ]);
    }
    Error::all(faults)?;
    let heading = ["cli.source", "cli.department", "cli.kind", "cli.state", "cli.files"].map(|key| context.word(key));
    print!("{}", table(&heading, &rows, &[4]));
    let valid =
        Message::new("cli.valid").with("rules", plan.policy.cards().len()).with("profile", &plan.policy.profile);
    println!("{}", context.say(&valid));
    Ok(if missing { NEEDS_ATTENTION } else { 0 })
}
