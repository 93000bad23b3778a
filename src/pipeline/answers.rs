//! `hedui verdict import`: filled-in lists → judgements or answers; `hedui verdict object`: an objection.
//!
//! Which list a file or a sheet is, is seen from its headings: a work list has 疑点编号 and 核查结果 (its sheets by severity are
//! read one after the other), a review list 判定编号 and 人工判定 (see `judgements`); a workbook may hold both. Every line of a
//! work list ends in one count: taken, already known, left open, or returned with its reason.
//!
//! An answer speaks of the fact as it stood in the last run up to the day of the visit (in the first run that has the
//! discrepancy, if the visit was earlier), so that an old list answered late does not settle what has changed since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::judgements::{self, Import, ImportSummary, import_judgements};
use crate::ingest::{self, Source};
use crate::kernel::{Cancel, Date, Error, Lang, Message, Result, Silent, wording};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::kind::{self, Kind};
use crate::model::standing::Earlier;
use crate::model::verdict::{self, Said, Statement, Verdict};
use crate::report::{ReturnedLine, VERDICT_HEADINGS};
use crate::standardise::dates::{self, NotADate};
use crate::store::{ImportedFile, Ledger, Workspace, findings};

/// Headings that counties put in place of ours, by field.
const SYNONYMS: [&[&str]; 5] = [
    &["疑点号", "疑点编码", "编号"],
    &["核查结论", "核实结果", "调查结果", "反馈结果"],
    &["适用条款", "条款", "证据", "备注", "说明"],
    &["调查人", "核实人", "经办人"],
    &["调查日期", "核实日期", "日期"],
];
/// A list without it is read all the same: only exemptions need it.
const CLAUSE: &str = "clause";

/// What a file turned out to be.
#[derive(Debug)]
pub enum Imported {
    Judgements(ImportSummary),
    Answers(AnswerSummary),
}

/// What became of a work list's lines.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AnswerSummary {
    /// Lines with something in them: stored, known, open and returned add up to it.
    pub lines: u64,
    /// Stored now, by code of the answer.
    pub stored: BTreeMap<&'static str, u64>,
    /// The same answer stands already.
    pub known: u64,
    /// Not answered yet.
    pub open: u64,
    /// Number of the ledger entry.
    pub entry: u64,
    #[serde(skip)]
    pub returned: Vec<ReturnedLine>,
}

/// Reads the file and stores what can be taken, with a ledger entry for each list in it: a county's workbook has its work
/// list and, on sheets of their own, links to be judged.
///
/// # Errors
/// The file is missing or has the headings of neither list; the ledger is broken; I/O.
pub fn import(workspace: &Workspace, import: &Import<'_>) -> Result<Vec<Imported>> {
    if import.file.is_dir() {
        return Err(Error::input(Message::new("verdict.folder")).at(import.file));
    }
    let (mut work, mut reviews, mut neither) = (Vec::new(), Vec::new(), None);
    for sheet in sheets(import)? {
        let of_sheet = Import { sheet: sheet.as_deref(), ..*import };
        if let Some(list) = list(import, sheet.as_deref()).map_err(|fault| of_a_list(fault, import.file))? {
            work.push((sheet.unwrap_or_default(), list));
            continue;
        }
        match judgements::read(&of_sheet) {
            Ok(list) => reviews.push((sheet, list)),
            Err(fault) => _ = neither.get_or_insert(fault),
        }
    }
    let mut imported = Vec::new();
    if !work.is_empty() {
        imported.push(Imported::Answers(import_answers(workspace, import, &work)?));
    }
    let alone = work.is_empty() && reviews.len() == 1;
    for (sheet, list) in reviews.iter().filter(|(_, list)| alone || !judgements::is_untouched(list)) {
        let of_sheet = Import { sheet: sheet.as_deref(), ..*import };
        imported.push(Imported::Judgements(import_judgements(workspace, &of_sheet, list)?));
    }
    match neither {
        Some(fault) if work.is_empty() && reviews.is_empty() => Err(of_a_list(fault, import.file)),
        _ => Ok(imported),
    }
}

/// The sheet that was named, or all of a workbook; `None` of a text file.
fn sheets(import: &Import<'_>) -> Result<Vec<Option<String>>> {
    Ok(match (import.sheet, is_workbook(import.file)) {
        (Some(sheet), _) => vec![Some(sheet.to_owned())],
        (None, true) => ingest::sheet_names(import.file)?.into_iter().map(Some).collect(),
        (None, false) => vec![None],
    })
}

fn is_workbook(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"))
}

/// What a refusal means to whoever reads a list back: layouts and connectors are none of theirs.
fn of_a_list(fault: Error, file: &Path) -> Error {
    let (key, hint) = match fault.message().key {
        "ingest.refused_headings" => ("verdict.neither_list", "verdict.neither_list_hint"),
        "ingest.refused_spreadsheet" => ("verdict.other_workbook", "verdict.other_workbook_hint"),
        _ => return fault,
    };
    Error::input(Message::new(key)).at(file).hint(Message::new(hint))
}

/// One sheet or text file; `None` if it has not the headings of a work list.
fn list(import: &Import<'_>, sheet: Option<&str>) -> Result<Option<Evidence>> {
    let kind = kind::verdicts();
    for with_clause in [true, false] {
        let layout = layout(import, &kind, sheet, with_clause)?;
        let root = import.file.parent().unwrap_or(Path::new(""));
        let read =
            ingest::read(root, "verdicts", &layout, &kind, import.today, None, None, &Silent, &Cancel::default());
        let evidence = read?;
        match &evidence.delivery {
            Delivery::Missing => return Err(Error::io(import.file, &std::io::ErrorKind::NotFound.into())),
            Delivery::Refused(fault) => match fault.message().key {
                "ingest.refused_headings" | "ingest.refused_empty" => {}
                _ => return Err(fault.clone()),
            },
            // Beyond the rejects kept, lines could not be returned one by one.
            Delivery::Arrived { .. }
                if evidence.reject_counts.values().sum::<u64>() > evidence.rejects.len() as u64 =>
            {
                return Err(Error::input(Message::new("verdict.too_many_faults")).at(import.file));
            }
            Delivery::Arrived { .. } => return Ok(Some(evidence)),
        }
    }
    Ok(None)
}

fn layout(import: &Import<'_>, kind: &Kind, sheet: Option<&str>, with_clause: bool) -> Result<Source> {
    let name = import.file.file_name().unwrap_or_default().to_string_lossy();
    let mut connector = toml::Table::new();
    connector.insert("type".into(), if is_workbook(import.file) { "xlsx" } else { "csv" }.into());
    connector.insert("path".into(), name.into_owned().into());
    if let Some(sheet) = sheet {
        connector.insert("sheet".into(), sheet.into());
    }
    let mut columns = toml::Table::new();
    for ((field, key), synonyms) in kind.fields.iter().zip(VERDICT_HEADINGS).zip(SYNONYMS) {
        let own = [Lang::Zh, Lang::En].map(|lang| wording::say(lang, key));
        let headings: Vec<&str> = own.into_iter().chain(synonyms.iter().copied()).collect();
        if with_clause || field.name != CLAUSE {
            columns.insert(field.name.clone(), headings.into());
        }
    }
    let mut layout = toml::Table::new();
    layout.insert("connector".into(), connector.into());
    layout.insert("columns".into(), columns.into());
    let text = toml::to_string(&layout).expect("a table of texts is TOML");
    let source: Source = toml::from_str(&text).map_err(|fault| Error::toml(import.file, &text, &fault))?;
    source.check(kind, &text, import.file)?;
    Ok(source)
}

fn import_answers(workspace: &Workspace, import: &Import<'_>, lists: &[(String, Evidence)]) -> Result<AnswerSummary> {
    let mut ledger = Ledger::open(workspace)?;
    let before = ledger.statements()?;
    let standing = verdict::in_force(&before);
    let mut sorted = Sorted::default();
    lists.iter().for_each(|(sheet, list)| sorted.add(sheet, list, import.today));
    let known = discrepancies(workspace, sorted.answers.iter().map(|line| (line.id.as_str(), line.on)).collect())?;
    sorted.keep(|line| if known.contains_key(&asked(line)) { None } else { Some("answers.unknown_id") });
    sorted.return_contradictions();
    // An old list that is read again must not take back what was said since.
    let is_older = |line: &Line| {
        let answer = standing.get(known[&asked(line)].id.as_str()).and_then(|stands| stands.answer);
        answer.is_some_and(|answer| answer.on > line.on)
    };
    sorted.keep(|line| is_older(line).then_some("answers.older"));

    let mut summary = AnswerSummary {
        lines: lists.iter().map(|(_, list)| list.bins.read - list.bins.skipped).sum(),
        stored: BTreeMap::new(),
        known: 0,
        open: sorted.open,
        entry: 0,
        returned: Vec::new(),
    };
    let mut taken: Vec<Statement> = Vec::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for line in sorted.answers {
        let statement = statement(&known[&asked(&line)], &line);
        let stands = standing.get(statement.discrepancy.as_str()).copied().unwrap_or_default();
        // Read once more, the answer that was objected to is no answer to the objection.
        if stands.answer == Some(&statement) || !ids.insert(line.id) {
            summary.known += 1;
            continue;
        }
        *summary.stored.entry(statement.said.code()).or_default() += 1;
        taken.push(statement);
    }
    summary.returned = sorted.returned;
    summary.returned.sort_by(|a, b| (&a.sheet, a.line).cmp(&(&b.sheet, b.line)));
    let accounted = taken.len() as u64 + summary.known + summary.open + summary.returned.len() as u64;
    assert_eq!(accounted, summary.lines, "a line of a work list was lost");
    let counts = json!({
        "lines": summary.lines, "stored": summary.stored, "known": summary.known, "open": summary.open,
        "returned": summary.returned.len(),
    });
    let digest = lists[0].1.files[0].digest;
    summary.entry = ledger.answer(import.at, import.who, &ImportedFile { digest, counts }, &taken)?.seq;
    Ok(summary)
}

/// Key of the discrepancy a line speaks of, as of the day it speaks for.
fn asked(line: &Line) -> (String, Date) {
    (line.id.clone(), line.on)
}

fn statement(earlier: &Earlier, line: &Line) -> Statement {
    Statement {
        discrepancy: earlier.id.clone(),
        fact: earlier.fact,
        rule: earlier.rule.clone(),
        division: earlier.division,
        sources: earlier.sources.clone(),
        said: line.said,
        by: line.by.clone(),
        on: line.on,
        text: line.text.clone(),
    }
}

/// The discrepancies under these ids as the runs up to these days left them, see the head of this file.
fn discrepancies(
    workspace: &Workspace,
    mut wanted: BTreeSet<(&str, Date)>,
) -> Result<BTreeMap<(String, Date), Earlier>> {
    let mut known: BTreeMap<(String, Date), Earlier> = BTreeMap::new();
    for run in workspace.runs()?.iter().rev() {
        if wanted.is_empty() {
            break;
        }
        let of_run = findings(workspace, run)?;
        let kept = of_run.absent.into_iter().map(|absent| absent.earlier);
        let by_id: BTreeMap<String, Earlier> =
            of_run.found.into_iter().chain(kept).map(|earlier| (loose(&earlier.id), earlier)).collect();
        wanted.retain(|(id, on)| {
            let Some(earlier) = by_id.get(*id) else { return true };
            known.insert(((*id).to_owned(), *on), earlier.clone());
            // Days of runs and of visits compare as texts: eight digits.
            run[..8] > on.to_string().replace('-', "")[..]
        });
    }
    Ok(known)
}

/// An id without what a spreadsheet or a hand changes: width, case, blanks, dashes, 0 for O, 1 for I, 8 for B.
///
/// The ten characters of the digest have no 0, 1 and 8, so nothing that differs falls together.
fn loose(id: &str) -> String {
    let letters: Vec<char> = id.nfkc().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let digest = letters.len().saturating_sub(10);
    let mended = |(place, letter): (usize, &char)| match (place >= digest, letter) {
        (true, '0') => 'O',
        (true, '1') => 'I',
        (true, '8') => 'B',
        (_, letter) => *letter,
    };
    letters.iter().enumerate().map(mended).collect()
}

/// The answer in a cell, in either language, as a code, or with other dashes and blanks.
fn said(cell: &str) -> Option<Verdict> {
    let folded =
        |text: &str| text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let cell = folded(cell);
    Verdict::ALL.into_iter().find(|verdict| {
        let key = format!("report.verdict_{}", verdict.code());
        let words = [Lang::Zh, Lang::En].map(|lang| wording::say(lang, &key));
        words.into_iter().chain([verdict.code()]).any(|word| folded(word) == cell)
    })
}

/// A line that can be taken, unless it turns out unknown or contradicted.
struct Line {
    /// As [`loose`] leaves it.
    id: String,
    said: Said,
    by: String,
    on: Date,
    text: String,
    returned: ReturnedLine,
}

/// The lines by what can be done with them.
#[derive(Default)]
struct Sorted {
    answers: Vec<Line>,
    open: u64,
    returned: Vec<ReturnedLine>,
}

impl Sorted {
    fn add(&mut self, sheet: &str, list: &Evidence, today: Date) {
        let mut faults: BTreeMap<u32, (&'static str, &str)> = BTreeMap::new();
        for reject in &list.rejects {
            faults.entry(reject.at.line).or_insert((reject.reason, &reject.text));
        }
        for (row, at) in list.refs.iter().enumerate() {
            let answer = std::array::from_fn(|column| list.table.columns[column].text(row));
            let (reason, text) = faults.remove(&at.line).unwrap_or_default();
            let returned =
                ReturnedLine { sheet: sheet.to_owned(), line: at.line, reason, answer, text: text.to_owned() };
            self.take(returned, today);
        }
        // What is left are whole lines that could not be read.
        for (line, (reason, text)) in faults {
            let reason = if reason == "ingest.reject_nobody" { "answers.no_id" } else { reason };
            let (sheet, answer, text) = (sheet.to_owned(), Default::default(), text.to_owned());
            self.returned.push(ReturnedLine { sheet, line, reason, answer, text });
        }
    }

    /// `returned` says what stands in the line, and with a reason that a cell of it could not be read.
    fn take(&mut self, mut returned: ReturnedLine, today: Date) {
        let [id, verdict, clause, checker, on] = &returned.answer;
        let blank = returned.reason.is_empty() && returned.answer[1..].iter().all(String::is_empty);
        let reason = match (said(verdict), dates::day(on)) {
            _ if !returned.reason.is_empty() => returned.reason,
            _ if id.is_empty() => "answers.no_id",
            _ if blank => return self.open += 1,
            (None, _) if verdict.is_empty() => "answers.no_answer",
            (None, _) => "answers.bad_answer",
            (Some(Verdict::TrueExempt), _) if clause.is_empty() => "answers.no_clause",
            _ if checker.is_empty() => "answers.no_checker",
            (_, Err(NotADate)) => "answers.bad_date",
            (_, Ok(None)) => "answers.no_date",
            (_, Ok(Some(on))) if on > today => "answers.date_ahead",
            (Some(verdict), Ok(Some(on))) => {
                let (by, text) = (checker.clone(), clause.clone());
                let line = Line { id: loose(id), said: Said::Answered(verdict), by, on, text, returned };
                return self.answers.push(line);
            }
        };
        returned.reason = reason;
        self.returned.push(returned);
    }

    /// Lines of one discrepancy that say different things: nobody but their writer knows which holds.
    fn return_contradictions(&mut self) {
        let mut answers: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
        for line in &self.answers {
            answers.entry(line.id.clone()).or_default().insert(line.said.code());
        }
        self.keep(|line| (answers[&line.id].len() > 1).then_some("answers.contradicts"));
    }

    /// Returns the lines for which `fault` has a reason.
    fn keep(&mut self, fault: impl Fn(&Line) -> Option<&'static str>) {
        for line in std::mem::take(&mut self.answers) {
            match fault(&line) {
                Some(reason) => self.returned.push(ReturnedLine { reason, ..line.returned }),
                None => self.answers.push(line),
            }
        }
    }
}

/// Who objects to what, and why.
pub struct Objecting<'a> {
    /// Id of the discrepancy as typed.
    pub id: &'a str,
    pub by: &'a str,
    pub reason: &'a str,
    pub on: Date,
    /// RFC 3339, for the ledger.
    pub at: &'a str,
    pub who: &'a str,
}

/// Stores an objection; the next run raises the discrepancy again. Returns its id and the number of the ledger entry.
///
/// # Errors
/// An input error if no run has such a discrepancy; the ledger is broken; I/O.
pub fn object(workspace: &Workspace, objecting: &Objecting<'_>) -> Result<(String, u64)> {
    let id = loose(objecting.id);
    let known = discrepancies(workspace, [(id.as_str(), objecting.on)].into())?;
    let Some(earlier) = known.into_values().next() else {
        // The text asked for is not repeated: people type ids of persons here.
        return Err(Error::input(Message::new("answers.no_such_discrepancy")));
    };
    let objection = Statement {
        discrepancy: earlier.id.clone(),
        fact: earlier.fact,
        rule: earlier.rule,
        division: earlier.division,
        sources: earlier.sources,
        said: Said::Objected,
        by: objecting.by.to_owned(),
        on: objecting.on,
        text: objecting.reason.to_owned(),
    };
    let entry = Ledger::open(workspace)?.object(objecting.at, objecting.who, &objection)?;
    Ok((earlier.id, entry.seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(name: &str, bytes: &[u8]) -> Option<Sorted> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let today = Date::from_ymd(2026, 11, 30).unwrap();
        let import = Import { file: &file, sheet: None, today, at: "2026-11-30T09:00:00+08:00", who: "clerk" };
        let mut sorted = None;
        for sheet in sheets(&import).unwrap() {
            if let Some(list) = list(&import, sheet.as_deref()).unwrap() {
                sorted.get_or_insert_with(Sorted::default).add(&sheet.unwrap_or_default(), &list, today);
            }
        }
        sorted.iter_mut().for_each(Sorted::return_contradictions);
        sorted
    }

    #[test]
    fn ids_survive_spreadsheets_and_hands() {
        let id = loose("V001-ABCDEFGHIO");
        for mangled in [
            "v001-abcdefghio",
            " V001 - ABCDE FGHIO　",
            "Ｖ００１－ＡＢＣＤＥＦＧＨＩＯ",
            "V001—ABCDEFGHI0",
            "'V001-8BCDEFGHIO",
        ] {
            let expected = if mangled.contains('8') { loose("V001-BBCDEFGHIO") } else { id.clone() };
            assert_eq!(loose(mangled), expected, "{mangled}");
        }
        assert_ne!(loose("V001-ABCDEFGHIA"), id);
    }

    #[test]
    fn every_fault_of_a_line_has_its_reason() {
        let text = "调查人,核查结论,序号,疑点编号,备注,日期\n\
             王,属实-应调整,1,V001-ABCDEFGHIJ,,2026-11-25\n\
             ,,2,V001-BBCDEFGHIJ,,\n\
             王,属实 — 适用豁免,3,V001-CBCDEFGHIJ,,2026-11-25\n\
             王,属实-适用豁免,4,V001-DBCDEFGHIJ,第九条,2026-11-25\n\
             王,大概,5,V001-EBCDEFGHIJ,,2026-11-25\n\
             王,,6,V001-EBCDEFGHIJ,,2026-11-25\n\
             ,无法核实,7,V001-EBCDEFGHIJ,,2026-11-25\n\
             王,无法核实,8,V001-EBCDEFGHIJ,,\n\
             王,无法核实,9,V001-EBCDEFGHIJ,,2026-12-25\n\
             王,转其他救助,10,V001-FBCDEFGHIJ,,2026-11-25\n\
             王,无法核实,11,v001-fbcdefghij,,2026-11-25\n\
             王,无法核实,12,V001-GBCDEFGHIJ,,2026年11月\n\
             王,无法核实,13,V001-GBCDEFGHIJ,,昨天\n";
        let sorted = sorted("回复.csv", text.as_bytes()).unwrap();
        let said: Vec<Said> = sorted.answers.iter().map(|line| line.said).collect();
        assert_eq!(said, [Said::Answered(Verdict::TrueAdjust), Said::Answered(Verdict::TrueExempt)]);
        assert_eq!(sorted.open, 1);
        let mut reasons: Vec<(u32, &str)> = sorted.returned.iter().map(|line| (line.line, line.reason)).collect();
        reasons.sort_unstable();
        let expected = [
            (4, "answers.no_clause"),
            (6, "answers.bad_answer"),
            (7, "answers.no_answer"),
            (8, "answers.no_checker"),
            (9, "answers.no_date"),
            (10, "answers.date_ahead"),
            (11, "answers.contradicts"),
            (12, "answers.contradicts"),
            (13, "answers.bad_date"),
            (14, "answers.bad_date"),
        ];
        assert_eq!(reasons, expected);
        let typed = |line: &&ReturnedLine| line.line == 14 && line.answer[4] == "昨天";
        assert!(sorted.returned.iter().any(|line| typed(&line)), "what was typed goes back with it");
    }

    #[test]
    fn a_list_is_known_by_its_headings_and_needs_no_clause_column() {
        assert!(sorted("a.csv", "判定编号,人工判定,判定人,判定日期,判定说明\n".as_bytes()).is_none());
        let list =
            sorted("a.csv", "疑点编号,核查结果,核查人,核查日期\nV001-ABCDEFGHIJ,无法核实,王,2026/11/25\n".as_bytes());
        assert_eq!(list.unwrap().answers.len(), 1);
    }

    /// As a spreadsheet program leaves it: a cover first, two sheets by severity, a title above the heading, a serial date.
    #[test]
    fn sheets_of_a_workbook_are_one_list() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        workbook.add_worksheet().set_name("封面").unwrap().write_string(0, 0, "封面").unwrap();
        for (name, id) in [("疑点清单-红", "V001-ABCDEFGHIJ"), ("疑点清单-橙", "V001-BBCDEFGHIJ")] {
            let sheet = workbook.add_worksheet().set_name(name).unwrap();
            sheet.write_string(0, 0, "疑点清单（11 月）").unwrap();
            for (column, heading) in ["核查日期", "核查人", "核查结果", "疑点编号"].into_iter().enumerate()
            {
                sheet.write_string(1, column as u16, heading).unwrap();
            }
            sheet.write_number(2, 0, 46351).unwrap();
            sheet.write_string(2, 1, "王").unwrap();
            sheet.write_string(2, 2, "不属实-数据陈旧").unwrap();
            sheet.write_string(2, 3, id).unwrap();
        }
        let sorted = sorted("清单.xlsx", &workbook.save_to_buffer().unwrap()).unwrap();
        // Serial 46351 is 2026-11-25: 45292 is 2024-01-01, then 366 + 365 + 328 days.
        let read: Vec<(&str, String)> =
            sorted.answers.iter().map(|line| (line.id.as_str(), line.on.to_string())).collect();
        assert_eq!(read, [("V001ABCDEFGHIJ", "2026-11-25".to_owned()), ("V001BBCDEFGHIJ", "2026-11-25".to_owned())]);
    }
}
