//! Links two CSV files by the weights engine and a comparison table, and counts the links against the truth in their
//! record numbers (`rec-N-org` and `rec-N-dup-0` are one person): shows that the engine holds beyond Chinese ids.
//!
//! Usage: `cargo run --example febrl4 -- TABLE.toml LEFT.csv RIGHT.csv LEAST_F1`; `scripts/febrl4` fetches the files and
//! runs it.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use hedui::linkage::engine::{Engine, Record, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, left, right, least] = arguments.as_slice() else {
        return Err("usage: febrl4 TABLE.toml LEFT.csv RIGHT.csv LEAST_F1".into());
    };
    let least: f64 = least.parse()?;
    let table: Table = toml::from_str(&std::fs::read_to_string(table)?)?;
    let (left_numbers, left) = read(Path::new(left), &table)?;
    let (right_numbers, right) = read(Path::new(right), &table)?;
    let engine = Engine::estimate(&table, &left, &right);
    println!("bits of each level, the last: differs");
    for (number, field) in table.fields().iter().enumerate() {
        let bits: Vec<String> = engine.level_bits(number).iter().map(|bits| format!("{bits:6.1}")).collect();
        println!("{:<14} {}", field.name, bits.join(" "));
    }
    let links = engine.links();
    let right_ones = links.iter().filter(|pair| left_numbers[pair.left] == right_numbers[pair.right]).count() as f64;
    let known: BTreeSet<&String> = right_numbers.iter().collect();
    let people = left_numbers.iter().filter(|number| known.contains(number)).count() as f64;
    let (precision, recall) = (right_ones / links.len().max(1) as f64, right_ones / people.max(1.0));
    println!("{} × {} records, {} pairs compared, {} links", left.len(), right.len(), engine.compared(), links.len());
    let f1 = 2.0 * precision * recall / (precision + recall);
    println!("precision {precision:.4} recall {recall:.4} F1 {f1:.4}");
    if f1 >= least { Ok(()) } else { Err(format!("F1 is under {least}").into()) }
}

/// The person's number of each record, and its texts in the table's order.
fn read(path: &Path, table: &Table) -> Result<(Vec<String>, Vec<Record>), Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path)?;
    let headings = reader.headers()?.clone();
    let column = |name: &str| {
        headings.iter().position(|heading| heading == name).ok_or(format!("{}: no column {name}", path.display()))
    };
    let number = column("rec_id")?;
    let columns: Vec<usize> = table.fields().iter().map(|field| column(&field.name)).collect::<Result<_, _>>()?;
    let (mut numbers, mut records) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row?;
        numbers.push(row[number].split('-').nth(1).unwrap_or_default().to_owned());
        records.push(columns.iter().map(|column| row[*column].to_owned()).collect());
    }
    Ok((numbers, records))
}
