//! `hedui run --plan`: what a run would read, need and take, beside what this machine has.

use indicatif::HumanCount;
use serde_json::json;

use super::terminal::table;
use super::{Context, NEEDS_ATTENTION};
use crate::config::{Format, Plan};
use crate::kernel::{Error, Message, Result};
use crate::pipeline::{self, Expected, Needs, Preflight};

/// What this machine has, bytes; `None` where the system does not say.
struct Machine {
    /// Memory that programs may still take.
    memory: Option<u64>,
    /// Free space where the workspace lies.
    disk: u64,
}

impl Machine {
    fn fits(&self, needs: Needs) -> bool {
        self.memory.is_none_or(|memory| needs.memory <= memory) && needs.disk <= self.disk
    }
}

/// Prints the estimate. Exit code 1: something is missing or would be refused, or it does not fit.
pub fn plan(plan: &Plan, only: &[String], formats: &[Format], context: &Context) -> Result<u8> {
    let estimate = pipeline::preflight(plan, only, formats, rayon::current_num_threads())?;
    let disk = fs4::available_space(&plan.root).map_err(|error| Error::io(&plan.root, &error))?;
    let machine = Machine { memory: available_memory(), disk };
    let fits = machine.fits(estimate.total);
    if context.json {
        let text = json!({ "estimate": estimate, "fits": fits,
            "available": { "memory": machine.memory, "disk": machine.disk } });
        println!("{}", serde_json::to_string_pretty(&text).expect("plain numbers and texts"));
    } else {
        print(&estimate, &machine, context);
    }
    Ok(if fits && !estimate.needs_attention() { 0 } else { NEEDS_ATTENTION })
}

/// Refuses a run that is estimated to need more memory than `limit` (GB), before anything is read in full. A run within
/// it is not held to it byte by byte: what it takes depends on the register and the rows that link, which are estimated.
///
/// # Errors
/// Kind `Config`, with both figures.
pub fn refuse_over(limit: f64, plan: &Plan, only: &[String], formats: &[Format]) -> Result<()> {
    let needed = pipeline::preflight(plan, only, formats, rayon::current_num_threads())?.total.memory;
    let limit = (limit * 1e9) as u64;
    if needed <= limit {
        return Ok(());
    }
    let message = Message::new("plan.over_limit").with("needed", size(needed)).with("limit", size(limit));
    Err(Error::config(message).hint(Message::new("plan.over_limit_hint")))
}

/// Linux alone says it in a file; elsewhere nobody is told whether memory suffices.
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn print(estimate: &Preflight, machine: &Machine, context: &Context) {
    let mut rows: Vec<Vec<String>> = estimate.expected.iter().map(|part| expected_row(part, context)).collect();
    let needs_row = |named: &str, needs: Needs| {
        let mut row = vec![context.word(named).to_owned(), String::new(), String::new(), String::new()];
        row.extend(cells(needs));
        row
    };
    rows.push(needs_row("plan.packages", estimate.packages));
    rows.push(needs_row("plan.total", estimate.total));
    let heading = ["cli.source", "plan.size", "plan.rows", "cli.linked", "plan.memory", "plan.disk", "plan.time"];
    print!("{}", table(&heading.map(|key| context.word(key)), &rows, &[1, 2, 3, 4, 5, 6]));
    let basis = match &estimate.based_on {
        Some(run) => Message::new("plan.based_on").with("run", run),
        None => Message::new("plan.assumed").with("percent", estimate.assumed_share * 100.0),
    };
    println!("{}", context.say(&basis));
    let memory = Message::new(match machine.memory {
        None => "plan.memory_unknown",
        Some(memory) if estimate.total.memory <= memory => "plan.memory_fits",
        Some(_) => "plan.memory_short",
    });
    let disk = Message::new(if estimate.total.disk <= machine.disk { "plan.disk_fits" } else { "plan.disk_short" });
    let available = machine.memory.map_or_else(String::new, size);
    println!("{}", context.say(&memory.with("needed", size(estimate.total.memory)).with("available", available)));
    println!("{}", context.say(&disk.with("needed", size(estimate.total.disk)).with("available", size(machine.disk))));
    for part in &estimate.expected {
        let reason = match &part.refused {
            Some(fault) => fault.say(context.lang),
            None if part.files == 0 => context.word("cli.state_missing").to_owned(),
            None if part.undated => context.word("cli.undated").to_owned(),
            None => continue,
        };
        eprintln!("! {} ({}): {reason}", part.source, context.department(&part.department));
    }
}

/// A source in numbers; the register and the mandates are named as the stages of a run are.
fn expected_row(part: &Expected, context: &Context) -> Vec<String> {
    let count = |number: u64| HumanCount(number).to_string();
    let mut row = vec![part.source.clone(), size(part.bytes), count(part.rows), count(part.linked)];
    if let Some(named) = crate::kernel::wording::section(context.lang, "stage").get(&part.source) {
        row[0].clone_from(named);
    }
    row.extend(cells(part.needs));
    row
}

fn cells(needs: Needs) -> [String; 3] {
    [size(needs.memory), size(needs.disk), format!("{:.1} s", needs.seconds)]
}

/// Three digits or so: nobody needs the bytes of an estimate.
fn size(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    match bytes {
        0 => "0 MB".to_owned(),
        1..9_950_000 => format!("{:.1} MB", megabytes.max(0.1)),
        9_950_000..9_999_500_000 => format!("{megabytes:.0} MB"),
        _ => format!("{:.1} GB", megabytes / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_read_them() {
        let sizes = [0, 12, 1_499_999, 9_949_999, 9_950_000, 9_999_000_000, 12_345_678_901].map(size);
        assert_eq!(sizes, ["0 MB", "0.1 MB", "1.5 MB", "9.9 MB", "10 MB", "9999 MB", "12.3 GB"]);
    }

    #[test]
    fn memory_that_nobody_knows_does_not_refuse() {
        let needs = Needs { memory: 10, disk: 10, seconds: 0.0 };
        assert!(Machine { memory: None, disk: 10 }.fits(needs));
        assert!(!Machine { memory: Some(9), disk: 10 }.fits(needs));
        assert!(!Machine { memory: Some(10), disk: 9 }.fits(needs));
    }
}
