//! The nightly run and what stands on it. `run` reads as the pipeline's picture in `lib.rs`; `register` makes the register
//! out of the centre's own files.

mod check;
mod evaluation;
mod register;
mod run;

pub use check::{Answer, Asked, CheckOptions, Warrant, check, read_list};
pub use evaluation::{Evaluation, Mistake, Score, evaluate};
pub use register::read_register;
pub use run::{RunOptions, RunSummary, SourceSummary, run};
