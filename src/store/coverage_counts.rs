//! How many people stand in which coverage state for each source of a run: what `hedui coverage` prints.

use polars::prelude::*;

use super::frame::{damaged, polars_error, read};
use super::pick::Snapshot;
use super::published::{Published, nobody};
use super::workspace::Workspace;
use crate::kernel::{Division, Result};
use crate::model::coverage::StateCounts;

/// People of a run (or of one county of it) by source and state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CoverageCounts {
    pub persons: u64,
    pub sources: Vec<SourceCoverage>,
}

/// One source; the states add up to the persons.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SourceCoverage {
    pub source: String,
    pub department: String,
    /// ISO date the delivery speaks for.
    pub as_of: Option<String>,
    /// How many are in each state.
    pub states: StateCounts,
}

/// Counts from the run's snapshot in `dir`; `county` leaves out everybody outside that division.
///
/// # Errors
/// I/O: no such run, a damaged snapshot. An input error if the register has nobody of the county.
pub fn coverage_counts(workspace: &Workspace, run: &str, county: Option<Division>) -> Result<CoverageCounts> {
    let run = Published::open(workspace, run)?;
    let Snapshot { path, rows } = run.table("coverage.parquet")?;
    let frame = read(&path, None, 0, rows)?;
    let fault = |error: PolarsError| polars_error(&path, &error);
    let divisions = frame.column("division").and_then(|column| column.str().cloned()).map_err(fault)?;
    let inside: Vec<bool> = divisions
        .iter()
        .map(|code| county.is_none_or(|county| code.and_then(Division::parse).is_some_and(|code| county.covers(code))))
        .collect();
    if county.is_some() && !inside.contains(&true) {
        return Err(nobody("household.no_such_county"));
    }
    let mut sources = Vec::with_capacity(run.record.sources.len());
    for source in run.record.sources {
        let codes = frame.column(&source.source).and_then(|column| column.i8().cloned()).map_err(fault)?;
        let mut states = StateCounts::default();
        for (code, _) in codes.iter().zip(&inside).filter(|(_, inside)| **inside) {
            let state = code.and_then(|code| states.get_mut(code as usize)).ok_or_else(|| damaged(&path))?;
            *state += 1;
        }
        sources.push(SourceCoverage {
            source: source.source,
            department: source.department,
            as_of: source.as_of,
            states,
        });
    }
    Ok(CoverageCounts { persons: inside.iter().filter(|inside| **inside).count() as u64, sources })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{RUN, published};
    use super::*;

    #[test]
    fn a_county_without_anybody_is_not_a_table_of_zeros() {
        let (_folder, workspace) = published();
        let of =
            |county: Option<&str>| coverage_counts(&workspace, RUN, county.map(|code| Division::parse(code).unwrap()));
        assert_eq!((of(None).unwrap().persons, of(Some("330203")).unwrap().persons), (3, 3));
        assert_eq!(of(Some("659001")).err().unwrap().message().key, "household.no_such_county");
    }
}
