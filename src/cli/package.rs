//! `hedui package verify DIR`: is a county's package whole, unchanged and the centre's? Needs no workspace.
//! `hedui package keygen --out DIR`: a new pair of keys for signing packages.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Context, NEEDS_ATTENTION};
use crate::kernel::{Error, Message, Result};
use crate::report::{self, Expected, Password, PublicKey, Signer};

/// Where a sealed package's password may stand, so that it is in no file and on no command line.
const PASSWORD: &str = "HEDUI_PACKAGE_PASSWORD";
const PRIVATE_KEY: &str = "signing.key";
const PUBLIC_KEY: &str = "signing.pub";

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
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    Keygen {
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

pub fn package(args: &PackageArgs, context: &Context) -> Result<u8> {
    match &args.action {
        Action::Verify { dir, key, password_file } => {
            let key = key.as_deref().map(PublicKey::load).transpose()?;
            let from_file = password_file.as_deref().map(Password::load).transpose()?;
            let expected = Expected { key, password: from_file.map_or_else(password, |given| Ok(Some(given)))? };
            verify(dir, &expected, context)
        }
        Action::Keygen { out } => keygen(out, context),
    }
}

/// The password of sealed packages from the environment.
///
/// # Errors
/// Kind `Config`: too short.
pub(super) fn password() -> Result<Option<Password>> {
    let Some(text) = std::env::var(PASSWORD).ok().filter(|text| !text.is_empty()) else { return Ok(None) };
    let short = || Error::config(Message::new("package.password_short")).at(Path::new(PASSWORD));
    Password::new(&text).map(Some).ok_or_else(short)
}

fn verify(dir: &Path, expected: &Expected, context: &Context) -> Result<u8> {
    let found = report::verify(dir, expected)?;
    for fault in &found.faults {
        println!("{}", fault.say(context.lang));
    }
    if found.faults.is_empty() {
        println!("{}", context.say(&Message::new("cli.package_whole").with("dir", dir.display())));
    }
    let signature = match (&found.signer, &expected.key) {
        (Some(signer), Some(_)) => Message::new("package.signed").with("fingerprint", signer.fingerprint()),
        (Some(signer), None) => Message::new("package.signed_by").with("fingerprint", signer.fingerprint()),
        (None, _) => Message::new("package.unsigned"),
    };
    // A forged signature is among the faults; to call it unsigned as well would be a second story.
    if found.signer.is_some() || found.faults.is_empty() {
        println!("{}", context.say(&signature));
    }
    if found.unopened > 0 {
        println!("{}", context.say(&Message::new("package.unopened").with("count", found.unopened)));
    }
    Ok(if found.faults.is_empty() { 0 } else { NEEDS_ATTENTION })
}

fn keygen(out: &Path, context: &Context) -> Result<u8> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Error::io(out, &std::io::Error::other(error.to_string())))?;
    let signer = Signer::from_seed(&seed);
    std::fs::create_dir_all(out).map_err(|error| Error::io(out, &error))?;
    let (private, public) = (out.join(PRIVATE_KEY), out.join(PUBLIC_KEY));
    write_new(&private, &signer.to_text(), 0o600)?;
    write_new(&public, &signer.public().to_text(), 0o644)?;
    let message = Message::new("package.key_made").with("private", private.display());
    let message = message.with("public", public.display()).with("fingerprint", signer.public().fingerprint());
    println!("{}", context.say(&message));
    Ok(0)
}

/// Writes a file that is not there yet: a key that packages were signed with is never overwritten.
fn write_new(path: &Path, text: &str, rights: u32) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, rights);
    #[cfg(not(unix))]
    let _ = rights;
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::config(Message::new("package.key_exists")).at(path),
        _ => Error::io(path, &error),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| Error::io(path, &error))
}
