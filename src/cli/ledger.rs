//! `hedui ledger`: what was done, and proof that nothing was changed since.

use super::terminal::table;
use super::{Context, NEEDS_ATTENTION};
use crate::kernel::{Message, Result};
use crate::store::{Ledger, Workspace};

#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Show,
    Verify,
}

pub fn ledger(args: &LedgerArgs, context: &Context) -> Result<u8> {
    let ledger = Ledger::open(&Workspace::open(&context.centre)?)?;
    match args.action {
        Action::Show => show(&ledger, context),
        Action::Verify => verify(&ledger, context),
    }
}

fn show(ledger: &Ledger, context: &Context) -> Result<u8> {
    let entries = ledger.entries()?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&entries).expect("plain texts and numbers"));
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let run = entry.body["run"].as_str().unwrap_or_default().to_owned();
            vec![
                entry.seq.to_string(),
                entry.at.clone(),
                entry.who.clone(),
                entry.action.clone(),
                run,
                entry.hash[..12].to_owned(),
            ]
        })
        .collect();
    let heading = ["#", "cli.at", "cli.who", "cli.action", "cli.run", "cli.hash"];
    let heading = heading.map(|key| if key == "#" { "#" } else { context.word(key) });
    print!("{}", table(&heading, &rows, &[0]));
    Ok(0)
}

fn verify(ledger: &Ledger, context: &Context) -> Result<u8> {
    let verification = ledger.verify()?;
    if context.json {
        println!("{}", serde_json::to_string_pretty(&verification).expect("plain texts and numbers"));
    } else if let Some(fault) = &verification.fault {
        let broken =
            Message::new("cli.ledger_broken").with("seq", fault.seq).with("reason", context.word(fault.reason));
        println!("{}", context.say(&broken));
    } else {
        let whole =
            Message::new("cli.ledger_whole").with("count", verification.entries).with("head", &verification.head);
        println!("{}", context.say(&whole));
    }
    Ok(if verification.fault.is_some() { NEEDS_ATTENTION } else { 0 })
}
