//! `hedui simulate --set NAME=VALUE`: what a changed parameter would do, by rule and county. Publishes nothing.

use super::terminal::{progress, table};
use super::{Context, NEEDS_ATTENTION, as_of, holder, now};
use crate::config;
use crate::kernel::{Error, Message, Result};
use crate::pipeline::{Change, SimulateOptions, Simulation, simulate as simulated};

#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    #[arg(long, value_name = "NAME=VALUE", required = true)]
    set: Vec<String>,
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
}

/// Exit code 1: a source that the rules ask did not come, came late or is not whole.
pub fn simulate(args: &SimulateArgs, context: &Context) -> Result<u8> {
    let setting = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let read =
        |text| setting(text).ok_or_else(|| Error::config(Message::new("simulate.bad_setting").with("value", text)));
    let settings = args.set.iter().map(read).collect::<Result<_>>()?;
    let plan = config::load(&context.centre)?;
    let options = SimulateOptions { as_of: as_of(args.as_of.as_deref())?, settings, holder: holder(now()) };
    let simulation = simulated(&plan, &options, &*progress(context), &context.cancel)?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&simulation).expect("plain texts and numbers"));
    } else {
        print(&simulation, context);
    }
    for source in &simulation.unanswered {
        eprintln!("! {source}: {}", context.word("simulate.unanswered"));
    }
    Ok(if simulation.unanswered.is_empty() { 0 } else { NEEDS_ATTENTION })
}

fn print(simulation: &Simulation, context: &Context) {
    let asked = Message::new("simulate.asked").with("as_of", &simulation.as_of).with("profile", &simulation.profile);
    println!("{}", context.say(&asked));
    for setting in &simulation.settings {
        let [now, then] = [&setting.now, &setting.then].map(|values| values.join(context.word("simulate.between")));
        let said = Message::new("simulate.setting").with("name", &setting.name).with("now", now);
        println!("{}", context.say(&said.with("then", then).with("unit", &setting.unit)));
    }
    println!();
    let row = |change: &Change| {
        let counts = [change.before, change.after, change.newly, change.no_longer].map(|count| count.to_string());
        [change.code.clone(), change.title.clone()].into_iter().chain(counts).collect()
    };
    let printed = |first: [&str; 2], rows: Vec<Vec<String>>| {
        let counts = ["simulate.before", "simulate.after", "simulate.newly", "simulate.no_longer"];
        let heading: Vec<&str> = first.into_iter().chain(counts).map(|key| context.word(key)).collect();
        println!("{}", table(&heading, &rows, &[2, 3, 4, 5]));
    };
    printed(["answers.rule", "answers.title"], simulation.rules.iter().map(row).collect());
    let total = Change { title: context.word("plan.total").to_owned(), ..simulation.total.clone() };
    let counties = simulation.counties.iter().chain([&total]).map(row).collect();
    printed(["cli.division", "simulate.place"], counties);
    println!("{}", context.word("simulate.note"));
}
