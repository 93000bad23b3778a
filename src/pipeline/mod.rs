//! The nightly run and what stands on it. `run` reads as the pipeline's picture in `lib.rs`; `preflight` says beforehand what
//! it needs, `explain` what it would do, `register` makes the register out of the centre's own files (`enrolment` says whom
//! each row enrols, `mandates` who of them may be matched), `extracts` reads the sources as far as needed, `linking` links
//! them or takes over what the night before made of the same, as `outcomes` does for what rules find and `same` for tables,
//! and `completeness` says which sources fall short. `review` and `standing` make the questions for people and compare with
//! the run before, `simulation` asks what other parameters would do, `judgements` and `answers` take what people say in, `filings` reads the lists of the 备案 check and `ties`
//! makes it, `reports` words a run for one household.

mod answers;
mod check;
mod comparison;
mod completeness;
mod enrolment;
mod evaluation;
mod explain;
mod extracts;
mod filings;
mod judgements;
mod linking;
mod mandates;
mod outcomes;
mod preflight;
mod register;
mod reports;
mod review;
mod run;
mod same;
mod seals;
mod simulation;
mod standing;
mod summary;
mod ties;
mod trend;

pub use answers::{AnswerSummary, Imported, Objecting, import, object};
pub use check::{Answer, Asked, CheckOptions, Enrolled, Warrant, Whom, answer_page, check, read_list};
pub use comparison::{Comparison, ComparisonLine, compare};
pub use evaluation::{Evaluation, Mistake, Score, evaluate};
pub use explain::{Intended, Work, explain};
pub use judgements::{Import, ImportSummary};
pub use preflight::{Expected, Needs, Preflight, preflight};
pub use register::read_register;
pub use reports::{ReportOptions, ReportSummary, Whose, make_reports};
pub use run::{RunOptions, run};
pub use simulation::{Change, Setting, SimulateOptions, Simulation, simulate};
pub use summary::{FilingSummary, ReviewSummary, RunSummary, SourceSummary, StandingSummary};
pub use trend::trend;
