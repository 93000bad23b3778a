//! 数据是否齐全: whether a delivery says less than a whole one would. What its files themselves show is known when they are
//! read; here it is put beside the last whole delivery of an earlier day, or beside what its layout expects.
//!
//! Nobody can tell from an extract that was cut at the end of a row that it was cut, or from ids that moved into another
//! column that they were ids. Two figures tell it: usable rows, of people on the register or not, and links that enter a
//! case. Beside them, that a part of its files is gone, or that it speaks for an earlier day than the one before. The first
//! delivery has none before it, but may show by itself that its rows do not say whose they are: nobody of the register stands in
//! it though many do in the other sources, or most whose number stands in it have another's name there. A delivery
//! that falls short makes its source 来源不全 in coverage (invariant I-6), until a whole one comes or the layout's `min_rows`
//! says how many rows are whole. Whether one cut after another was small, nothing here tells.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::config::{Plan, PlannedSource};
use crate::ingest::{Source, date_of};
use crate::kernel::{Date, Result};
use crate::model::evidence::{Delivery, Evidence, Shortfall};
use crate::model::link::{Grade, Link, NameLevel};
use crate::model::register::Register;
use crate::store::{Ledger, Workspace};

/// What whole deliveries held, as the runs of earlier days knew them.
#[derive(Debug, Default)]
pub(super) struct Usual {
    /// By source code.
    sources: BTreeMap<String, Measure>,
    /// People with a mandate then: fewer of them are linked less.
    mandated: u64,
    /// How much less still passes for whole, in percent.
    fewer_percent: f64,
}

/// What is known of a source's last whole delivery.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Measure {
    /// Usable rows.
    pub rows: u64,
    /// Links that entered a case.
    pub links: u64,
    /// The day it speaks for, if that is known: `2026-11-20`.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Its files, relative to the workspace.
    #[serde(default)]
    pub files: Vec<String>,
}

impl Usual {
    /// As the last run of an earlier day knew them ([`Ledger::run_before`]); nothing before the first.
    ///
    /// # Errors
    /// I/O; an entry of the ledger that is not whole.
    pub(super) fn of(run: Option<&str>, plan: &Plan, ledger: &Ledger) -> Result<Self> {
        let entry = run.map(|run| ledger.published(run)).transpose()?.flatten();
        let usual = entry.map(|entry| Self::in_summary(&entry.body["summary"])).unwrap_or_default();
        Ok(Self { fewer_percent: plan.run.fewer_rows_percent, ..usual })
    }

    fn in_summary(summary: &Value) -> Self {
        let measure = |source: &Value| {
            let measure = serde_json::from_value(source["usual"].clone()).ok()?;
            Some((source["source"].as_str()?.to_owned(), measure))
        };
        let sources = summary["sources"].as_array().into_iter().flatten().filter_map(measure).collect();
        Self { sources, mandated: summary["mandated"].as_u64().unwrap_or_default(), ..Self::default() }
    }

    /// People with a mandate fewer than then, if it is more than may be missing.
    pub(super) fn fewer_mandated(&self, mandated: u64) -> u64 {
        let expected = fewest(self.mandated, self.fewer_percent);
        if mandated < expected { self.mandated - mandated } else { 0 }
    }

    /// Marks the sources that fall short. `evidences` in the order of the plan.
    pub(super) fn settle(&self, plan: &Plan, register: &Register, evidences: &mut [Evidence], links: &[Link]) {
        let (links, mandated) = (Linked::by_source(evidences, links), mandated(register));
        for ((source, evidence), of_source) in plan.sources.iter().zip(evidences).zip(&links) {
            let shown = self.of_delivery(source, evidence);
            if let Some(short) = unsettled(&source.layout, evidence) {
                let of_links =
                    || self.of_links(source, of_source.accepted, mandated).or_else(|| of_source.say(&links, mandated));
                *short = shown.or_else(|| of_links().filter(|_| source.layout.min_rows().is_none()));
            }
        }
    }

    /// As [`Usual::settle`] of a few people, whose links say nothing about the whole: what the last run said of the same
    /// files holds.
    ///
    /// # Errors
    /// I/O; an entry of the ledger that is not whole.
    pub(super) fn settle_as_told(
        &self,
        plan: &Plan,
        evidences: &mut [Evidence],
        workspace: &Workspace,
        ledger: &Ledger,
    ) -> Result<()> {
        let entry = workspace.latest()?.map(|run| ledger.published(&run)).transpose()?.flatten();
        let body = entry.map(|entry| entry.body).unwrap_or_default();
        let is_same = |evidence: &Evidence| {
            evidence.files.iter().all(|file| body["extracts"][&file.path] == file.digest.to_string().as_str())
        };
        let told = |code: &str| -> Option<Shortfall> {
            let told = body["summary"]["sources"].as_array()?.iter().find(|told| told["source"] == code)?;
            serde_json::from_value(told["short"].clone()).ok()
        };
        for (source, evidence) in plan.sources.iter().zip(evidences) {
            let holds = is_same(evidence) && source.layout.min_rows().is_none();
            let shown = self.of_delivery(source, evidence);
            if let Some(short) = unsettled(&source.layout, evidence) {
                let told = || told(&source.code).filter(|_| holds);
                *short = shown.or_else(told);
            }
        }
        Ok(())
    }

    /// What a delivery shows beside the usual one, whoever is linked.
    fn of_delivery(&self, source: &PlannedSource, evidence: &Evidence) -> Option<Shortfall> {
        self.of_rows(source, evidence.usable_rows()).or_else(|| self.of_files(source, evidence))
    }

    fn of_rows(&self, source: &PlannedSource, rows: u64) -> Option<Shortfall> {
        let usual = self.sources.get(&source.code).map_or(0, |usual| fewest(usual.rows, self.fewer_percent));
        fewer_rows(&source.layout, rows, usual)
    }

    /// What was usual, unless the layout says what is whole.
    fn usual_of(&self, source: &PlannedSource) -> Option<&Measure> {
        self.sources.get(&source.code).filter(|_| source.layout.min_rows().is_none())
    }

    fn of_files(&self, source: &PlannedSource, evidence: &Evidence) -> Option<Shortfall> {
        let usual = self.usual_of(source)?;
        let is_there = |path: &&String| evidence.files.iter().any(|file| file.path == **path);
        let gone: Vec<&String> = usual.files.iter().filter(|path| !is_there(path)).collect();
        // Of lists that add to each other the oldest may go: what they said has grown too old.
        let oldest = evidence.files.iter().map(|file| date_of(Path::new(&file.path))).min().flatten();
        let is_older = |path: &&String| date_of(Path::new(path)).is_some_and(|date| Some(date) < oldest);
        if (1..usual.files.len()).contains(&gone.len()) && !gone.iter().all(is_older) {
            return Some(Shortfall::PartGone { files: gone.len() as u64 });
        }
        let before = usual.as_of.as_deref().and_then(Date::parse_iso)?;
        evidence.delivery.as_of().filter(|as_of| *as_of < before)?;
        Some(Shortfall::Older { before })
    }

    fn of_links(&self, source: &PlannedSource, links: u64, mandated: u64) -> Option<Shortfall> {
        let usual = self.usual_of(source)?;
        let of_fewer_people = u128::from(usual.links) * u128::from(mandated.min(self.mandated));
        let expected = fewest((of_fewer_people / u128::from(self.mandated.max(1))) as u64, self.fewer_percent);
        (links < expected).then_some(Shortfall::FewerLinks { links, expected })
    }

    /// What the runs of later days are to compare each source with, in the order of the plan.
    pub(super) fn after(&self, evidences: &[Evidence], links: &[Link]) -> Vec<Option<Measure>> {
        let after = |(evidence, Linked { accepted: links, .. }): (&Evidence, Linked)| {
            let rows = evidence.usable_rows();
            let as_of = evidence.delivery.as_of().map(|day| day.to_string());
            let files = evidence.files.iter().map(|file| file.path.clone()).collect();
            let found = Measure { rows, links, as_of, files };
            let usual = self.sources.get(&evidence.source).cloned();
            match evidence.delivery {
                Delivery::Arrived { short: None, .. } => Some(found),
                // Of a first one that is not whole, a whole one holds no less.
                Delivery::Arrived { .. } => usual.or(Some(found)),
                Delivery::Missing | Delivery::Refused(_) => usual,
            }
        };
        evidences.iter().zip(Linked::by_source(evidences, links)).map(after).collect()
    }
}

/// Marks a list of the centre's own that says nothing. There is no list of an earlier day to put it beside.
pub(super) fn settle_list(layout: &Source, list: &mut Evidence) {
    let rows = list.usable_rows();
    if let Some(short) = unsettled(layout, list) {
        *short = fewer_rows(layout, rows, 0);
    }
}

/// A heading and nothing below it is no answer, unless the centre says that it may be one.
fn fewer_rows(layout: &Source, rows: u64, usual: u64) -> Option<Shortfall> {
    let expected = layout.min_rows().unwrap_or(usual.max(1));
    (rows < expected).then_some(Shortfall::FewerRows { rows, expected })
}

/// Where it is still to be said whether what arrived is whole. A sheet that is full by chance is: the layout says so.
fn unsettled<'e>(layout: &Source, evidence: &'e mut Evidence) -> Option<&'e mut Option<Shortfall>> {
    match &mut evidence.delivery {
        Delivery::Arrived { short: short @ None, .. } => Some(short),
        Delivery::Arrived { short: short @ Some(Shortfall::FullSheet), .. } if layout.min_rows().is_some() => {
            *short = None;
            Some(short)
        }
        _ => None,
    }
}

/// Usable rows and links of one source.
#[derive(Debug, Clone, Copy, Default)]
struct Linked {
    rows: u64,
    all: u64,
    /// Those that enter a case.
    accepted: u64,
    /// Those of a number that stands under another's name, and that nobody judged to be the same person's.
    under_others_names: u64,
}

impl Linked {
    fn by_source(evidences: &[Evidence], links: &[Link]) -> Vec<Self> {
        let without_links = |evidence: &Evidence| Self { rows: evidence.usable_rows(), ..Self::default() };
        let mut linked: Vec<Self> = evidences.iter().map(without_links).collect();
        for link in links {
            let linked = &mut linked[usize::from(link.source)];
            linked.all += 1;
            linked.accepted += u64::from(link.accepted);
            let is_others = link.grade == Grade::B && link.name_level == NameLevel::Different && !link.is_shared();
            linked.under_others_names += u64::from(is_others && !link.accepted);
        }
        linked
    }

    /// What a source's links say by themselves, beside those of all sources and so many people with a mandate.
    fn say(self, all: &[Self], mandated: u64) -> Option<Shortfall> {
        /// Typing errors and namesakes do not make more than half of so many.
        const FEW: u64 = 20;
        /// So many do not stay away by chance.
        const ENOUGH: f64 = 30.0;
        let Self { rows, accepted, under_others_names, .. } = self;
        if under_others_names >= FEW && under_others_names > accepted {
            return Some(Shortfall::OthersNames { links: accepted, others: under_others_names });
        }
        (self.all == 0 && self.expected(all, mandated) >= ENOUGH).then_some(Shortfall::Nobody { rows })
    }

    /// Links that so many rows would have, were they as often about people of the register as those of the source are in which this is
    /// rarest: some lists are a province's, others a city's, others answer for the register alone. Where no source has a link: were the
    /// list one of everybody in the largest province.
    fn expected(self, all: &[Self], mandated: u64) -> f64 {
        const PEOPLE_OF_A_PROVINCE: f64 = 130e6;
        let with_links = all.iter().filter(|source| source.all > 0);
        let shares = with_links.map(|source| source.all as f64 / source.rows.max(1) as f64);
        let rarest = shares.min_by(f64::total_cmp);
        self.rows as f64 * rarest.unwrap_or(mandated as f64 / PEOPLE_OF_A_PROVINCE)
    }
}

/// People with a mandate.
pub(super) fn mandated(register: &Register) -> u64 {
    register.persons.iter().filter(|person| person.mandated).count() as u64
}

/// The least that passes for whole after a whole one of `usual`: less than that is both a larger share than may be missing
/// and more than three times what chance moves, which is the root of a count.
fn fewest(usual: u64, percent: f64) -> u64 {
    let usual = usual as f64;
    (usual * (1.0 - percent / 100.0)).min(usual - 3.0 * usual.sqrt()).max(0.0).ceil() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn less_than_a_share_and_less_than_chance_is_not_whole() {
        assert_eq!(fewest(10_000, 20.0), 8_000);
        assert_eq!(fewest(100, 20.0), 70, "three times the root of 100 is 30");
        assert_eq!(fewest(22, 20.0), 8, "22 less 14.07");
        assert_eq!(fewest(9, 20.0), 0);
        assert_eq!(fewest(10_000, 100.0), 0);
    }

    #[test]
    fn a_list_about_nobody_is_told_from_a_small_one() {
        let source = |rows, all| Linked { rows, all, accepted: all, under_others_names: 0 };
        let beside = |one: Linked, others: &[Linked], mandated| one.say(&[&[one], others].concat(), mandated);
        let (on_request, of_the_city) = (source(1_000, 900), source(10_000, 300));
        let told = beside(source(1_000, 0), &[on_request, of_the_city], 500);
        assert_eq!(told, Some(Shortfall::Nobody { rows: 1_000 }), "three of a hundred would be thirty");
        assert_eq!(beside(source(999, 0), &[on_request, of_the_city], 500), None);
        assert_eq!(beside(source(1_000, 1), &[on_request, of_the_city], 500), None);
        // No source has a link: 390 of 130 million people would be three in a million rows.
        assert_eq!(beside(source(1_000_000, 0), &[source(50, 0)], 390), None);
        assert!(beside(source(1_000_000, 0), &[source(50, 0)], 3_900).is_some());
    }

    #[test]
    fn links_under_others_names_are_told_where_they_are_most() {
        let say = |accepted, under_others_names| {
            let one = Linked { rows: 500, all: accepted + under_others_names, accepted, under_others_names };
            one.say(&[one], 500)
        };
        assert_eq!(say(19, 20), Some(Shortfall::OthersNames { links: 19, others: 20 }));
        assert_eq!((say(20, 20), say(0, 19)), (None, None));
    }

    #[test]
    fn a_run_that_measured_nothing_expects_nothing() {
        let summary = json!({"mandated": 7, "sources": [
            {"source": "tax", "usual": {"rows": 120, "links": 9, "as_of": "2026-11-20", "files": ["inbox/tax/1.csv"]}},
            {"source": "bank", "usual": null},
            {"source": "vehicle", "bins": {"read": 5}},
        ]});
        let usual = Usual::in_summary(&summary);
        let files = vec!["inbox/tax/1.csv".to_owned()];
        let tax = Measure { rows: 120, links: 9, as_of: Some("2026-11-20".to_owned()), files };
        assert_eq!(usual.sources, BTreeMap::from([("tax".to_owned(), tax)]));
        assert_eq!(usual.mandated, 7);
        assert!(Usual::in_summary(&json!(null)).sources.is_empty());
    }
}
