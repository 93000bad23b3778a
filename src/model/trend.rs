//! 历次运行: what one run counted, so that runs can be put beside each other.
//!
//! Counts only, in persons, households and discrepancies; nothing here names a person. A run that was told to leave sources
//! out (`--only`) is no point of a trend: its missing sources are the centre's own choice, not a department's delay.

/// How a department's delivery stood on the day of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timeliness {
    /// Speaks for a day within the source's cycle.
    Arrived,
    /// Older than the cycle allows.
    Stale,
    /// Came, and is not whole.
    Incomplete,
    Missing,
    Refused,
}

/// One source in one run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourcePoint {
    pub source: String,
    pub department: String,
    pub state: Timeliness,
    /// ISO date the delivery speaks for.
    pub as_of: Option<String>,
}

/// One run. Fields are named as in the summary that the ledger keeps.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TrendPoint {
    pub run: String,
    /// ISO date the run speaks for; the ledger keeps it beside the summary.
    #[serde(default)]
    pub as_of: String,
    pub persons: u64,
    pub households: u64,
    /// `None` for runs whose summary does not count it.
    #[serde(default)]
    pub fully_checked: Option<u64>,
    /// Discrepancies: high, medium, low.
    pub flagged: [u64; 3],
    pub flagged_households: u64,
    pub sources: Vec<SourcePoint>,
}

impl TrendPoint {
    pub fn flags(&self) -> u64 {
        self.flagged.iter().sum()
    }

    pub fn late(&self) -> impl Iterator<Item = &SourcePoint> {
        self.sources.iter().filter(|source| source.state != Timeliness::Arrived)
    }
}

/// A share in percent with one decimal, rounded as the charts do, save that 100.0 % means all; `None` of nothing.
pub fn percent(part: u64, whole: u64) -> Option<String> {
    let nearest = (part.saturating_mul(2_000).saturating_add(whole)).checked_div(whole.saturating_mul(2))?;
    let tenths = if part < whole { nearest.min(999) } else { nearest };
    Some(format!("{}.{}%", tenths / 10, tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_is_rounded_but_never_up_to_all_and_of_nothing_there_is_none() {
        assert_eq!(percent(2, 3).unwrap(), "66.7%");
        assert_eq!(percent(9_999, 10_000).unwrap(), "99.9%");
        assert_eq!(percent(3, 3).unwrap(), "100.0%");
        assert_eq!(percent(0, 0), None);
    }
}
