//! What the tables of a run are made of: where it is the same as in the run before, so is the table.

use crate::config::Plan;
use crate::kernel::Digest;
use crate::model::coverage::Coverage;
use crate::model::kind::{self, Kind};
use crate::store::evidence_file;

/// Of the tables of what was read, by file name. `sources` are the keys of the plan's sources, none for one of which nothing
/// came.
pub(super) fn read_tables(plan: &Plan, register: Digest, sources: &[Option<Digest>]) -> Vec<(String, Digest)> {
    let sources = plan.sources.iter().zip(sources);
    let evidences =
        sources.filter_map(|(source, key)| Some((evidence_file(&source.code), with_fields((*key)?, &source.kind))));
    let register = with_fields(register, &kind::register_persons());
    std::iter::once(("register.parquet".to_owned(), register)).chain(evidences).collect()
}

/// What rows are made of, and the columns they are written in: a program of before may not have known all of them.
fn with_fields(key: Digest, kind: &Kind) -> Digest {
    Digest::of_parts(std::iter::once(&key.0[..]).chain(kind.fields.iter().map(|field| field.name.as_bytes())))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_a_program_that_knew_fewer_columns_is_not_the_same() {
        let now = kind::builtin("vehicle").unwrap();
        let mut before = now.clone();
        before.fields.retain(|field| field.name != kind::RECORD_ID);
        let key = Digest([7; 32]);
        assert_ne!(with_fields(key, &before), with_fields(key, &now));
        assert_eq!(with_fields(key, &now), with_fields(key, &now.clone()));
    }
}
