//! `hedui eval --truth FILE`: how good the latest run's links are, where the truth is known.

use std::path::PathBuf;

use super::Context;
use super::terminal::table;
use super::trace::chosen_run;
use crate::kernel::{Error, Result};
use crate::pipeline::{Evaluation, Score, evaluate};
use crate::store::{self, Export, Workspace};

#[derive(Debug, clap::Args)]
pub struct EvalArgs {
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

pub fn eval(args: &EvalArgs, context: &Context) -> Result<u8> {
    let workspace = Workspace::open(&context.centre)?;
    let run = chosen_run(&workspace, args.run.as_deref())?;
    let exported = |what| {
        let mut out = Vec::new();
        store::export(&workspace, &run, what, store::Format::Csv, &mut out).map(|_| out)
    };
    let (links, register) = (exported(Export::Links)?, exported(Export::Register)?);
    let truth = std::fs::File::open(&args.truth).map_err(|e| Error::io(&args.truth, &e))?;
    let truth = std::io::BufReader::with_capacity(1 << 20, truth);
    let evaluation = evaluate(&args.truth, truth, &links[..], &register[..])?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&evaluation).expect("plain texts and numbers"));
    } else {
        print(&evaluation, context);
    }
    Ok(0)
}

fn print(evaluation: &Evaluation, context: &Context) {
    let row = |name: &str, score: Score| {
        let share = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.5}"));
        let mut cells =
            vec![name.to_owned(), score.found.to_string(), score.missed.to_string(), score.wrong.to_string()];
        cells.extend([score.precision(), score.recall(), score.f1()].map(share));
        cells
    };
    let mut rows = vec![row("A+C+D", evaluation.overall)];
    rows.extend(evaluation.by_grade.iter().map(|(name, score)| row(name, *score)));
    rows.extend(evaluation.by_source.iter().map(|(name, score)| row(name, *score)));
    rows.extend(evaluation.by_damage.iter().map(|(name, score)| row(name, *score)));
    rows.push(row(context.word("cli.another_name"), evaluation.another_name));
    let heading = ["", "cli.found", "cli.missed", "cli.wrong", "cli.precision", "cli.recall", "F1"];
    let heading = heading.map(|key| if key.contains('.') { context.word(key) } else { key });
    print!("{}", table(&heading, &rows, &[1, 2, 3, 4, 5, 6]));
    println!("{}", context.word("cli.worst"));
    for mistake in &evaluation.worst {
        let kind = if mistake.grade.is_empty() { context.word("cli.missed") } else { context.word("cli.wrong") };
        println!(
            "  {kind}  {} {}:{}  {}  {}  {}",
            mistake.source, mistake.file, mistake.line, mistake.person, mistake.damage, mistake.grade
        );
    }
}
