//! The nightly run and what stands on it. `run` reads as the pipeline's picture in `lib.rs`; `preflight` says
//! beforehand what it needs, `register` makes the register
//! out of the centre's own files, `filings` reads the lists of the 备案 check and `ties` makes it, `review` the questions for people, `judgements` takes their answers in.

mod check;
mod evaluation;
mod extracts;
mod filings;
mod judgements;
mod preflight;
mod register;
mod reports;
mod review;
mod run;
mod seals;
mod ties;
mod trend;

pub use check::{Answer, Asked, CheckOptions, Warrant, check, read_list};
pub use evaluation::{Evaluation, Mistake, Score, evaluate};
pub use extracts::{Intended, explain};
pub use judgements::{Import, ImportSummary, import_judgements};
pub use preflight::{Expected, Needs, Preflight, preflight};
pub use register::read_register;
pub use reports::{ReportOptions, ReportSummary, Whose, make_reports};
pub use run::{FilingSummary, ReviewSummary, RunOptions, RunSummary, SourceSummary, run};
pub use trend::trend;
