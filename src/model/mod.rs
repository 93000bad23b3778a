//! The nouns of verification and nothing that works on them: register, evidence, links, coverage, outcomes, the run.
//!
//! Shapes: a *table* holds one column per field of a kind; rows of a table are named by their index. Persons are named by
//! their index in the register, sources by their index in the plan (sorted by source code), so that every later stage
//! speaks in small integers and the texts are looked up where people read them.

pub mod coverage;
pub mod evidence;
pub mod extract_keys;
pub mod filing;
pub mod judgement;
pub mod kind;
pub mod link;
pub mod notice;
pub mod outcome;
pub mod register;
pub mod standing;
pub mod table;
pub mod texts;
pub mod trend;
pub mod values;
pub mod verdict;
