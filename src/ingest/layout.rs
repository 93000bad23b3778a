//! 字段对照: what `sources/<code>.toml` says about one department's deliveries. Read and checked here, used by the readers.
//!
//! Unknown keys are faults, not ignored: a mistyped `programes` would silently widen a source to everybody. All
//! faults of a layout are reported at once, with file and line and the names that would have been valid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::split::RECORD_LIMIT;
use crate::kernel::error::line_at;
use crate::kernel::{Date, Error, Lang, Message, Result, wording};
use crate::model::kind::{self, Field, Kind};
use crate::model::table::FieldType;
use crate::standardise::amounts::Unit;

/// The canonical operation of a row that withdraws a record.
pub(super) const DELETE: &str = "delete";

/// That of a row that adds one, and of one that changes one.
pub(super) const INSERT: &str = "insert";
pub(super) const UPDATE: &str = "update";

/// The layout of one source. Also the shape of `[persons]`, `[mandates]` … in `register.toml`, without kind and department.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    #[serde(default, rename = "kind")]
    kind_code: Option<Spanned<String>>,
    /// The department as reports name it: 公安交管.
    #[serde(default)]
    pub department: String,
    /// A delivery older than this many days on the run's date is stale. Absent: never.
    pub cycle_days: Option<u32>,
    /// Absent: the delivery before is the measure.
    min_rows: Option<Spanned<u64>>,
    #[serde(default)]
    as_of: Option<Spanned<String>>,
    /// Nobody is "clear" without this source.
    #[serde(default = "required")]
    pub required: bool,
    /// Programmes this source is asked about; empty means all.
    #[serde(default)]
    pub programmes: Vec<String>,
    pub(super) connector: Connection,
    pub(super) columns: BTreeMap<String, Spanned<Headings>>,
    #[serde(default)]
    pub(super) units: BTreeMap<String, Spanned<Unit>>,
    #[serde(default)]
    pub(super) values: Values,
    #[serde(default)]
    pub(super) codes: BTreeMap<String, Spanned<BTreeMap<String, String>>>,
    custom: Option<Custom>,
}

fn required() -> bool {
    true
}

/// Where deliveries lie and how they are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    #[serde(rename = "type")]
    pub(super) format: Format,
    /// Relative to the workspace, `/` between parts; one `*` may stand in the file name.
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) encoding: EncodingChoice,
    #[serde(default)]
    pub(super) delimiter: Delimiter,
    #[serde(default = "double_quote")]
    pub(super) quote: Spanned<String>,
    pub(super) sheet: Option<String>,
    /// Line (row of the sheet) of the heading, counted from 1. Absent: looked for. Of lists without separators: the last line above the
    /// records; absent: there is none.
    pub(super) heading_row: Option<u32>,
    /// Of lists without separators: each cell's heading and width in bytes.
    cells: Option<Spanned<Vec<(String, u32)>>>,
    /// Which files count where their names carry several dates. Absent: none do.
    pub(super) take: Option<Take>,
}

/// Of files whose names carry several dates: a source that replaces what it said before, or one that adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Take {
    Newest,
    All,
}

fn double_quote() -> Spanned<String> {
    Spanned::new(0..0, "\"".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Csv,
    Xlsx,
    Dbf,
    Fixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum EncodingChoice {
    #[default]
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "gb18030", alias = "gbk")]
    Gb18030,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum Delimiter {
    #[default]
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = ",")]
    Comma,
    #[serde(rename = "\t")]
    Tab,
    #[serde(rename = "|")]
    Bar,
    #[serde(rename = ";")]
    Semicolon,
}

impl Delimiter {
    /// The bytes to try, most common first.
    pub(super) fn candidates(self) -> &'static [u8] {
        match self {
            Self::Auto => b",\t|;",
            Self::Comma => b",",
            Self::Tab => b"\t",
            Self::Bar => b"|",
            Self::Semicolon => b";",
        }
    }
}

/// A heading, or headings to try in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Headings {
    One(String),
    Many(Vec<String>),
}

impl Headings {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(heading) => std::slice::from_ref(heading),
            Self::Many(headings) => headings,
        }
    }
}

/// Words with a meaning, beside the built-in ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Values {
    /// Mean "not given" in every field.
    pub(super) null: Vec<String>,
    /// A row whose first cell that is not blank begins with one of these is no record.
    pub(super) footer: Option<Vec<String>>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    /// Values of `operation` that withdraw a row.
    pub(super) delete: Vec<String>,
}

/// A kind of evidence that the program does not know, declared by the centre.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    code: String,
    label: String,
    #[serde(default)]
    fact: Vec<String>,
    fields: BTreeMap<String, Spanned<CustomField>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomField {
    #[serde(rename = "type")]
    ty: FieldType,
    label: String,
}

impl Source {
    /// Reads the layout of a department's source and checks it against its kind.
    ///
    /// # Errors
    /// Kind `Config`, with file and line: not TOML, an unknown key, value, kind or field; all of the latter at once.
    pub fn parse(text: &str, file: &Path) -> Result<Self> {
        let source: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            let message = Message::new("ingest.layout_toml").with("reason", error.message());
            Error::config(message).at(file).line(line)
        })?;
        let line = source.kind_code.as_ref().map_or(1, |code| line_at(text, code.span().start));
        let kind = source.kind().map_err(|error| error.at(file).line(line))?;
        if source.department.is_empty() {
            return Err(Error::config(Message::new("ingest.layout_no_department")).at(file).line(1));
        }
        source.check(&kind, text, file)?;
        Ok(source)
    }

    /// The kind of evidence it delivers.
    ///
    /// # Errors
    /// Kind `Config`: no kind is named, it is not known, or a custom one is not well declared.
    pub fn kind(&self) -> Result<Kind> {
        let code = self.kind_code.as_ref().map_or("", |code| code.get_ref().as_str());
        match (&self.custom, code) {
            (Some(custom), "custom") => custom.kind(),
            (None, "custom") => Err(Error::config(Message::new("ingest.layout_no_custom"))),
            (Some(_), _) => Err(Error::config(Message::new("ingest.layout_custom_unused").with("kind", code))),
            (None, _) => kind::builtin(code).ok_or_else(|| {
                let known: Vec<&str> = kind::builtin_codes().chain(["custom"]).collect();
                let message = Message::new("ingest.layout_kind").with("kind", code).with("known", known.join(" "));
                Error::config(message)
            }),
        }
    }

    /// Checks the layout against the kind it is read as; for the register, whose kinds are not named in the file.
    ///
    /// `text` is the TOML the layout was read from, to find lines.
    ///
    /// # Errors
    /// Kind `Config`: all faults at once.
    pub fn check(&self, kind: &Kind, text: &str, file: &Path) -> Result<()> {
        let mut faults = Faults { text, file, found: Vec::new() };
        let known = || kind.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" ");
        for (name, headings) in &self.columns {
            if kind.field(name).is_none() {
                let message = Message::new("ingest.layout_field").with("field", name).with("known", known());
                faults.add(headings.span().start, message);
            } else if headings.get_ref().as_slice().iter().all(|heading| fold(heading).is_empty()) {
                faults.add(headings.span().start, Message::new("ingest.layout_no_heading").with("field", name));
            }
        }
        let person = &kind.persons[0];
        let (id, name) = (&kind.fields[person.id].name, &kind.fields[person.name].name);
        if !self.columns.contains_key(id) && !self.columns.contains_key(name) {
            faults.add(0, Message::new("ingest.layout_no_person").with("id", id).with("name", name));
        }
        match (self.columns.get("operation"), self.values.delete.is_empty()) {
            (None, false) => faults.add(0, Message::new("ingest.layout_delete")),
            (Some(headings), true) if !self.means("operation", DELETE) => {
                faults.add(headings.span().start, Message::new("ingest.layout_operation"));
            }
            _ => {}
        }
        let is_asked_otherwise = [kind::REGISTER, kind::MANDATE].contains(&kind.code.as_str());
        if let Some(rows) = self.min_rows.as_ref().filter(|_| is_asked_otherwise) {
            faults.add(rows.span().start, Message::new("ingest.layout_min_rows"));
        }
        self.check_units_and_codes(kind, &mut faults);
        self.check_connection(&mut faults);
        Error::all(faults.found)
    }

    /// Whether one of a field's codes has this meaning.
    fn means(&self, field: &str, meaning: &str) -> bool {
        self.codes.get(field).is_some_and(|codes| codes.get_ref().values().any(|value| value == meaning))
    }

    fn check_units_and_codes(&self, kind: &Kind, faults: &mut Faults) {
        let of_type = |ty: FieldType| {
            kind.fields.iter().filter(|field| field.ty == ty).map(|field| field.name.as_str()).collect::<Vec<_>>()
        };
        let (money, codes) = (of_type(FieldType::Money), of_type(FieldType::Code));
        for (name, unit) in self.units.iter().filter(|(name, _)| !money.contains(&name.as_str())) {
            let message = Message::new("ingest.layout_unit").with("field", name).with("known", money.join(" "));
            faults.add(unit.span().start, message);
        }
        for (name, table) in self.codes.iter().filter(|(name, _)| !codes.contains(&name.as_str())) {
            let message = Message::new("ingest.layout_codes").with("field", name).with("known", codes.join(" "));
            faults.add(table.span().start, message);
        }
        // With a value misspelt in one layout, a car that was given up stayed a car.
        let is_our_own = kind.code == kind::REGISTER || kind::builtin_codes().any(|code| code == kind.code);
        let known = known_values(&kind.code);
        for (name, table) in self.codes.iter().filter(|_| is_our_own) {
            let values: BTreeSet<&String> = table.get_ref().values().collect();
            for value in values.into_iter().filter(|value| is_canonical(value) && !known.contains(value.as_str())) {
                let likeness = |known: &str| strsim::jaro_winkler(known, value);
                let likely =
                    known.iter().filter(|known| is_canonical(known)).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
                let message = Message::new("ingest.layout_code_value").with("field", name).with("value", value);
                faults.add(table.span().start, message.with("likely", likely.copied().unwrap_or_default()));
            }
        }
    }

    /// Checks the texts of the centre's own that codes mean, of fields that rules ask for: what no rule `heeds` is told, or a car
    /// that was given up would stay one. `text` as for [`Source::check`].
    ///
    /// # Errors
    /// Kind `Config`: all faults at once.
    pub fn check_own_values(
        &self,
        asks: impl Fn(&str) -> bool,
        heeds: impl Fn(&str) -> bool,
        text: &str,
        file: &Path,
    ) -> Result<()> {
        let mut faults = Faults { text, file, found: Vec::new() };
        for (name, table) in self.codes.iter().filter(|(name, _)| asks(name)) {
            let values: BTreeSet<&String> = table.get_ref().values().collect();
            for value in values.into_iter().filter(|value| !is_canonical(value) && !heeds(value)) {
                let message = Message::new("ingest.layout_own_value").with("field", name).with("value", value);
                faults.add(table.span().start, message);
            }
        }
        Error::all(faults.found)
    }

    /// A delivery of fewer usable rows is not whole.
    pub fn min_rows(&self) -> Option<u64> {
        self.min_rows.as_ref().map(|rows| *rows.get_ref())
    }

    /// Whether headings are named for a field.
    pub fn maps(&self, field: &str) -> bool {
        self.columns.contains_key(field)
    }

    fn check_connection(&self, faults: &mut Faults) {
        let (path, path_start) = (self.connector.path.get_ref(), self.connector.path.span().start);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name.is_empty() || folder.contains('*') || name.matches('*').count() > 1 {
            faults.add(path_start, Message::new("ingest.layout_path").with("path", path));
        }
        let quote = &self.connector.quote;
        if quote.get_ref().len() > 1 || !quote.get_ref().is_ascii() {
            faults.add(quote.span().start, Message::new("ingest.layout_quote").with("quote", quote.get_ref()));
        }
        let (cells, is_fixed) = (&self.connector.cells, self.connector.format == Format::Fixed);
        let are_sound = |cells: &Vec<(String, u32)>| {
            let total = cells.iter().try_fold(0_u32, |sum, (_, width)| sum.checked_add(*width).filter(|_| *width > 0));
            let names: BTreeSet<String> = cells.iter().map(|(name, _)| fold(name)).collect();
            names.len() == cells.len() && total.is_some_and(|total| (1..=RECORD_LIMIT as u32).contains(&total))
        };
        match cells {
            None if is_fixed => faults.add(path_start, Message::new("ingest.layout_no_cells")),
            Some(cells) if !is_fixed => faults.add(cells.span().start, Message::new("ingest.layout_cells_unused")),
            Some(cells) if !are_sound(cells.get_ref()) => {
                faults.add(cells.span().start, Message::new("ingest.layout_cells"));
            }
            _ => {}
        }
        if let Some(date) = self.as_of.as_ref().filter(|date| Date::parse_iso(date.get_ref()).is_none()) {
            faults.add(date.span().start, Message::new("ingest.layout_as_of").with("text", date.get_ref()));
        }
    }

    /// The date the layout itself gives to the delivery.
    pub(super) fn stated_as_of(&self) -> Option<Date> {
        Date::parse_iso(self.as_of.as_ref()?.get_ref())
    }

    /// Headings and widths of a list without separators; none of any other.
    pub(super) fn fixed_cells(&self) -> &[(String, u32)] {
        self.connector.cells.as_ref().map_or(&[], |cells| cells.get_ref())
    }

    /// The quote byte, if cells may be quoted.
    pub(super) fn quote(&self) -> Option<u8> {
        self.connector.quote.get_ref().bytes().next()
    }
}

/// Canonical values are words of lower-case letters; anything else is a text of the centre's own.
pub(super) fn is_canonical(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
}

/// All canonical values that have words, whatever the field; of some, a kind has words of its own.
pub(super) fn known_values(kind: &str) -> BTreeSet<&'static str> {
    let values = wording::section(Lang::Zh, "report").keys().filter_map(|key| key.strip_prefix("value_"));
    values.map(|value| value.strip_prefix(kind).and_then(|own| own.strip_prefix('_')).unwrap_or(value)).collect()
}

impl Custom {
    fn kind(&self) -> Result<Kind> {
        let is_word = |word: &str| {
            word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let common = kind::with_common("", "", Vec::new(), &[]);
        let mut faults = Vec::new();
        if !is_word(&self.code) || kind::builtin(&self.code).is_some() || self.code == "custom" {
            faults.push(Error::config(Message::new("ingest.layout_custom_code").with("code", &self.code)));
        }
        for name in self.fields.keys().filter(|name| !is_word(name) || common.field(name).is_some()) {
            faults.push(Error::config(Message::new("ingest.layout_custom_field").with("field", name)));
        }
        for name in self.fact.iter().filter(|name| !self.fields.contains_key(*name)) {
            let known: Vec<&str> = self.fields.keys().map(String::as_str).collect();
            let message = Message::new("ingest.layout_custom_fact").with("field", name).with("known", known.join(" "));
            faults.push(Error::config(message));
        }
        Error::all(faults)?;
        // Reports print fields in the order the centre wrote them, which the map of names has lost.
        let mut written: Vec<(&String, &Spanned<CustomField>)> = self.fields.iter().collect();
        written.sort_by_key(|(_, field)| field.span().start);
        let own = written.into_iter().map(|(name, field)| {
            let CustomField { ty, label } = field.get_ref();
            Field { name: name.clone(), label: label.clone(), ty: *ty }
        });
        let fact: Vec<&str> = self.fact.iter().map(String::as_str).collect();
        Ok(kind::with_common(&self.code, &self.label, own.collect(), &fact))
    }
}

/// Faults of one layout file, gathered with their lines.
struct Faults<'a> {
    text: &'a str,
    file: &'a Path,
    found: Vec<Error>,
}

impl Faults<'_> {
    fn add(&mut self, offset: usize, message: Message) {
        self.found.push(Error::config(message).at(self.file).line(line_at(self.text, offset)));
    }
}

/// Headings as they are compared: half width, lower case, without blanks, quotes and byte order marks.
pub(super) fn fold(heading: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    heading
        .nfkc()
        .filter(|letter| {
            !letter.is_whitespace() && !letter.is_control() && !"\"'“”‘’\u{feff}\u{200b}`".contains(*letter)
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Lang;

    const GOOD: &str = r#"kind = "business"
department = "市场监管"
[connector]
type = "csv"
path = "inbox/b/*.csv"
[columns]
owner_id = ["cerno"]
capital = "regcap"
state = "regstate"
"#;

    fn parse(text: &str) -> Result<Source> {
        Source::parse(text, Path::new("sources/b.toml"))
    }

    fn said(text: &str) -> String {
        parse(text).expect_err("a fault was put in").say(Lang::En)
    }

    #[test]
    fn defaults() {
        let source = parse(GOOD).unwrap();
        assert!(source.required && source.programmes.is_empty() && source.cycle_days.is_none());
        assert_eq!((source.quote(), source.connector.encoding), (Some(b'"'), EncodingChoice::Auto));
        assert_eq!(source.kind().unwrap().code, "business");
        let source = parse(&GOOD.replace("path", "quote = \"\"\nencoding = \"gbk\"\npath")).unwrap();
        assert_eq!((source.quote(), source.connector.encoding), (None, EncodingChoice::Gb18030));
    }

    #[test]
    fn unknown_words_are_faults_with_a_line_and_the_valid_ones() {
        let text = said(&GOOD.replace("department", "programes = [\"低保\"]\ndepartment"));
        assert!(text.starts_with("sources/b.toml:2:") && text.contains("programmes"), "{text}");
        let text = said(&GOOD.replace("path", "encoding = \"big5\"\npath"));
        assert!(text.starts_with("sources/b.toml:5:") && text.contains("gb18030"), "{text}");
        let text = said(&GOOD.replace("\"business\"", "\"busines\""));
        assert!(text.starts_with("sources/b.toml:1:") && text.contains("vehicle") && text.contains("custom"), "{text}");
    }

    #[test]
    fn all_faults_of_a_layout_are_said_at_once() {
        let text = format!(
            "{}colour = \"x\"\n[units]\nstate = \"元\"\n[codes.capital]\nA = \"乙\"\n",
            GOOD.replace("owner_id = [\"cerno\"]", "brand = \"x\"").replace("b/*", "*/*")
        );
        let error = parse(&text).unwrap_err();
        let text = error.say(Lang::En);
        for part in [":5: ", ":7: ", ":10: ", ":12: ", "owner_id or owner_name", "capital paid_in"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(error.also().len(), 5);
    }

    #[test]
    fn a_misspelt_value_is_no_value() {
        let with = |value: &str| format!("{GOOD}[codes.state]\n1 = \"{value}\"\n2 = \"operating\"\n");
        assert!(parse(&with("revoked")).is_ok() && parse(&with("其他 状态")).is_ok(), "the centre's own words stay");
        let text = said(&with("revokd"));
        assert!(text.contains("revokd in [codes] of state") && text.contains("is it revoked?"), "{text}");
        // 封存 of a fund and of a house are one value with two words; both kinds know it.
        let fund = GOOD.replace("\"business\"", "\"provident_fund\"").replace("capital", "balance");
        assert!(parse(&(fund + "[codes.state]\n1 = \"sealed\"\n")).is_ok());
    }

    #[test]
    fn custom_kinds_are_checked() {
        let custom = |rest: &str| {
            GOOD.replace("\"business\"", "\"custom\"").replace("capital", "plot").replace("state", "owner_name") + rest
        };
        let good = custom(
            "[custom]\ncode = \"greenhouse\"\nlabel = \"大棚\"\nfields.plot = { type = \"text\", label = \"地块\" }\n",
        );
        assert_eq!(parse(&good).unwrap().kind().unwrap().label, "大棚");
        assert!(said(&custom("")).contains("[custom]"));
        assert!(said(&good.replace("greenhouse", "vehicle")).contains("vehicle"));
        assert!(said(&good.replace("fields.plot", "fact = [\"area\"]\nfields.plot")).contains("area"));
        assert!(said(&good.replace("fields.plot", "fields.as_of")).contains("as_of"));
        assert!(said(&good.replace("\"custom\"", "\"vehicle\"")).contains("custom"));
    }

    #[test]
    fn what_withdraws_a_row_stands_in_a_column_and_has_a_word() {
        assert!(said(&format!("{GOOD}[values]\ndelete = [\"D\"]\n")).contains("no operation"));
        let mapped = GOOD.replace("capital", "operation = \"op\"\ncapital");
        assert!(parse(&format!("{mapped}[values]\ndelete = [\"D\"]\n")).is_ok());
        assert!(said(&mapped).contains("[values] delete or [codes.operation]"));
        let codes = "[codes.operation]\nI = \"insert\"\nU = \"update\"\nD = \"delete\"\n";
        assert!(parse(&format!("{mapped}{codes}")).is_ok());
        assert!(said(&format!("{mapped}{}", codes.replace("insert", "inserted"))).contains("is it insert?"));
    }

    #[test]
    fn a_layout_within_another_file_is_checked_against_the_register() {
        #[derive(Deserialize)]
        struct Register {
            persons: Source,
        }
        let text = "[persons]\nconnector = { type = \"csv\", path = \"register.csv\" }\n[persons.columns]\nperson_id = \"号\"\nplate = \"车\"\n";
        let register: Register = toml::from_str(text).unwrap();
        let fault = register.persons.check(&kind::register_persons(), text, Path::new("register.toml")).unwrap_err();
        assert!(fault.say(Lang::En).starts_with("register.toml:5: plate"), "{fault}");
    }

    #[test]
    fn headings_are_folded() {
        assert_eq!(fold("\u{feff}\"ＳＦＺ ＨＭ（１）\" "), "sfzhm(1)");
    }
}
