//! What a long piece of work tells whoever watches it, and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::{Error, Result};

/// Receives the progress of a run. Implemented by the terminal and by [`Silent`].
///
/// Calls come from many threads, once per chunk (not per row).
pub trait Progress: Sync + Send {
    /// A stage begins: its name as people read it, and the bytes it will read (0 if that is not known).
    fn begin(&self, stage: &str, bytes: u64);
    /// Some of the stage's work is done.
    fn advance(&self, stage: &str, bytes: u64, rows: u64);
    /// The stage is over; `summary` is one line for the reader.
    fn end(&self, stage: &str, summary: &str);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: &str, _: u64, _: u64) {}
    fn end(&self, _: &str, _: &str) {}
}

/// Set by Ctrl-C; long loops ask once per chunk.
#[derive(Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// `Err` of kind `Cancelled` once somebody asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Error::cancelled()) } else { Ok(()) }
    }
}
