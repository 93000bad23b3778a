//! `hedui validate`: the whole configuration and every inbox, without running. All faults at once.

use serde_json::json;

use super::terminal::table;
use super::{Context, NEEDS_ATTENTION};
use crate::config;
use crate::ingest;
use crate::kernel::{Error, Message, Result};

/// What was delivered for one layout; none if nothing was.
#[derive(serde::Serialize)]
struct Found<'a> {
    source: &'a str,
    department: &'a str,
    kind: String,
    files: usize,
}

#[derive(Debug, clap::Args)]
pub struct ValidateArgs {}

pub fn validate(_: &ValidateArgs, context: &Context) -> Result<u8> {
    let plan = config::load(&context.centre)?;
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let own = plan.register_files();
    let own = own.iter().map(|(code, layout, kind)| (*code, *layout, kind));
    let sources = plan.sources.iter().map(|source| (source.code.as_str(), &source.layout, &source.kind));
    for (code, layout, kind) in own.chain(sources) {
        let sample = ingest::sample(&plan.root, layout, kind)?;
        faults.extend(sample.refused);
        found.push(Found {
            source: code,
            department: &layout.department,
            kind: kind.label.clone(),
            files: sample.files,
        });
    }
    Error::all(faults)?;
    let (rules, profile) = (plan.policy.cards().len(), &plan.policy.profile);
    if context.json {
        let valid = json!({ "sources": found, "rules": rules, "profile": profile });
        println!("{}", serde_json::to_string_pretty(&valid).expect("plain texts and numbers"));
    } else {
        print(&found, context);
        println!("{}", context.say(&Message::new("cli.valid").with("rules", rules).with("profile", profile)));
    }
    let missing = found.iter().any(|found| found.files == 0);
    Ok(if missing { NEEDS_ATTENTION } else { 0 })
}

fn print(found: &[Found<'_>], context: &Context) {
    let row = |found: &Found<'_>| {
        let state = if found.files == 0 { "cli.state_missing" } else { "cli.state_delivered" };
        let texts = [found.source, found.department, &found.kind, context.word(state)].map(str::to_owned);
        texts.into_iter().chain([found.files.to_string()]).collect()
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let heading = ["cli.source", "cli.department", "cli.kind", "cli.state", "cli.files"].map(|key| context.word(key));
    print!("{}", table(&heading, &rows, &[4]));
}
