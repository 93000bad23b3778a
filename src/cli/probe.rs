//! `hedui probe FILE`: what a delivered file is, and a layout to begin with. The layout goes to stdout, to be kept as
//! `sources/<code>.toml`; what people should know before they use it goes to stderr.

use std::path::{Path, PathBuf};

use super::Context;
use super::terminal::table;
use crate::ingest::{self, Probed, ProbedColumn};
use crate::kernel::wording::say;
use crate::kernel::{Message, Result};

#[derive(Debug, clap::Args)]
pub struct ProbeArgs {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

pub fn probe(args: &ProbeArgs, context: &Context) -> Result<u8> {
    let path = |kind: &str| deliveries(&context.centre, &args.file, kind);
    let found = ingest::probe(&args.file, args.kind.as_deref(), &path)?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&found).expect("plain texts and numbers"));
    } else {
        tell(&found, context);
        print!("{}", found.layout);
    }
    Ok(0)
}

/// Where the layout says that deliveries lie: files of this name, whatever digits (a date, a number) the next one has in it, in the
/// file's folder, if that is one of the inbox.
fn deliveries(centre: &Path, file: &Path, kind: &str) -> String {
    let inside = || {
        let (centre, file) = (centre.canonicalize().ok()?, file.canonicalize().ok()?);
        let folder = file.parent()?.strip_prefix(centre).ok()?;
        let parts: Vec<String> = folder.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        parts.first().is_some_and(|first| first == "inbox").then(|| parts.join("/"))
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!("{}/{}", inside().unwrap_or_else(|| format!("inbox/{kind}")), any_digits(&name))
}

/// A file's name with a `*` in place of everything from its first digit to its last, the ending aside.
fn any_digits(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').map_or((name, ""), |(stem, _)| (stem, &name[stem.len()..]));
    let is_digit = |letter: char| letter.is_ascii_digit();
    match (stem.find(is_digit), stem.rfind(is_digit)) {
        (Some(first), Some(last)) => format!("{}*{}{ending}", &stem[..first], &stem[last + 1..]),
        _ => name.to_owned(),
    }
}

fn tell(found: &Probed, context: &Context) {
    let rows = Message::new("probe.found").with("format", &found.format).with("line", found.heading_line);
    eprintln!("{}", context.say(&rows.with("rows", found.rows).with("looked_at", found.looked_at)));
    let kind = match &found.kind {
        Some((code, label)) => Message::new("probe.kind").with("kind", code).with("label", label),
        None => Message::new("probe.no_kind"),
    };
    eprintln!("{}", context.say(&kind));
    let heading = ["probe.column", "probe.heading", "probe.field", "probe.like", "probe.filled", "probe.remarks"];
    let rows: Vec<Vec<String>> =
        (1..).zip(&found.columns).map(|(number, column)| row(number, column, found.looked_at, context)).collect();
    eprint!("{}", table(&heading.map(|key| context.word(key)), &rows, &[0, 4]));
    if found.uneven > 0 {
        eprintln!("! {}", context.say(&Message::new("probe.uneven").with("count", found.uneven)));
    }
    if found.other_sheets > 0 {
        eprintln!("! {}", context.say(&Message::new("probe.other_sheets").with("count", found.other_sheets)));
    }
    eprintln!("{}\n", context.word("probe.next"));
}

fn row(number: usize, column: &ProbedColumn, of: u64, context: &Context) -> Vec<String> {
    let mut remarks: Vec<String> = column
        .remarks
        .iter()
        .map(|(remark, count)| format!("{} {count}", say(context.lang, &format!("probe.{}", remark.code()))))
        .collect();
    if column.misnamed {
        remarks.insert(0, context.word("probe.misnamed").to_owned());
    }
    vec![
        number.to_string(),
        column.heading.clone(),
        column.fields.join(" "),
        say(context.lang, &format!("probe.like_{}", column.like.code())).to_owned(),
        format!("{:.1}%", column.filled as f64 * 100.0 / of.max(1) as f64),
        remarks.join(context.word("probe.between")),
    ]
}

#[cfg(test)]
mod tests {
    use super::any_digits;

    #[test]
    fn the_next_delivery_has_another_date_in_its_name() {
        for (name, pattern) in [
            ("vehicle_20261121.csv", "vehicle_*.csv"),
            ("2026年11月机动车.xlsx", "*月机动车.xlsx"),
            ("20261121", "*"),
            ("persons.csv", "persons.csv"),
            ("jdc.2026.txt", "jdc.*.txt"),
        ] {
            assert_eq!(any_digits(name), pattern);
        }
    }
}
