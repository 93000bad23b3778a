//! Tables that people's statements grow in, vouched for by the ledger: judgements on links, answers on discrepancies.
//!
//! A row belongs to the ledger entry that brought it. That entry holds count and digest of its rows (SHA-256 over all
//! columns of each, every part preceded by its length), so that a changed, added or lost row is found, and no person's
//! name or note need stand in the chain itself. Triggers refuse changes, as they do in the chain.

use std::collections::BTreeMap;

use rusqlite::params_from_iter;
use rusqlite::types::Value as SqlValue;
use serde_json::{Value, json};

use super::ledger::{Entry, Ledger, LedgerFault, sql_error};
use crate::kernel::{Digest, Message, Result};

/// A table of texts.
pub(super) struct Vouched {
    pub(super) table: &'static str,
    pub(super) columns: &'static [&'static str],
    /// Ledger action of an addition.
    pub(super) action: &'static str,
    /// Wording key: rows are not those the ledger vouches for.
    pub(super) changed: &'static str,
}

/// A row: its texts in the order of the columns.
pub(super) type Row = Vec<String>;

impl Vouched {
    pub(super) fn schema(&self) -> String {
        let Self { table, columns, .. } = self;
        let columns: Vec<String> = columns.iter().map(|column| format!("{column} TEXT NOT NULL")).collect();
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (number INTEGER PRIMARY KEY, entry INTEGER NOT NULL, {}) STRICT;
             CREATE TRIGGER IF NOT EXISTS {table}_keeps BEFORE UPDATE ON {table}
                 BEGIN SELECT RAISE(ABORT, 'append-only'); END;
             CREATE TRIGGER IF NOT EXISTS {table}_stays BEFORE DELETE ON {table}
                 BEGIN SELECT RAISE(ABORT, 'append-only'); END;",
            columns.join(", ")
        )
    }
}

/// What the ledger says of a file beside what was stored from it. Nothing personal.
pub struct ImportedFile {
    pub digest: Digest,
    /// An object of counts.
    pub counts: Value,
}

impl Ledger {
    /// Adds rows and the entry that vouches for them, both or neither; `body` is an object.
    pub(super) fn vouch(&self, at: &str, who: &str, of: &Vouched, body: Value, rows: &[Row]) -> Result<Entry> {
        let mut body = body;
        body["stored"] = json!(rows.len());
        body["digest"] = json!(digest(rows).to_string());
        let insert = |entry: &Entry| {
            let add = || {
                let places: Vec<String> = (0..=of.columns.len()).map(|place| format!("?{}", place + 1)).collect();
                let sql = format!(
                    "INSERT INTO {} (entry, {}) VALUES ({})",
                    of.table,
                    of.columns.join(", "),
                    places.join(", ")
                );
                let mut statement = self.connection.prepare(&sql)?;
                for row in rows {
                    let texts = row.iter().cloned().map(SqlValue::Text);
                    statement
                        .execute(params_from_iter(std::iter::once(SqlValue::Integer(entry.seq as i64)).chain(texts)))?;
                }
                Ok(())
            };
            add().map_err(|error| sql_error(&self.path, &error))
        };
        self.append_with(at, who, of.action, &body, insert)
    }

    /// All rows in the order they were added, with the numbers of their entries.
    ///
    /// # Errors
    /// I/O, or rows that are not those the ledger vouches for: a run must not respect them.
    pub(super) fn vouched(&self, of: &Vouched) -> Result<Vec<(u64, Row)>> {
        let (rows, fault) = self.alone(|| Ok((self.stored_rows(of)?, self.vouched_fault(of)?)))?;
        match fault {
            Some(fault) => Err(self.broken(fault.seq).hint(Message::new(fault.reason))),
            None => Ok(rows),
        }
    }

    /// The first entry whose rows are not those it vouches for.
    pub(super) fn vouched_fault(&self, of: &Vouched) -> Result<Option<LedgerFault>> {
        let mut found: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
        for (entry, row) in self.stored_rows(of)? {
            found.entry(entry).or_default().push(row);
        }
        for entry in self.entries_of(of.action)? {
            let rows = found.remove(&entry.seq).unwrap_or_default();
            if entry.body["digest"] != digest(&rows).to_string() {
                return Ok(Some(LedgerFault { seq: entry.seq, reason: of.changed }));
            }
        }
        Ok(found.into_keys().next().map(|seq| LedgerFault { seq, reason: of.changed }))
    }

    fn stored_rows(&self, of: &Vouched) -> Result<Vec<(u64, Row)>> {
        let select = || {
            let sql = format!("SELECT entry, {} FROM {} ORDER BY number", of.columns.join(", "), of.table);
            let mut statement = self.connection.prepare(&sql)?;
            let rows = statement.query_map([], |row| {
                let entry: i64 = row.get(0)?;
                let texts = (1..=of.columns.len()).map(|column| row.get(column)).collect::<rusqlite::Result<Row>>()?;
                // A negative number stands for no entry at all, as zero does.
                Ok((u64::try_from(entry).unwrap_or_default(), texts))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        select().map_err(|error| sql_error(&self.path, &error))
    }
}

fn digest(rows: &[Row]) -> Digest {
    Digest::of_parts(rows.iter().flatten().map(String::as_bytes))
}
