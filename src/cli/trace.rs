//! `hedui trace ID`: from a discrepancy back to rule, parameters, links and raw rows.

use serde_json::Value;

use super::Context;
use super::terminal::printable;
use crate::kernel::{Division, Error, Fen, Message, Result};
use crate::linkage::{explain, repairs};
use crate::model::table::FieldType;
use crate::report::value_in_words;
use crate::store::{Original, Trace, TracedGround, TracedLink, Workspace, trace as traced};

#[derive(Debug, clap::Args)]
pub struct TraceArgs {
    #[arg(value_name = "ID")]
    id: String,
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

pub fn trace(args: &TraceArgs, context: &Context) -> Result<u8> {
    let workspace = Workspace::open(&context.centre)?;
    let run = chosen_run(&workspace, args.run.as_deref())?;
    let trace = traced(&workspace, &run, &args.id)?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&trace).expect("plain texts and numbers"));
    } else {
        print(&trace, context);
    }
    Ok(0)
}

/// `--run`, else the latest published one.
pub fn chosen_run(workspace: &Workspace, given: Option<&str>) -> Result<String> {
    match given {
        Some(run) if workspace.runs()?.iter().any(|known| known == run) => Ok(run.to_owned()),
        Some(run) => Err(Error::config(Message::new("cli.unknown_run").with("value", run))),
        None => workspace.latest()?.ok_or_else(|| Error::input(Message::new("cli.no_run"))),
    }
}

fn print(trace: &Trace, context: &Context) {
    let word = |key| context.word(key);
    let line = |key, value: &str| {
        if !value.is_empty() {
            println!("{}: {value}", word(key));
        }
    };
    let rule = &trace.rule;
    println!("{}  {}  {}", trace.id, rule.code, rule.title);
    line("cli.run", &trace.run);
    line("cli.household", &trace.household_id);
    line("cli.person", trace.person_id.as_deref().unwrap_or_default());
    line("cli.division", &trace.division);
    line("cli.as_of", trace.as_of.as_deref().unwrap_or_default());
    let in_unit = |value: i64| {
        if rule.money_unit { format!("{} 元", Fen(value)) } else { format!("{value} {}", rule.unit) }
    };
    line("cli.measure", &in_unit(trace.measure));
    line("cli.limit", &trace.limit.map(in_unit).unwrap_or_default());
    line("cli.amount", &trace.amount_fen.map(|fen| format!("{} 元", Fen(fen))).unwrap_or_default());
    line("cli.rule_rows", &rule.rows);
    line("cli.rule_measure", &rule.measure);
    line("cli.rule_flag", &rule.flag);
    if let Some(values) = trace.parameters.as_object() {
        for (name, parameter) in values {
            println!("  {name} = {}", in_force(parameter, &trace.division, context));
        }
    }
    line("cli.basis", &rule.basis);
    line("cli.advice", &rule.advice);
    for (number, ground) in trace.grounds.iter().enumerate() {
        print_ground(number + 1, ground, context);
    }
    println!("{}", word("cli.for_verification"));
}

/// A parameter as it held for a division: `1,000.00 元  (document)`.
fn in_force(parameter: &Value, division: &str, context: &Context) -> String {
    let county = Division::parse(division).map(|division| division.county().to_string()).unwrap_or_default();
    let value = match &parameter["value"] {
        Value::Object(by_county) => by_county.get(&county).unwrap_or(&Value::Null),
        value => value,
    };
    let unit = parameter["unit"].as_str().unwrap_or_default();
    let in_words = |ty, value: String| value_in_words(context.lang, "", ty, &value);
    let said = match (value, unit) {
        // The records of the first runs say 元 of the same figure.
        (Value::Number(fen), "分" | "元") => {
            in_words(FieldType::Money, Fen(fen.as_i64().unwrap_or_default()).to_string())
        }
        (Value::Bool(yes), _) => in_words(FieldType::Flag, yes.to_string()),
        (Value::String(text), _) => text.clone(),
        (value, _) => format!("{value} {unit}"),
    };
    format!("{said}  ({})", parameter["document"].as_str().unwrap_or_default())
}

fn print_ground(number: usize, ground: &TracedGround, context: &Context) {
    let source = ground.department.as_deref().unwrap_or(context.word("cli.register"));
    let file = ground.file.as_deref().unwrap_or_default();
    println!();
    println!("[{number}] {source}  {file}:{}", ground.line);
    if let Some(digest) = &ground.digest {
        println!("    SHA-256 {digest}");
    }
    if let Some(reason) = &ground.set_aside {
        println!("    {}: {reason}", context.word("cli.set_aside"));
    }
    if let Some(link) = &ground.link {
        println!(
            "    {} {}  {}  {:.1} bit  {}",
            context.word("cli.grade"),
            link.grade,
            link.code,
            link.weight_bits,
            explanation(link, context)
        );
    }
    if let Some(link) = ground.link.as_ref().filter(|link| !link.judgement.is_empty()) {
        let answer = context.word(&format!("report.judgement_{}", link.judgement));
        println!("    {}: {answer}  {}", context.word("report.col_judgement"), link.judgement_key);
    }
    for field in &ground.fields {
        let kind = ground.kind.as_deref().unwrap_or_default();
        let value = value_in_words(context.lang, kind, field.ty, &field.value);
        println!("    {}: {}", field.label, printable(&value));
    }
    match &ground.original {
        Some(Original::Text(text)) => println!("    │ {}", printable(text.trim_end()).replace('\n', "\n    │ ")),
        Some(other) => println!("    {}", other.wording().map_or("", |key| context.word(key))),
        None => {}
    }
}

/// The link's sentences: id, name, further facts, weight, what follows, and what was repaired.
fn explanation(link: &TracedLink, context: &Context) -> String {
    let sentences = link.to_link().map(|link| explain(&link).into_iter().chain(repairs(&link)).collect::<Vec<_>>());
    let said: Vec<String> = sentences.unwrap_or_default().iter().map(|sentence| context.say(sentence)).collect();
    said.join(if context.lang == crate::kernel::Lang::Zh { "；" } else { "; " })
}
