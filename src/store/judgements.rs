//! People's judgements, kept in the ledger's database and vouched for by its chain.
//!
//! Table `judgement`, append-only like the ledger: one row per answer, with the number of the ledger entry that brought
//! it. That entry holds count and digest of its rows (SHA-256 over key, answer, judge, date and note of each, every part
//! preceded by its length), so that a changed, added or lost judgement is found, and no person's name or note need
//! stand in the chain itself. A correction is a new row: of each key the last one counts.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;
use serde_json::{Value, json};

use super::frame::{read, rows};
use super::ledger::{Entry, Ledger, LedgerFault, sql_error};
use super::workspace::Workspace;
use crate::kernel::{Date, Digest, Message, Result};
use crate::model::judgement::{Answer, Judgement, JudgementKey};

/// Ledger action of an import.
const ACTION: &str = "judgement";
const CHANGED: &str = "store.judgements_changed";

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS judgement (
        number INTEGER PRIMARY KEY, entry INTEGER NOT NULL, key TEXT NOT NULL, answer TEXT NOT NULL,
        judge TEXT NOT NULL, judged_on TEXT NOT NULL, note TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS judgement_keeps BEFORE UPDATE ON judgement
        BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER IF NOT EXISTS judgement_stays BEFORE DELETE ON judgement
        BEGIN SELECT RAISE(ABORT, 'append-only'); END;
";

/// What the ledger says of a file of judgements beside what was stored from it. Nothing personal.
pub struct ImportedFile {
    pub digest: Digest,
    /// An object of counts.
    pub counts: Value,
}

/// A row as it stands in the table.
struct Stored {
    entry: u64,
    /// Key, answer, judge, date, note.
    texts: [String; 5],
}

impl Ledger {
    /// Adds the judgements of one imported file and the entry that vouches for them: both or neither.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn judge(&mut self, at: &str, who: &str, file: &ImportedFile, judgements: &[Judgement]) -> Result<Entry> {
        let texts: Vec<[String; 5]> = judgements.iter().map(texts).collect();
        let body = json!({
            "file": file.digest.to_string(),
            "counts": file.counts,
            "stored": texts.len(),
            "digest": digest(&texts).to_string(),
        });
        let (connection, path) = (&self.connection, &self.path);
        let insert = |entry: &Entry| {
            let add = || {
                let mut statement = connection.prepare(
                    "INSERT INTO judgement (entry, key, answer, judge, judged_on, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                for [key, answer, judge, on, note] in &texts {
                    statement.execute(params![entry.seq as i64, key, answer, judge, on, note])?;
                }
                Ok(())
            };
            add().map_err(|error| sql_error(path, &error))
        };
        self.append_with(at, who, ACTION, &body, insert)
    }

    /// All judgements in the order of their import.
    ///
    /// # Errors
    /// I/O, or judgements that are not those the ledger vouches for: a run must not respect them.
    pub fn judgements(&self) -> Result<Vec<Judgement>> {
        let (stored, fault) = self.alone(|| Ok((self.stored_judgements()?, self.judgement_fault()?)))?;
        if let Some(fault) = fault {
            return Err(self.broken(fault.seq).hint(Message::new(fault.reason)));
        }
        let open = |stored: &Stored| judgement(&stored.texts).ok_or_else(|| self.broken(stored.entry));
        stored.iter().map(open).collect()
    }

    /// The first entry whose judgements are not those it vouches for.
    pub(super) fn judgement_fault(&self) -> Result<Option<LedgerFault>> {
        let mut found: BTreeMap<u64, Vec<[String; 5]>> = BTreeMap::new();
        for stored in self.stored_judgements()? {
            found.entry(stored.entry).or_default().push(stored.texts);
        }
        for entry in self.entries_of(ACTION)? {
            let rows = found.remove(&entry.seq).unwrap_or_default();
            if entry.body["digest"] != digest(&rows).to_string() {
                return Ok(Some(LedgerFault { seq: entry.seq, reason: CHANGED }));
            }
        }
        Ok(found.into_keys().next().map(|seq| LedgerFault { seq, reason: CHANGED }))
    }

    fn stored_judgements(&self) -> Result<Vec<Stored>> {
        let select = || {
            let sql = "SELECT entry, key, answer, judge, judged_on, note FROM judgement ORDER BY number";
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                let entry: i64 = row.get(0)?;
                let texts = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
                // A negative number stands for no entry at all, as zero does.
                Ok(Stored { entry: u64::try_from(entry).unwrap_or_default(), texts })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        select().map_err(|error| sql_error(&self.path, &error))
    }
}

fn texts(judgement: &Judgement) -> [String; 5] {
    let Judgement { key, answer, judge, on, note } = judgement;
    [key.to_string(), answer.code().to_owned(), judge.clone(), on.to_string(), note.clone()]
}

fn judgement([key, answer, judge, on, note]: &[String; 5]) -> Option<Judgement> {
    let (key, answer, on) = (JudgementKey::parse(key)?, Answer::parse(answer)?, Date::parse_iso(on)?);
    Some(Judgement { key, answer, judge: judge.clone(), on, note: note.clone() })
}

fn digest(rows: &[[String; 5]]) -> Digest {
    Digest::of_parts(rows.iter().flatten().map(String::as_bytes))
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
            assert_eq!(ledger.verify().unwrap().fault.map(|fault| fault.reason), Some(CHANGED), "{tampering}");
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
