//! The page: one self-contained HTML file with figures, charts and the work list, for a browser without a network and
//! for printing on A4. Styles, script and pictures are inside; nothing is fetched.
//!
//! A long list stands in the page once, as JSON that its script reads ([`Embedded`]); the script makes table rows only
//! for what is on screen, so that 50,000 rows open in a second, and for what a print takes.

use std::borrow::Cow;

use hashbrown::HashMap;
use minijinja::value::Value;
use minijinja::{Environment, context};
use serde::Serialize;

use super::RunView;
use super::chart;
use super::county::Counts;
use super::cover::Cover;
use super::coverage::state_words;
use super::facts::department_of;
use super::listing::{Cell, ColumnKind, Facet, Listing};
use crate::kernel::{Error, ErrorKind, Message, Result, wording};
use crate::model::coverage::StateCounts;
use crate::model::outcome::Severity;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// A chart by place shows as many, the highest first; the tables have them all.
const PLACES_SHOWN: usize = 15;

/// Discrepancies by place (towns of a county, counties of a centre), and what the chart of them is called.
pub(super) struct Places {
    pub caption: &'static str,
    pub counts: Vec<(String, u64)>,
}

/// The page's bytes. Without lists it is the summary above the counties.
pub(super) fn to_bytes(
    view: &RunView,
    cover: &Cover,
    counts: &Counts,
    places: Places,
    lists: &[&Listing],
) -> Result<Vec<u8>> {
    let mut environment = Environment::new();
    environment.add_template("page.html", TEMPLATE).map_err(failed)?;
    let lists: Vec<Value> = lists.iter().map(|listing| list_value(listing)).collect();
    let tables: Vec<Value> = cover.tables.iter().map(table_value).collect();
    let pairs = cover.pairs.iter().map(|(label, value)| (label.clone(), value.to_string()));
    let page = environment
        .get_template("page.html")
        .and_then(|template| {
            template.render(context! {
                language => match view.lang { wording::Lang::Zh => "zh-CN", wording::Lang::En => "en" },
                word => Value::from(wording::section(view.lang, "report").clone()),
                package => Value::from(wording::section(view.lang, "package").clone()),
                demo => view.demo,
                title => cover.title.as_str(),
                run => view.run,
                pairs => pairs.collect::<Vec<_>>(),
                notes => cover.notes.clone(),
                charts => Value::from_safe_string(charts(view, counts, places) + &cover.figure),
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

/// Headings with a class for each kind of column and a share of the width; what both sorts of table have in common.
fn columns_value(listing: &Listing) -> Vec<Value> {
    let class = |kind: &ColumnKind| match kind {
        ColumnKind::Count => "count",
        ColumnKind::Code => "code",
        ColumnKind::Text => "text",
        ColumnKind::Answer | ColumnKind::Choice(_) | ColumnKind::Day => "answer",
    };
    let whole: f64 = listing.columns.iter().map(|column| column.width).sum();
    let columns = listing.columns.iter().map(|column| {
        let share = format!("{:.2}", column.width * 100.0 / whole);
        context! { heading => column.heading.as_str(), class => class(&column.kind), share => share }
    });
    columns.collect()
}

fn texts(row: &[Cell]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

/// A short table, row by row as HTML.
fn table_value(listing: &Listing) -> Value {
    let rows: Vec<Vec<String>> = listing.rows.iter().map(|row| texts(row)).collect();
    let sum: Vec<String> = listing.sum.as_deref().map(texts).unwrap_or_default();
    context! { title => listing.title.as_str(), columns => columns_value(listing), rows => rows, sum => sum }
}

/// A long list, whose rows the script draws.
fn list_value(listing: &Listing) -> Value {
    let sum: Vec<String> = listing.sum.as_deref().map(texts).unwrap_or_default();
    let facets: Vec<String> =
        listing.facets.iter().map(|facet| listing.columns[facet.column].heading.clone()).collect();
    context! {
        title => listing.title.as_str(),
        note => listing.note.as_deref(),
        columns => columns_value(listing),
        facets => facets,
        sum => sum,
        embedded => Value::from_safe_string(Embedded::of(listing).to_json()),
    }
}

/// The rows of a list as the page carries them: each different text once, and the cells as places in `texts`, row after
/// row, `width` to a row. A row's blank answer cells are not there; the script adds them.
#[derive(Serialize)]
struct Embedded<'a> {
    width: usize,
    texts: Vec<Cow<'a, str>>,
    cells: Vec<u32>,
    facets: Vec<EmbeddedFacet<'a>>,
}

#[derive(Serialize)]
struct EmbeddedFacet<'a> {
    column: usize,
    options: &'a [(String, String)],
}

impl<'a> Embedded<'a> {
    fn of(listing: &'a Listing) -> Self {
        let width = listing.rows.first().map_or(0, Vec::len);
        let mut texts: Vec<Cow<'a, str>> = Vec::new();
        let mut cells = Vec::with_capacity(listing.rows.len() * width);
        let mut places: HashMap<Cow<'a, str>, u32> = HashMap::new();
        for cell in listing.rows.iter().flatten() {
            let text = match cell {
                Cell::Text(text) => Cow::Borrowed(text.as_str()),
                Cell::Count(count) => Cow::Owned(count.to_string()),
            };
            let next = texts.len() as u32;
            let place = *places.entry(text).or_insert_with_key(|text| {
                texts.push(text.clone());
                next
            });
            cells.push(place);
        }
        let facets = listing.facets.iter();
        let facets = facets.map(|Facet { column, options }| EmbeddedFacet { column: *column, options });
        Self { width, texts, cells, facets: facets.collect() }
    }

    /// JSON that nothing inside can end early: a browser looks for `</script` and `<!--` before it reads any of it.
    fn to_json(&self) -> String {
        let json = serde_json::to_string(self).expect("texts and numbers are always JSON");
        json.replace('<', "\\u003c")
    }
}

fn charts(view: &RunView, counts: &Counts, mut places: Places) -> String {
    let severities =
        Severity::ALL.map(|severity| view.word(&format!("report.severity_{}", severity.code())).to_owned());
    let severities: Vec<(String, u64)> = severities.into_iter().zip(counts.severity).collect();
    let rules: Vec<(String, u64)> = view
        .cards
        .iter()
        .zip(&counts.rules)
        .map(|(card, count)| (format!("{} {}", card.code, card.title), *count))
        .collect();
    let sources: Vec<(String, StateCounts)> = view
        .evidences
        .iter()
        .zip(&counts.states)
        .map(|(evidence, states)| (department_of(view, evidence), *states))
        .collect();
    // The sort is stable: places with as many stay in the order of their codes.
    places.counts.sort_by_key(|place| std::cmp::Reverse(place.1));
    places.counts.truncate(PLACES_SHOWN);
    let parts = state_words(view);
    let [by_severity, by_rule, by_source] =
        ["package.chart_severity", "report.chart_rules", "report.chart_coverage"].map(|key| view.word(key));
    let figures = [
        (by_severity, chart::severities(by_severity, &severities)),
        (places.caption, chart::bars(places.caption, &places.counts)),
        (by_rule, chart::bars(by_rule, &rules)),
        (by_source, chart::stacked(by_source, &parts, &sources)),
    ];
    let figure = |(caption, svg)| format!("<figure><figcaption>{caption}</figcaption>{svg}</figure>");
    figures.into_iter().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::listing::Column;

    #[test]
    fn each_text_stands_once_and_ends_no_script() {
        let columns = vec![
            Column::new("甲", 8.0, ColumnKind::Text),
            Column::new("乙", 8.0, ColumnKind::Count),
            Column::new("丙", 8.0, ColumnKind::Answer),
        ];
        let mut listing = Listing::new("表", columns);
        listing.rows.push(vec!["</script><b>".into(), 7u64.into()]);
        listing.rows.push(vec!["7".into(), 8u64.into()]);
        listing.facets.push(Facet { column: 0, options: vec![("7".to_owned(), "七".to_owned())] });
        let json = Embedded::of(&listing).to_json();
        let whole = r#"{"width":2,"texts":["\u003c/script>\u003cb>","7","8"],"cells":[0,1,1,2],"facets":[{"column":0,"options":[["7","七"]]}]}"#;
        assert_eq!(json, whole);
        let empty = Embedded::of(&Listing::new("表", Vec::new())).to_json();
        assert_eq!(empty, r#"{"width":0,"texts":[],"cells":[],"facets":[]}"#);
    }
}
