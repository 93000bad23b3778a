//! The nightly run and what stands on it. `run` reads as the pipeline's picture in `lib.rs`; `register` makes the register
//! out of the centre's own files, `review` the questions for people, `judgements` takes their answers in.

mod check;
mod evaluation;
mod extracts;
mod judgements;
mod register;
mod review;
mod run;
mod standing;

pub use check::{Answer, Asked, CheckOptions, Warrant, check, read_list};
pub use evaluation::{Evaluation, Mistake, Score, evaluate};
pub use extracts::{Intended, explain};
pub use judgements::{Import, ImportSummary, import_judgements};
pub use register::read_register;
pub use run::{ReviewSummary, RunOptions, RunSummary, SourceSummary, StandingSummary, run};
