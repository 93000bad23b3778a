//! `hedui package verify DIR`: is a county's package whole and unchanged? Needs no workspace.

use std::path::PathBuf;

use super::{Context, NEEDS_ATTENTION};
use crate::kernel::{Message, Result};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct PackageArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Verify {
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

pub fn package(args: &PackageArgs, context: &Context) -> Result<u8> {
    let Action::Verify { dir } = &args.action;
    let faults = report::verify(dir)?;
    for fault in &faults {
        println!("{}", fault.say(context.lang));
    }
    if faults.is_empty() {
        println!("{}", context.say(&Message::new("cli.package_whole").with("dir", dir.display())));
        Ok(0)
    } else {
        Ok(NEEDS_ATTENTION)
    }
}
