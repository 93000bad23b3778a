//! `hedui diff RUN RUN`: what changed between two published runs, by county and rule.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::{Division, Error, Message, Result};
use crate::model::standing::Earlier;
use crate::store::{Workspace, findings};

/// Two runs beside each other.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Comparison {
    pub before: String,
    pub after: String,
    /// By county, then rule.
    pub lines: Vec<ComparisonLine>,
}

/// One rule in one county. Before (found or kept) = same + changed + gone + kept; after = new + same + changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct ComparisonLine {
    pub county: String,
    pub rule: String,
    pub title: String,
    pub new: u64,
    pub same: u64,
    pub changed: u64,
    pub gone: u64,
    /// Not found because it could not be looked at, as the later run says.
    pub kept: u64,
}

/// Compares by id and fact digest, as the later run was compared: what the earlier one had kept unchecked is none the newer for
/// it. `county` leaves out the others.
///
/// # Errors
/// A run is unknown; I/O, a damaged snapshot.
pub fn compare(workspace: &Workspace, before: &str, after: &str, county: Option<Division>) -> Result<Comparison> {
    let runs = workspace.runs()?;
    for run in [before, after] {
        if !runs.iter().any(|published| published == run) {
            return Err(Error::input(Message::new("store.no_such_run")).hint(Message::new("store.no_such_run_hint")));
        }
    }
    let (earlier, later) = (findings(workspace, before)?, findings(workspace, after)?);
    let kept = later.absent.iter().filter(|absent| absent.is_kept());
    let kept: BTreeSet<&str> = kept.map(|absent| absent.earlier.id.as_str()).collect();
    let inside = |one: &&Earlier| county.is_none_or(|county| county.covers(one.division));
    let earlier: BTreeMap<&str, &Earlier> =
        earlier.expected().filter(inside).map(|one| (one.id.as_str(), one)).collect();
    let later: BTreeMap<&str, &Earlier> = later.found.iter().filter(inside).map(|one| (one.id.as_str(), one)).collect();
    let mut lines: BTreeMap<(Division, String), ComparisonLine> = BTreeMap::new();
    let mut count = |one: &Earlier, add: fn(&mut ComparisonLine)| {
        let key = (one.division.county(), one.rule.clone());
        let line = lines.entry(key).or_insert_with(|| ComparisonLine {
            county: one.division.county().to_string(),
            rule: one.rule.clone(),
            title: one.title.clone(),
            ..ComparisonLine::default()
        });
        add(line);
    };
    for (id, now) in &later {
        match earlier.get(id) {
            None => count(now, |line| line.new += 1),
            Some(before) if before.fact.is_some() && before.fact != now.fact => count(now, |line| line.changed += 1),
            Some(_) => count(now, |line| line.same += 1),
        }
    }
    for (id, before) in earlier.iter().filter(|(id, _)| !later.contains_key(*id)) {
        count(before, if kept.contains(id) { |line| line.kept += 1 } else { |line| line.gone += 1 });
    }
    Ok(Comparison { before: before.to_owned(), after: after.to_owned(), lines: lines.into_values().collect() })
}
