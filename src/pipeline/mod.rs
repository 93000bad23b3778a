//! The nightly run and what stands on it. `run` reads as the pipeline's picture in `lib.rs`; `register` makes the register
//! out of the centre's own files, `review` the questions for people, `judgements` takes their answers in.

mod answers;
mod check;
mod comparison;
mod evaluation;
mod extracts;
mod judgements;
mod register;
mod review;
mod run;
mod standing;

pub use answers::{AnswerSummary, Imported, Objecting, import, object};
pub use check::{Answer, Asked, CheckOptions, Warrant, check, read_list};
pub use comparison::{Comparison, ComparisonLine, compare};
pub use evaluation::{Evaluation, Mistake, Score, evaluate};
pub use extracts::{Intended, explain};
pub use judgements::{Import, ImportSummary};
pub use register::read_register;
pub use run::{ReviewSummary, RunOptions, RunSummary, SourceSummary, StandingSummary, run};
