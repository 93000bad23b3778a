//! `hedui verdict import FILE`: people's judgements on links, out of a filled-in review list.

use std::path::PathBuf;

use super::{Context, NEEDS_ATTENTION, as_of, now, who};
use crate::kernel::{Error, Message, Result};
use crate::pipeline::{Import, ImportSummary, import_judgements};
use crate::report::returned_csv;
use crate::store::{Workspace, write_whole};

#[derive(Debug, clap::Args)]
pub struct VerdictArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_name = "NAME")]
        sheet: Option<String>,
    },
}

pub fn verdict(args: &VerdictArgs, context: &Context) -> Result<u8> {
    let Action::Import { file, sheet } = &args.action;
    let workspace = Workspace::open(&context.centre)?;
    let (at, who) = (now(), who());
    let import = Import { file, sheet: sheet.as_deref(), today: as_of(None)?, at: &at, who: &who };
    let summary = import_judgements(&workspace, &import)?;
    let returned = match summary.returned.is_empty() {
        true => None,
        false => {
            // Beside the file it came from, and never over it: the writer of the list looks there.
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(".returned.csv");
            let path = file.with_file_name(name);
            let csv = returned_csv(&summary.returned, context.lang);
            write_whole(&path, |out| out.write_all(&csv).map_err(|error| Error::io(&path, &error)))?;
            Some(path)
        }
    };
    print(&summary, returned, context);
    Ok(if summary.returned.is_empty() { 0 } else { NEEDS_ATTENTION })
}

fn print(summary: &ImportSummary, returned: Option<PathBuf>, context: &Context) {
    if context.json {
        let mut answer = serde_json::to_value(summary).expect("plain numbers");
        answer["returned"] = summary.returned.len().into();
        println!("{}", serde_json::to_string_pretty(&answer).expect("plain numbers"));
    } else {
        let done = Message::new("verdict.done")
            .with("lines", summary.lines)
            .with("same", summary.same)
            .with("other", summary.other)
            .with("unclear", summary.unclear)
            .with("known", summary.known)
            .with("open", summary.open)
            .with("returned", summary.returned.len())
            .with("entry", summary.entry);
        println!("{}", context.say(&done));
    }
    if let Some(path) = returned {
        let message = Message::new("verdict.returned").with("count", summary.returned.len());
        eprintln!("{}", context.say(&message.with("file", path.display())));
    }
}
