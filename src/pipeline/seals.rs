//! What closes the packages of a run, read before anything else is: a key or a password that is missing in the morning
//! would cost the night.
//!
//! Neither goes into the ledger or any output; hedui.toml names their files, never their values.

use crate::config::Plan;
use crate::kernel::{Error, Message, Result};
use crate::report::{Password, Seals, Signer};

/// The centre's key and password, as `[report]` of hedui.toml asks for them; a password `given` by the caller comes first.
///
/// # Errors
/// A file that is not there or not what it should be; sealed packages without a password.
pub(super) fn seals(plan: &Plan, given: Option<&Password>) -> Result<Seals> {
    let report = &plan.report;
    let signer = report.signing_key.as_ref().map(|path| Signer::load(&plan.root.join(path))).transpose()?;
    let password = match (report.sealed, given, &report.password_file) {
        (false, _, _) => None,
        (true, Some(password), _) => Some(password.clone()),
        (true, None, Some(path)) => Some(Password::load(&plan.root.join(path))?),
        (true, None, None) => {
            let fault = Error::config(Message::new("package.no_password")).at(&plan.root.join("hedui.toml"));
            return Err(fault.hint(Message::new("package.no_password_hint")));
        }
    };
    Ok(Seals { signer, password })
}
