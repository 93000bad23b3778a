//! People's judgements, kept in the ledger's database and vouched for by its chain (see `vouched`).
//!
//! Table `judgement`, append-only like the ledger: one row per answer, with the number of the ledger entry that brought
//! it. A correction is a new row: of each key the last one counts.

use std::collections::BTreeSet;

use serde_json::json;

use super::frame::{read, rows};
use super::ledger::{Entry, Ledger};
use super::vouched::{ImportedFile, Vouched};
use super::workspace::Workspace;
use crate::kernel::{Date, Result};
use crate::model::judgement::{Answer, Judgement, JudgementKey};

pub(super) const JUDGEMENTS: Vouched = Vouched {
    table: "judgement",
    columns: &["key", "answer", "judge", "judged_on", "note"],
    action: "judgement",
    changed: "store.judgements_changed",
};

impl Ledger {
    /// Adds the judgements of one imported file and the entry that vouches for them: both or neither.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn judge(&mut self, at: &str, who: &str, file: &ImportedFile, judgements: &[Judgement]) -> Result<Entry> {
        let body = json!({ "file": file.digest.to_string(), "counts": file.counts });
        self.vouch(at, who, &JUDGEMENTS, body, &judgements.iter().map(row).collect::<Vec<_>>())
    }

    /// All judgements in the order of their import.
    ///
    /// # Errors
    /// I/O, or judgements that are not those the ledger vouches for: a run must not respect them.
    pub fn judgements(&self) -> Result<Vec<Judgement>> {
        let rows = self.vouched(&JUDGEMENTS)?;
        rows.iter().map(|(entry, row)| judgement(row).ok_or_else(|| self.broken(*entry))).collect()
    }
}

fn row(judgement: &Judgement) -> Vec<String> {
    let Judgement { key, answer, judge, on, note } = judgement;
    vec![key.to_string(), answer.code().to_owned(), judge.clone(), on.to_string(), note.clone()]
}

fn judgement(row: &[String]) -> Option<Judgement> {
    let [key, answer, judge, on, note] = row else { return None };
    let (key, answer, on) = (JudgementKey::parse(key)?, Answer::parse(answer)?, Date::parse_iso(on)?);
    Some(Judgement { key, answer, judge: judge.clone(), on, note: note.clone() })
}

/// Those of `keys` that some published run asked about, the latest runs being looked at first.
///
/// # Errors
/// I/O, a damaged snapshot.
pub fn known_keys(workspace: &Workspace, mut keys: BTreeSet<JudgementKey>) -> Result<BTreeSet<JudgementKey>> {
    let mut known = BTreeSet::new();
    for run in workspace.runs()?.iter().rev() {
        if keys.is_empty() {
            break;
        }
        let path = workspace.run_dir(run).join("links.parquet");
        let frame = read(&path, Some(&["judgement_key"]), 0, rows(&path)?)?;
        let column = frame.column("judgement_key").and_then(|column| column.str());
        let asked = column.map_err(|error| super::frame::polars_error(&path, &error))?;
        for key in asked.iter().flatten().filter_map(JudgementKey::parse) {
            known.extend(keys.take(&key));
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::sample::{RUN, published};
    use super::super::workspace::tests::workspace;
    use super::*;
    use crate::kernel::Digest;

    fn key(text: &str) -> JudgementKey {
        JudgementKey::of(&Digest::of(text.as_bytes()))
    }

    fn said(text: &str, answer: Answer) -> Judgement {
        let on = Date::from_ymd(2026, 11, 25).unwrap();
        Judgement { key: key(text), answer, judge: "王".into(), on, note: "已致电".into() }
    }

    fn import(ledger: &mut Ledger, judgements: &[Judgement]) -> Entry {
        let file = ImportedFile { digest: Digest::of(b"file"), counts: json!({"lines": 3}) };
        ledger.judge("2026-11-25T09:00:00+08:00", "clerk", &file, judgements).unwrap()
    }

    #[test]
    fn judgements_come_back_in_order_and_the_entry_names_nobody() {
        let (_folder, workspace) = workspace();
        let mut ledger = Ledger::open(&workspace).unwrap();
        let first = [said("a", Answer::Same), said("b", Answer::Unclear)];
        let entry = import(&mut ledger, &first);
        import(&mut ledger, &[said("a", Answer::Other)]);
        let all = Ledger::open(&workspace).unwrap().judgements().unwrap();
        assert_eq!(all, [first.as_slice(), &[said("a", Answer::Other)]].concat());
        assert_eq!((entry.action.as_str(), &entry.body["stored"]), ("judgement", &json!(2)));
        assert!(!entry.body.to_string().contains('王'), "{}", entry.body);
        assert_eq!(ledger.verify().unwrap().fault, None);
    }

    #[test]
    fn what_was_judged_is_not_changed_unseen() {
        for tampering in [
            "UPDATE judgement SET answer = 'same' WHERE number = 2",
            "DELETE FROM judgement WHERE number = 1",
            "INSERT INTO judgement SELECT 9, entry, key, answer, judge, judged_on, note FROM judgement WHERE number = 1",
            "INSERT INTO judgement SELECT 9, 7, key, answer, judge, judged_on, note FROM judgement WHERE number = 1",
        ] {
            let (_folder, workspace) = workspace();
            let mut ledger = Ledger::open(&workspace).unwrap();
            import(&mut ledger, &[said("a", Answer::Same), said("b", Answer::Other)]);
            let connection = Connection::open(workspace.root().join("store/ledger.sqlite")).unwrap();
            let grows = tampering.starts_with("INSERT");
            assert_eq!(connection.execute_batch(tampering).is_ok(), grows, "the triggers refuse: {tampering}");
            connection.execute_batch("DROP TRIGGER judgement_keeps; DROP TRIGGER judgement_stays;").unwrap();
            if !grows {
                connection.execute_batch(tampering).unwrap();
            }
            assert_eq!(
                ledger.verify().unwrap().fault.map(|fault| fault.reason),
                Some(JUDGEMENTS.changed),
                "{tampering}"
            );
            let error = ledger.judgements().unwrap_err();
            assert_eq!(error.message().key, "store.ledger_broken", "{tampering}");
        }
    }

    #[test]
    fn keys_are_known_if_a_run_asked_for_them() {
        let (_folder, workspace) = published();
        assert!(workspace.run_dir(RUN).exists());
        let known = known_keys(&workspace, [key("asked"), key("never")].into()).unwrap();
        assert_eq!(known, [key("asked")].into());
    }
}
