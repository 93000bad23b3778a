//! All sources read and linked; those of which nothing changed come from the night before as they were.
//!
//! What a source gives before anybody judges it depends on four things alone: the register with its mandates of the day,
//! the source's files, its layout, and how linking is set. Their digests are its key, and what was made under the same key
//! is taken over. A change in the register therefore links everything anew, from the rows that the key indexes name,
//! and a change in a rule links nothing.

use rayon::prelude::*;

use super::completeness::Usual;
use super::extracts::{Deliveries, files_of, key_over, read_sources, tell_taken_over};
use super::register::RegisterRead;
use super::review::{self, InForce};
use super::run::staged;
use crate::config::{Plan, PlannedSource};
use crate::kernel::{Cancel, Digest, Progress, Result};
use crate::linkage::{self, Index};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::judgement::Review;
use crate::model::link::{CrowdedName, Grade, Link, SharedId, SourceLinks};
use crate::model::register::Register;
use crate::store::{Extracts, Stages};

/// All links of a run, by source and row, and what was set aside while linking.
#[derive(Default)]
pub(super) struct Linked {
    pub(super) links: Vec<Link>,
    pub(super) shared: Vec<SharedId>,
    pub(super) crowded: Vec<CrowdedName>,
    pub(super) name_only: u64,
}

/// Sources in the plan's order, joined.
pub(super) fn gathered(found: impl IntoIterator<Item = (Evidence, SourceLinks)>) -> (Vec<Evidence>, Linked) {
    let found: Vec<(Evidence, SourceLinks)> = found.into_iter().collect();
    let links = found.iter().map(|(_, from_source)| from_source.links.len()).sum();
    let mut all = Linked { links: Vec::with_capacity(links), ..Linked::default() };
    let take = |(evidence, links): (Evidence, SourceLinks)| {
        all.links.extend(links.links);
        all.shared.extend(links.shared);
        all.crowded.extend(links.crowded);
        all.name_only += links.name_only;
        evidence
    };
    (found.into_iter().map(take).collect(), all)
}

/// What linking a night depends on beside the sources' own files.
pub(super) struct Ground<'a> {
    pub(super) plan: &'a Plan,
    pub(super) read: &'a RegisterRead,
    /// Sources to read; empty means all.
    pub(super) only: &'a [String],
    pub(super) extracts: &'a Extracts,
    pub(super) stages: &'a Stages,
}

impl Ground<'_> {
    /// Evidence, links and keys of all sources, in the plan's order.
    ///
    /// # Errors
    /// The disk; somebody asked to stop.
    pub(super) fn link(
        &self,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<(Vec<Evidence>, Linked, Vec<Option<Digest>>)> {
        let mut found = self.kept(progress);
        let missing: Vec<(usize, &PlannedSource)> = self
            .plan
            .sources
            .iter()
            .enumerate()
            .filter(|(at, source)| found[*at].is_none() && self.asks(source))
            .collect();
        if !missing.is_empty() {
            let index = staged("index", progress, || Index::build(&self.read.register));
            let sources: Vec<&PlannedSource> = missing.iter().map(|(_, source)| *source).collect();
            let evidences =
                read_sources(self.plan, &sources, self.read.register.as_of, &index, self.extracts, progress, cancel)?;
            let numbered = missing.iter().map(|(at, _)| *at).zip(evidences).collect();
            let linked = link_all(self.plan, &index, numbered, progress, cancel)?;
            let keep = |(at, (evidence, links)): &(usize, (Evidence, SourceLinks))| {
                self.keep(&self.plan.sources[*at], evidence, links)
            };
            linked.par_iter().with_max_len(1).try_for_each(keep)?;
            linked.into_iter().for_each(|(at, from_source)| found[at] = Some(from_source));
        }
        let sources = self.plan.sources.iter().zip(found);
        let all = sources.map(|(source, found)| found.unwrap_or_else(|| (not_asked(source), SourceLinks::default())));
        let (evidences, linked) = gathered(all);
        let keys = self.plan.sources.iter().zip(&evidences).map(|(source, evidence)| self.key_of(source, evidence));
        let keys = keys.collect();
        Ok((evidences, linked, keys))
    }

    fn asks(&self, source: &PlannedSource) -> bool {
        self.only.is_empty() || self.only.contains(&source.code)
    }

    /// What can be taken over, by source.
    fn kept(&self, progress: &dyn Progress) -> Vec<Option<(Evidence, SourceLinks)>> {
        let of_source = |(at, source): (usize, &PlannedSource)| {
            if !self.asks(source) {
                return None;
            }
            let delivered = Deliveries::known(self.plan, &source.layout, self.extracts)?;
            let key = self.key(source, delivered.files());
            let (evidence, links) = self.stages.source(key, at as u16, not_asked(source))?;
            let evidence = delivered.deliver(&source.layout, evidence, self.read.register.as_of)?;
            tell_taken_over(&evidence, progress);
            Some((evidence, links))
        };
        self.plan.sources.par_iter().enumerate().map(of_source).collect()
    }

    /// Keeps what a source gave, if it gave anything.
    fn keep(&self, source: &PlannedSource, evidence: &Evidence, links: &SourceLinks) -> Result<()> {
        self.key_of(source, evidence).map_or(Ok(()), |key| self.stages.keep_source(key, evidence, links))
    }

    /// `None` if nothing came of the source.
    fn key_of(&self, source: &PlannedSource, evidence: &Evidence) -> Option<Digest> {
        matches!(evidence.delivery, Delivery::Arrived { .. }).then(|| self.key(source, files_of(evidence)))
    }

    fn key<'f>(&self, source: &PlannedSource, files: impl Iterator<Item = (&'f str, &'f Digest)>) -> Digest {
        let settings = serde_json::to_vec(&self.plan.run.link_settings()).expect("plain numbers and words");
        key_over(&[&self.read.key.0, &source.digest.0, &settings, &[linkage::VERSION]], files)
    }

    /// Whether a source would be taken over.
    pub(super) fn holds(&self, source: &PlannedSource) -> bool {
        let delivered = Deliveries::known(self.plan, &source.layout, self.extracts);
        delivered.is_some_and(|known| self.stages.has_source(self.key(source, known.files()), &source.code))
    }
}

/// A source that `--only` left out: nothing was asked of it, and coverage says so.
fn not_asked(source: &PlannedSource) -> Evidence {
    Evidence::absent(&source.code, &source.layout.department, source.kind.clone(), Delivery::Missing)
}

/// Links sources, each with its index in the plan, side by side: each spreads its rows over the cores, but has also work for
/// one core alone.
pub(super) fn link_all(
    plan: &Plan,
    index: &Index<'_>,
    evidences: Vec<(usize, Evidence)>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<(usize, (Evidence, SourceLinks))>> {
    const STAGE: &str = "link";
    progress.begin(STAGE, 0);
    let settings = plan.run.link_settings();
    let link = |(at, evidence): (usize, Evidence)| {
        cancel.check()?;
        let links = linkage::link_source(index, at as u16, &evidence, &settings);
        progress.advance(STAGE, 0, evidence.table.rows() as u64);
        Ok((at, (evidence, links)))
    };
    let linked: Result<Vec<_>> = evidences.into_par_iter().with_max_len(1).map(link).collect();
    progress.end(STAGE, "");
    linked
}

/// What people judged and what usually comes, held against what was read and linked; gives the links that are or were questions.
pub(super) fn settle(
    plan: &Plan,
    register: &Register,
    in_force: &InForce,
    usual: &Usual,
    evidences: &mut [Evidence],
    links: &mut [Link],
) -> Vec<Review> {
    let reviews = review::settle(register, evidences, links, in_force);
    settle_bins(evidences, links);
    usual.settle(plan, register, evidences, links);
    reviews
}

/// Kept rows that found nobody are unlinked; then every row read must stand in one bin (invariant I-3). `links` by source
/// and row, judgements applied: a possible link that was judged the same person is one.
pub(super) fn settle_bins(evidences: &mut [Evidence], links: &[Link]) {
    let mut rest = links;
    for (source, evidence) in evidences.iter_mut().enumerate() {
        let (own, others) = rest.split_at(rest.partition_point(|link| usize::from(link.source) <= source));
        rest = others;
        let mut rows: Vec<u32> =
            own.iter().filter(|link| link.grade != Grade::E || link.accepted).map(|link| link.row).collect();
        rows.dedup();
        let unlinked = evidence.table.rows() as u64 - rows.len() as u64;
        evidence.bins.linked -= unlinked;
        evidence.bins.unlinked += unlinked;
        assert!(evidence.bins.closes(), "rows of {} do not add up: {:?}", evidence.source, evidence.bins);
    }
}
