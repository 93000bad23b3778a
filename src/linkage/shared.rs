//! Ids that cannot stand for one person: placeholders, and one id under many names. Found from a source's own rows.
//!
//! Somebody else's name under a register id is grade B anyway, so those rows accuse nobody. Rows under the register
//! person's own name stay grade A while the other names are few (a dealer's clerk, a family's account); when they are
//! many, the id is a placeholder in all but form, the own name may be chance, and no row of it gets grade A.

use std::collections::BTreeSet;

use super::LinkSettings;
use crate::kernel::CitizenId;
use crate::model::evidence::Evidence;
use crate::model::link::{Grade, Link, SharedId};
use crate::standardise::names;

/// Lists the shared ids of one source and takes grade A from those under many names. `exact` holds (id, party) of every
/// party with an id on the register; `links` the source's links, sorted by party.
pub(super) fn set_aside(
    source: u16,
    evidence: &Evidence,
    mut exact: Vec<(CitizenId, u32)>,
    links: &mut [Link],
    settings: &LinkSettings,
) -> Vec<SharedId> {
    exact.sort_unstable();
    let mut shared = Vec::new();
    for rows in exact.chunk_by(|a, b| a.0 == b.0).filter(|rows| rows.len() >= settings.shared_names) {
        let others = distinct_names(
            evidence,
            rows.iter()
                .map(|(_, party)| *party)
                .filter(|party| links_of(links, *party).iter().all(|link| link.grade != Grade::A)),
        );
        if others < settings.shared_names {
            continue;
        }
        let names = distinct_names(evidence, rows.iter().map(|(_, party)| *party));
        shared.push(SharedId { source, id: rows[0].0.to_string(), rows: rows.len() as u64, names: names as u64 });
        if others >= settings.placeholder_names {
            rows.iter().for_each(|(_, party)| withdraw(links, *party));
        }
    }
    shared
}

/// Placeholders as they were delivered, with their rows. `parties` are those whose id reads as one.
pub(super) fn placeholders(source: u16, evidence: &Evidence, parties: &[u32]) -> Vec<SharedId> {
    let mut texts: Vec<(&str, u32)> =
        parties.iter().map(|party| (evidence.parties.id.get(*party as usize), *party)).collect();
    texts.sort_unstable();
    let groups = texts.chunk_by(|a, b| a.0 == b.0);
    groups
        .map(|rows| SharedId {
            source,
            id: rows[0].0.to_owned(),
            rows: rows.len() as u64,
            names: distinct_names(evidence, rows.iter().map(|(_, party)| *party)) as u64,
        })
        .collect()
}

fn distinct_names(evidence: &Evidence, parties: impl Iterator<Item = u32>) -> usize {
    let keys: BTreeSet<_> = parties.map(|party| names::key(evidence.parties.name.get(party as usize))).collect();
    keys.iter().filter(|key| !key.is_empty()).count()
}

fn span(links: &[Link], party: u32) -> std::ops::Range<usize> {
    links.partition_point(|link| link.party < party)..links.partition_point(|link| link.party <= party)
}

fn links_of(links: &[Link], party: u32) -> &[Link] {
    &links[span(links, party)]
}

fn withdraw(links: &mut [Link], party: u32) {
    let span = span(links, party);
    for link in &mut links[span] {
        link.grade = Grade::B;
        link.code[0] = b'U';
        link.accepted = false;
    }
}
