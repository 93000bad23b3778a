//! What the rules find. Where nothing changed that the rules of one kind of evidence look at, they find what they found in
//! the run before, and it is taken over; they are not asked again.

use rayon::prelude::*;

use super::register::RegisterRead;
use super::run::staged;
use crate::config::Plan;
use crate::kernel::{Cancel, Digest, Progress, Result};
use crate::model::coverage::Coverage;
use crate::model::evidence::Evidence;
use crate::model::judgement::{self, Review};
use crate::model::link::Link;
use crate::model::outcome::{Outcomes, RuleFindings};
use crate::policy;
use crate::store::Stages;

/// All that outcomes depend on.
pub(super) struct Judging<'a> {
    pub(super) plan: &'a Plan,
    pub(super) read: &'a RegisterRead,
    /// In the plan's order, as are `keys`: what each source was made of; none for one of which nothing came.
    pub(super) evidences: &'a [Evidence],
    pub(super) keys: &'a [Option<Digest>],
    /// By source and row, judgements applied.
    pub(super) links: &'a [Link],
    pub(super) reviews: &'a [Review],
    /// Of the judgements in force.
    pub(super) judgements: Digest,
    pub(super) stages: &'a Stages,
}

impl Judging<'_> {
    /// Who was asked of what, as far as it came and is judged.
    pub(super) fn coverage(&self) -> Coverage {
        let Judging { plan, evidences, links, .. } = *self;
        let pending = judgement::open(self.reviews, links);
        policy::coverage(&plan.policy, &self.read.register, evidences, links, pending, &plan.programmes_by_source())
    }

    /// All outcomes; what was found now is kept for later runs.
    ///
    /// # Errors
    /// As [`policy::find`]; the disk.
    pub(super) fn outcomes(&self, coverage: &Coverage, progress: &dyn Progress, cancel: &Cancel) -> Result<Outcomes> {
        let first_links = self.first_links();
        let kinds: Vec<(&str, Digest)> =
            self.plan.policy.evidence_read().into_iter().map(|kind| (kind, self.key(kind))).collect();
        let kept: Vec<Option<Vec<RuleFindings>>> =
            kinds.par_iter().map(|(kind, key)| self.stages.rule_findings(*key, kind, &first_links)).collect();
        let asked: Vec<(&str, Digest)> =
            kinds.into_iter().zip(&kept).filter(|(_, kept)| kept.is_none()).map(|(kind, _)| kind).collect();
        let found = staged("rules", progress, || {
            policy::find(
                &self.plan.policy,
                &asked.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
                &self.read.register,
                self.evidences,
                self.links,
                coverage,
                cancel,
            )
        })?;
        let new = asked.par_iter().with_max_len(1).zip(&found);
        new.try_for_each(|((kind, key), found)| self.stages.keep_rule_findings(*key, kind, found, &first_links))?;
        Ok(policy::join(&self.read.register, kept.into_iter().flatten().chain(found).flatten().collect()))
    }

    /// Where the links of each source begin.
    fn first_links(&self) -> Vec<u32> {
        let sources = 0..self.evidences.len();
        sources.map(|source| self.links.partition_point(|link| usize::from(link.source) < source) as u32).collect()
    }

    /// Of all that the rules reading a kind of evidence look at. Coverage is made of the same.
    fn key(&self, kind: &str) -> Digest {
        let rules = self.plan.policy.digest_for(kind, self.read.register.counties(), self.read.register.as_of);
        let mut parts = vec![rules.0.to_vec(), self.read.key.0.to_vec(), self.judgements.0.to_vec()];
        let sources = self.plan.sources.iter().zip(self.evidences).zip(self.keys).enumerate();
        for (at, ((source, evidence), key)) in sources.filter(|(_, ((_, evidence), _))| evidence.kind.code == kind) {
            let (state, as_of) = (evidence.delivery.state(), evidence.delivery.as_of());
            let came = format!("{at} {} {state} {}", source.code, as_of.map(|day| day.to_string()).unwrap_or_default());
            parts.extend([came.into_bytes(), source.digest.0.to_vec()]);
            parts.extend(key.map(|key| key.0.to_vec()));
        }
        Digest::of_parts(parts.iter().map(Vec::as_slice))
    }
}
