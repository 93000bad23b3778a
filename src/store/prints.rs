//! How often each verification report was printed: entries `report` of the ledger, one for each time somebody asked.
//!
//! The entry stands before the files do, so a count may be ahead of the paper where a disk failed, never behind it; and
//! two who print the same report at the same time get two numbers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ledger::Ledger;
use crate::kernel::Result;

const ACTION: &str = "report";

/// The ledger's entry of a print, and how many times each report was printed by then, that one included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prints {
    pub entry: u64,
    /// In the order of the numbers given.
    pub counts: Vec<u64>,
}

impl Ledger {
    /// Adds an entry for these reports, by number, and counts.
    ///
    /// # Errors
    /// I/O, or a ledger that is not whole: then nothing may be printed.
    pub fn record_prints(&mut self, at: &str, who: &str, run: &str, numbers: &[String]) -> Result<Prints> {
        let entry = self.append(at, who, ACTION, &json!({ "run": run, "reports": numbers }))?.seq;
        let mut counts: BTreeMap<&str, u64> = numbers.iter().map(|number| (number.as_str(), 0)).collect();
        for known in self.entries_of(ACTION)?.iter().filter(|known| known.seq <= entry) {
            for number in known.body["reports"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if let Some(count) = counts.get_mut(number) {
                    *count += 1;
                }
            }
        }
        Ok(Prints { entry, counts: numbers.iter().map(|number| counts[number.as_str()]).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::workspace::tests::workspace;
    use super::*;

    #[test]
    fn each_print_counts_once_for_each_report() {
        let (_folder, workspace) = workspace();
        let mut ledger = Ledger::open(&workspace).unwrap();
        let numbers = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut print = |texts: &[&str]| ledger.record_prints("T", "clerk", "20261124-01", &numbers(texts)).unwrap();
        assert_eq!(print(&["1", "2"]), Prints { entry: 1, counts: vec![1, 1] });
        assert_eq!(print(&["2"]), Prints { entry: 2, counts: vec![2] });
        assert_eq!(print(&["3", "2", "1"]), Prints { entry: 3, counts: vec![1, 3, 2] });
        assert_eq!(Ledger::open(&workspace).unwrap().verify().unwrap().fault, None);
    }
}
