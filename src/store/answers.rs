//! Counties' answers and objections, kept in the ledger's database and vouched for by its chain (see `vouched`).
//!
//! Table `answer`, append-only: one row per statement, with the fact digest, rule, division and sources of the
//! discrepancy as it stood, so that precision can be counted when the run's snapshots are long gone.

use serde_json::json;

use super::ledger::{Entry, Ledger};
use super::vouched::{ImportedFile, Vouched};
use crate::kernel::{Date, Digest, Division, Result};
use crate::model::verdict::{Said, Statement};

pub(super) const ANSWERS: Vouched = Vouched {
    table: "answer",
    columns: &["discrepancy", "fact", "rule", "division", "sources", "said", "stated_by", "stated_on", "note"],
    action: "answer",
    changed: "store.answers_changed",
};

impl Ledger {
    /// Adds the answers of one imported file and the entry that vouches for them: both or neither.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn answer(&mut self, at: &str, who: &str, file: &ImportedFile, statements: &[Statement]) -> Result<Entry> {
        let body = json!({ "file": file.digest.to_string(), "counts": file.counts });
        self.vouch(at, who, &ANSWERS, body, &statements.iter().map(row).collect::<Vec<_>>())
    }

    /// Adds one objection, in an entry of the same kind.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn object(&mut self, at: &str, who: &str, objection: &Statement) -> Result<Entry> {
        let body = json!({ "objection": objection.discrepancy });
        self.vouch(at, who, &ANSWERS, body, &[row(objection)])
    }

    /// All answers and objections in the order they came.
    ///
    /// # Errors
    /// I/O, or statements that are not those the ledger vouches for: a run must not respect them.
    pub fn statements(&self) -> Result<Vec<Statement>> {
        let rows = self.vouched(&ANSWERS)?;
        rows.iter().map(|(entry, row)| statement(row).ok_or_else(|| self.broken(*entry))).collect()
    }
}

fn row(statement: &Statement) -> Vec<String> {
    vec![
        statement.discrepancy.clone(),
        statement.fact.map(|fact| fact.to_string()).unwrap_or_default(),
        statement.rule.clone(),
        statement.division.to_string(),
        statement.sources.join("+"),
        statement.said.code().to_owned(),
        statement.by.clone(),
        statement.on.to_string(),
        statement.text.clone(),
    ]
}

fn statement(row: &[String]) -> Option<Statement> {
    let [discrepancy, fact, rule, division, sources, said, by, on, text] = row else { return None };
    let fact = if fact.is_empty() { None } else { Some(Digest::parse_hex(fact)?) };
    Some(Statement {
        discrepancy: discrepancy.clone(),
        fact,
        rule: rule.clone(),
        division: Division::parse(division)?,
        sources: sources.split('+').filter(|source| !source.is_empty()).map(str::to_owned).collect(),
        said: Said::parse(said)?,
        by: by.clone(),
        on: Date::parse_iso(on)?,
        text: text.clone(),
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::workspace::tests::workspace;
    use super::*;
    use crate::model::verdict::Verdict;

    fn said(said: Said) -> Statement {
        Statement {
            discrepancy: "V001-ABCDEFGHIJ".into(),
            fact: Some(Digest::of(b"fact")),
            rule: "V001".into(),
            division: Division::parse("370102001").unwrap(),
            sources: vec!["bank".into(), "vehicle".into()],
            said,
            by: "王".into(),
            on: Date::from_ymd(2026, 11, 24).unwrap(),
            text: "第九条".into(),
        }
    }

    #[test]
    fn statements_come_back_as_they_were_and_no_change_goes_unseen() {
        let (_folder, workspace) = workspace();
        let mut ledger = Ledger::open(&workspace).unwrap();
        let answer = said(Said::Answered(Verdict::TrueExempt));
        let objection = Statement { fact: None, sources: Vec::new(), ..said(Said::Objected) };
        let file = ImportedFile { digest: Digest::of(b"file"), counts: json!({"lines": 1}) };
        let entry = ledger.answer("T1", "clerk", &file, std::slice::from_ref(&answer)).unwrap();
        ledger.object("T2", "clerk", &objection).unwrap();
        assert_eq!(ledger.statements().unwrap(), [answer, objection]);
        assert!(!entry.body.to_string().contains('王'), "{}", entry.body);
        assert_eq!(ledger.verify().unwrap().fault, None);
        let connection = Connection::open(workspace.root().join("store/ledger.sqlite")).unwrap();
        assert!(connection.execute_batch("UPDATE answer SET said = 'true_adjust'").is_err(), "append-only");
        connection.execute_batch("DROP TRIGGER answer_keeps; UPDATE answer SET said = 'true_adjust'").unwrap();
        assert_eq!(ledger.statements().unwrap_err().message().key, "store.ledger_broken");
        assert_eq!(ledger.verify().unwrap().fault.map(|fault| fault.reason), Some("store.answers_changed"));
    }
}
