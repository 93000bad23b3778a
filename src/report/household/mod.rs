//! 核对报告: the verification report of one household, in the form counties know, as PDF and as HTML.
//!
//! Both forms are made of the same blocks (`document`). A report has a number that holds no personal value: county, run
//! and the household's place on the county's register. How often it was printed is the ledger's to say; the caller hands
//! the count over ([`Print`]). Reading a run back and writing files are not done here.

mod case;
mod page;
mod words;

use std::collections::BTreeMap;

use super::RunView;
use super::county::County;
use super::document::Document;
use super::listing::CsvText;
use super::pdf::{Imprint, to_pdf};
use crate::kernel::wording::say;
use crate::kernel::{Date, Digest, Division, Lang, Message, Result};
use crate::model::standing::LastAnswer;
use crate::model::verdict::Verdict;
pub(super) use case::Cases;
use words::document;

/// The file of a county package: the reports of all its households with discrepancies.
pub(super) const REPORTS: &str = "reports.pdf";

/// Which time this report is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Print {
    /// For a person, and written to the ledger: the day, how many times by now, and the ledger's entry.
    Counted { on: Date, count: u64, entry: u64 },
    /// With the county's package; not counted, and the report says so.
    Nightly,
}

/// Which forms of a report are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportForms {
    pub pdf: bool,
    pub html: bool,
}

/// What the caller has to say beside the result: of one of the persons, or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub of: Option<u32>,
    pub message: Message,
}

/// What settles discrepancies (已答复), by their ids.
pub type Answered = BTreeMap<String, Message>;

/// A report to be made: its number and its print, and what stands with the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<'a> {
    pub number: String,
    pub print: Print,
    pub remarks: Vec<Remark>,
    /// Told with their answers, and not counted among what is to be verified.
    pub answered: &'a Answered,
}

/// A report as it was made; what an index of many says about it.
#[derive(Debug, Clone)]
pub struct MadeReport {
    pub number: String,
    /// Masked as the run's reports are.
    pub household_code: String,
    pub applicant: String,
    /// Those that no answer settles.
    pub discrepancies: u64,
    pub pages: u64,
    /// Characters the PDF's font lacks, printed as code points.
    pub missing: u64,
    pub pdf: Option<Vec<u8>>,
    pub html: Option<Vec<u8>>,
}

/// 核对编号: county, run (day and number), and the household's place (from 1) on the county's register:
/// `370102-20261124-01-000123`. Never a number to a spreadsheet.
pub fn report_number(run: &str, county: Division, place: u32) -> String {
    format!("{county}-{run}-{place:06}")
}

/// One line of the index of many reports.
pub struct IndexLine<'a> {
    pub made: &'a MadeReport,
    /// How many times it was printed by now.
    pub count: u64,
    pub file: &'a str,
    pub digest: Digest,
}

/// Which report is whose, as CSV: the one file beside a county's reports that has names in it, masked as they are.
pub fn reports_index(lang: Lang, lines: &[IndexLine<'_>]) -> Vec<u8> {
    let headings = [
        "household.number",
        "report.col_household",
        "household.applicant",
        "report.col_flags",
        "household.col_pages",
        "household.col_prints",
        "report.col_file",
        "household.col_digest",
    ];
    let mut csv = CsvText::new(headings.iter().map(|key| say(lang, key)));
    for IndexLine { made, count, file, digest } in lines {
        csv.cell(&made.number);
        csv.cell(&made.household_code);
        csv.cell(&made.applicant);
        csv.cell(&made.discrepancies.to_string());
        csv.cell(&made.pages.to_string());
        csv.cell(&count.to_string());
        csv.cell(file);
        csv.cell(&digest.to_string());
        csv.end_row();
    }
    csv.into_bytes()
}

/// Makes the reports of some households of a view; the run's tables are sorted by household once.
pub struct Reports<'a> {
    view: &'a RunView<'a>,
    cases: Cases,
}

impl<'a> Reports<'a> {
    pub fn new(view: &'a RunView<'a>, households: Vec<u32>) -> Self {
        Self { view, cases: Cases::new(view, households) }
    }

    /// The report of one of the households.
    ///
    /// # Errors
    /// A form could not be made.
    pub fn make(&self, household: u32, report: Report<'_>, forms: ReportForms) -> Result<MadeReport> {
        let case = self.cases.case(self.view, household, report.answered);
        let document = document(self.view, &report, &case);
        let html = forms.html.then(|| page::to_bytes(self.view, &document)).transpose()?;
        let made = forms.pdf.then(|| to_pdf(&imprint(self.view, &document.title), std::slice::from_ref(&document)));
        let made = made.transpose()?;
        Ok(MadeReport {
            number: report.number,
            household_code: self.view.household_code(household).into_owned(),
            applicant: document.whose,
            discrepancies: case.discrepancies.len() as u64,
            pages: made.as_ref().map_or(0, |pdf| pdf.pages),
            missing: made.as_ref().map_or(0, |pdf| pdf.missing),
            pdf: made.map(|pdf| pdf.bytes),
            html,
        })
    }
}

fn imprint<'a>(view: &RunView<'a>, title: &'a str) -> Imprint<'a> {
    Imprint { title, author: view.centre, day: view.as_of, lang: view.lang }
}

/// Households of a run with discrepancies.
pub(super) fn flagged(view: &RunView) -> Vec<u32> {
    let mut households: Vec<u32> = view.outcomes.discrepancies.iter().map(|one| one.household).collect();
    households.sort_unstable();
    households.dedup();
    households
}

/// What the county answered, as its run knew it.
fn answered_in(view: &RunView, county: &County) -> Answered {
    let answered = county.answered.iter().filter_map(|index| {
        let id = &view.outcomes.discrepancies[*index as usize].id;
        let answer = view.history.stands[*index as usize].answer.as_ref()?;
        Some((id.clone(), answer_message(view.lang, answer)))
    });
    answered.collect()
}

/// What was answered, and when; of an exemption, under which clause.
pub fn answer_message(lang: Lang, answer: &LastAnswer) -> Message {
    let said = say(lang, &format!("report.verdict_{}", answer.verdict.code()));
    let key = if answer.verdict == Verdict::TrueExempt { "household.answer_clause" } else { "household.answer" };
    Message::new(key).with("on", answer.on).with("said", said).with("clause", &answer.text)
}

/// All reports of a county's households with discrepancies in one file, in the order of its work list; `None` if there
/// is none.
pub(super) fn of_county(view: &RunView, county: &County, cases: &Cases) -> Result<Option<Vec<u8>>> {
    let mut done = std::collections::BTreeSet::new();
    let answered = answered_in(view, county);
    let in_order = county.discrepancies.iter().map(|index| view.outcomes.discrepancies[*index as usize].household);
    let documents: Vec<Document> = in_order
        .filter(|household| done.insert(*household))
        .map(|household| {
            let place =
                county.households.binary_search(&household).expect("a county holds its discrepancies' households");
            let number = report_number(view.run, county.division, place as u32 + 1);
            let report = Report { number, print: Print::Nightly, remarks: Vec::new(), answered: &answered };
            document(view, &report, &cases.case(view, household, &answered))
        })
        .collect();
    if documents.is_empty() {
        return Ok(None);
    }
    let title = view.say(Message::new("report.title").with("place", view.place(county.division)));
    to_pdf(&imprint(view, &title), &documents).map(|pdf| Some(pdf.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coverage::{Coverage, CoverageState};
    use crate::model::standing::{Absence, Absent, Earlier, Facts};
    use crate::report::document::Block;
    use crate::report::fixture::{Centre, PEOPLE, date, id};

    fn report(view: &RunView, household: u32) -> Document {
        let print = Print::Counted { on: date("2026-11-25"), count: 3, entry: 17 };
        let number = report_number(view.run, view.register.household(household).division.county(), 1);
        let (cases, answered) = (Cases::new(view, vec![household]), answered(view));
        let report = Report { number, print, remarks: Vec::new(), answered: &answered };
        document(view, &report, &cases.case(view, household, &answered))
    }

    /// Of all counties.
    fn answered(view: &RunView) -> Answered {
        crate::report::county::group(view).iter().flat_map(|county| answered_in(view, county)).collect()
    }

    /// Every text of a document, a block a line and a row of a table a line.
    fn text(document: &Document) -> String {
        let mut text = String::new();
        for block in &document.blocks {
            match block {
                Block::Title { text: line }
                | Block::Heading { text: line }
                | Block::Caption { text: line }
                | Block::Paragraph { text: line }
                | Block::Strong { text: line } => text.push_str(&format!("{line}\n")),
                Block::Boxes { characters, .. } => text.push_str(&format!("{}\n", characters.concat())),
                Block::Pairs { pairs } => {
                    pairs.iter().for_each(|(label, value)| text.push_str(&format!("{label}|{value}\n")));
                }
                Block::Table { head, rows } => {
                    [head].into_iter().chain(rows).for_each(|row| text.push_str(&format!("{}\n", row.join("|"))));
                }
                Block::Signature { lines } => text.push_str(&lines.join("\n")),
            }
        }
        text
    }

    #[test]
    fn the_opening_sentence_is_counted() {
        let centre = Centre::new();
        let text = text(&report(&centre.view(), 0));
        // Of three sources: marriage is stale for the husband but its record counts, pension never came, vehicle came.
        assert!(text.contains("核对了 2 个项目，其中 2 个项目反馈疑似信息：婚姻登记、机动车。"), "{text}");
        assert!(text.contains("有 3 个项目未能核对或未能对全部人员核对："), "{text}");
        assert!(text.contains("养老待遇（未授权、来源未到）"), "{text}");
        for part in [
            "370102-20261124-01-000001",
            "在保对象|张*国",
            "家庭成员基本情况\n",
            "张*国|370102********0037|户主|370102005003\n",
            "赡（抚、扶）养人基本情况\n",
            "家庭成员名下有机动车：1 辆（对照标准 0 辆），数据截至 2026-11-02。|公安交管|演示：某办法第一条|查看行驶证",
            "机动车（来源：公安交管，2 条）",
            "张*国|鲁A12345|正常|2026-11-02|疑似信息 V001-0123456789",
            "张*国|鲁A54321|注销|2026-11-02|已排除：已注销、报废或转出",
            "配偶证件号码|配偶姓名",
            "核对项目|数据来源|数据截至|张*国|李*英|张*明",
            "机动车|公安交管|2026-11-02|有记录|未授权|无记录",
            "信息核对不能覆盖，须入户了解",
            "请按当地规定的期限",
            "本报告于 2026-11-25 进行了第 3 次打印（审计链第 17 条）。",
            "济南市核对中心\n2026 年 11 月 24 日",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    /// 未能核对 is not 未见: what was found before and could not be asked again stands in the report of its household.
    #[test]
    fn what_an_earlier_run_found_and_this_one_could_not_check_is_told() {
        let mut centre = Centre::new();
        let absent = |id: &str, household: &str, why| {
            let earlier = Earlier {
                id: id.to_owned(),
                rule: "P001".to_owned(),
                title: "领取养老待遇".to_owned(),
                severity: "medium".to_owned(),
                household: household.to_owned(),
                person: String::new(),
                division: Division::parse("370102").unwrap(),
                sources: vec!["pension".to_owned()],
                fact: None,
                facts: Facts::default(),
            };
            Absent::new(earlier, why)
        };
        let [own, other] = [0, 1].map(|at| centre.register.household(at).code().to_owned());
        centre.history.absent = vec![
            absent("P001-KEPT", &own, Absence::NotChecked),
            absent("P001-GONE", &own, Absence::Gone),
            absent("P001-OTHER", &other, Absence::NotChecked),
        ];
        let first = text(&report(&centre.view(), 0));
        assert!(first.contains("P001-KEPT|P001|领取养老待遇|人社\n"), "{first}");
        assert!(!first.contains("P001-GONE") && !first.contains("P001-OTHER"), "{first}");
        assert!(text(&report(&centre.view(), 1)).contains("P001-OTHER"));
    }

    /// A visit found that the car is a namesake's: the printed report must not go on asking about it.
    #[test]
    fn what_was_answered_is_told_apart_and_not_counted() {
        let mut centre = Centre::new();
        let answer = |verdict, holds| {
            let (by, text) = ("核查员".to_owned(), "第九条".to_owned());
            Some(LastAnswer { verdict, by, on: date("2026-11-20"), text, holds })
        };
        centre.history.stands[0].answer = answer(Verdict::FalseIdentity, true);
        let settled = text(&report(&centre.view(), 0));
        for part in [
            "核对了 2 个项目，其中 1 个项目反馈疑似信息：婚姻登记。",
            "另有 1 条疑似信息已有核查答复",
            "|家庭成员名下有机动车：1 辆（对照标准 0 辆），数据截至 2026-11-02。|公安交管|2026-11-20：不属实-同名或错号",
            "张*国|鲁A12345|正常|2026-11-02|已有核查答复：疑似信息 V001-0123456789",
        ] {
            assert!(settled.contains(part), "{part} is not in {settled}");
        }
        assert!(!settled.contains("第九条"), "what the county noted for itself");
        centre.history.stands[0].answer = answer(Verdict::TrueExempt, true);
        let exempt = text(&report(&centre.view(), 0));
        assert!(exempt.contains("2026-11-20：属实-适用豁免（第九条）"), "{exempt}");
        centre.outcomes.discrepancies.truncate(1);
        centre.history.stands.truncate(1);
        let alone = text(&report(&centre.view(), 0));
        assert!(alone.contains("核对了 2 个项目，没有待核实的疑似信息") && !alone.contains("未见疑似信息"), "{alone}");
        let mut centre = Centre::new();
        for (verdict, holds) in [(Verdict::FalseIdentity, false), (Verdict::TrueAdjust, true)] {
            centre.history.stands[0].answer = answer(verdict, holds);
            let open = text(&report(&centre.view(), 0));
            assert!(open.contains("其中 2 个项目反馈疑似信息") && !open.contains("已有核查答复"), "{open}");
        }
    }

    #[test]
    fn the_objection_period_is_a_parameter() {
        let mut centre = Centre::new();
        centre.objection_days.insert(Division::parse("370102").unwrap(), 7);
        assert!(text(&report(&centre.view(), 0)).contains("收到本报告之日起 7 日内"));
        assert!(text(&report(&centre.view(), 1)).contains("按当地规定的期限"), "another county's value is not its own");
    }

    #[test]
    fn nothing_found_lists_what_was_not_checked() {
        let mut centre = Centre::new();
        centre.outcomes.discrepancies.clear();
        let found = text(&report(&centre.view(), 0));
        // Civil affairs could still answer about the supporter.
        assert!(found.contains("核对了 2 个项目，未见疑似信息"), "{found}");
        assert!(
            found.contains("婚姻登记（未授权、来源过期）；养老待遇（未授权、来源未到）；机动车（未授权）"),
            "{found}"
        );
        assert!(found.contains("有记录，未提示"), "the record is still shown");
        assert!(!found.contains("无异常"), "{found}");
        centre.coverage = Coverage::new(3, vec![CoverageState::NoMandate; 15]);
        let found = text(&report(&centre.view(), 0));
        assert!(found.contains("没有一个项目能够核对") && !found.contains("未见疑似信息"), "{found}");
        centre.links.clear();
        centre.reviews.clear();
        let found = text(&report(&centre.view(), 0));
        assert!(!found.contains("均无记录"), "what was not asked has not answered: {found}");
    }

    #[test]
    fn a_link_nobody_accepted_is_counted_and_not_shown() {
        let mut centre = Centre::new();
        let before = text(&report(&centre.view(), 1));
        assert!(before.contains("另有 2 条部门记录是否属于本家庭人员尚待人工判定"), "{before}");
        assert!(!before.contains("鲁A99999"), "another person's car");
        centre.links[4].accepted = true;
        assert!(text(&report(&centre.view(), 1)).contains("鲁A99999"));
    }

    #[test]
    fn no_whole_id_where_the_centre_masks_and_third_persons_never() {
        let centre = Centre::new();
        let whole = |text: &str| PEOPLE.iter().filter(|person| text.contains(&id(person.0).to_string())).count();
        let masked: String = [0, 1].map(|household| text(&report(&centre.view(), household))).concat();
        assert_eq!(whole(&masked), 0, "{masked}");
        assert!(PEOPLE.iter().all(|person| !masked.contains(person.1)), "a whole name");
        let view = RunView { masked: false, ..centre.view() };
        let shown = text(&report(&view, 0));
        assert_eq!(whole(&shown), 3, "its own three, not the spouse in the record");
        assert!(!shown.contains("赵桂兰"));
    }

    #[test]
    fn no_sentence_decides_and_every_page_of_a_demo_says_so() {
        let centre = Centre::new();
        let document = report(&centre.view(), 0);
        assert_eq!(document.demo, "演示");
        let text = text(&document);
        for banned in ["应退出", "符合条件", "骗保", "停发", "无异常"] {
            assert!(!text.contains(banned), "{banned}");
        }
        let real = RunView { demo: false, ..centre.view() };
        assert_eq!(report(&real, 0).demo, "");
    }

    #[test]
    fn both_forms_are_made_of_the_same_document_and_the_same_bytes() {
        let centre = Centre::new();
        let view = centre.view();
        let none = Answered::new();
        let make = || {
            let report = Report {
                number: "370102-20261124-01-000001".to_owned(),
                print: Print::Nightly,
                remarks: Vec::new(),
                answered: &none,
            };
            Reports::new(&view, vec![0]).make(0, report, ReportForms { pdf: true, html: true }).unwrap()
        };
        let (first, second) = (make(), make());
        assert_eq!(first.pdf, second.pdf);
        assert!(first.pdf.unwrap().starts_with(b"%PDF-1."));
        assert_eq!((first.discrepancies, first.missing), (2, 0));
        let html = String::from_utf8(first.html.unwrap()).unwrap();
        for part in ["鲁A12345", "<span>3</span><span>7</span>", "class=\"demo\">演示", "不计打印次数", "@page"]
        {
            assert!(html.contains(part), "{part}");
        }
    }
}
