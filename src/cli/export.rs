//! `hedui export`: the tables of a run, for other programs; and the list that a village publishes (公示名单).

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Context;
use super::trace::chosen_run;
use crate::config;
use crate::kernel::{Date, Division, Error, Message, Result};
use crate::report::{Notice, NoticeFormat};
use crate::store::{self, Export, RunRecord, Workspace};

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    what: What,
    #[arg(long, default_value = "csv")]
    format: Format,
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Of the notice alone.
    #[arg(long, value_name = "CODE")]
    county: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Links,
    Outcomes,
    Coverage,
    Rejects,
    Register,
    Notice,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
    Xlsx,
    Html,
}

pub fn export(args: &ExportArgs, context: &Context) -> Result<u8> {
    // Whoever asks for one county's lines must not be given everybody's.
    if args.county.is_some() && !matches!(args.what, What::Notice) {
        return Err(Error::config(Message::new("oversight.county_of_notice")));
    }
    let workspace = Workspace::open(&context.centre)?;
    let run = chosen_run(&workspace, args.run.as_deref())?;
    let what = match args.what {
        What::Links => Export::Links,
        What::Outcomes => Export::Outcomes,
        What::Coverage => Export::Coverage,
        What::Rejects => Export::Rejects,
        What::Register => Export::Register,
        What::Notice => return notice(args, &workspace, &run, context),
    };
    let format = match args.format {
        Format::Csv => store::Format::Csv,
        Format::Parquet => store::Format::Parquet,
        Format::Xlsx | Format::Html => return Err(wrong_format()),
    };
    match &args.output {
        Some(path) => {
            let exported = |out: &mut dyn Write| store::export(&workspace, &run, what, format, out).map(drop);
            store::write_whole(path, exported)?;
        }
        None => {
            let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
            store::export(&workspace, &run, what, format, &mut out)?;
            out.flush().map_err(|e| Error::io("stdout".as_ref(), &e))?;
        }
    }
    Ok(0)
}

fn wrong_format() -> Error {
    Error::config(Message::new("oversight.wrong_format"))
}

/// The list for a division's boards, from the register as the run saw it.
fn notice(args: &ExportArgs, workspace: &Workspace, run: &str, context: &Context) -> Result<u8> {
    let format = match args.format {
        Format::Csv => NoticeFormat::Csv,
        Format::Xlsx => NoticeFormat::Xlsx,
        Format::Html => NoticeFormat::Html,
        Format::Parquet => return Err(wrong_format()),
    };
    let code = args.county.as_deref().ok_or_else(|| Error::config(Message::new("oversight.notice_county")))?;
    let division =
        Division::parse(code).ok_or_else(|| Error::config(Message::new("config.bad_division").with("value", code)))?;
    let plan = config::load(&context.centre)?;
    let as_of =
        Date::parse_iso(&RunRecord::load(workspace, run)?.as_of).expect("a run's record holds the day it speaks for");
    let households = store::notice_households(workspace, run, division)?;
    if households.is_empty() {
        return Err(Error::input(Message::new("oversight.notice_nobody").with("value", division)));
    }
    let notice = Notice {
        division,
        as_of,
        households: &households,
        places: &plan.places,
        demo: plan.centre.demo || plan.policy.demo,
        lang: plan.centre.language(),
    };
    let bytes = notice.to_bytes(format)?;
    let written = |out: &mut dyn Write, path: &Path| out.write_all(&bytes).map_err(|e| Error::io(path, &e));
    match &args.output {
        Some(path) => drop(store::write_whole(path, |out| written(out, path))?),
        None => written(&mut std::io::stdout().lock(), Path::new("stdout"))?,
    }
    Ok(0)
}
