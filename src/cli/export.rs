//! `hedui export`: the tables of a run, for other programs.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::Context;
use super::trace::chosen_run;
use crate::kernel::{Error, Result};
use crate::store::{self, Export, Workspace};

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    what: What,
    #[arg(long, default_value = "csv")]
    format: Format,
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Links,
    Outcomes,
    Coverage,
    Rejects,
    Register,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

pub fn export(args: &ExportArgs, context: &Context) -> Result<u8> {
    let workspace = Workspace::open(&context.centre)?;
    let run = chosen_run(&workspace, args.run.as_deref())?;
    let what = match args.what {
        What::Links => Export::Links,
        What::Outcomes => Export::Outcomes,
        What::Coverage => Export::Coverage,
        What::Rejects => Export::Rejects,
        What::Register => Export::Register,
    };
    let format = match args.format {
        Format::Csv => store::Format::Csv,
        Format::Parquet => store::Format::Parquet,
    };
    let dir = workspace.run_dir(&run);
    match &args.output {
        Some(path) => drop(store::write_whole(path, |out| store::export(&dir, what, format, out).map(drop))?),
        None => {
            let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
            store::export(&dir, what, format, &mut out)?;
            out.flush().map_err(|e| Error::io("stdout".as_ref(), &e))?;
        }
    }
    Ok(0)
}
