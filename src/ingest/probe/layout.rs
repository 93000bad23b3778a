//! A layout to begin with: `sources/<code>.toml` as far as a file tells it, and the places that people must fill in.
//!
//! What only people know is left blank or behind `#`, so that `hedui validate` asks for it: the department, units that nothing in
//! the file names, codes without a known meaning. Comments are in Chinese, as in every layout that ships.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::encoding::Encoding;
use super::super::layout::fold;
use super::looks::{Like, Looks};
use super::{Beginning, CUSTOM, How, dictionary, encoding_word, is_misnamed, is_personal, unit_of};
use crate::kernel::Lang;
use crate::kernel::wording::say;
use crate::model::kind::{self, Field, Kind};
use crate::model::table::FieldType;
use crate::standardise::amounts;

/// Writes a line; a `String` takes all text.
macro_rules! line {
    ($out:expr, $($text:tt)*) => { writeln!($out, $($text)*).expect("a String takes all text") };
}

/// What a draft is made of.
struct Draft<'a> {
    found: &'a Beginning,
    kind: &'a Kind,
    /// By field of the kind: the column it is read from.
    fields: &'a [Option<usize>],
    /// Of the register's own files: the table under which their layouts stand, with a dot behind.
    table: &'static str,
}

/// The layout of a file, whose deliveries lie at `path`. `fields`: by field of the kind, the column it is read from.
pub(super) fn written(found: &Beginning, kind: &Kind, fields: &[Option<usize>], path: &str) -> String {
    let table = match kind.code.as_str() {
        kind::REGISTER => "persons.",
        kind::MANDATE => "mandates.",
        _ => "",
    };
    let draft = Draft { found, kind, fields, table };
    let mut out = String::from("# 由 hedui probe 起草：请逐行核对，填好空着的地方，再运行 hedui validate。\n");
    if table.is_empty() {
        line!(out, "kind = {}", quoted(&kind.code));
        line!(out, "department = \"\"    # 必填：报告里写的部门名称");
        line!(out, "# cycle_days = 30   # 数据多少天以后算过期，按与部门约定的更新周期填写");
    }
    draft.put_connector(&mut out, path);
    draft.put_columns(&mut out);
    draft.put_units(&mut out);
    draft.put_values(&mut out);
    draft.put_codes(&mut out);
    if kind.code == CUSTOM {
        draft.put_custom(&mut out);
    }
    out
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl<'a> Draft<'a> {
    /// Fields that some column is read as, in the kind's order.
    fn read_as(&self) -> impl Iterator<Item = (&'a Field, &'a String, &'a Looks)> {
        let found = self.found;
        let read = self.kind.fields.iter().zip(self.fields).filter_map(|(field, column)| Some((field, (*column)?)));
        read.map(|(field, column)| (field, &found.heading[column], &found.looks[column]))
    }

    /// Columns that no field is read from, with the number by which a custom field is named.
    fn others(&self) -> impl Iterator<Item = (usize, &'a String, &'a Looks)> {
        let columns = self.found.heading.iter().zip(&self.found.looks).enumerate();
        let others =
            columns.filter(|(at, (heading, _))| !self.fields.contains(&Some(*at)) && !heading.trim().is_empty());
        others.map(|(at, (heading, looks))| (at + 1, heading, looks))
    }

    fn put_connector(&self, out: &mut String, path: &str) {
        line!(out, "\n[{}connector]", self.table);
        match &self.found.how {
            How::Text(dialect) => {
                line!(out, "type = \"csv\"\npath = {}", quoted(path));
                line!(out, "encoding = {}", quoted(encoding_word(dialect.encoding)));
                line!(out, "delimiter = {}", quoted(&char::from(dialect.delimiter).to_string()));
            }
            How::Sheet(name) if is_personal(name) => {
                line!(out, "type = \"xlsx\"\npath = {}\nsheet = \"\"    # 必填：工作表名称", quoted(path));
            }
            How::Sheet(name) => line!(out, "type = \"xlsx\"\npath = {}\nsheet = {}", quoted(path), quoted(name)),
            How::Table(encoding) => {
                // One whose texts are ASCII tells nothing of the next delivery's.
                let word = if *encoding == Encoding::Utf8 { "auto" } else { encoding_word(*encoding) };
                line!(out, "type = \"dbf\"\npath = {}\nencoding = {}", quoted(path), quoted(word));
            }
        }
    }

    fn put_columns(&self, out: &mut String) {
        line!(out, "\n[{}columns]", self.table);
        for (field, heading, looks) in self.read_as() {
            let like = say(Lang::Zh, &format!("probe.like_{}", looks.like().code()));
            match is_misnamed(&field.name, field.ty, looks) {
                false => line!(out, "{} = {}    # {}：{like}", field.name, quoted(heading), field.label),
                true => line!(
                    out,
                    "# {} = {}    # {}：内容是{like}，与标题不符，请核实",
                    field.name,
                    quoted(heading),
                    field.label
                ),
            }
        }
        let folded: Vec<String> = self.found.heading.iter().map(|heading| fold(heading)).collect();
        for (at, heading) in self.found.heading.iter().enumerate() {
            if !folded[at].is_empty() && folded[..at].contains(&folded[at]) {
                line!(out, "# 注意：标题 {} 出现不止一次，读的是第一列，请核实", quoted(heading));
            }
        }
        let person = &self.kind.persons[0];
        let needed = |at: usize| {
            let name = self.kind.fields[at].name.as_str();
            [person.id, person.name].contains(&at) || ["household_id", "programme", "division"].contains(&name)
        };
        for at in (0..self.kind.fields.len()).filter(|at| needed(*at) && self.fields[*at].is_none()) {
            let Field { name, label, .. } = &self.kind.fields[at];
            line!(out, "# {name} = \"\"    # {label}：没有找到这一列，请填写标题");
        }
        // Whose number it is, a heading has to say: that of whoever handled the matter looks the same.
        let has_no_id = self.fields[person.id].is_none();
        let ids = self.others().filter(|(_, _, looks)| has_no_id && looks.are_ids());
        ids.for_each(|(_, heading, _)| line!(out, "# 像证件号码的列：{}，先弄清是谁的号码", quoted(heading)));
        if self.kind.code == CUSTOM {
            self.others().for_each(|(number, heading, _)| line!(out, "field_{number} = {}", quoted(heading)));
            return;
        }
        let unread: Vec<String> = self.others().map(|(_, heading, _)| quoted(heading)).collect();
        if !unread.is_empty() {
            line!(out, "# 没有用上的标题：{}", unread.join(" "));
        }
    }

    fn put_units(&self, out: &mut String) {
        let own = self.read_as().filter(|(field, ..)| field.ty == FieldType::Money);
        let mut money: Vec<(String, &String)> = own.map(|(field, heading, _)| (field.name.clone(), heading)).collect();
        if self.kind.code == CUSTOM {
            let others = self.others().filter(|(_, heading, _)| unit_of(heading).is_some());
            money.extend(others.map(|(number, heading, _)| (format!("field_{number}"), heading)));
        }
        if money.is_empty() {
            return;
        }
        line!(out, "\n[{}units]", self.table);
        for (name, heading) in money {
            match (unit_of(heading), self.found.unit) {
                (Some(unit), _) => line!(out, "{name} = {}", quoted(unit)),
                (None, Some(unit)) => line!(out, "{name} = {}    # 标题上方写明的单位", quoted(unit)),
                (None, None) => line!(out, "{name} = \"\"    # 必填：元、万元等，文件里没有写，请向部门核实"),
            }
        }
    }

    fn put_values(&self, out: &mut String) {
        let days = self.found.looks.iter().filter(|looks| looks.are_dates());
        let nulls: BTreeSet<&String> = days.flat_map(|looks| looks.nulls.keys()).collect();
        if !nulls.is_empty() {
            let words: Vec<String> = nulls.into_iter().map(|word| quoted(word)).collect();
            line!(out, "\n[{}values]\nnull = [{}]    # 表示“没有”的日期", self.table, words.join(", "));
        }
        for (field, _, looks) in self.read_as().filter(|(field, ..)| field.ty == FieldType::Flag) {
            let unread = looks.values().filter(|(value, _)| {
                looks.like() == Like::Code && !is_personal(value) && amounts::flag(value, &[], &[]).is_err()
            });
            unread.for_each(|(value, count)| {
                line!(
                    out,
                    "# {}：{} 是“是”还是“否”？写进 values 的 yes 或 no（{count} 行）",
                    field.name,
                    quoted(value)
                );
            });
        }
    }

    /// Codes of fields whose values rules and reports know; what a value means that nobody knows is asked of people.
    fn put_codes(&self, out: &mut String) {
        for (field, _, looks) in self.read_as().filter(|(field, ..)| field.ty == FieldType::Code) {
            let meanings: Vec<&str> = dictionary::meanings(self.kind, &field.name).into_iter().collect();
            let values: Vec<(&str, u64)> = looks.values().collect();
            if meanings.is_empty() || values.is_empty() || looks.are_ids() {
                continue;
            }
            line!(out, "\n[{}codes.{}]    # {}。可用的值：{}", self.table, field.name, field.label, meanings.join(" "));
            let meaning = |value: &str| dictionary::meaning(self.kind, &field.name, value);
            let mut letters: BTreeSet<String> = BTreeSet::new();
            for (value, count) in &values {
                let apart = || value.chars().map(String::from);
                match meaning(value) {
                    Some(meaning) => line!(out, "{} = {}    # {count} 行", quoted(value), quoted(meaning)),
                    // Letters that apply together; each is listed by itself.
                    None if apart().all(|letter| meaning(&letter).is_some()) => letters.extend(apart()),
                    // Values that do not return may be anything, names too.
                    None if looks.like() == Like::Code && !is_personal(value) => {
                        line!(out, "# {} = \"\"    # {count} 行，含义请向部门核实", quoted(value));
                    }
                    None => {}
                }
            }
            letters.retain(|letter| !values.iter().any(|(value, _)| value == letter));
            for letter in letters {
                line!(
                    out,
                    "{} = {}    # 与别的字母连写",
                    quoted(&letter),
                    quoted(meaning(&letter).unwrap_or_default())
                );
            }
        }
    }

    /// A kind that the program does not know: every other column is a field, to be named by people.
    fn put_custom(&self, out: &mut String) {
        line!(
            out,
            "\n[custom]\ncode = \"\"     # 必填：小写英文名，规则的 evidence 写它\nlabel = \"\"    # 必填：报告里的名称"
        );
        line!(out, "fact = []     # 能说明是同一件事的字段");
        for (number, heading, looks) in self.others() {
            let ty = match looks.like() {
                _ if unit_of(heading).is_some() => "money",
                Like::Date => "date",
                Like::Month => "month",
                Like::Number => "decimal",
                Like::Code => "code",
                Like::Blank | Like::Id | Like::Name | Like::Text => "text",
            };
            line!(out, "\n[custom.fields.field_{number}]    # 名称可以改，与 [columns] 一致");
            line!(out, "type = \"{ty}\"\nlabel = {}", quoted(heading.trim()));
        }
    }
}
