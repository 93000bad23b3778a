//! `hedui validate`: the whole configuration and every inbox, without running. All faults at once.

use serde_json::json;

use super::terminal::table;
use super::{Context, NEEDS_ATTENTION, as_of};
use crate::config::{self, Plan};
use crate::ingest;
use crate::kernel::{Cancel, Error, Message, Result, Silent};
use crate::model::kind::Kind;
use crate::pipeline::read_register;

/// What was delivered for one layout; none if nothing was.
#[derive(serde::Serialize)]
struct Found<'a> {
    source: &'a str,
    department: &'a str,
    kind: String,
    files: usize,
    /// Nobody knows of which day it is.
    undated: bool,
    /// Fields that rules ask for and its layout does not map, with the rules' codes, and the person's id and name if one is not.
    not_mapped: Vec<String>,
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
            undated: sample.undated,
            not_mapped: not_mapped(&plan, layout, kind),
        });
    }
    let lacking = found.iter().any(|found| found.files == 0 || found.undated);
    // Whose values the rules need is known once it is known who is on the register.
    let mut unheard = Vec::new();
    if faults.is_empty() && found.first().is_some_and(|register| register.files > 0) {
        match check_register(&plan) {
            Ok(of_nobody) => unheard = of_nobody,
            Err(fault) => faults.push(fault),
        }
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
    for (place, programmes) in &unheard {
        let told = Message::new("cli.unheard_programmes").with("place", place).with("programmes", programmes);
        eprintln!("! {}", context.say(&told));
    }
    for undated in found.iter().filter(|found| found.undated) {
        eprintln!("! {} ({}): {}", undated.source, context.department(undated.department), context.word("cli.undated"));
    }
    for found in found.iter().filter(|found| !found.not_mapped.is_empty()) {
        let told = Message::new("cli.not_mapped").with("fields", found.not_mapped.join("、"));
        eprintln!("· {} ({}): {}", found.source, context.department(found.department), context.say(&told));
    }
    Ok(if lacking || !unheard.is_empty() { NEEDS_ATTENTION } else { 0 })
}

/// A rule that asks for a field that nobody delivers takes it for not given: of a car without a state nobody knows that it was
/// scrapped.
fn not_mapped(plan: &Plan, layout: &ingest::Source, kind: &Kind) -> Vec<String> {
    let person = &kind.persons[0];
    let of_person = [person.id, person.name].map(|field| (kind.fields[field].name.clone(), Vec::new()));
    let asked = of_person.into_iter().chain(plan.policy.fields_asked(kind));
    let lacking = asked.filter(|(field, _)| !layout.maps(field));
    let said = |(field, rules): (String, Vec<&str>)| {
        if rules.is_empty() { field } else { format!("{field} ({})", rules.join(" ")) }
    };
    lacking.map(said).collect()
}

/// The register as a run of today would read it, and the parameters in force in its counties. Gives the rules and sources that
/// are limited to programmes of which nobody on it is, each with these.
fn check_register(plan: &Plan) -> Result<Vec<(String, String)>> {
    let today = as_of(None)?;
    let register = read_register(plan, today, &Silent, &Cancel::default())?.register;
    plan.policy.check_places(register.counties(), today)?;
    let of_rules = plan.policy.cards().into_iter().map(|card| (card.code, card.programmes));
    let of_sources = plan.sources.iter().map(|source| format!("sources/{}.toml", source.code));
    let all = of_rules.chain(of_sources.zip(plan.programmes_by_source()));
    let is_unheard = |programmes: &[String]| {
        !programmes.is_empty() && !programmes.iter().any(|programme| register.programmes.contains(programme))
    };
    let unheard = all.filter(|(_, programmes)| is_unheard(programmes));
    Ok(unheard.map(|(place, programmes)| (place, programmes.join("、"))).collect())
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
