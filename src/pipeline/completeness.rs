//! 数据是否齐全: whether a delivery holds fewer rows than a whole one would. What its files themselves show is known when they
//! are read; here it is put beside the delivery before, or beside what its layout expects.
//!
//! Nobody can tell from an extract that was cut at the end of a row that it was cut. A delivery that falls short makes its
//! source 来源不全 in coverage (invariant I-6), until a whole one comes or the layout's `min_rows` says that so many are whole.
//! Units: usable rows, of people on the register or not.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::Plan;
use crate::kernel::Result;
use crate::model::evidence::{Delivery, Evidence, Shortfall};
use crate::store::{Ledger, Workspace};

/// Usable rows of each source's newest whole delivery, by source code.
#[derive(Debug, Default)]
pub(super) struct Usual(BTreeMap<String, u64>);

impl Usual {
    /// As the last published run knew them; none before the first.
    ///
    /// # Errors
    /// I/O; an entry of the ledger that is not whole.
    pub(super) fn of_last_run(workspace: &Workspace, ledger: &Ledger) -> Result<Self> {
        let Some(run) = workspace.latest()? else { return Ok(Self::default()) };
        Ok(ledger.published(&run)?.map(|entry| Self::in_summary(&entry.body["summary"])).unwrap_or_default())
    }

    fn in_summary(summary: &Value) -> Self {
        let sources = summary["sources"].as_array().into_iter().flatten();
        let usual = |source: &Value| Some((source["source"].as_str()?.to_owned(), source["usual_rows"].as_u64()?));
        Self(sources.filter_map(usual).collect())
    }

    /// Marks the sources that fall short. `evidences` in the order of the plan.
    pub(super) fn settle(&self, plan: &Plan, evidences: &mut [Evidence]) {
        for (source, evidence) in plan.sources.iter().zip(evidences) {
            let usual = || self.0.get(&source.code).and_then(|usual| fewest(*usual, plan.run.fewer_rows_percent));
            let usable = evidence.usable_rows();
            if let (Delivery::Arrived { short: short @ None, .. }, Some(expected)) =
                (&mut evidence.delivery, source.layout.min_rows().or_else(usual))
                && usable < expected
            {
                *short = Some(Shortfall::FewerRows { expected });
            }
        }
    }

    /// What the next run is to compare this source with.
    pub(super) fn after(&self, evidence: &Evidence) -> Option<u64> {
        match evidence.delivery {
            Delivery::Arrived { short: None, .. } => Some(evidence.usable_rows()),
            _ => self.0.get(&evidence.source).copied(),
        }
    }
}

/// The fewest rows that pass for a whole delivery after one of `usual`. `None`: of so few a share says nothing.
fn fewest(usual: u64, fewer_percent: f64) -> Option<u64> {
    // Chance alone moves a count by its root: a hundred rows by ten, which is half of the fifth that is usually allowed.
    const COUNTED: u64 = 100;
    (usual >= COUNTED).then(|| (usual as f64 * (1.0 - fewer_percent / 100.0)).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_share_is_missed_and_of_few_rows_none_is_asked_for() {
        assert_eq!(fewest(1_000, 20.0), Some(800));
        assert_eq!(fewest(101, 20.0), Some(81), "80.8 rows are not there yet with 80");
        assert_eq!(fewest(100, 100.0), Some(0));
        assert_eq!(fewest(99, 20.0), None);
    }

    #[test]
    fn a_run_that_counted_no_usual_rows_expects_nothing() {
        let summary = json!({"sources": [
            {"source": "tax", "usual_rows": 120},
            {"source": "bank", "usual_rows": null},
            {"source": "vehicle", "bins": {"read": 5}},
        ]});
        assert_eq!(Usual::in_summary(&summary).0, BTreeMap::from([("tax".to_owned(), 120)]));
        assert!(Usual::in_summary(&json!(null)).0.is_empty());
    }
}
