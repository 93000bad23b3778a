//! 疑点清单: one row per discrepancy with the sentence, the records, the law and blank columns for the county's answer;
//! and the grounds behind it, one row per record.
//!
//! The sentence is computed from the rule's measure, limit and amount; nothing in it decides who is entitled.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::RunView;
use super::county::County;
use super::facts::{RowPlace, Telling, row_as_of, row_place};
use super::listing::{Cell, Column, ColumnKind, CsvText, Facet, Listing};
use super::standing::{self, change_words};
use crate::kernel::{Division, Fen, Lang, Message, wording};
use crate::model::link::{Grade, Link};
use crate::model::outcome::{Discrepancy, Ground, RuleCard, Severity};
use crate::model::standing::Change;
use crate::model::verdict::Verdict;

/// How many records a cell of the work list names; grounds.csv has them all.
const RECORDS_IN_A_CELL: usize = 5;

/// One discrepancy as people read it, every part a text.
struct WorkRow<'v> {
    discrepancy: &'v str,
    severity: &'static str,
    change: Cow<'static, str>,
    household: Cow<'v, str>,
    programme: &'v str,
    town: String,
    village: String,
    name: Cow<'v, str>,
    id: String,
    relation: &'v str,
    rule: &'v str,
    sentence: String,
    records: String,
    places: String,
    grades: Cow<'static, str>,
    links: String,
    set_aside: String,
    basis: &'v str,
    advice: &'v str,
    /// Of all its grounds, in their order.
    said: Vec<Said>,
}

impl WorkRow<'_> {
    /// All columns behind the number, up to those that the county fills in.
    fn texts(&self) -> [&str; 19] {
        [
            self.discrepancy,
            self.severity,
            &self.change,
            &self.household,
            self.programme,
            &self.town,
            &self.village,
            &self.name,
            &self.id,
            self.relation,
            self.rule,
            &self.sentence,
            &self.records,
            &self.places,
            &self.grades,
            &self.links,
            &self.set_aside,
            self.basis,
            self.advice,
        ]
    }
}

/// The county's work list in the order it is worked through, every row worded once whatever is made of it.
pub(super) struct WorkList<'v> {
    rows: Vec<WorkRow<'v>>,
}

impl<'v> WorkList<'v> {
    pub fn of(view: &'v RunView, telling: &Telling, county: &County) -> Self {
        Self { rows: county.discrepancies.iter().map(|&index| work_row(view, telling, index)).collect() }
    }

    /// What is new, changed or objected to, in fewer columns: the page must print on A4.
    pub fn page(&self, view: &RunView, county: &County) -> Listing {
        let mut page = Listing::new(view.word("report.sheet_worklist"), page_columns(view));
        let news: Vec<u32> = county.discrepancies.iter().copied().filter(|index| is_news(view, *index)).collect();
        page.facets = facets(view, &news);
        page.note = Some(standing::rest_note(view, county.discrepancies.len() - news.len(), county.answered.len()));
        for ((number, &index), row) in (1..).zip(&county.discrepancies).zip(&self.rows) {
            if is_news(view, index) {
                page.rows.push(page_cells(view, index, number, row));
            }
        }
        page
    }

    /// grounds.csv: every record behind every discrepancy, and those set aside beside them.
    pub fn grounds_csv(&self, view: &RunView, telling: &Telling, county: &County) -> Vec<u8> {
        let headings = [
            "report.col_discrepancy",
            "report.col_rule",
            "report.col_household",
            "report.col_name",
            "report.col_id",
            "report.col_department",
            "report.col_facts",
            "report.col_as_of",
            "report.col_file",
            "report.col_sheet",
            "report.col_line",
            "report.col_grade",
            "report.col_code",
            "report.col_weight",
            "report.col_set_aside",
            "report.col_extract",
        ];
        let mut csv = CsvText::new(headings.iter().map(|key| view.word(key)));
        let digests = view.evidences.iter().map(|evidence| evidence.files.iter().map(|file| file.digest.to_string()));
        let digests: Vec<Vec<String>> = digests.map(Iterator::collect).collect();
        for (&index, row) in county.discrepancies.iter().zip(&self.rows) {
            let discrepancy = &view.outcomes.discrepancies[index as usize];
            for (ground, said) in discrepancy.grounds.iter().zip(&row.said) {
                let department = telling.department(ground.source);
                ground_row(view, &mut csv, discrepancy, ground, (department, said), &digests);
            }
        }
        csv.into_bytes()
    }

    /// worklist.csv: all columns and rows, cell by cell, because a province has a hundred thousand.
    pub fn csv(&self, view: &RunView) -> Vec<u8> {
        let columns = full_columns(view);
        let mut csv = CsvText::new(columns.iter().map(|column| column.heading.as_str()));
        for (number, row) in (1u64..).zip(&self.rows) {
            csv.digits(number);
            row.texts().into_iter().for_each(|text| csv.cell(text));
            csv.blank_rest();
            csv.end_row();
        }
        csv.into_bytes()
    }

    /// The same for the workbook.
    pub fn full(&self, view: &RunView) -> Listing {
        let mut full = Listing::new(view.word("report.sheet_worklist"), full_columns(view));
        let cells = |(number, row): (u64, &WorkRow)| -> Vec<Cell> {
            std::iter::once(number.into()).chain(row.texts().map(Cell::from)).collect()
        };
        full.rows = (1..).zip(&self.rows).map(cells).collect();
        full
    }
}

fn ground_row(
    view: &RunView,
    csv: &mut CsvText,
    discrepancy: &Discrepancy,
    ground: &Ground,
    (department, said): (&str, &Said),
    digests: &[Vec<String>],
) {
    let card = &view.cards[usize::from(discrepancy.rule)];
    let link = link_of(view, ground);
    let RowPlace { file, sheet, line } = row_place(view, ground.source, ground.row);
    csv.cell(&discrepancy.id);
    csv.cell(&card.code);
    csv.cell(&view.household_code(view.register.persons[ground.person as usize].household));
    csv.drafted(|text| view.push_name(text, view.register.name(ground.person)));
    csv.drafted(|text| view.push_person_id(text, ground.person));
    csv.cell(department);
    csv.cell(&said.facts);
    csv.cell(&said.as_of);
    csv.cell(file);
    csv.cell(&sheet);
    csv.digits(line);
    csv.cell(link.map_or("", |link| link.grade.letter()));
    csv.cell(link.map_or("", |link| link.code_text()));
    match link {
        Some(link) => csv.digits(format_args!("{:.1}", link.weight_bits)),
        None => csv.cell(""),
    }
    csv.cell(innocent_words(card, ground));
    csv.cell(ground.source.map_or("", |source| {
        let source = usize::from(source);
        &digests[source][usize::from(view.evidences[source].refs[ground.row as usize].file)]
    }));
    csv.end_row();
}

/// New, changed or objected to: what the county's page shows.
fn is_news(view: &RunView, index: u32) -> bool {
    let stand = &view.history.stands[index as usize];
    stand.change != Change::Same || stand.objection.is_some()
}

/// The full list as one sheet for each severity that occurs: a clerk opens the red sheet first, and within a sheet the
/// rows stand town by town and village by village, one filter away from any of them. Towns do not get sheets of their
/// own: a county has up to thirty, and a workbook of thirty sheets is not read. Numbers run on from sheet to sheet.
pub(super) fn by_severity(view: &RunView, county: &County, mut full: Listing) -> Vec<Listing> {
    let mut sheets = Vec::new();
    let severity_of = |index: u32| view.outcomes.discrepancies[index as usize].severity;
    for severity in Severity::ALL.into_iter().rev() {
        let first = county.discrepancies.partition_point(|&index| severity_of(index) < severity);
        let rows = full.rows.split_off(first);
        if !rows.is_empty() {
            let title = format!("{}-{}", full.title, severity_word(view, severity));
            sheets.push(Listing { rows, ..Listing::new(title, full.columns.clone()) });
        }
    }
    if sheets.is_empty() {
        return vec![full];
    }
    sheets.reverse();
    sheets
}

/// Discrepancies on the work list by town, in the order of the division codes; blank where the register knows only the county.
pub(super) fn by_town(view: &RunView, county: &County) -> Vec<(String, u64)> {
    let mut towns: BTreeMap<Division, u64> = BTreeMap::new();
    for &index in &county.discrepancies {
        *towns.entry(town_of(view, index)).or_default() += 1;
    }
    towns.into_iter().map(|(town, count)| (view.place(town), count)).collect()
}

/// The town of a discrepancy's household, or the county where that is all the register knows.
fn town_of(view: &RunView, discrepancy: u32) -> Division {
    let household = view.outcomes.discrepancies[discrepancy as usize].household;
    let division = view.register.household(household).division;
    division.town().unwrap_or_else(|| division.county())
}

/// What the page can be filtered by: severity, town, rule; only what occurs in its list.
fn facets(view: &RunView, listed: &[u32]) -> Vec<Facet> {
    let mut severities: BTreeSet<Severity> = BTreeSet::new();
    let mut rules: BTreeSet<u16> = BTreeSet::new();
    let mut towns: BTreeSet<Division> = BTreeSet::new();
    for &index in listed {
        towns.insert(town_of(view, index));
        let discrepancy = &view.outcomes.discrepancies[index as usize];
        severities.insert(discrepancy.severity);
        rules.insert(discrepancy.rule);
    }
    let plain = |text: String| (text.clone(), text);
    let severities = severities.into_iter().map(|severity| severity_word(view, severity).to_owned());
    let towns = towns.into_iter().map(|town| view.place(town));
    let rules = rules.into_iter().map(|rule| {
        let card = &view.cards[usize::from(rule)];
        (card.code.clone(), format!("{} {}", card.code, card.title))
    });
    vec![
        Facet { column: PAGE_SEVERITY, options: severities.map(plain).collect() },
        Facet { column: PAGE_TOWN, options: towns.map(plain).collect() },
        Facet { column: PAGE_RULE, options: rules.collect() },
    ]
}

pub(super) fn severity_word(view: &RunView, severity: Severity) -> &'static str {
    view.word(&format!("report.severity_{}", severity.code()))
}

fn full_columns(view: &RunView) -> Vec<Column> {
    use ColumnKind::{Answer, Choice, Code, Count, Day, Text};
    let verdicts = Verdict::ALL.map(|verdict| standing::verdict_word(view, verdict)).to_vec();
    let columns: [(&str, f64, ColumnKind); 24] = [
        ("report.col_number", 5.0, Count),
        ("report.col_discrepancy", 11.0, Code),
        ("report.col_severity", 5.0, Text),
        ("standing.col_change", 10.0, Text),
        ("report.col_household", 10.0, Code),
        ("report.col_programme", 7.0, Text),
        ("report.col_town", 9.0, Text),
        ("report.col_village", 12.0, Text),
        ("report.col_name", 7.0, Text),
        ("report.col_id", 19.0, Code),
        ("report.col_relation", 7.0, Text),
        ("report.col_rule", 6.0, Code),
        ("report.col_sentence", 22.0, Text),
        ("report.col_records", 30.0, Text),
        ("report.col_row", 18.0, Text),
        ("report.col_grade", 5.0, Text),
        ("report.col_link", 15.0, Text),
        ("report.col_set_aside", 15.0, Text),
        ("report.col_basis", 15.0, Text),
        ("report.col_advice", 15.0, Text),
        ("report.col_verdict", 13.0, Choice(verdicts)),
        ("report.col_clause", 11.0, Answer),
        ("report.col_checker", 8.0, Answer),
        ("report.col_checked_on", 10.0, Day),
    ];
    columns.into_iter().map(|(key, width, kind)| Column::new(view.word(key), width, kind)).collect()
}

/// Places of the page's columns that it can be filtered by.
const PAGE_SEVERITY: usize = 1;
const PAGE_TOWN: usize = 2;
const PAGE_RULE: usize = 5;

fn page_columns(view: &RunView) -> Vec<Column> {
    use ColumnKind::{Answer, Count, Text};
    let columns: [(&str, f64, ColumnKind); 11] = [
        ("report.col_number", 6.0, Count),
        ("report.col_severity", 8.0, Text),
        ("report.col_town", 12.0, Text),
        ("report.col_household", 15.0, Text),
        ("report.col_person", 20.0, Text),
        ("report.col_rule", 15.0, Text),
        ("report.col_sentence", 27.0, Text),
        ("report.col_records", 39.0, Text),
        ("report.col_link_and_set_aside", 17.0, Text),
        ("report.col_advice", 34.0, Text),
        ("report.col_verdict", 12.0, Answer),
    ];
    columns.into_iter().map(|(key, width, kind)| Column::new(view.word(key), width, kind)).collect()
}

fn page_cells(view: &RunView, index: u32, number: u64, row: &WorkRow) -> Vec<Cell> {
    let stand = &view.history.stands[index as usize];
    let said = standing::said_words(view, stand.answer.as_ref(), stand.objection);
    vec![
        number.into(),
        lines(&[row.severity, standing::change_word(view, stand)]).into(),
        lines(&[&view.place(town_of(view, index)), &row.village]).into(),
        lines(&[&row.household, row.programme]).into(),
        lines(&[&row.name, &row.id, row.relation]).into(),
        lines(&[row.rule, row.discrepancy]).into(),
        lines(&[&row.sentence, &said]).into(),
        lines(&[&row.records, &row.places]).into(),
        lines(&[&row.grades, &row.links, &row.set_aside]).into(),
        lines(&[row.advice, row.basis]).into(),
    ]
}

/// The parts that are not blank, each on its line.
fn lines(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn work_row<'v>(view: &'v RunView, telling: &Telling, index: u32) -> WorkRow<'v> {
    let discrepancy = &view.outcomes.discrepancies[index as usize];
    let card = &view.cards[usize::from(discrepancy.rule)];
    let household = view.register.household(discrepancy.household);
    let said: Vec<Said> = discrepancy.grounds.iter().map(|ground| Said::of(view, telling, ground)).collect();
    let with_words = discrepancy.grounds.iter().zip(&said);
    let (counting, aside): (Vec<_>, Vec<_>) = with_words.partition(|(ground, _)| ground.innocent.is_none());
    let (name, id, relation) = whom(view, discrepancy);
    let named = discrepancy.whom(view.register);
    let (grades, links) = match_words(view, counting.iter().map(|(ground, _)| *ground));
    WorkRow {
        discrepancy: &discrepancy.id,
        severity: severity_word(view, discrepancy.severity),
        change: change_words(view, &view.history.stands[index as usize]),
        household: view.household_code(discrepancy.household),
        programme: &view.register.programmes[usize::from(household.programme)],
        town: view.town(household.division),
        village: view.village(household.division),
        name,
        id,
        relation,
        rule: &card.code,
        sentence: sentence(view.lang, discrepancy, card),
        records: capped(view, &counting, |(ground, said)| {
            let record = said.record(view, telling.department(ground.source));
            if Some(ground.person) == named || ground.source.is_none() {
                record
            } else {
                view.of_whom(ground.person, &record)
            }
        }),
        places: capped(view, &counting, |(ground, _)| row_place(view, ground.source, ground.row).say(view)),
        grades,
        links,
        set_aside: set_aside(view, &aside, card),
        basis: &card.basis,
        advice: &card.advice,
        said,
    }
}

/// Name, id and relation. A discrepancy of the household as a whole names its first person, so that the clerk knows
/// whom to visit, and says 整户.
pub(super) fn whom<'v>(view: &'v RunView, discrepancy: &Discrepancy) -> (Cow<'v, str>, String, &'v str) {
    let Some(person) = discrepancy.whom(view.register) else { return Default::default() };
    let relation = match discrepancy.person {
        Some(_) => view.register.text(person, "relation"),
        None => view.word("report.whole_household"),
    };
    (view.person_name(person), view.person_id(person), relation)
}

/// 家庭成员名下有机动车：2 辆（对照标准 1 辆），涉及金额 1,234.50 元，数据截至 2026-11-01。
pub fn sentence(lang: Lang, discrepancy: &Discrepancy, card: &RuleCard) -> String {
    let quantity = |number: i64| match card.money_unit {
        true => format!("{} {}", Fen(number), wording::say(lang, "report.yuan")),
        false => format!("{number} {}", card.unit),
    };
    let mut text = String::with_capacity(192);
    wording::push(
        &mut text,
        lang,
        "report.sentence",
        &[("title", &card.title), ("measure", &quantity(discrepancy.measure))],
    );
    // A sum of zero from which something is told is no standard, and people would read it as one.
    if let Some(limit) = discrepancy.limit.filter(|limit| *limit > 0 || !card.money_unit) {
        wording::push(&mut text, lang, "report.sentence_limit", &[("limit", &quantity(limit))]);
    }
    if let Some(amount) = discrepancy.amount {
        wording::push(&mut text, lang, "report.sentence_amount", &[("amount", &amount.to_string())]);
    }
    if let Some(as_of) = discrepancy.as_of {
        wording::push(&mut text, lang, "report.sentence_as_of", &[("date", &as_of.to_string())]);
    }
    text.push_str(wording::say(lang, "report.sentence_end"));
    text
}

/// A record in words, said once for the work list and for grounds.csv.
struct Said {
    facts: String,
    as_of: String,
}

impl Said {
    fn of(view: &RunView, telling: &Telling, ground: &Ground) -> Self {
        Self { facts: telling.facts(view, ground), as_of: row_as_of(view, ground.source, ground.row) }
    }

    /// Department, facts, 反馈时间.
    fn record(&self, view: &RunView, department: &str) -> String {
        let key = if self.facts.is_empty() { "report.record_without_facts" } else { "report.record" };
        let mut said = String::with_capacity(self.facts.len() + 96);
        view.push(&mut said, key, &[("department", department), ("facts", &self.facts), ("date", &self.as_of)]);
        said
    }
}

/// One record: department, facts, 反馈时间.
pub(super) fn record(view: &RunView, telling: &Telling, ground: &Ground) -> String {
    Said::of(view, telling, ground).record(view, telling.department(ground.source))
}

/// One line per record, up to the cap, then how many more there are.
pub(super) fn capped<G: Copy>(view: &RunView, grounds: &[G], line: impl Fn(G) -> String) -> String {
    if let [ground] = grounds {
        return line(*ground);
    }
    let mut lines: Vec<String> = grounds.iter().take(RECORDS_IN_A_CELL).map(|ground| line(*ground)).collect();
    if grounds.len() > RECORDS_IN_A_CELL {
        lines.push(view.say(Message::new("report.more_records").with("count", grounds.len() - RECORDS_IN_A_CELL)));
    }
    lines.join("\n")
}

/// Grades of the links behind the records, and why they are links; each said once.
pub(super) fn match_words<'g>(
    view: &RunView,
    grounds: impl Iterator<Item = &'g Ground>,
) -> (Cow<'static, str>, String) {
    let mut grades: Vec<Grade> = Vec::new();
    let mut explanations: Vec<String> = Vec::new();
    for link in grounds.filter_map(|ground| link_of(view, ground)) {
        grades.push(link.grade);
        // A dozen distinct reasons would bury the cell; the grounds list has each record's own.
        if explanations.len() < RECORDS_IN_A_CELL {
            let explanation = (view.explain)(link);
            if !explanations.contains(&explanation) {
                explanations.push(explanation);
            }
        }
    }
    grades.sort_unstable();
    grades.dedup();
    let letters: Vec<&str> = grades.into_iter().map(Grade::letter).collect();
    let letters = match letters[..] {
        [letter] => Cow::Borrowed(letter),
        _ => letters.join(view.word("report.between_values")).into(),
    };
    (letters, explanations.join("\n"))
}

pub(super) fn link_of<'v>(view: &'v RunView, ground: &Ground) -> Option<&'v Link> {
    ground.link.map(|link| &view.links[link as usize])
}

/// 已排除: the innocent explanations that held for other records of the household, with those records.
fn set_aside(view: &RunView, aside: &[(&Ground, &Said)], card: &RuleCard) -> String {
    capped(view, aside, |(ground, said)| {
        let mut text = String::new();
        view.push(&mut text, "report.set_aside", &[("reason", innocent_words(card, ground)), ("facts", &said.facts)]);
        text
    })
}

fn innocent_words<'c>(card: &'c RuleCard, ground: &Ground) -> &'c str {
    ground.innocent.map_or("", |index| card.innocent[usize::from(index)].as_str())
}
