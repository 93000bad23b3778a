//! 历次运行: the runs of the ledger as points of a trend, oldest first. The ledger is read and not verified here
//! (`hedui ledger verify` does that); a summary of a shape that this program does not know is left out.

use serde_json::Value;

use crate::model::trend::TrendPoint;
use crate::store::Entry;

/// The register's own files stand in a run's summary beside the departments'; they are nobody's delivery.
const OWN_FILES: [&str; 4] = ["register", "mandates", "officials", "filings"];

/// The last `last` whole runs.
pub fn trend(entries: &[Entry], last: usize) -> Vec<TrendPoint> {
    let points: Vec<TrendPoint> = entries.iter().rev().filter_map(point).take(last).collect();
    points.into_iter().rev().collect()
}

/// `None` for other entries and for runs that left sources out.
fn point(entry: &Entry) -> Option<TrendPoint> {
    let body = &entry.body;
    if body["only"].as_array().is_some_and(|only| !only.is_empty()) {
        return None;
    }
    of_summary(body["as_of"].as_str().unwrap_or_default(), &body["summary"])
}

/// `None`: no summary, or one of another shape.
pub(super) fn of_summary(as_of: impl ToString, summary: &Value) -> Option<TrendPoint> {
    let mut point: TrendPoint = serde_json::from_value(summary.clone()).ok()?;
    point.as_of = as_of.to_string();
    point.sources.retain(|source| !OWN_FILES.contains(&source.source.as_str()));
    Some(point)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(seq: u64, action: &str, body: Value) -> Entry {
        let (previous, hash) = (String::new(), String::new());
        Entry { seq, previous, at: "t".into(), who: "w".into(), action: action.into(), body, hash }
    }

    fn body(run: &str, only: &[&str], state: &str) -> Value {
        json!({"as_of": "2026-11-24", "only": only, "summary": {
            "run": run, "persons": 5, "households": 2, "flagged": [2, 1, 0], "flagged_households": 2,
            "sources": [
                {"source": "register", "department": "", "state": "arrived", "as_of": null},
                {"source": "vehicle", "department": "公安交管", "state": state, "as_of": null},
            ],
        }})
    }

    #[test]
    fn a_late_department_shows_and_partial_runs_and_other_entries_do_not() {
        let entries = [
            entry(1, "run", body("a", &[], "arrived")),
            entry(2, "verdict", json!({"lines": 3})),
            entry(3, "run", body("b", &["tax"], "missing")),
            entry(4, "run", body("c", &[], "stale")),
        ];
        let points = trend(&entries, 12);
        assert_eq!(points.iter().map(|point| point.run.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(points.iter().map(|point| point.late().count()).collect::<Vec<_>>(), [0, 1]);
        assert_eq!((points[1].flags(), points[1].late().next().unwrap().source.as_str()), (3, "vehicle"));
        assert_eq!(trend(&entries, 1)[0].run, "c");
    }
}
