//! Which cell of a row holds which field: the heading row is looked for and its headings are compared folded.
//!
//! Departments put titles above the heading, move columns and repeat headings. The first column with a heading wins.

use super::layout::{Source, fold};
use crate::kernel::{Error, Message};
use crate::model::kind::Kind;
use crate::model::table::FieldType;

/// Rows at the start of a file among which the heading is looked for.
pub(super) const LOOK_AT: usize = 20;

/// Where the fields of a kind stand in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Cells of a row; blank headings at the end do not count.
    pub(super) width: usize,
    /// Per field of the kind: its cell, if the layout maps it.
    pub(super) cells: Vec<Option<usize>>,
    /// Headings as found, by cell.
    pub(super) headings: Vec<String>,
}

/// A row that might be the heading: its cells decoded and trimmed, and whether a needed one was damaged.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidate {
    pub(super) cells: Vec<String>,
    pub(super) damaged: bool,
}

/// Why no heading was found, and how near the best row came.
#[derive(Debug)]
pub(super) struct NoHeading {
    pub(super) error: Error,
    /// Fields found, then cells, in the best row: to choose between delimiters.
    pub(super) closeness: (usize, usize),
}

/// Finds the heading among `rows`; gives its index and what stands where.
pub(super) fn find(source: &Source, kind: &Kind, rows: &[Candidate]) -> Result<(usize, Mapping), NoHeading> {
    let mut best: (usize, usize) = (0, 0);
    let mut best_row = None;
    for (index, row) in rows.iter().enumerate() {
        let folded: Vec<String> = row.cells.iter().map(|cell| fold(cell)).collect();
        let cells = map(source, kind, &folded);
        let found = cells.iter().flatten().count();
        if found == source.columns.len() {
            if let Some(error) = other_unit(source, kind, row, &cells) {
                return Err(NoHeading { error, closeness: (found, row.cells.len()) });
            }
            return Ok((index, Mapping { width: width(&folded), cells, headings: row.cells.clone() }));
        }
        if best_row.is_none() || (found, row.cells.len()) > best {
            best = (found, row.cells.len());
            best_row = Some((row, cells));
        }
    }
    let error = match best_row {
        Some((row, cells)) => not_found(source, kind, row, &cells),
        None => Error::input(Message::new("ingest.refused_empty")),
    };
    Err(NoHeading { error, closeness: best })
}

/// A heading that names a unit of money, and the layout reads the field in another: ten thousand times too much or too little.
fn other_unit(source: &Source, kind: &Kind, row: &Candidate, cells: &[Option<usize>]) -> Option<Error> {
    let money = kind.fields.iter().zip(cells).filter(|(field, _)| field.ty == FieldType::Money);
    let mut mapped = money.filter_map(|(field, cell)| Some((field, &row.cells[(*cell)?])));
    mapped.find_map(|(field, heading)| {
        let named = unit_named(&fold(heading))?;
        let read = source.units.get(&field.name).map(|unit| *unit.get_ref()).unwrap_or_default().word();
        let message = Message::new("ingest.refused_unit").with("heading", heading.trim()).with("named", named);
        let message = message.with("field", &field.name).with("read", read);
        let hint = Message::new("ingest.refused_unit_hint").with("field", &field.name).with("named", named);
        (named != read).then(|| Error::input(message).hint(hint))
    })
}

/// The unit that a folded heading names, known or not; `元月` is a month.
pub(super) fn unit_named(heading: &str) -> Option<&'static str> {
    const LARGE: [(&str, &str); 14] = [
        ("美元", "美元"),
        ("港元", "港元"),
        ("日元", "日元"),
        ("欧元", "欧元"),
        ("亿元", "亿元"),
        ("百万元", "百万元"),
        ("万元", "万元"),
        ("千元", "千元"),
        ("百元", "百元"),
        ("(亿)", "亿元"),
        ("(万)", "万元"),
        ("单位:万", "万元"),
        ("(千)", "千元"),
        ("(角)", "角"),
    ];
    let alone = |unit: &str| {
        let behind = |word: &str| heading.contains(&format!("{word}{unit}"));
        behind("(") || behind("单位:") || heading.ends_with(unit)
    };
    let large = LARGE.into_iter().find(|(written, _)| heading.contains(written)).map(|(_, unit)| unit);
    large
        .or_else(|| (alone("元") || heading.contains("元)")).then_some("元"))
        .or_else(|| heading.contains("(分)").then_some("分"))
}

fn map(source: &Source, kind: &Kind, folded: &[String]) -> Vec<Option<usize>> {
    let place = |heading: &String| {
        let heading = fold(heading);
        folded.iter().position(|cell| !heading.is_empty() && *cell == heading)
    };
    let of_field = |name: &str| source.columns.get(name)?.get_ref().as_slice().iter().find_map(place);
    kind.fields.iter().map(|field| of_field(&field.name)).collect()
}

/// The heading of a field among those found; blank if it is not there.
pub(super) fn of_field(source: &Source, field: &str, found: &[String]) -> String {
    let tried = source.columns.get(field).map_or(&[][..], |headings| headings.get_ref().as_slice());
    let place = |heading: &String| found.iter().find(|cell| fold(heading) == fold(cell));
    tried.iter().find_map(place).cloned().unwrap_or_default()
}

/// Cells of a folded heading without blank ones at its end.
pub(super) fn width(folded: &[String]) -> usize {
    folded.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1)
}

/// As many digits as a date: no heading, but part of somebody's record.
pub(super) fn holds_long_number(cell: &str) -> bool {
    cell.bytes().filter(u8::is_ascii_digit).count() >= 6
}

/// Names the fields that are missing, the headings tried and the headings found.
fn not_found(source: &Source, kind: &Kind, row: &Candidate, cells: &[Option<usize>]) -> Error {
    let missing: Vec<String> = kind
        .fields
        .iter()
        .zip(cells)
        .filter(|(_, cell)| cell.is_none())
        .filter_map(|(field, _)| {
            let tried = source.columns.get(&field.name)?.get_ref().as_slice();
            Some(format!("{} {} [{}]", field.name, field.label, tried.join(" / ")))
        })
        .collect();
    // A file without a heading begins with a person's record, which must not get into a message: a row of which nothing is a
    // known heading, or that holds a number as long as a date.
    let is_record = cells.iter().all(Option::is_none) || row.cells.iter().any(|cell| holds_long_number(cell));
    let headings: Vec<&str> = match is_record {
        true => Vec::new(),
        false => row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect(),
    };
    let message = Message::new("ingest.refused_headings")
        .with("missing", missing.join("; "))
        .with("found", if headings.is_empty() { "—".to_owned() } else { shortened(&headings.join(" | ")) });
    let hint = if row.damaged {
        "ingest.refused_headings_bytes_hint"
    } else if cells.iter().all(Option::is_none) {
        "ingest.refused_headings_none_hint" // rarely is every column renamed
    } else {
        "ingest.refused_headings_hint"
    };
    Error::input(message).hint(Message::new(hint).with("cells", row.cells.len()))
}

/// Characters of a heading line that a message may carry.
const SHOWN: usize = 400;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Lang;
    use crate::model::kind::builtin;

    fn source() -> Source {
        let text = r#"
            kind = "vehicle"
            department = "公安交管"
            connector = { type = "csv", path = "inbox/*.csv" }
            [columns]
            owner_id = ["身份证明号码", "SFZMHM"]
            plate = "号牌号码"
        "#;
        Source::parse(text, "vehicle.toml".as_ref()).unwrap()
    }

    fn row(cells: &[&str]) -> Candidate {
        Candidate { cells: cells.iter().map(|cell| (*cell).to_owned()).collect(), damaged: false }
    }

    #[test]
    fn a_title_stands_above_and_headings_are_folded() {
        let kind = builtin("vehicle").unwrap();
        let rows = [row(&["机动车登记清单"]), row(&[]), row(&["\u{feff}ＳＦＺＭＨＭ ", " 号牌 号码", ""])];
        let (index, mapping) = find(&source(), &kind, &rows).unwrap();
        assert_eq!((index, mapping.width), (2, 2));
        assert_eq!(mapping.cells[kind.field("owner_id").unwrap()], Some(0));
        assert_eq!(mapping.cells[kind.field("plate").unwrap()], Some(1));
        assert_eq!(mapping.cells[kind.field("brand").unwrap()], None);
    }

    #[test]
    fn a_missing_column_is_named_with_what_was_found() {
        let kind = builtin("vehicle").unwrap();
        let error = find(&source(), &kind, &[row(&["证件号", "号牌号码", "品牌"])]).unwrap_err();
        assert_eq!(error.closeness, (1, 3));
        for lang in [Lang::Zh, Lang::En] {
            let said = error.error.say(lang);
            for part in ["owner_id", "身份证明号码 / SFZMHM", "证件号 | 号牌号码 | 品牌"] {
                assert!(said.contains(part), "{said}");
            }
            assert!(!said.contains("plate 号牌"), "a field that was found is not listed: {said}");
        }
    }

    #[test]
    fn a_record_in_the_place_of_the_heading_is_not_repeated_to_people() {
        let kind = builtin("vehicle").unwrap();
        let error = find(&source(), &kind, &[row(&["张三", "11010519491231002X", "鲁A12345"])]).unwrap_err();
        assert!(!error.error.say(Lang::Zh).contains("张三"));
    }

    #[test]
    fn a_heading_that_names_another_unit_than_the_layout_is_refused() {
        let text = r#"
            kind = "bank"
            department = "银行"
            connector = { type = "csv", path = "inbox/*.csv" }
            [columns]
            owner_id = "证件号码"
            balance = ["存款余额（万元）", "存款余额(元)", "余额(人民币元)", "余额(万)", "余额(角)", "余额(美元)", "余额 单位:千元", "元月余额", "余额"]
        "#;
        let (kind, plain) = (builtin("bank").unwrap(), text.to_owned());
        let said = |layout: &str, heading: &str| {
            let source = Source::parse(layout, "bank.toml".as_ref()).unwrap();
            find(&source, &kind, &[row(&["证件号码", heading])]).err().map(|miss| miss.error.say(Lang::Zh))
        };
        let in_ten_thousands = format!("{plain}\n[units]\nbalance = \"万元\"");
        assert!(said(&plain, "存款余额（万元）").unwrap().contains("balance = \"万元\""));
        for heading in ["存款余额（元）", "余额（人民币元）"] {
            assert!(said(&in_ten_thousands, heading).is_some(), "{heading}");
        }
        for heading in ["余额（万）", "余额（角）"] {
            assert!(said(&plain, heading).is_some(), "{heading}");
        }
        assert!(said(&plain, "余额(美元)").is_some());
        assert!(said(&plain, "余额 单位：千元").is_some() && said(&in_ten_thousands, "余额 单位：千元").is_some());
        assert_eq!(said(&in_ten_thousands, "存款余额（万元）"), None);
        for heading in ["存款余额（元）", "元月余额", "余额"] {
            assert_eq!(said(&plain, heading), None, "{heading}");
        }
        assert_eq!(said(&in_ten_thousands, "元月余额"), None);
    }

    #[test]
    fn a_repeated_heading_means_its_first_column() {
        let kind = builtin("vehicle").unwrap();
        let (_, mapping) = find(&source(), &kind, &[row(&["号牌号码", "SFZMHM", "SFZMHM"])]).unwrap();
        assert_eq!(mapping.cells[0], Some(1));
    }
}
