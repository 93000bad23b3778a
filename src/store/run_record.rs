//! `run.json`: what a run was, in one file that people and programs can read without Parquet.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::frame::damaged;
use super::ledger::{Ledger, unvouched};
use super::publish::Output;
use super::same::TableRecord;
use super::whole_file::write_new;
use super::workspace::Workspace;
use crate::kernel::{Date, Digest, Error, Result};
use crate::model::coverage::CoverageState;
use crate::model::evidence::{Bins, Delivery, Evidence, ExtractFile, RowRef, Shortfall};
use crate::model::outcome::RuleCard;
use crate::model::table::FieldType;

/// Its name in the folder of its run, and in the ledger's entry.
pub(super) const FILE: &str = "run.json";

/// A run as it was.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RunRecord {
    pub run: String,
    /// Version of the program.
    pub version: String,
    /// ISO date the run speaks for.
    pub as_of: String,
    /// Policy profile: 山东, 演示 …
    pub profile: String,
    /// Made-up people or parameters: every page made of this run says 演示.
    #[serde(default)]
    pub demo: bool,
    /// Digest of the whole configuration, hexadecimal.
    pub configuration: String,
    /// The files that the persons on the register were read from.
    #[serde(default)]
    pub register: Vec<FileRecord>,
    /// In the order of the plan: `source` columns are indexes in this list.
    pub sources: Vec<SourceRecord>,
    /// Codes of the bytes in the coverage table.
    pub coverage_states: Vec<String>,
    /// Programmes on the register of which no rule thought; `None` of runs that did not write it down.
    pub unnamed_programmes: Option<Vec<String>>,
    /// In the order of the run: `rule` indexes.
    pub rules: Vec<RuleCard>,
    /// Parameter values by name, as policy gives them.
    pub parameters: Value,
    /// Counts as the pipeline gives them.
    pub summary: Value,
    /// The tables beside this file, by name.
    pub tables: BTreeMap<String, TableRecord>,
}

/// One source of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SourceRecord {
    pub source: String,
    pub department: String,
    pub kind: String,
    pub label: String,
    /// `arrived`, `missing` or `refused`.
    pub delivery: String,
    /// Wording key of the refusal.
    pub refusal: Option<String>,
    pub as_of: Option<String>,
    pub stale: bool,
    #[serde(default)]
    pub short: Option<Shortfall>,
    pub files: Vec<FileRecord>,
    pub bins: Bins,
    /// Field name, label, type: the columns of `evidence-<source>.parquet`.
    pub fields: Vec<FieldRecord>,
    pub rejects: Vec<RejectCount>,
}

/// One delivered file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileRecord {
    /// Relative to the workspace.
    pub path: String,
    /// SHA-256, hexadecimal.
    pub digest: String,
    pub bytes: u64,
    pub format: String,
    /// 0 of runs that did not write it down.
    #[serde(default)]
    pub rows: u64,
}

impl FileRecord {
    pub(super) fn of(file: &ExtractFile) -> Self {
        Self {
            path: file.path.clone(),
            digest: file.digest.to_string(),
            bytes: file.bytes,
            format: file.format.clone(),
            rows: file.rows,
        }
    }
}

/// One column of a source's records.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldRecord {
    pub name: String,
    pub label: String,
    #[serde(rename = "type")]
    pub ty: FieldType,
}

/// How many rows or fields went back for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RejectCount {
    pub column: String,
    pub reason: String,
    pub whole_row: bool,
    pub count: u64,
}

impl RunRecord {
    /// Reads `run.json` of a published run, which must be what the ledger says the run was published with: whatever reads a
    /// run believes its record.
    ///
    /// # Errors
    /// I/O: no such run, a record that is not the one published, a broken ledger.
    pub fn load(workspace: &Workspace, run: &str) -> Result<Self> {
        let dir = workspace.run_dir(run);
        let path = dir.join(FILE);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && dir.is_dir() => return Err(damaged(&path)),
            text => text.map_err(|error| Error::io(&path, &error))?,
        };
        match Ledger::open(workspace)?.record_of(run)? {
            Some(published) if published == Digest::of(&text) => {}
            Some(_) => return Err(damaged(&path)),
            None => return Err(unvouched(workspace, run)),
        }
        let record: Self = serde_json::from_slice(&text).map_err(|_| damaged(&path))?;
        if Date::parse_iso(&record.as_of).is_some() { Ok(record) } else { Err(damaged(&path)) }
    }

    pub(super) fn save(&self, dir: &Path) -> Result<Output> {
        let path = dir.join(FILE);
        let mut text = serde_json::to_vec_pretty(self).expect("a run's record is plain JSON");
        text.push(b'\n');
        let written = write_new(&path, |out| out.write_all(&text).map_err(|error| Error::io(&path, &error)))?;
        Ok(Output::new(FILE.to_owned(), written))
    }
}

/// Codes of all coverage states by their byte.
pub(super) fn coverage_states() -> Vec<String> {
    CoverageState::ALL.iter().map(|state| state.code().to_owned()).collect()
}

impl SourceRecord {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let (delivery, refusal, as_of, stale) = match &evidence.delivery {
            Delivery::Arrived { as_of, stale, .. } => ("arrived", None, *as_of, *stale),
            Delivery::Missing => ("missing", None, None, false),
            Delivery::Refused(error) => ("refused", Some(error.message().key.to_owned()), None, false),
        };
        let fields = evidence.kind.fields.iter();
        let rejects = evidence.reject_counts.iter().map(|((column, reason, whole_row), count)| RejectCount {
            column: column.clone(),
            reason: (*reason).to_owned(),
            whole_row: *whole_row,
            count: *count,
        });
        Self {
            source: evidence.source.clone(),
            department: evidence.department.clone(),
            kind: evidence.kind.code.clone(),
            label: evidence.kind.label.clone(),
            delivery: delivery.to_owned(),
            refusal,
            as_of: as_of.map(|date: Date| date.to_string()),
            stale,
            short: evidence.short(),
            files: evidence.files.iter().map(FileRecord::of).collect(),
            bins: evidence.bins,
            fields: fields
                .map(|field| FieldRecord { name: field.name.clone(), label: field.label.clone(), ty: field.ty })
                .collect(),
            rejects: rejects.collect(),
        }
    }

    /// The delivered file a row stands in.
    pub(super) fn file_of(&self, at: RowRef) -> Option<&FileRecord> {
        self.files.get(at.file as usize)
    }
}

/// Name of a field's column: money says its unit.
pub(super) fn column_name(field: &str, ty: FieldType) -> String {
    if ty == FieldType::Money { format!("{field}_fen") } else { field.to_owned() }
}

/// Where the records of a source stand.
pub fn evidence_file(source: &str) -> String {
    format!("evidence-{source}.parquet")
}
