//! The command line: one file per command. Only this layer prints, reads the clock and reads the environment.
//!
//! stdout is the result, stderr is talk and progress. Exit codes: 0 done; 1 done, but something needs a person; 2 usage or
//! configuration; 3 input refused; 4 I/O; 130 stopped; 101 a bug.

mod check;
mod coverage;
mod diff;
mod eval;
mod export;
mod init;
mod ledger;
mod memory;
mod package;
mod plan;
mod probe;
mod report;
mod run;
mod simulate;
mod terminal;
mod trace;
mod trend;
mod validate;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config;
use crate::kernel::wording::{find, say};
use crate::kernel::{Cancel, Error, ErrorKind, Lang, Message, Result};
use crate::store::Holder;

/// Exit code of a command that is done while something needs a person.
const NEEDS_ATTENTION: u8 = 1;

#[derive(Debug, Parser)]
#[command(name = "hedui", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Flags every command takes.
#[derive(Debug, Args)]
struct Common {
    #[arg(long, global = true, env = "HEDUI_CENTRE", value_name = "DIR", default_value = ".")]
    centre: PathBuf,
    #[arg(long, global = true, value_name = "zh-CN|en")]
    lang: Option<String>,
    // Thousands of threads would begin one after the other for minutes, and nobody has so many cores.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=256))]
    threads: Option<u16>,
    #[arg(long, global = true)]
    json: bool,
    #[arg(long, global = true)]
    no_progress: bool,
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Synth(init::SynthArgs),
    Probe(probe::ProbeArgs),
    Validate(validate::ValidateArgs),
    Run(run::RunArgs),
    Check(check::CheckArgs),
    Coverage(coverage::CoverageArgs),
    Trace(trace::TraceArgs),
    Trend(trend::TrendArgs),
    Verdict(verdict::VerdictArgs),
    Diff(diff::DiffArgs),
    Simulate(simulate::SimulateArgs),
    Export(export::ExportArgs),
    Eval(eval::EvalArgs),
    Ledger(ledger::LedgerArgs),
    Package(package::PackageArgs),
    Report(report::ReportArgs),
    Completions { shell: clap_complete::Shell },
    Man,
}

/// What every command needs from the outside.
struct Context {
    centre: PathBuf,
    lang: Lang,
    json: bool,
    no_progress: bool,
    verbose: bool,
    cancel: Cancel,
}

impl Context {
    fn say(&self, message: &Message) -> String {
        message.say(self.lang)
    }

    fn word(&self, key: &str) -> &'static str {
        say(self.lang, key)
    }

    /// A department; where none is named, it is the centre's own register.
    fn department<'t>(&self, named: &'t str) -> &'t str {
        if named.is_empty() { self.word("cli.register") } else { named }
    }
}

/// Parses the command line, runs the command, reports trouble.
pub fn main() -> ExitCode {
    let lang = language();
    end_with_the_reader(lang);
    memory::return_large_blocks();
    let matches = match localised(lang).try_get_matches() {
        Ok(matches) => matches,
        Err(usage) => {
            // Help and version are answers (0), everything else is a wrong command line (2).
            let code = usage.exit_code() as u8;
            let _ = usage.print();
            return ExitCode::from(code);
        }
    };
    let cli = Cli::from_arg_matches(&matches).expect("the matches come from this command");
    if let Some(given) = cli.common.lang.as_deref().filter(|given| Lang::parse(given).is_none()) {
        return fail(&Error::config(Message::new("config.bad_language").with("value", given)), lang);
    }
    if let Some(threads) = cli.common.threads {
        // Only fails if a pool was made before; nothing ran before this line.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let context = Context {
        centre: cli.common.centre,
        lang,
        json: cli.common.json,
        no_progress: cli.common.no_progress,
        verbose: cli.common.verbose > 0,
        cancel: Cancel::default(),
    };
    match with_signals(context, |context| dispatch(cli.command, context)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => fail(&error, lang),
    }
}

/// `hedui … | head` closes the pipe when it has seen enough: no bug, and nobody is left to tell. Nor is it one if the answer
/// goes to a file on a full disk. Everything that a command keeps is written before it prints. What is a bug is told without what it was
/// about (invariant I-9).
fn end_with_the_reader(lang: Lang) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>();
        // Closed, or on a full disk: there is nowhere to tell it. What was not published is not.
        if text.is_some_and(|text| text.starts_with("failed printing to stderr")) {
            std::process::exit(ErrorKind::Io.exit_code().into());
        }
        match text.filter(|text| text.starts_with("failed printing to stdout")) {
            Some(text) if text.contains("Broken pipe") => std::process::exit(0),
            Some(_) => {
                let fault = Error::new(ErrorKind::Io, Message::new("cli.stdout"));
                eprintln!("{}", fault.say(lang));
                std::process::exit(fault.exit_code().into());
            }
            None if panic.payload().is::<&'static str>() => usual(panic),
            // A text that was put together may quote what it stumbled over, a name or an id: the place tells enough.
            None => {
                let place = panic.location().map(ToString::to_string).unwrap_or_default();
                eprintln!("{}", Message::new("cli.bug").with("place", place).say(lang));
            }
        }
    }));
}

fn fail(error: &Error, lang: Lang) -> ExitCode {
    eprintln!("{}", error.say(lang));
    ExitCode::from(error.exit_code())
}

fn dispatch(command: Command, context: &Context) -> Result<u8> {
    match command {
        Command::Init(args) => init::init(&args, context),
        Command::Synth(args) => init::synth(&args, context),
        Command::Probe(args) => probe::probe(&args, context),
        Command::Validate(args) => validate::validate(&args, context),
        Command::Run(args) => run::run(&args, context),
        Command::Check(args) => check::check(&args, context),
        Command::Coverage(args) => coverage::coverage(&args, context),
        Command::Trace(args) => trace::trace(&args, context),
        Command::Trend(args) => trend::trend(&args, context),
        Command::Verdict(args) => verdict::verdict(&args, context),
        Command::Diff(args) => diff::diff(&args, context),
        Command::Simulate(args) => simulate::simulate(&args, context),
        Command::Export(args) => export::export(&args, context),
        Command::Eval(args) => eval::eval(&args, context),
        Command::Ledger(args) => ledger::ledger(&args, context),
        Command::Package(args) => package::package(&args, context),
        Command::Report(args) => report::report(&args, context),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut localised(context.lang), "hedui", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            Ok(0)
        }
        Command::Man => {
            let (page, mut text) = (clap_mangen::Man::new(localised(context.lang)), Vec::new());
            page.render(&mut text).map_err(|error| Error::io("man".as_ref(), &error))?;
            print!("{}", String::from_utf8_lossy(&text));
            Ok(0)
        }
    }
}

/// Runs the work on a thread of its own, while this one listens for Ctrl-C and a service manager's stop.
/// The first signal asks the work to stop at its next chunk; a second one ends the process at once.
fn with_signals(context: Context, work: impl FnOnce(&Context) -> Result<u8> + Send + 'static) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Error::io("tokio".as_ref(), &error))?;
    let cancel = context.cancel.clone();
    let outcome = runtime.block_on(async move {
        let mut job = tokio::task::spawn_blocking(move || work(&context));
        loop {
            tokio::select! {
                done = &mut job => return done,
                () = stop_signal() => {
                    if cancel.check().is_err() {
                        std::process::exit(130);
                    }
                    cancel.cancel();
                }
            }
        }
    });
    match outcome {
        Ok(result) => result,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate.recv() => {} }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    drop(tokio::signal::ctrl_c().await);
}

/// `--lang` before anything else is parsed (help needs it), else the locale; where that says nothing, as in a cron job, the
/// language of the centre.
fn language() -> Lang {
    let locale = || {
        let given = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(given).and_then(|value| Lang::parse(&value))
    };
    let flag = argument("--lang").and_then(|value| Lang::parse(&value));
    flag.or_else(locale).or_else(language_of_centre).unwrap_or(Lang::En)
}

/// The value of a flag, as it will be parsed.
fn argument(flag: &str) -> Option<String> {
    let mut arguments = std::env::args();
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix(flag) {
            Some("") => return arguments.next(),
            Some(rest) if rest.starts_with('=') => return Some(rest[1..].to_owned()),
            _ => {}
        }
    }
    None
}

fn language_of_centre() -> Option<Lang> {
    let folder = argument("--centre").or_else(|| std::env::var("HEDUI_CENTRE").ok()).unwrap_or_else(|| ".".to_owned());
    config::language_of(folder.as_ref())
}

/// The command tree with its help texts from the catalogue: `help.<command>` and `help.arg_<argument>`, or
/// `help.<command>_arg_<argument>` where the same name means something else.
fn localised(lang: Lang) -> clap::Command {
    fn arguments(command: clap::Command, lang: Lang) -> clap::Command {
        let name = command.get_name().to_owned();
        command.mut_args(|argument| {
            let id = argument.get_id().as_str();
            if matches!(id, "help" | "version") {
                return argument;
            }
            let own = find(lang, &format!("help.{name}_arg_{id}"));
            let help = own.unwrap_or_else(|| say(lang, &format!("help.arg_{id}")));
            argument.help(help)
        })
    }
    let command = arguments(Cli::command(), lang).about(say(lang, "help.hedui"));
    command.mut_subcommands(|sub| {
        let key = format!("help.{}", sub.get_name());
        arguments(sub, lang).about(say(lang, &key)).mut_subcommands(|leaf| {
            let key = format!("{key}_{}", leaf.get_name());
            arguments(leaf, lang).about(say(lang, &key))
        })
    })
}

/// RFC 3339 in the local time zone, for the ledger.
fn now() -> String {
    chrono::Local::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// Who runs the program: the login name of the session.
fn who() -> String {
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_else(|| "unknown".into())
}

/// Name of this machine, for whoever finds the workspace in use.
fn host() -> String {
    let named = std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok();
    named
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map_or_else(String::new, |name| name.trim().to_owned())
}

/// This process, for whoever finds the workspace in use.
fn holder(since: String) -> Holder {
    Holder { who: who(), host: host(), process: std::process::id(), since }
}

/// `--as-of`, else today.
fn as_of(given: Option<&str>) -> Result<crate::kernel::Date> {
    use chrono::Datelike;
    match given {
        Some(text) => crate::kernel::Date::parse_iso(text)
            .ok_or_else(|| Error::config(Message::new("cli.bad_date").with("value", text))),
        None => {
            let today = chrono::Local::now().date_naive();
            let date = crate::kernel::Date::from_ymd(today.year(), today.month(), today.day());
            Ok(date.expect("the clock shows a real day"))
        }
    }
}
