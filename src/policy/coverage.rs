//! 核对覆盖: what each source could say about each person. A missing answer is never clearance (invariant I-6).
//!
//! The first that holds: the source does not concern the person's programme; no live mandate; no usable id and no link;
//! the source did not arrive or was refused; it is stale; a record was found; none was found. A stale source stays stale
//! even where it holds a record: the record is evidence for the rules, its age is what the coverage has to tell.

use rayon::prelude::*;

use crate::kernel::CitizenId;
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::link::Link;
use crate::model::register::Register;

/// States of all persons × sources, sources in the order of `evidences`. Only accepted links count as records.
///
/// `applies[source]`: programmes the source concerns; empty means all.
pub fn coverage(register: &Register, evidences: &[Evidence], links: &[Link], applies: &[Vec<String>]) -> Coverage {
    assert_eq!(evidences.len(), applies.len(), "each source says which programmes it concerns");
    let sources = evidences.len();
    if sources == 0 {
        return Coverage::new(0, Vec::new());
    }
    let mut states = vec![CoverageState::NotFound; register.persons.len() * sources];
    for link in links.iter().filter(|link| link.accepted) {
        states[link.person as usize * sources + usize::from(link.source)] = CoverageState::Found;
    }
    let concerned: Vec<Vec<bool>> = register
        .programmes
        .iter()
        .map(|programme| applies.iter().map(|listed| listed.is_empty() || listed.contains(programme)).collect())
        .collect();
    states.par_chunks_mut(sources).zip(&register.persons).for_each(|(states, person)| {
        let usable = person.id.is_some_and(CitizenId::is_valid);
        let concerned = &concerned[usize::from(person.programme)];
        for (source, state) in states.iter_mut().enumerate() {
            let found = *state == CoverageState::Found;
            *state = if !concerned[source] {
                CoverageState::NotApplicable
            } else if !person.mandated {
                CoverageState::NoMandate
            } else if !usable && !found {
                CoverageState::UnusableId
            } else {
                match evidences[source].delivery {
                    Delivery::Missing | Delivery::Refused(_) => CoverageState::SourceMissing,
                    Delivery::Arrived { stale: true, .. } => CoverageState::SourceStale,
                    Delivery::Arrived { stale: false, .. } => *state,
                }
            };
        }
    });
    Coverage::new(sources, states)
}
