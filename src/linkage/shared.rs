//! Ids that cannot stand for one person: placeholders, and one id under many names. Found from a source's own rows.
//!
//! Somebody else's name under a register id is grade B anyway, so those rows accuse nobody. Rows under the register
//! person's own name stay grade A while the other names are few (a dealer's clerk, a family's account); when they are
//! many, the id is a placeholder in all but form, the own name may be chance, and no row of it gets grade A.

use std::collections::BTreeSet;

use super::exact::Known;
use super::{LinkSettings, Rows};
use crate::kernel::CitizenId;
use crate::model::link::{Grade, Link, SharedId};
use crate::standardise::names;

/// Lists the shared ids of one source and takes grade A from those under many names. `known` is everybody with an id on
/// the register; `links` the source's links, sorted by party.
pub(super) fn set_aside(rows: Rows, known: &[Known], links: &mut [Link], settings: &LinkSettings) -> Vec<SharedId> {
    let suspects = under_other_names(known, settings.shared_names);
    let mut suspected: Vec<&Known> = known.iter().filter(|known| suspects.binary_search(&known.id).is_ok()).collect();
    suspected.sort_unstable_by_key(|known| (known.id, known.party));
    let mut shared = Vec::new();
    for of_id in suspected.chunk_by(|a, b| a.id == b.id) {
        let others = of_id.iter().filter(|known| !known.own_name);
        let others = distinct_names(rows, others.map(|known| known.party));
        if others < settings.shared_names {
            continue;
        }
        let names = distinct_names(rows, of_id.iter().map(|known| known.party)) as u64;
        let id = of_id[0].id.to_string();
        shared.push(SharedId { source: rows.source, id, rows: of_id.len() as u64, names });
        if others >= settings.placeholder_names {
            of_id.iter().for_each(|known| withdraw(links, known.party));
        }
    }
    shared
}

/// Ids that stand so often beside another's name, ascending: few, so that the many others need not be sorted.
fn under_other_names(known: &[Known], least: usize) -> Vec<CitizenId> {
    let mut others: Vec<CitizenId> = known.iter().filter(|known| !known.own_name).map(|known| known.id).collect();
    others.sort_unstable();
    others.chunk_by(|a, b| a == b).filter(|same| same.len() >= least).map(|same| same[0]).collect()
}

/// Placeholders as they were delivered, with their rows. `parties` are those whose id reads as one.
pub(super) fn placeholders(rows: Rows, parties: &[u32]) -> Vec<SharedId> {
    let mut texts: Vec<(&str, u32)> = parties.iter().map(|party| (rows.id(*party), *party)).collect();
    texts.sort_unstable();
    let groups = texts.chunk_by(|a, b| a.0 == b.0);
    groups
        .map(|same| SharedId {
            source: rows.source,
            id: same[0].0.to_owned(),
            rows: same.len() as u64,
            names: distinct_names(rows, same.iter().map(|(_, party)| *party)) as u64,
        })
        .collect()
}

fn distinct_names(rows: Rows, parties: impl Iterator<Item = u32>) -> usize {
    let keys: BTreeSet<_> = parties.map(|party| names::key(rows.name(party))).collect();
    keys.iter().filter(|key| !key.is_empty()).count()
}

fn withdraw(links: &mut [Link], party: u32) {
    let of_party = links.partition_point(|link| link.party < party)..links.partition_point(|link| link.party <= party);
    for link in &mut links[of_party] {
        link.grade = Grade::B;
        link.code[0] = b'U';
        link.accepted = false;
    }
}
