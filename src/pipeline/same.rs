//! What the tables of a run are made of: where it is the same as in the run before, so is the table.

use crate::config::Plan;
use crate::kernel::Digest;
use crate::model::coverage::Coverage;
use crate::store::evidence_file;

/// Of the tables of what was read, by file name. `sources` are the keys of the plan's sources, none for one of which nothing
/// came.
pub(super) fn read_tables(plan: &Plan, register: Digest, sources: &[Option<Digest>]) -> Vec<(String, Digest)> {
    let sources = plan.sources.iter().zip(sources);
    let evidences = sources.filter_map(|(source, key)| Some((evidence_file(&source.code), (*key)?)));
    std::iter::once(("register.parquet".to_owned(), register)).chain(evidences).collect()
}

/// Of tables of what was found. `judgements` are those in force.
pub(super) fn found_tables(
    plan: &Plan,
    register: Digest,
    sources: &[Option<Digest>],
    judgements: Digest,
    coverage: &Coverage,
) -> [(String, Digest); 2] {
    let mut links = vec![&register.0[..], &judgements.0];
    for (source, key) in plan.sources.iter().zip(sources) {
        links.push(source.code.as_bytes());
        links.push(key.as_ref().map_or(&[], |key| &key.0[..]));
    }
    [
        ("coverage.parquet".to_owned(), Digest::of_parts([&register.0[..], &coverage.codes()])),
        ("links.parquet".to_owned(), Digest::of_parts(links)),
    ]
}
