//! What a run found, and what it kept of the run before, read back from its snapshots to be compared with another run.

use polars::prelude::*;
use rayon::prelude::*;

use super::frame::{damaged, polars_error, read};
use super::pick::Snapshot;
use super::published::Published;
use super::workspace::Workspace;
use crate::kernel::{Digest, Division, Result};
use crate::model::standing::{Absence, Absent, Earlier, Facts};

/// Two tables of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Its discrepancies, in their order.
    pub found: Vec<Earlier>,
    /// What an earlier run had found and this one did not.
    pub absent: Vec<Absent>,
}

impl Findings {
    /// What a later run is expected to find: what was found, and what had been kept because nothing could be said.
    pub fn expected(&self) -> impl Iterator<Item = &Earlier> {
        let kept = self.absent.iter().filter(|absent| absent.is_kept());
        self.found.iter().chain(kept.map(|absent| &absent.earlier))
    }
}

/// Those of a published run.
///
/// # Errors
/// I/O, a damaged snapshot.
pub fn findings(workspace: &Workspace, run: &str) -> Result<Findings> {
    let run = Published::open(workspace, run)?;
    let found = earlier(&run.table("outcomes.parquet")?)?.into_iter().map(|(earlier, _)| earlier).collect();
    Ok(Findings { found, absent: absent(&run)? })
}

/// Codes of the households in which persons of these ids lived, by the run's register.
///
/// # Errors
/// I/O, a damaged snapshot.
pub fn households_of(workspace: &Workspace, run: &str, ids: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let register =
        Published::open(workspace, run)?.table("register.parquet")?.columns(&["person_id", "household_id"])?;
    let (persons, households) = (register.texts("person_id")?, register.texts("household_id")?);
    let named = persons.iter().zip(households.iter()).filter(|(person, _)| person.is_some_and(&ids));
    Ok(named.filter_map(|(_, household)| household.map(str::to_owned)).collect())
}

/// What an earlier run had found and this one did not, and why.
pub(super) fn absent(run: &Published) -> Result<Vec<Absent>> {
    let known = |(earlier, why): (Earlier, String)| {
        Absence::parse(&why).map(|why| Absent::new(earlier, why)).ok_or_else(|| run.damaged())
    };
    earlier(&run.table("absent.parquet")?)?.into_iter().map(known).collect()
}

/// Rows of either table with the text of `why`, which only one of them has.
fn earlier(table: &Snapshot) -> Result<Vec<(Earlier, String)>> {
    let path = table.path.as_path();
    let frame = read(path, None, 0, table.rows)?;
    let column = |name: &str| frame.column(name).and_then(|column| column.str()).map_err(|e| polars_error(path, &e));
    let later = |name: &str| frame.column(name).ok().and_then(|column| column.str().ok());
    let (id, rule, title, severity) = (column("id")?, column("rule")?, column("title")?, column("severity")?);
    let (household, person, division) = (column("household_id")?, column("person_id")?, column("division")?);
    let (fact, facts, sources, why) = (later("fact"), later("facts"), later("sources"), later("why"));
    let text = |column: &StringChunked, row: usize| column.get(row).unwrap_or_default().to_owned();
    let added = |column: Option<&StringChunked>, row| column.map(|column| text(column, row)).unwrap_or_default();
    let one = |row: usize| {
        let division = Division::parse(&text(division, row)).ok_or_else(|| damaged(path))?;
        let earlier = Earlier {
            id: text(id, row),
            rule: text(rule, row),
            title: text(title, row),
            severity: text(severity, row),
            household: text(household, row),
            person: text(person, row),
            division,
            sources: added(sources, row).split('+').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
            fact: Digest::parse_hex(&added(fact, row)),
            facts: Facts::parse(&added(facts, row)),
        };
        Ok((earlier, added(why, row)))
    };
    (0..frame.height()).into_par_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{RUN, published};
    use super::*;

    #[test]
    fn a_run_is_read_back_as_it_found() {
        let (_folder, workspace) = published();
        let read = findings(&workspace, RUN).unwrap();
        let first = &read.found[0];
        assert_eq!((first.rule.as_str(), first.household.as_str()), ("V001", "H-1"));
        assert_eq!(
            (first.fact, first.sources.as_slice()),
            (Some(Digest::of(b"fact")), ["vehicle".to_owned()].as_slice())
        );
        assert_eq!(read.absent.iter().map(|one| one.why).collect::<Vec<_>>(), [Absence::NotChecked]);
        assert_eq!(read.absent[0].earlier.id, "V001-gone");
    }
}
