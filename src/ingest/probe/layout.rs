//! A layout to begin with: `sources/<code>.toml` as far as a file tells it, and the places that people must fill in.
//!
//! What only people know is left blank or behind `#`, so that `hedui validate` asks for it: the department, units that no heading
//! names, codes without a known meaning. Comments are in Chinese, as in every layout that ships.

use std::fmt::Write as _;

use super::dictionary;
use super::looks::{Like, Looks};
use super::{Beginning, How, encoding_word, unit_of};
use crate::kernel::Lang;
use crate::kernel::wording::say;
use crate::model::kind::{self, Field, Kind};
use crate::model::table::FieldType;
use crate::standardise::amounts;

const IN_MEMORY: &str = "a String takes all text";

/// Tables that a layout of the register's own files stands under, with a dot behind.
fn table_of(kind: Option<&Kind>) -> &'static str {
    match kind.map(|kind| kind.code.as_str()) {
        Some(kind::REGISTER) => "persons.",
        Some(kind::MANDATE) => "mandates.",
        _ => "",
    }
}

/// The layout of a file. `fields`: by field of the kind, the column it is read from.
pub(super) fn written(
    found: &Beginning,
    kind: Option<&Kind>,
    fields: &[Option<usize>],
    path: &dyn Fn(&str) -> String,
) -> String {
    let mut out = String::new();
    let table = table_of(kind);
    let mut line = |text: &str| writeln!(out, "{text}").expect(IN_MEMORY);
    line("# 由 hedui probe 起草：请逐行核对，填好空着的地方，再运行 hedui validate。");
    if table.is_empty() {
        line(&format!("kind = {}", quoted(kind.map_or("custom", |kind| &kind.code))));
        line("department = \"\"    # 必填：报告里写的部门名称");
        line("# cycle_days = 30   # 数据多少天以后算过期，按与部门约定的更新周期填写");
    }
    line("");
    line(&format!("[{table}connector]"));
    match &found.how {
        How::Text(dialect) => {
            line("type = \"csv\"");
            line(&format!("path = {}", quoted(&path(kind.map_or("custom", |kind| &kind.code)))));
            line(&format!("encoding = {}", quoted(encoding_word(dialect.encoding))));
            line(&format!("delimiter = {}", quoted(&char::from(dialect.delimiter).to_string())));
        }
        How::Sheet(name) => {
            line("type = \"xlsx\"");
            line(&format!("path = {}", quoted(&path(kind.map_or("custom", |kind| &kind.code)))));
            line(&format!("sheet = {}", quoted(name)));
        }
    }
    match kind {
        Some(kind) => put_columns(&mut out, table, found, kind, fields),
        None => put_custom(&mut out, found),
    }
    if let Some(kind) = kind {
        put_units(&mut out, table, found, kind, fields);
        put_values(&mut out, table, found);
        put_codes(&mut out, table, found, kind, fields);
    }
    out
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Fields that some column is read as, in the kind's order.
fn read_as<'a>(
    found: &'a Beginning,
    kind: &'a Kind,
    fields: &'a [Option<usize>],
) -> impl Iterator<Item = (&'a Field, &'a String, &'a Looks)> {
    let read = kind.fields.iter().zip(fields).filter_map(|(field, column)| Some((field, (*column)?)));
    read.map(|(field, column)| (field, &found.heading[column], &found.looks[column]))
}

fn put_columns(out: &mut String, table: &str, found: &Beginning, kind: &Kind, fields: &[Option<usize>]) {
    writeln!(out, "\n[{table}columns]").expect(IN_MEMORY);
    for (field, heading, looks) in read_as(found, kind, fields) {
        let like = say(Lang::Zh, &format!("probe.like_{}", looks.like().code()));
        writeln!(out, "{} = {}    # {}：内容是{like}", field.name, quoted(heading), field.label).expect(IN_MEMORY);
    }
    let person = &kind.persons[0];
    for field in [person.id, person.name].into_iter().filter(|field| fields[*field].is_none()) {
        let Field { name, label, .. } = &kind.fields[field];
        writeln!(out, "# {name} = \"\"    # {label}：没有找到这一列").expect(IN_MEMORY);
    }
    let unread = found.heading.iter().zip(&found.looks).enumerate().filter(|(at, (heading, looks))| {
        !fields.contains(&Some(*at)) && !heading.trim().is_empty() && looks.like() != Like::Blank
    });
    let unread: Vec<String> = unread.map(|(_, (heading, _))| quoted(heading)).collect();
    if !unread.is_empty() {
        writeln!(out, "# 没有用上的标题：{}", unread.join(" ").replace('\n', " ")).expect(IN_MEMORY);
    }
}

/// A kind that the program does not know: every column a field, to be named by people.
fn put_custom(out: &mut String, found: &Beginning) {
    out.push_str("\n[columns]\n");
    let id = found.looks.iter().position(Looks::are_ids);
    let name = found.looks.iter().enumerate().position(|(at, looks)| Some(at) != id && looks.are_names());
    for (field, column) in [("owner_id", id), ("owner_name", name)] {
        match column {
            Some(column) => writeln!(out, "{field} = {}", quoted(&found.heading[column])),
            None => writeln!(out, "# {field} = \"\""),
        }
        .expect(IN_MEMORY);
    }
    let others: Vec<(usize, &String)> = found
        .heading
        .iter()
        .enumerate()
        .filter(|(at, heading)| ![id, name].contains(&Some(*at)) && !heading.trim().is_empty())
        .collect();
    for (at, heading) in &others {
        writeln!(out, "field_{} = {}", at + 1, quoted(heading)).expect(IN_MEMORY);
    }
    out.push_str("\n[custom]\ncode = \"\"     # 必填：小写英文名\nlabel = \"\"    # 必填：报告里的名称\nfact = []     # 能说明是同一件事的字段\n");
    for (at, heading) in others {
        let ty = match found.looks[at].like() {
            Like::Date => "date",
            Like::Month => "month",
            Like::Number => "decimal",
            Like::Code => "code",
            Like::Blank | Like::Id | Like::Name | Like::Text => "text",
        };
        let label = quoted(heading);
        writeln!(out, "\n[custom.fields.field_{}]\ntype = \"{ty}\"\nlabel = {label}", at + 1).expect(IN_MEMORY);
    }
}

fn put_units(out: &mut String, table: &str, found: &Beginning, kind: &Kind, fields: &[Option<usize>]) {
    let money: Vec<(&Field, &String)> = read_as(found, kind, fields)
        .filter(|(field, ..)| field.ty == FieldType::Money)
        .map(|(field, heading, _)| (field, heading))
        .collect();
    if money.is_empty() {
        return;
    }
    writeln!(out, "\n[{table}units]").expect(IN_MEMORY);
    for (field, heading) in money {
        match unit_of(heading) {
            Some(unit) => writeln!(out, "{} = {}", field.name, quoted(unit)),
            None => writeln!(out, "{} = \"元\"    # 标题没有写单位：请向部门核实", field.name),
        }
        .expect(IN_MEMORY);
    }
}

fn put_values(out: &mut String, table: &str, found: &Beginning) {
    let mut nulls: Vec<&String> =
        found.looks.iter().filter(|looks| looks.are_dates()).flat_map(|looks| looks.nulls.keys()).collect();
    nulls.sort();
    nulls.dedup();
    if !nulls.is_empty() {
        let words: Vec<String> = nulls.into_iter().map(|word| quoted(word)).collect();
        writeln!(out, "\n[{table}values]\nnull = [{}]    # 表示“没有”的日期", words.join(", ")).expect(IN_MEMORY);
    }
}

/// Codes of fields whose codes are known to have meanings; what a value means that nobody knows is asked of people.
fn put_codes(out: &mut String, table: &str, found: &Beginning, kind: &Kind, fields: &[Option<usize>]) {
    for (field, _, looks) in read_as(found, kind, fields) {
        let values: Vec<(&str, u64)> = looks.values().collect();
        if field.ty == FieldType::Flag {
            let unread = |(value, _): &&(&str, u64)| amounts::flag(value, &[], &[]).is_err();
            for (value, count) in values.iter().filter(unread) {
                writeln!(
                    out,
                    "# {}：{} 是“是”还是“否”？写进 [{table}values] 的 yes 或 no（{count} 行）",
                    field.name,
                    quoted(value)
                )
                .expect(IN_MEMORY);
            }
            continue;
        }
        if field.ty != FieldType::Code || looks.are_ids() || values.is_empty() || !has_codes(kind, field) {
            continue;
        }
        writeln!(out, "\n[{table}codes.{}]    # {}", field.name, field.label).expect(IN_MEMORY);
        for (value, count) in values {
            let mut letters = value.chars().map(|letter| dictionary::meaning(kind, &field.name, &letter.to_string()));
            if value.chars().count() > 1 && letters.all(|meaning| meaning.is_some()) {
                continue; // letters that apply together, which layouts need not list
            }
            match dictionary::meaning(kind, &field.name, value) {
                Some(meaning) => writeln!(out, "{} = {}    # {count} 行", quoted(value), quoted(meaning)),
                None => writeln!(out, "# {} = \"\"    # {count} 行，含义请向部门核实", quoted(value)),
            }
            .expect(IN_MEMORY);
        }
    }
}

/// Whether rules and reports know values of the field: of others the codes are delivered as they are.
fn has_codes(kind: &Kind, field: &Field) -> bool {
    const WITH_MEANINGS: [&str; 10] = [
        "owner_id_type",
        "owner_sex",
        "operation",
        "state",
        "role",
        "scheme",
        "insurance",
        "item",
        "registration",
        "category",
    ];
    dictionary::codes(kind, &field.name).is_some() || WITH_MEANINGS.contains(&field.name.as_str())
}
