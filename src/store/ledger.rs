//! 审计链: what was done, by whom and when, append-only and hash-chained (invariant I-8).
//!
//! `store/ledger.sqlite`, one table; an auditor opens it with any SQLite tool. The hash of an entry is SHA-256 over
//! its parts, each preceded by its length as eight bytes little-endian: number (eight bytes little-endian), hash of the
//! entry before (32 bytes; zeros before the first), time, name, action, body (canonical JSON: keys ascending, no blanks).
//!
//! Triggers refuse changes and deletions, which stops mistakes; the chain shows what a person with a SQLite tool did.
//! A chain alone does not show that its end was cut or that a well-made entry was put behind it: `store/ledger.head`
//! holds number and hash of the last entry, and of the one being added. It has no secret: who rewrites both files whole
//! is found only by a head hash kept elsewhere, which is why every run's manifest prints it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::whole_file::write_whole;
use super::workspace::Workspace;
use crate::kernel::{Digest, Error, ErrorKind, Message, Result};

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
    connection: Connection,
    path: PathBuf,
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
        let entry = self.alone(|| self.add(at, who, action, body))?;
        // The entry stands, and the head already names it as coming; should this fail, the next addition mends it.
        // The end is read again because another process may have added behind it.
        let _ = self.alone(|| self.write_head(self.last()?.unwrap_or((0, ORIGIN)), None));
        Ok(entry)
    }

    /// Runs `work` while no other process adds; what it adds stands only if it succeeds.
    fn alone<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
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

    /// The entry of an action whose body names this run.
    pub(super) fn of_run(&self, action: &str, run: &str) -> Result<Option<Entry>> {
        let sql = format!("{SELECT} WHERE action = ?1 AND json_extract(body, '$.run') = ?2");
        let found = self.connection.query_row(&sql, params![action, run], Stored::read).optional();
        let Some(stored) = found.map_err(|error| sql_error(&self.path, &error))? else { return Ok(None) };
        stored.open().map(Some).ok_or_else(|| self.broken(stored.seq as u64))
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
            None => self.head_fault(end)?,
            fault => fault,
        };
        Ok(Verification { entries: end.0, head: end.1.to_string(), fault })
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
        let read = || {
            let mut statement = self.connection.prepare(&format!("{SELECT} ORDER BY seq"))?;
            let rows = statement.query_map([], Stored::read)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| sql_error(&self.path, &error))
    }

    fn broken(&self, seq: u64) -> Error {
        Error::new(ErrorKind::Io, Message::new("store.ledger_broken").with("seq", seq))
            .at(&self.path)
            .hint(Message::new("store.ledger_broken_hint"))
    }
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
fn sql_error(path: &Path, error: &rusqlite::Error) -> Error {
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
