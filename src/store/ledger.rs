//! 审计链: what was done, by whom and when, append-only and hash-chained (invariant I-8).
//!
//! `store/ledger.sqlite`, table `entry`; an auditor opens it with any SQLite tool. The hash of an entry is SHA-256 over
//! its parts, each preceded by its length as eight bytes little-endian: number (eight bytes little-endian), hash of the
//! entry before (32 bytes; zeros before the first), time, name, action, body (canonical JSON: keys ascending, no blanks).
//!
//! Triggers refuse changes and deletions, which stops mistakes; the chain shows what a person with a SQLite tool did.
//! A chain alone does not show that its end was cut or that a well-made entry was put behind it: `store/ledger.head`
//! holds number and hash of the last entry, and of the one being added. It has no secret: who rewrites both files whole
//! is found only by a head hash kept elsewhere: `hedui ledger verify` prints it, to be written down each morning.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::answers::ANSWERS;
use super::judgements::JUDGEMENTS;
use super::kept_tables::KeptTables;
use super::publish;
use super::run_record::FILE as RECORD;
use super::whole_file::{digest_of_file, write_whole};
use super::workspace::{Workspace, names_in, run_key};
use crate::kernel::{Date, Digest, Error, ErrorKind, Message, Result};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS entry (
        seq INTEGER PRIMARY KEY, previous TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
        action TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS entry_keeps BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER IF NOT EXISTS entry_stays BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
";
const SELECT: &str = "SELECT seq, previous, at, who, action, body, hash FROM entry";
const ORIGIN: Digest = Digest([0; 32]);

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Entry {
    /// 1, 2, 3 … without a gap.
    pub seq: u64,
    /// Hash of the entry before, hexadecimal.
    pub previous: String,
    /// RFC 3339.
    pub at: String,
    pub who: String,
    /// `run`, `verdict`, `judgement` …
    pub action: String,
    pub body: Value,
    /// Hash of this entry, hexadecimal.
    pub hash: String,
}

/// What `hedui ledger verify` says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verification {
    /// Entries that stand.
    pub entries: u64,
    /// Hash of the last entry that stands, hexadecimal; zeros if there is none.
    pub head: String,
    /// The first thing that is wrong.
    pub fault: Option<LedgerFault>,
}

/// Where the chain breaks, and how.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LedgerFault {
    /// Number of the first entry that is wrong or missing.
    pub seq: u64,
    /// Wording key.
    pub reason: &'static str,
}

/// The open ledger. Several processes may hold it; additions take turns.
#[derive(Debug)]
pub struct Ledger {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    head: PathBuf,
}

/// An entry as it stands in the table, unchecked.
struct Stored {
    seq: i64,
    previous: String,
    at: String,
    who: String,
    action: String,
    body: String,
    hash: String,
}

/// Number and hash of an entry.
type Seal = (u64, Digest);

/// What `ledger.head` says: the last entry, and the one being added.
struct Head {
    last: Seal,
    coming: Option<Seal>,
}

impl Ledger {
    /// Opens the ledger, or begins one.
    pub fn open(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.root().join("store");
        std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
        let (path, head) = (folder.join("ledger.sqlite"), folder.join("ledger.head"));
        let open = || {
            let connection = Connection::open(&path)?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(SCHEMA)?;
            connection.execute_batch(&(JUDGEMENTS.schema() + &ANSWERS.schema()))?;
            Ok(connection)
        };
        let connection = open().map_err(|error| sql_error(&path, &error))?;
        let ledger = Self { connection, path, head };
        if !ledger.head.exists() && ledger.last()?.is_none() {
            ledger.write_head((0, ORIGIN), None)?;
        }
        Ok(ledger)
    }

    /// Adds an entry. It is durable when this returns.
    ///
    /// # Errors
    /// I/O; or the end of the ledger is not where `ledger.head` says, in which case nothing is added.
    pub fn append(&mut self, at: &str, who: &str, action: &str, body: &Value) -> Result<Entry> {
        self.append_with(at, who, action, body, |_| Ok(()))
    }

    /// As [`Ledger::append`], with rows of another table that stand if the entry does, and only then.
    pub(super) fn append_with(
        &self,
        at: &str,
        who: &str,
        action: &str,
        body: &Value,
        rows: impl FnOnce(&Entry) -> Result<()>,
    ) -> Result<Entry> {
        let entry = self.alone(|| {
            let entry = self.add(at, who, action, body)?;
            rows(&entry).map(|()| entry)
        })?;
        // The entry stands, and the head already names it as coming; should this fail, the next addition mends it.
        // The end is read again because another process may have added behind it.
        let _ = self.alone(|| self.write_head(self.last()?.unwrap_or((0, ORIGIN)), None));
        Ok(entry)
    }

    /// Runs `work` while no other process adds; what it adds stands only if it succeeds.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let sql = |text: &str| self.connection.execute_batch(text).map_err(|error| sql_error(&self.path, &error));
        sql("BEGIN IMMEDIATE")?;
        let done = work().and_then(|value| sql("COMMIT").map(|()| value));
        if done.is_err() {
            // A commit that failed for want of space may have rolled back by itself; the first fault is the one to report.
            let _ = sql("ROLLBACK");
        }
        done
    }

    fn add(&self, at: &str, who: &str, action: &str, body: &Value) -> Result<Entry> {
        let (seq, previous) = self.checked_end()?;
        let text = canonical(body);
        let hash = entry_hash(seq + 1, previous, [at, who, action, &text]);
        self.write_head((seq, previous), Some((seq + 1, hash)))?;
        self.connection
            .execute(
                "INSERT INTO entry (seq, previous, at, who, action, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![seq as i64 + 1, previous.to_string(), at, who, action, text, hash.to_string()],
            )
            .map_err(|error| sql_error(&self.path, &error))?;
        let (at, who, action) = (at.to_owned(), who.to_owned(), action.to_owned());
        let (previous, hash) = (previous.to_string(), hash.to_string());
        Ok(Entry { seq: seq + 1, previous, at, who, action, body: body.clone(), hash })
    }

    /// All entries, oldest first, as they stand: not verified.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        self.stored()?.into_iter().map(|stored| stored.open().ok_or_else(|| self.broken(stored.seq as u64))).collect()
    }

    /// Entries of one action, oldest first, each agreeing with its own hash.
    pub(super) fn entries_of(&self, action: &str) -> Result<Vec<Entry>> {
        self.select("WHERE action = ?1", params![action])?.iter().map(|stored| self.sound(stored)).collect()
    }

    /// The entry of an action whose body names this run, agreeing with its own hash. Late ones are found soonest.
    pub(super) fn of_run(&self, action: &str, run: &str) -> Result<Option<Entry>> {
        let sql = format!("{SELECT} WHERE action = ?1 AND json_extract(body, '$.run') = ?2 ORDER BY seq DESC LIMIT 1");
        let found = self.connection.query_row(&sql, params![action, run], Stored::read).optional();
        found.map_err(|error| sql_error(&self.path, &error))?.map(|stored| self.sound(&stored)).transpose()
    }

    /// The last run published for an earlier day, whether it is still kept or not.
    ///
    /// # Errors
    /// I/O.
    pub fn run_before(&self, day: Date) -> Result<Option<String>> {
        let day = day.to_string().replace('-', "");
        let earlier = |run: &String| run_key(run).is_some() && run[..day.len()] < day[..];
        Ok(self.runs()?.into_iter().filter(earlier).max_by(|a, b| run_key(a).cmp(&run_key(b))))
    }

    /// Every run that is kept was published by this ledger: with an older one in its place a run would go on as if those had
    /// never been sent.
    ///
    /// # Errors
    /// I/O; the ledger has no entry of a run that is kept.
    pub fn check_kept(&self, workspace: &Workspace) -> Result<()> {
        let published: BTreeSet<String> = self.runs()?.into_iter().collect();
        match workspace.runs()?.into_iter().find(|run| !published.contains(run)) {
            Some(run) => Err(unvouched(workspace, &run)),
            None => Ok(()),
        }
    }

    /// All runs that were published.
    fn runs(&self) -> Result<Vec<String>> {
        let read = || {
            let mut statement =
                self.connection.prepare("SELECT json_extract(body, '$.run') FROM entry WHERE action = ?1")?;
            let runs = statement.query_map(params![publish::ACTION], |row| row.get::<_, String>(0))?;
            runs.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| sql_error(&self.path, &error))
    }

    /// The entry of a published run.
    ///
    /// # Errors
    /// I/O; the entry does not agree with its own hash.
    pub fn published(&self, run: &str) -> Result<Option<Entry>> {
        self.of_run(publish::ACTION, run)
    }

    /// SHA-256 of the record that a run was published with; `None` if it was not.
    pub(super) fn record_of(&self, run: &str) -> Result<Option<Digest>> {
        Ok(self.published(run)?.as_ref().and_then(record_in))
    }

    fn sound(&self, stored: &Stored) -> Result<Entry> {
        let seq = stored.seq as u64;
        let whole = Digest::parse_hex(&stored.previous).is_some_and(|previous| stored.check(seq, previous).is_ok());
        stored.open().filter(|_| whole).ok_or_else(|| self.broken(seq))
    }

    /// Walks the whole chain and compares its end with `ledger.head`.
    ///
    /// # Errors
    /// I/O. A broken chain is no error: it is the answer.
    pub fn verify(&self) -> Result<Verification> {
        self.alone(|| self.walk())
    }

    fn walk(&self) -> Result<Verification> {
        let mut end: Seal = (0, ORIGIN);
        let mut fault = None;
        for stored in self.stored()? {
            let seq = end.0 + 1;
            match stored.check(seq, end.1) {
                Ok(hash) => end = (seq, hash),
                Err(reason) => {
                    fault = Some(LedgerFault { seq, reason });
                    break;
                }
            }
        }
        let fault = match fault {
            None => {
                let judged = self.vouched_fault(&JUDGEMENTS)?;
                judged.or(self.vouched_fault(&ANSWERS)?).or(self.head_fault(end)?).or(self.record_fault()?)
            }
            fault => fault,
        };
        Ok(Verification { entries: end.0, head: end.1.to_string(), fault })
    }

    /// The first run still kept whose record or tables are not those it was published with, or of which no entry tells.
    fn record_fault(&self) -> Result<Option<LedgerFault>> {
        let runs = self.path.with_file_name("runs");
        let mut kept = names_in(&runs)?;
        kept.retain(|run| run_key(run).is_some() && !publish::is_pending(&runs.join(run)));
        let mut tables = KeptTables::default();
        for entry in self.entries_of(publish::ACTION)? {
            let Some(run) = entry.body["run"].as_str() else { continue };
            kept.retain(|other| other != run);
            let Some(published) = record_in(&entry) else { continue };
            let folder = runs.join(run);
            let stands = |found: Digest| found == published;
            if folder.is_dir() && !digest_of_file(&folder.join(RECORD)).is_ok_and(stands) {
                return Ok(Some(LedgerFault { seq: entry.seq, reason: "store.ledger_record" }));
            }
            if folder.is_dir() && !tables.stand(&entry.body["snapshots"], &folder) {
                return Ok(Some(LedgerFault { seq: entry.seq, reason: "store.ledger_table" }));
            }
        }
        if kept.is_empty() {
            return Ok(None);
        }
        let (seq, _) = self.last()?.unwrap_or((0, ORIGIN));
        Ok(Some(LedgerFault { seq: seq + 1, reason: "store.ledger_lacks_run" }))
    }

    /// Refuses a ledger whose last entry is not whole or not the one `ledger.head` names.
    pub(super) fn check_head(&self) -> Result<()> {
        self.alone(|| self.checked_end()).map(|_| ())
    }

    fn checked_end(&self) -> Result<Seal> {
        let end = self.last()?.unwrap_or((0, ORIGIN));
        match self.head_fault(end)? {
            Some(fault) => Err(self.broken(fault.seq).hint(Message::new(fault.reason))),
            None => Ok(end),
        }
    }

    fn head_fault(&self, end: Seal) -> Result<Option<LedgerFault>> {
        let head = match std::fs::read_to_string(&self.head) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Some(LedgerFault { seq: end.0, reason: "store.ledger_head_missing" }));
            }
            text => Head::parse(&text.map_err(|error| Error::io(&self.head, &error))?),
        };
        let Some(head) = head else {
            return Ok(Some(LedgerFault { seq: end.0, reason: "store.ledger_head_unreadable" }));
        };
        // An addition may have been killed on either side of its commit.
        if end == head.last || head.coming == Some(end) {
            return Ok(None);
        }
        Ok(Some(match end.0.cmp(&head.last.0) {
            std::cmp::Ordering::Less => LedgerFault { seq: end.0 + 1, reason: "store.ledger_cut" },
            std::cmp::Ordering::Equal => LedgerFault { seq: end.0, reason: "store.ledger_replaced" },
            std::cmp::Ordering::Greater => LedgerFault { seq: head.last.0 + 1, reason: "store.ledger_added" },
        }))
    }

    /// Number and hash of the last entry, `None` in an empty ledger. Its own hash is checked.
    fn last(&self) -> Result<Option<Seal>> {
        let sql = format!("{SELECT} ORDER BY seq DESC LIMIT 1");
        let found = self.connection.query_row(&sql, [], Stored::read).optional();
        let Some(stored) = found.map_err(|error| sql_error(&self.path, &error))? else { return Ok(None) };
        let seq = u64::try_from(stored.seq).map_err(|_| self.broken(0))?;
        let previous = Digest::parse_hex(&stored.previous).ok_or_else(|| self.broken(seq))?;
        let hash = stored.check(seq, previous).map_err(|reason| self.broken(seq).hint(Message::new(reason)))?;
        Ok(Some((seq, hash)))
    }

    fn write_head(&self, last: Seal, coming: Option<Seal>) -> Result<()> {
        let text = Head { last, coming }.text();
        write_whole(&self.head, |out| out.write_all(text.as_bytes()).map_err(|error| Error::io(&self.head, &error)))?;
        Ok(())
    }

    fn stored(&self) -> Result<Vec<Stored>> {
        self.select("", [])
    }

    fn select(&self, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Stored>> {
        let read = || {
            let mut statement = self.connection.prepare(&format!("{SELECT} {condition} ORDER BY seq"))?;
            let rows = statement.query_map(values, Stored::read)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| sql_error(&self.path, &error))
    }

    pub(super) fn broken(&self, seq: u64) -> Error {
        Error::new(ErrorKind::Io, Message::new("store.ledger_broken").with("seq", seq))
            .at(&self.path)
            .hint(Message::new("store.ledger_broken_hint"))
    }
}

/// SHA-256 of the record that a run's entry names.
fn record_in(entry: &Entry) -> Option<Digest> {
    Digest::parse_hex(entry.body["snapshots"][RECORD].as_str()?)
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            previous: row.get(1)?,
            at: row.get(2)?,
            who: row.get(3)?,
            action: row.get(4)?,
            body: row.get(5)?,
            hash: row.get(6)?,
        })
    }

    /// Its hash, if it is entry `seq` behind `previous` and unchanged; else the wording key of what is wrong.
    fn check(&self, seq: u64, previous: Digest) -> std::result::Result<Digest, &'static str> {
        if self.seq != seq as i64 {
            return Err("store.ledger_missing");
        }
        let hash = entry_hash(seq, previous, [&self.at, &self.who, &self.action, &self.body]);
        if self.previous != previous.to_string() {
            return Err("store.ledger_unchained");
        }
        if self.hash != hash.to_string() {
            return Err("store.ledger_changed");
        }
        Ok(hash)
    }

    /// `None` if the body is no JSON or the number no number of an entry.
    fn open(&self) -> Option<Entry> {
        Some(Entry {
            seq: u64::try_from(self.seq).ok()?,
            previous: self.previous.clone(),
            at: self.at.clone(),
            who: self.who.clone(),
            action: self.action.clone(),
            body: serde_json::from_str(&self.body).ok()?,
            hash: self.hash.clone(),
        })
    }
}

impl Head {
    /// One line per seal: number, blank, hash.
    fn text(&self) -> String {
        let line = |(seq, hash): Seal| format!("{seq} {hash}\n");
        line(self.last) + &self.coming.map(line).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let seal = |line: &str| -> Option<Seal> {
            let (seq, hash) = line.split_once(' ')?;
            Some((seq.parse().ok()?, Digest::parse_hex(hash)?))
        };
        let mut lines = text.lines();
        let last = seal(lines.next()?)?;
        let coming = lines.next().map(seal);
        if coming == Some(None) || lines.next().is_some() {
            return None;
        }
        Some(Self { last, coming: coming.flatten() })
    }
}

fn entry_hash(seq: u64, previous: Digest, texts: [&str; 4]) -> Digest {
    let number = seq.to_le_bytes();
    let parts = [&number[..], &previous.0].into_iter().chain(texts.iter().map(|text| text.as_bytes()));
    Digest::of_parts(parts)
}

/// JSON with keys ascending and no blanks, whatever order the map keeps.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let pairs = keys.into_iter().map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&map[key])));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

/// A full disk and a missing right are said as such; a file that is no SQLite database is damaged.
pub(super) fn sql_error(path: &Path, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    use std::io::ErrorKind as Os;
    let os = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Os::StorageFull,
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Os::PermissionDenied,
        Some(ErrorCode::ReadOnly) => Os::ReadOnlyFilesystem,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            let message = Message::new("store.ledger_damaged");
            return Error::new(ErrorKind::Io, message).at(path).hint(Message::new("store.ledger_broken_hint"));
        }
        _ => Os::Other,
    };
    Error::io(path, &std::io::Error::new(os, error.to_string()))
}

/// A run that is kept and of which the ledger knows nothing.
pub(super) fn unvouched(workspace: &Workspace, run: &str) -> Error {
    let unvouched = Error::new(ErrorKind::Io, Message::new("store.run_unvouched").with("run", run));
    unvouched.at(&workspace.run_dir(run)).hint(Message::new("store.run_unvouched_hint"))
}

#[cfg(test)]
mod tests {
    use super::super::workspace::tests::workspace;
    use super::*;
    use serde_json::json;

    /// A workspace whose ledger holds `count` entries.
    fn with_entries(count: usize) -> (tempfile::TempDir, Workspace) {
        let (folder, workspace) = workspace();
        let mut ledger = Ledger::open(&workspace).unwrap();
        for number in 1..=count {
            ledger.append("2026-11-24T01:00:00+08:00", "clerk", "run", &json!({"b": number, "a": "甲"})).unwrap();
        }
        (folder, workspace)
    }

    /// What a person with a SQLite tool does: the triggers are in the way for one command only.
    fn tamper(workspace: &Workspace, sql: &str) {
        let connection = Connection::open(workspace.root().join("store/ledger.sqlite")).unwrap();
        connection.execute_batch("DROP TRIGGER entry_keeps; DROP TRIGGER entry_stays;").unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn fault(workspace: &Workspace) -> (u64, Option<LedgerFault>) {
        let verification = Ledger::open(workspace).unwrap().verify().unwrap();
        (verification.entries, verification.fault)
    }

    fn assert_fault(workspace: &Workspace, seq: u64, reason: &'static str) {
        assert_eq!(fault(workspace), (seq.saturating_sub(1), Some(LedgerFault { seq, reason })));
    }

    #[test]
    fn an_untouched_chain_verifies_and_grows() {
        let (_folder, workspace) = with_entries(3);
        assert_eq!(fault(&workspace), (3, None));
        let entries = Ledger::open(&workspace).unwrap().entries().unwrap();
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(entries[2].previous, entries[1].hash);
        assert_eq!(entries[0].previous, "0".repeat(64));
    }

    // The recipe in the module's head, by hand: an auditor without this program must get the same hash.
    #[test]
    fn the_hash_follows_the_documented_recipe() {
        let (_folder, workspace) = with_entries(1);
        let entry = Ledger::open(&workspace).unwrap().entries().unwrap().remove(0);
        let body = r#"{"a":"甲","b":1}"#;
        let mut bytes = Vec::new();
        let parts: [&[u8]; 6] =
            [&[1, 0, 0, 0, 0, 0, 0, 0], &[0; 32], b"2026-11-24T01:00:00+08:00", b"clerk", b"run", body.as_bytes()];
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        assert_eq!(entry.hash, Digest::of(&bytes).to_string());
    }

    #[test]
    fn changes_and_deletions_are_refused() {
        let (_folder, workspace) = with_entries(2);
        let connection = Connection::open(workspace.root().join("store/ledger.sqlite")).unwrap();
        assert!(connection.execute("UPDATE entry SET who = 'x' WHERE seq = 1", []).is_err());
        assert!(connection.execute("DELETE FROM entry", []).is_err());
        assert_eq!(fault(&workspace), (2, None));
    }

    #[test]
    fn one_byte_changed_in_the_file() {
        let (_folder, workspace) = with_entries(3);
        let path = workspace.root().join("store/ledger.sqlite");
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(5).rposition(|window| window == b"clerk").unwrap();
        // SQLite fills a page from its end: the last occurrence is the first entry.
        bytes[at] = b'C';
        std::fs::write(&path, bytes).unwrap();
        assert_fault(&workspace, 1, "store.ledger_changed");
    }

    #[test]
    fn every_column_is_covered_by_the_hash() {
        for sql in [
            "UPDATE entry SET at = '2026-11-25T01:00:00+08:00' WHERE seq = 2",
            "UPDATE entry SET who = 'clerk2' WHERE seq = 2",
            "UPDATE entry SET action = 'verdict' WHERE seq = 2",
            "UPDATE entry SET body = replace(body, '2', '3') WHERE seq = 2",
            "UPDATE entry SET hash = lower(hex(randomblob(32))) WHERE seq = 2",
        ] {
            let (_folder, workspace) = with_entries(3);
            tamper(&workspace, sql);
            assert_fault(&workspace, 2, "store.ledger_changed");
        }
    }

    #[test]
    fn a_row_deleted_inside() {
        let (_folder, workspace) = with_entries(3);
        tamper(&workspace, "DELETE FROM entry WHERE seq = 2");
        assert_fault(&workspace, 2, "store.ledger_missing");
        let (_folder, workspace) = with_entries(3);
        tamper(&workspace, "DELETE FROM entry WHERE seq = 2; UPDATE entry SET seq = 2 WHERE seq = 3");
        assert_fault(&workspace, 2, "store.ledger_unchained");
    }

    /// Puts a well-made entry behind the others, as somebody could who knows the recipe.
    fn forge(workspace: &Workspace) {
        let ledger = Ledger::open(workspace).unwrap();
        let (seq, previous) = ledger.last().unwrap().unwrap();
        let hash = entry_hash(seq + 1, previous, ["t", "w", "run", "{}"]);
        let values = format!("({}, '{previous}', 't', 'w', 'run', '{{}}', '{hash}')", seq + 1);
        ledger.connection.execute_batch(&format!("INSERT INTO entry VALUES {values}")).unwrap();
    }

    #[test]
    fn a_row_inserted() {
        let (_folder, workspace) = with_entries(2);
        forge(&workspace);
        let said = fault(&workspace);
        assert_eq!(said.1, Some(LedgerFault { seq: 3, reason: "store.ledger_added" }));
        tamper(
            &workspace,
            "INSERT INTO entry SELECT 0, previous, at, who, action, body, hash FROM entry WHERE seq = 1",
        );
        assert_fault(&workspace, 1, "store.ledger_missing");
    }

    #[test]
    fn the_last_row_cut_and_replaced() {
        let (_folder, workspace) = with_entries(3);
        tamper(&workspace, "DELETE FROM entry WHERE seq = 3");
        assert_eq!(fault(&workspace), (2, Some(LedgerFault { seq: 3, reason: "store.ledger_cut" })));
        let error = Ledger::open(&workspace).unwrap().append("t", "w", "run", &json!({})).unwrap_err();
        assert_eq!(error.message().key, "store.ledger_broken", "an addition must not cover the cut");
        forge(&workspace);
        assert_eq!(fault(&workspace), (3, Some(LedgerFault { seq: 3, reason: "store.ledger_replaced" })));
    }

    #[test]
    fn a_lost_or_garbled_head_is_seen() {
        let (_folder, workspace) = with_entries(2);
        let head = workspace.root().join("store/ledger.head");
        std::fs::write(&head, "2 abc\n").unwrap();
        assert_eq!(fault(&workspace).1.unwrap().reason, "store.ledger_head_unreadable");
        std::fs::remove_file(&head).unwrap();
        assert_eq!(fault(&workspace).1.unwrap().reason, "store.ledger_head_missing");
    }

    #[test]
    fn a_whole_ledger_lost_is_seen() {
        let (_folder, workspace) = with_entries(2);
        std::fs::remove_file(workspace.root().join("store/ledger.sqlite")).unwrap();
        assert_eq!(fault(&workspace), (0, Some(LedgerFault { seq: 1, reason: "store.ledger_cut" })));
    }

    #[test]
    fn an_addition_killed_on_either_side_of_its_commit_is_no_fault() {
        let (_folder, workspace) = with_entries(2);
        let mut ledger = Ledger::open(&workspace).unwrap();
        let head = std::fs::read_to_string(&ledger.head).unwrap();
        let third = ledger.append("t", "w", "run", &json!({})).unwrap();
        // Killed after the commit: the head still names the third as coming.
        std::fs::write(&ledger.head, format!("{head}3 {}\n", third.hash)).unwrap();
        assert_eq!(fault(&workspace), (3, None));
        // Killed before the next commit: the head names a fourth that never came.
        std::fs::write(&ledger.head, format!("3 {}\n4 {}\n", third.hash, "a".repeat(64))).unwrap();
        assert_eq!(fault(&workspace), (3, None));
        assert_eq!(ledger.append("t", "w", "run", &json!({})).unwrap().seq, 4);
        assert_eq!(fault(&workspace), (4, None));
    }

    #[test]
    fn two_hands_add_in_turn() {
        let (_folder, workspace) = with_entries(0);
        std::thread::scope(|scope| {
            for who in ["a", "b"] {
                let workspace = &workspace;
                scope.spawn(move || {
                    let mut ledger = Ledger::open(workspace).unwrap();
                    for _ in 0..10 {
                        ledger.append("t", who, "verdict", &json!({})).unwrap();
                    }
                });
            }
        });
        assert_eq!(fault(&workspace), (20, None));
    }

    #[test]
    fn a_file_that_is_no_ledger_is_damaged() {
        let (_folder, workspace) = workspace();
        std::fs::create_dir_all(workspace.root().join("store")).unwrap();
        std::fs::write(workspace.root().join("store/ledger.sqlite"), "not a database, but long enough to be read")
            .unwrap();
        assert_eq!(Ledger::open(&workspace).unwrap_err().message().key, "store.ledger_damaged");
    }
}
