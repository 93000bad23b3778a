//! `hedui verdict import`: a filled-in review list → judgements in the store.
//!
//! The file is read like any department's delivery (xlsx or csv, either encoding, columns in any order, headings in
//! either language). Every line ends in one count: taken, already known, left open, or returned with its reason. What is
//! returned does not hold up the rest; nothing is guessed, for a judgement lets a record enter a case or keeps it out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use crate::ingest::{self, Source};
use crate::kernel::{Cancel, Date, Error, Lang, Message, Result, Silent, wording};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::judgement::{Answer, Judgement, JudgementKey};
use crate::model::kind::{self, Kind};
use crate::report::{ANSWER_HEADINGS, ReturnedLine};
use crate::standardise::dates::{self, NotADate};
use crate::store::{ImportedFile, Ledger, Workspace, known_keys};

/// What became of a file's lines.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ImportSummary {
    /// Lines with something in them: the five counts below and the returned ones add up to it.
    pub lines: u64,
    /// Stored now, by answer.
    pub same: u64,
    pub other: u64,
    pub unclear: u64,
    /// The same answer stands already, from an earlier import or line.
    pub known: u64,
    /// Not answered yet.
    pub open: u64,
    /// Number of the ledger entry.
    pub entry: u64,
    #[serde(skip)]
    pub returned: Vec<ReturnedLine>,
}

/// Who imports what, and when.
pub struct Import<'a> {
    pub file: &'a Path,
    /// The sheet of a workbook; its first one if not named.
    pub sheet: Option<&'a str>,
    /// Nobody has judged after this day.
    pub today: Date,
    /// RFC 3339, for the ledger.
    pub at: &'a str,
    pub who: &'a str,
}

/// Stores what can be taken of a review list, with a ledger entry.
///
/// # Errors
/// The ledger is broken; I/O.
pub(super) fn import_judgements(
    workspace: &Workspace,
    import: &Import<'_>,
    evidence: &Evidence,
) -> Result<ImportSummary> {
    let mut ledger = Ledger::open(workspace)?;
    let mut standing: BTreeMap<JudgementKey, Judgement> =
        ledger.judgements()?.into_iter().map(|judgement| (judgement.key, judgement)).collect();
    let mut sorted = Sorted::new(evidence, import.sheet.unwrap_or_default(), import.today);
    sorted.return_unknown(workspace, &standing)?;
    sorted.return_contradictions();
    // An old list that is read again must not turn a link round.
    let is_older = |line: &Line| standing.get(&line.judgement.key).is_some_and(|one| one.on > line.judgement.on);
    sorted.keep(|line| is_older(line).then_some("verdict.older"));

    let lines = evidence.bins.read - evidence.bins.skipped;
    let mut summary = ImportSummary {
        lines,
        same: 0,
        other: 0,
        unclear: 0,
        known: 0,
        open: sorted.open,
        entry: 0,
        returned: Vec::new(),
    };
    let mut taken = Vec::new();
    for Line { judgement, .. } in sorted.judged {
        if standing.get(&judgement.key) == Some(&judgement) {
            summary.known += 1;
            continue;
        }
        match judgement.answer {
            Answer::Same => summary.same += 1,
            Answer::Other => summary.other += 1,
            Answer::Unclear => summary.unclear += 1,
        }
        standing.insert(judgement.key, judgement.clone());
        taken.push(judgement);
    }
    summary.returned = sorted.returned;
    summary.returned.sort_by_key(|returned| returned.line);
    let stored = summary.same + summary.other + summary.unclear;
    let accounted = stored + summary.known + summary.open + summary.returned.len() as u64;
    assert_eq!(accounted, summary.lines, "a line of a judgement file was lost");

    let counts = json!({
        "lines": summary.lines, "same": summary.same, "other": summary.other, "unclear": summary.unclear,
        "known": summary.known, "open": summary.open, "returned": summary.returned.len(),
    });
    let digest = evidence.files[0].digest;
    summary.entry = ledger.judge(import.at, import.who, &ImportedFile { digest, counts }, &taken)?.seq;
    Ok(summary)
}

/// Nobody has written anything into the list.
pub(super) fn is_untouched(list: &Evidence) -> bool {
    let answers = &list.table.columns[1..];
    list.rejects.is_empty()
        && (0..list.table.rows()).all(|row| answers.iter().all(|column| column.text(row).is_empty()))
}

/// The lines of a review list, typed.
///
/// # Errors
/// The file is missing or has not the headings of a review list; I/O.
pub(super) fn read(import: &Import<'_>) -> Result<Evidence> {
    let kind = kind::judgements();
    let layout = layout(import, &kind)?;
    let root = import.file.parent().unwrap_or(Path::new(""));
    let evidence =
        ingest::read(root, "judgements", &layout, &kind, import.today, None, None, &Silent, &Cancel::default())?;
    match &evidence.delivery {
        // Beyond the rejects kept, lines could not be returned one by one.
        Delivery::Arrived { .. } if evidence.reject_counts.values().sum::<u64>() > evidence.rejects.len() as u64 => {
            Err(Error::input(Message::new("verdict.too_many_faults")).at(import.file))
        }
        Delivery::Arrived { .. } => Ok(evidence),
        Delivery::Refused(fault) => Err(fault.clone()),
        Delivery::Missing => Err(Error::io(import.file, &std::io::ErrorKind::NotFound.into())),
    }
}

/// The layout of a review list: its headings and answers as the catalogues of all languages word them.
fn layout(import: &Import<'_>, kind: &Kind) -> Result<Source> {
    let spoken = |key: &str| [Lang::Zh, Lang::En].map(|lang| wording::say(lang, key));
    let name = import.file.file_name().unwrap_or_default().to_string_lossy();
    let is_workbook = Path::new(&*name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
    let mut connector = toml::toml! { type = "csv" };
    connector["type"] = if is_workbook { "xlsx" } else { "csv" }.into();
    connector.insert("path".into(), name.into_owned().into());
    if let Some(sheet) = import.sheet {
        connector.insert("sheet".into(), sheet.into());
    }
    let fields = kind.fields.iter().map(|field| field.name.clone());
    let columns = fields.zip(ANSWER_HEADINGS).map(|(field, key)| (field, toml::Value::from(spoken(key).to_vec())));
    let words = Answer::ALL.into_iter().flat_map(|answer| {
        let words = spoken(&format!("report.judgement_{}", answer.code()));
        words.into_iter().chain([answer.code()]).map(move |word| (word.to_owned(), toml::Value::from(answer.code())))
    });
    let mut codes = toml::Table::new();
    codes.insert("answer".into(), words.collect::<toml::Table>().into());
    let mut layout = toml::Table::new();
    layout.insert("connector".into(), connector.into());
    layout.insert("columns".into(), columns.collect::<toml::Table>().into());
    layout.insert("codes".into(), codes.into());
    let text = toml::to_string(&layout).expect("a table of texts is TOML");
    let source: Source = toml::from_str(&text).map_err(|fault| Error::toml(import.file, &text, &fault))?;
    source.check(kind, &text, import.file)?;
    Ok(source)
}

/// A line that can be taken, unless it turns out unknown or contradicted.
struct Line {
    judgement: Judgement,
    returned: ReturnedLine,
}

/// The file's lines by what can be done with them.
struct Sorted {
    judged: Vec<Line>,
    open: u64,
    returned: Vec<ReturnedLine>,
}

impl Sorted {
    fn new(evidence: &Evidence, sheet: &str, today: Date) -> Self {
        let mut faults: BTreeMap<u32, (&'static str, &str)> = BTreeMap::new();
        for reject in &evidence.rejects {
            faults.entry(reject.at.line).or_insert((reject.reason, &reject.text));
        }
        let mut sorted = Self { judged: Vec::new(), open: 0, returned: Vec::new() };
        for (row, at) in evidence.refs.iter().enumerate() {
            let answer = std::array::from_fn(|column| evidence.table.columns[column].text(row));
            let (reason, text) = faults.remove(&at.line).unwrap_or_default();
            let returned =
                ReturnedLine { sheet: sheet.to_owned(), line: at.line, reason, answer, text: text.to_owned() };
            sorted.take(returned, today);
        }
        // What is left are whole lines that could not be read.
        for (line, (reason, text)) in faults {
            let reason = if reason == "ingest.reject_nobody" { "verdict.no_key" } else { reason };
            let (sheet, answer, text) = (sheet.to_owned(), Default::default(), text.to_owned());
            sorted.returned.push(ReturnedLine { sheet, line, reason, answer, text });
        }
        sorted
    }

    /// `returned` says what stands in the line, and with a reason that a cell of it could not be read.
    fn take(&mut self, mut returned: ReturnedLine, today: Date) {
        let [key, answer, judge, on, note] = &returned.answer;
        let blank = returned.reason.is_empty() && returned.answer[1..].iter().all(String::is_empty);
        let parsed = (JudgementKey::parse(key), Answer::parse(answer), dates::day(on));
        let reason = match parsed {
            _ if !returned.reason.is_empty() => returned.reason,
            (None, ..) if key.is_empty() => "verdict.no_key",
            (None, ..) => "verdict.bad_key",
            _ if blank => return self.open += 1,
            (_, None, _) if answer.is_empty() => "verdict.no_answer",
            (_, None, _) => "verdict.bad_answer",
            _ if judge.is_empty() => "verdict.no_judge",
            (_, _, Err(NotADate)) => "verdict.bad_date",
            (_, _, Ok(None)) => "verdict.no_date",
            (_, _, Ok(Some(on))) if on > today => "verdict.date_ahead",
            (Some(key), Some(answer), Ok(Some(on))) => {
                let judgement = Judgement { key, answer, judge: judge.clone(), on, note: note.clone() };
                return self.judged.push(Line { judgement, returned });
            }
        };
        returned.reason = reason;
        self.returned.push(returned);
    }

    /// Keys that no run ever asked about: typing errors, or another centre's file.
    fn return_unknown(&mut self, workspace: &Workspace, standing: &BTreeMap<JudgementKey, Judgement>) -> Result<()> {
        let keys: BTreeSet<JudgementKey> = self.judged.iter().map(|line| line.judgement.key).collect();
        let asked: BTreeSet<JudgementKey> = keys.iter().filter(|key| !standing.contains_key(key)).copied().collect();
        let known = known_keys(workspace, asked)?;
        self.keep(|line| {
            let key = &line.judgement.key;
            if known.contains(key) || standing.contains_key(key) { None } else { Some("verdict.unknown_key") }
        });
        Ok(())
    }

    /// Lines of one key that say different things: nobody but their writer knows which holds.
    fn return_contradictions(&mut self) {
        let mut answers: BTreeMap<JudgementKey, BTreeSet<Answer>> = BTreeMap::new();
        for line in &self.judged {
            answers.entry(line.judgement.key).or_default().insert(line.judgement.answer);
        }
        self.keep(|line| (answers[&line.judgement.key].len() > 1).then_some("verdict.contradicts"));
    }

    /// Returns the lines for which `fault` has a reason.
    fn keep(&mut self, fault: impl Fn(&Line) -> Option<&'static str>) {
        for line in std::mem::take(&mut self.judged) {
            match fault(&line) {
                Some(reason) => self.returned.push(ReturnedLine { reason, ..line.returned }),
                None => self.judged.push(line),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Digest;

    fn key(text: &str) -> String {
        JudgementKey::of(&Digest::of(text.as_bytes())).to_string()
    }

    fn sorted(name: &str, bytes: &[u8], sheet: Option<&str>) -> Result<Sorted> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let today = Date::from_ymd(2026, 11, 30).unwrap();
        let import = Import { file: &file, sheet, today, at: "2026-11-30T09:00:00+08:00", who: "clerk" };
        let mut sorted = Sorted::new(&read(&import)?, "", today);
        sorted.return_contradictions();
        Ok(sorted)
    }

    fn reasons(sorted: &Sorted) -> Vec<(u32, &'static str)> {
        let mut reasons: Vec<_> = sorted.returned.iter().map(|line| (line.line, line.reason)).collect();
        reasons.sort_unstable();
        reasons
    }

    #[test]
    fn every_fault_of_a_line_has_its_reason() {
        let (a, b, c) = (key("a"), key("b"), key("c"));
        let text = format!(
            "序号,判定说明,判定编号,人工判定,判定日期,判定人\n\
             1,,{a},同一人,2026-11-25,王\n\
             2,,{b},,,\n\
             3,,{b},,2026-11-25,王\n\
             4,,{b},可能是,2026-11-25,王\n\
             5,,{b},同一人,2026-11-25,\n\
             6,,{b},同一人,,王\n\
             7,,{b},同一人,昨天,王\n\
             8,,{b},同一人,2026-12-01,王\n\
             9,,J-12,同一人,2026-11-25,王\n\
             10,,,同一人,2026-11-25,王\n\
             11,,{c},同一人,2026-11-25,王\n\
             12,,{c},不是同一人,2026-11-26,王\n\
             13,{b}\n\
             14,,{b},同一人,2026-11,王\n"
        );
        let sorted = sorted("回复.csv", text.as_bytes(), None).unwrap();
        assert_eq!(sorted.judged.len(), 1);
        assert_eq!(sorted.judged[0].judgement.answer, Answer::Same);
        assert_eq!(sorted.open, 1);
        let expected = [
            (4, "verdict.no_answer"),
            (5, "verdict.bad_answer"),
            (6, "verdict.no_judge"),
            (7, "verdict.no_date"),
            (8, "verdict.bad_date"),
            (9, "verdict.date_ahead"),
            (10, "verdict.bad_key"),
            (11, "verdict.no_key"),
            (12, "verdict.contradicts"),
            (13, "verdict.contradicts"),
            (14, "ingest.reject_fields"),
            (15, "verdict.bad_date"),
        ];
        assert_eq!(reasons(&sorted), expected);
    }

    /// As a spreadsheet program leaves a list: another sheet first, a title above the heading, columns moved, a date as a
    /// serial number, a key in lower case.
    #[test]
    fn a_workbook_is_read_as_people_leave_it() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        workbook.add_worksheet().set_name("封面").unwrap();
        let sheet = workbook.add_worksheet().set_name("待人工判定").unwrap();
        sheet.write_string(0, 0, "待人工判定（2026 年 11 月）").unwrap();
        for (column, heading) in ["判定人", "判定日期", "人工判定", "判定说明", "判定编号"].into_iter().enumerate()
        {
            sheet.write_string(1, column as u16, heading).unwrap();
        }
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 11, 25).unwrap();
        let date = rust_xlsxwriter::Format::new().set_num_format("yyyy/m/d");
        sheet.write_string(2, 0, "王").unwrap();
        sheet.write_datetime_with_format(2, 1, &day, &date).unwrap();
        sheet.write_string(2, 2, "不是同一人").unwrap();
        sheet.write_string(2, 4, key("a").to_lowercase()).unwrap();
        sheet.write_string(3, 4, key("b")).unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let read = sorted("review.xlsx", &bytes, Some("待人工判定")).unwrap();
        let [line] = &read.judged[..] else { panic!("{:?}", reasons(&read)) };
        assert_eq!((line.returned.line, line.judgement.answer), (3, Answer::Other));
        assert_eq!((line.judgement.key.to_string(), line.judgement.on.to_string()), (key("a"), "2026-11-25".into()));
        assert_eq!((read.open, read.returned.len()), (1, 0));
        let fault = sorted("review.xlsx", &bytes, Some("别的")).err().unwrap();
        assert_eq!(fault.message().key, "ingest.refused_sheet");
    }

    #[test]
    fn gb18030_and_english_headings_are_read() {
        let text =
            format!("判定编号,人工判定,判定人,判定日期,判定说明\n{},无法判断,王,2026-11-25,查无此人\n", key("a"));
        let read = sorted("a.csv", &encoding_rs::GB18030.encode(&text).0, None).unwrap();
        assert_eq!(
            (read.judged[0].judgement.answer, read.judged[0].judgement.note.as_str()),
            (Answer::Unclear, "查无此人")
        );
        let text = format!(
            "Judgement key,Judgement,Judged by,Judged on,Judgement note\n{},same person,W,2026-11-25,\n",
            key("a")
        );
        assert_eq!(sorted("a.csv", text.as_bytes(), None).unwrap().judged[0].judgement.answer, Answer::Same);
    }

    #[test]
    fn a_file_without_the_columns_is_refused_with_their_names() {
        let fault = sorted("a.csv", "判定编号,人工判定\nx,同一人\n".as_bytes(), None).err().unwrap();
        assert_eq!(fault.message().key, "ingest.refused_headings");
        assert!(fault.say(Lang::Zh).contains("判定人"), "{}", fault.say(Lang::Zh));
    }
}
