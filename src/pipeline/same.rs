//! What the tables of a run are made of: where it is the same as in the run before, so is the table.

use std::collections::BTreeMap;

use crate::config::Plan;
use crate::kernel::Digest;
use crate::model::coverage::Coverage;
use crate::store::evidence_file;

/// By file name. `sources` are the keys of the plan's sources, none for one of which nothing came; `judgements` of those in
/// force.
pub(super) fn made_of(
    plan: &Plan,
    register: Digest,
    sources: &[Option<Digest>],
    judgements: Digest,
    coverage: &Coverage,
) -> BTreeMap<String, Digest> {
    let of = |parts: &[&[u8]]| Digest::of_parts(parts.iter().copied());
    let mut made_of = BTreeMap::from([
        ("register.parquet".to_owned(), register),
        ("coverage.parquet".to_owned(), of(&[&register.0, &coverage.codes()])),
    ]);
    let mut links = vec![&register.0[..], &judgements.0];
    for (source, key) in plan.sources.iter().zip(sources) {
        links.push(source.code.as_bytes());
        links.push(key.as_ref().map_or(&[], |key| &key.0[..]));
        made_of.extend(key.map(|key| (evidence_file(&source.code), key)));
    }
    made_of.insert("links.parquet".to_owned(), of(&links));
    made_of
}
