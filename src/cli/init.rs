//! `hedui init` and `hedui synth`: a workspace, empty or full of made-up people.

use std::path::{Path, PathBuf};

use super::terminal::progress;
use super::{Context, as_of};
use crate::kernel::{Error, Message, Result};
use crate::policy;
use crate::synth::{self, Recipe};

#[derive(Debug, clap::Args)]
pub struct InitArgs {
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[arg(long)]
    demo: bool,
    #[arg(long, value_name = "demo|shandong", default_value = "shandong")]
    profile: String,
}

#[derive(Debug, clap::Args)]
pub struct SynthArgs {
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    rows: u64,
    #[arg(long, value_name = "N")]
    people: Option<u32>,
    #[arg(long, value_name = "N", default_value_t = 3)]
    counties: u16,
    #[arg(long, value_name = "N", default_value_t = 20260401)]
    seed: u64,
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
}

/// People and rows of the centre that `init --demo` makes: small enough to look at, with every defect in it.
const DEMO: (u32, u64, u16) = (20_000, 120_000, 3);

pub fn init(args: &InitArgs, context: &Context) -> Result<u8> {
    if args.demo {
        let (people, rows, counties) = DEMO;
        let recipe = Recipe { people, rows, counties, seed: 20260401, as_of: as_of(None)? };
        return make(&args.dir, &recipe, context);
    }
    let files = policy::shipped(&args.profile)
        .ok_or_else(|| Error::config(Message::new("cli.unknown_profile").with("value", &args.profile)))?;
    refuse_occupied(&args.dir)?;
    for (path, text) in synth::configuration(&synth::Setting::New) {
        write(&args.dir, &path, &text)?;
    }
    for (path, text) in files {
        write(&args.dir, path, text)?;
    }
    println!("{}", context.say(&Message::new("cli.init_done").with("dir", args.dir.display())));
    Ok(0)
}

pub fn synth(args: &SynthArgs, context: &Context) -> Result<u8> {
    let people = args.people.unwrap_or_else(|| (args.rows / 6).clamp(100, u64::from(u32::MAX)) as u32);
    let as_of = as_of(args.as_of.as_deref())?;
    let recipe = Recipe { people, rows: args.rows, counties: args.counties, seed: args.seed, as_of };
    make(&args.dir, &recipe, context)
}

fn make(dir: &Path, recipe: &Recipe, context: &Context) -> Result<u8> {
    let made = synth::make(dir, recipe, &*progress(context), &context.cancel)?;
    for (path, text) in policy::shipped("demo").expect("the demo profile is built in") {
        write(dir, path, text)?;
    }
    let rows: u64 = made.rows.iter().map(|(_, rows)| rows).sum();
    let done = Message::new("cli.synth_done")
        .with("dir", dir.display())
        .with("people", made.people)
        .with("households", made.households)
        .with("rows", rows)
        .with("sources", made.rows.len());
    println!("{}", context.say(&done));
    Ok(0)
}

fn refuse_occupied(dir: &Path) -> Result<()> {
    match std::fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Error::config(Message::new("cli.occupied")).at(dir).hint(Message::new("cli.occupied_hint"))),
        Ok(false) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::io(dir, &e)),
    }
}

fn write(dir: &Path, path: &str, text: &str) -> Result<()> {
    let path = dir.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, &e))?;
    }
    std::fs::write(&path, text).map_err(|e| Error::io(&path, &e))
}
