//! The page: one self-contained HTML file with figures, charts and the work list, for a browser without a network and
//! for printing on A4. Styles, script and pictures are inside; nothing is fetched.

use minijinja::value::Value;
use minijinja::{Environment, context};

use super::RunView;
use super::chart;
use super::county::Counts;
use super::cover::Cover;
use super::facts::department_of;
use super::listing::{Cell, ColumnKind, Listing};
use crate::kernel::{Error, ErrorKind, Message, Result, wording};
use crate::model::coverage::CoverageState;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page's bytes. Without lists it is the summary above the counties.
pub(super) fn to_bytes(view: &RunView, cover: &Cover, counts: &Counts, lists: &[&Listing]) -> Result<Vec<u8>> {
    let mut environment = Environment::new();
    environment.add_template("page.html", TEMPLATE).map_err(failed)?;
    let lists: Vec<Value> = lists.iter().map(|listing| list_value(listing)).collect();
    let tables: Vec<Value> = cover.tables.iter().map(list_value).collect();
    let page = environment
        .get_template("page.html")
        .and_then(|template| {
            template.render(context! {
                language => match view.lang { wording::Lang::Zh => "zh-CN", wording::Lang::En => "en" },
                word => Value::from(wording::section(view.lang, "report").clone()),
                demo => view.demo,
                title => cover.title.as_str(),
                run => view.run,
                pairs => cover.pairs.clone(),
                notes => cover.notes.clone(),
                charts => Value::from_safe_string(charts(view, counts) + &cover.figure),
                tables => tables,
                lists => lists,
                style => Value::from_safe_string(STYLE.to_owned()),
                script => Value::from_safe_string(SCRIPT.to_owned()),
            })
        })
        .map_err(failed)?;
    Ok(page.into_bytes())
}

fn failed(error: minijinja::Error) -> Error {
    Error::new(ErrorKind::Io, Message::new("report.page_failed").with("reason", error))
}

/// Headings with a class for each kind of column, rows as texts; answer columns become blank cells.
fn list_value(listing: &Listing) -> Value {
    let class = |kind: &ColumnKind| match kind {
        ColumnKind::Count => "count",
        ColumnKind::Code => "code",
        ColumnKind::Text => "text",
        ColumnKind::Answer | ColumnKind::Choice(_) => "answer",
    };
    let whole: f64 = listing.columns.iter().map(|column| column.width).sum();
    let columns: Vec<Value> = listing
        .columns
        .iter()
        .map(|column| {
            let share = format!("{:.2}", column.width * 100.0 / whole);
            context! { heading => column.heading.as_str(), class => class(&column.kind), share => share }
        })
        .collect();
    let texts = |row: &Vec<Cell>| -> Vec<String> { row.iter().map(ToString::to_string).collect() };
    let rows: Vec<Vec<String>> = listing.rows.iter().map(texts).collect();
    let sum: Vec<String> = listing.sum.as_ref().map(texts).unwrap_or_default();
    let blanks = listing.columns.len() - listing.rows.first().map_or(listing.columns.len(), Vec::len);
    context! { title => listing.title.as_str(), note => listing.note.as_deref(), columns => columns, rows => rows, sum => sum, blanks => blanks }
}

fn charts(view: &RunView, counts: &Counts) -> String {
    let rules: Vec<(String, u64)> = view
        .cards
        .iter()
        .zip(&counts.rules)
        .map(|(card, count)| (format!("{} {}", card.code, card.title), *count))
        .collect();
    let sources: Vec<(String, [u64; 7])> = view
        .evidences
        .iter()
        .zip(&counts.states)
        .map(|(evidence, states)| (department_of(view, evidence), *states))
        .collect();
    let parts = CoverageState::ALL.map(|state| view.word(&format!("coverage.{}", state.code())));
    let (by_rule, by_source) = (view.word("report.chart_rules"), view.word("report.chart_coverage"));
    format!(
        "<figure><figcaption>{by_rule}</figcaption>{}</figure><figure><figcaption>{by_source}</figcaption>{}</figure>",
        chart::bars(by_rule, &rules),
        chart::stacked(by_source, &parts, &sources)
    )
}
