//! The workspace on disk: one run at a time, published whole; snapshots of each run as Parquet; a hash-chained ledger.
//!
//! ```text
//! centre/store/run.lock             who runs now (OS file lock + JSON)
//!        store/ledger.sqlite, .head  what was done and judged, append-only; the head seals its length
//!        store/keys/*.keys         which rows of a delivered file may speak of whom; can be made anew
//!        store/stages/*.stage      the register, the sources' links and what rules found, as last made; can be made anew
//!        store/runs/<run>/*.parquet, run.json
//!        outbox/<run>/…             what is sent out, written by `report`
//! ```
//!
//! `recall` reads a part of a run back as tables.
//!
//! Nothing here reads extracts for matching, judges a row or words a report. Polars is named only in this module,
//! in `policy` and in `report`.

mod answers;
mod coverage_counts;
mod export;
mod extracts;
mod findings;
mod frame;
mod judgements;
mod kept_tables;
mod key_index;
mod ledger;
mod lock;
mod notice;
mod original;
mod parquet;
mod part;
mod pick;
mod prints;
mod publish;
mod published;
mod recall;
mod run_record;
mod same;
#[cfg(test)]
mod sample;
mod snapshot;
mod stages;
mod trace;
mod vouched;
mod whole_file;
mod workspace;

pub use coverage_counts::{CoverageCounts, SourceCoverage, coverage_counts};
pub use export::{Export, Format, export};
pub use extracts::{Extracts, Standing};
pub use findings::{Findings, findings, households_of};
pub use judgements::known_keys;
pub use key_index::{KeyIndex, KeyIndexWriter};
pub use ledger::{Entry, Ledger, LedgerFault, Verification};
pub use lock::{Holder, RunLock};
pub use notice::notice_households;
pub use original::Original;
pub use prints::Prints;
pub use publish::{Output, Staging};
pub use recall::{Part, Recalled, recall};
pub use run_record::{FileRecord, RunRecord, SourceRecord, evidence_file};
pub use same::{MadeOf, TableRecord, note_tables};
pub use snapshot::{RunTables, save_found, save_read, save_record};
pub use stages::{KeptRegister, OnRegister, Stages};
pub use trace::{Trace, TracedField, TracedGround, TracedLink, trace};
pub use vouched::ImportedFile;
pub use whole_file::{check_file_name, write_bytes, write_whole};
pub use workspace::Workspace;
