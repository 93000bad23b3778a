//! 核对规则: from text to checked expressions. A rule that passed here can be computed on any table of its kind.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use polars::prelude::{DataType, Expr};
use rayon::prelude::*;
use toml::Spanned;

use super::check::{Names, Part, Refusal, column_names, limit_of};
use super::columns::{Fixed, Level, Origin, RuleColumn, vocabulary};
use super::parameters::Parameter;
use super::text::{Per, PolicyText, RuleText};
use crate::kernel::{Error, Message};
use crate::model::evidence::Evidence;
use crate::model::kind::{Kind, RECORD_ID};
use crate::model::outcome::{RuleCard, Severity};
use crate::model::table::Column;

/// The register's own rows as evidence.
pub const ENROLMENT: &str = "enrolment";

/// One rule, ready to be computed.
#[derive(Debug, Clone)]
pub struct Rule {
    pub card: RuleCard,
    pub per: Per,
    pub supporters: bool,
    pub latest: Option<String>,
    pub rows: Expr,
    pub innocent: Vec<Expr>,
    pub measure: Expr,
    pub flag: Expr,
    /// See [`limit_of`].
    pub limit: Option<Expr>,
    pub amount: Option<Amount>,
    /// Texts its expressions compare with.
    pub words: BTreeSet<String>,
    /// Columns any of its expressions reads; parameters are in the card.
    pub columns: Vec<RuleColumn>,
    /// Where it stands, for faults met while computing.
    pub path: PathBuf,
    pub line: u64,
}

/// Money a rule computes, in 分.
#[derive(Debug, Clone)]
pub enum Amount {
    /// An aggregate over the rows that count.
    OverRows(Expr),
    /// From the measure and what stands still over its subject.
    FromMeasure(Expr),
}

impl Rule {
    /// Its evidence is the register itself.
    pub fn of_enrolment(&self) -> bool {
        self.card.evidence == ENROLMENT
    }

    /// The same rows may flag another household tomorrow, or say another date of it.
    pub fn reads_the_day(&self) -> bool {
        let of_the_day = [Fixed::Age, Fixed::AsOf, Fixed::AsOfMonth, Fixed::Current].map(Origin::Fixed);
        self.of_enrolment() || self.columns.iter().any(|column| of_the_day.contains(&column.origin))
    }

    /// Rows, ascending, by which it cannot go: a field that it reads was given and cannot be read, or has no meaning; or one that
    /// tells facts apart, and nobody could say whether it is the one that was found before. Where the newest row counts, also
    /// rows without the date that others have: one of them may be the newest.
    pub fn unread_rows(&self, evidence: &Evidence) -> Vec<u32> {
        let kind = &evidence.kind;
        if kind.code != self.card.evidence {
            return Vec::new();
        }
        // A company's row, perhaps, or a withdrawn one.
        let tell_whether_it_counts = ["owner_id_type", "operation", RECORD_ID].map(|name| kind.field(name));
        let asked: BTreeSet<usize> = self.fields(kind).collect();
        let reads = |field: usize| {
            tell_whether_it_counts.contains(&Some(field)) || kind.fact.contains(&field) || asked.contains(&field)
        };
        let unread = evidence.unread.iter().filter(|(_, field)| reads(usize::from(*field))).map(|(row, _)| *row);
        let mut rows: Vec<u32> = unread.collect();
        let latest = self.latest.as_ref().and_then(|latest| kind.field(latest));
        if let Some(Column::Date(days)) = latest.map(|field| &evidence.table.columns[field]) {
            let undated: Vec<u32> =
                (0..).zip(days.iter()).filter_map(|(row, day)| day.is_none().then_some(row)).collect();
            rows.extend(undated.iter().filter(|_| undated.len() < days.len()));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Fields of its evidence that it asks for, by index.
    pub fn fields<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = usize> + 'a {
        self.columns.iter().flat_map(move |column| match column.origin {
            Origin::Field(field) | Origin::FieldMonth(field) => vec![field],
            Origin::Fixed(fixed) => fixed.fields().iter().filter_map(|name| kind.field(name)).collect(),
        })
    }

    /// The household's programme is in its scope.
    pub fn covers(&self, programme: &str) -> bool {
        self.card.programmes.is_empty() || self.card.programmes.iter().any(|covered| covered == programme)
    }
}

/// All rules in order of code; what is wrong goes to `faults`.
pub fn from_texts(
    texts: &[PolicyText],
    kinds: &BTreeMap<String, Kind>,
    parameters: &BTreeMap<String, Parameter>,
    faults: &mut Vec<Error>,
) -> Vec<Rule> {
    let entries: Vec<_> =
        texts.iter().flat_map(|text| text.file.rules.iter().map(move |entry| (text, entry))).collect();
    let declared = texts.iter().flat_map(|text| &text.file.parameters);
    let declared = declared.filter_map(|parameter| parameter.get_ref().name.as_deref());
    let unusable: BTreeSet<&str> = declared.filter(|name| !parameters.contains_key(*name)).collect();
    // Side by side: to check the shipped rules takes longer than to look a person up.
    let read = entries.par_iter().map(|(text, entry)| {
        let mut faults = Vec::new();
        let reading = Reading { text, at: entry.span().start, kinds, parameters, unusable: &unusable };
        (reading.rule(entry.get_ref(), &mut faults), faults)
    });
    let read: Vec<_> = read.collect();
    let mut rules = BTreeMap::new();
    for ((text, entry), (rule, found)) in entries.into_iter().zip(read) {
        faults.extend(found);
        let Some(rule) = rule else { continue };
        match rules.entry(rule.card.code.clone()) {
            Entry::Vacant(place) => {
                place.insert(rule);
            }
            Entry::Occupied(place) => {
                let message = Message::new("policy.rule_twice").with("code", place.key());
                faults.push(text.fault(entry.span().start, message));
            }
        }
    }
    rules.into_values().collect()
}

/// What reading one rule needs.
struct Reading<'a> {
    text: &'a PolicyText,
    at: usize,
    kinds: &'a BTreeMap<String, Kind>,
    parameters: &'a BTreeMap<String, Parameter>,
    /// Parameters that have a fault of their own.
    unusable: &'a BTreeSet<&'a str>,
}

impl Reading<'_> {
    fn rule(&self, entry: &RuleText, faults: &mut Vec<Error>) -> Option<Rule> {
        if let Some(lacking) = lacking_keys(entry) {
            let code = entry.code.as_deref().unwrap_or("?");
            let message = Message::new("policy.rule_unfilled").with("code", code).with("keys", lacking);
            faults.push(self.text.fault(self.at, message));
            return None;
        }
        let evidence = entry.evidence.as_ref()?;
        let kind = match evidence.get_ref().as_str() {
            ENROLMENT => None,
            code => match self.kinds.get(code) {
                Some(kind) => Some(kind),
                None => {
                    let known: Vec<&str> = self.kinds.keys().map(String::as_str).chain([ENROLMENT]).collect();
                    let message =
                        Message::new("policy.unknown_evidence").with("evidence", code).with("known", known.join(" "));
                    faults.push(self.text.fault(evidence.span().start, message));
                    return None;
                }
            },
        };
        let columns = vocabulary(kind);
        self.refuse_shadows(&columns, faults);
        let subject = if entry.per == Per::Person { Level::Person } else { Level::Household };
        let names = Names { columns: &columns, parameters: self.parameters, unusable: self.unusable, subject };
        self.checked(entry, &names, faults)
    }

    /// A parameter that is called like a column would be read as the column.
    fn refuse_shadows(&self, columns: &[RuleColumn], faults: &mut Vec<Error>) {
        for column in columns.iter().filter(|column| self.parameters.contains_key(&column.name)) {
            faults.push(self.text.fault(self.at, Message::new("policy.parameter_shadows").with("name", &column.name)));
        }
    }

    fn checked(&self, entry: &RuleText, names: &Names, faults: &mut Vec<Error>) -> Option<Rule> {
        let single = [
            (Part::Rows, &entry.rows),
            (Part::Measure, &entry.measure),
            (Part::Flag, &entry.flag),
            (Part::Amount, &entry.amount),
        ];
        let single = single.into_iter().filter_map(|(part, text)| Some((part, text.as_ref()?)));
        let innocent = entry.innocent.iter().map(|entry| (Part::When, &entry.when));
        let texts: Vec<(Part, &Spanned<String>)> = single.chain(innocent).collect();
        let checked =
            names.check(&texts.iter().map(|(part, text)| (*part, text.get_ref().as_str())).collect::<Vec<_>>());
        let quoted = texts.iter().flat_map(|(_, text)| text.get_ref().split('\'').skip(1).step_by(2));
        let words = quoted.map(str::to_owned).collect();
        let mut read = BTreeSet::new();
        let (mut rows, mut measure, mut flag, mut amount, mut innocent) = (None, None, None, None, Vec::new());
        for ((part, text), checked) in texts.into_iter().zip(checked) {
            let checked = match checked {
                Ok(checked) => checked,
                Err(Refusal::Unusable) => continue,
                Err(Refusal::Fault { message, hint }) => {
                    let fault = self.text.fault(text.span().start, message);
                    faults.push(hint.map_or(fault.clone(), |hint| fault.hint(hint)));
                    continue;
                }
            };
            read.extend(checked.names.iter().cloned());
            match part {
                Part::Rows => rows = Some(checked),
                Part::Measure => measure = Some(checked),
                Part::Flag => flag = Some(checked),
                Part::Amount => amount = Some(checked),
                Part::When => innocent.push(checked.expr),
            }
        }
        if (entry.amount.is_some() && amount.is_none()) || innocent.len() < entry.innocent.len() {
            return None;
        }
        let latest = match &entry.latest {
            Some(field) => Some(self.latest(field, names, faults)?),
            None => None,
        };
        read.extend(latest.clone());
        let flag = flag?.expr;
        let limit = limit_of(&flag, self.parameters);
        self.refuse_other_unit(entry, limit.as_ref(), faults)?;
        Some(Rule {
            card: self.card(entry, &read),
            per: entry.per,
            supporters: entry.supporters,
            latest,
            rows: rows?.expr,
            innocent,
            measure: measure?.expr,
            limit,
            flag,
            amount: amount.map(|checked| {
                let of_measure = checked.names.iter().any(|name| name == super::check::MEASURE);
                if of_measure { Amount::FromMeasure(checked.expr) } else { Amount::OverRows(checked.expr) }
            }),
            words,
            columns: names.columns.iter().filter(|column| read.contains(&column.name)).cloned().collect(),
            path: self.text.path.clone(),
            line: self.text.line(self.at),
        })
    }

    /// Money is held against money, which parameters give in 元 alone; what is counted is not: a limit in another unit accuses
    /// everybody or nobody.
    fn refuse_other_unit(&self, entry: &RuleText, limit: Option<&Expr>, faults: &mut Vec<Error>) -> Option<()> {
        let named = limit.map(column_names).unwrap_or_default();
        let units: Vec<&Parameter> = named.iter().filter_map(|name| self.parameters.get(name)).collect();
        if units.is_empty() || units.iter().any(|parameter| parameter.is_money()) == entry.money_unit {
            return Some(());
        }
        let key = if entry.money_unit { "policy.limit_not_money" } else { "policy.limit_money" };
        let names: Vec<&str> = units.iter().map(|parameter| parameter.name.as_str()).collect();
        let at = entry.flag.as_ref().map_or(self.at, |flag| flag.span().start);
        faults.push(self.text.fault(at, Message::new(key).with("names", names.join(" "))));
        None
    }

    /// The field that says which of a person's rows is newest: a date, a month or a number of the row.
    fn latest(&self, field: &Spanned<String>, names: &Names, faults: &mut Vec<Error>) -> Option<String> {
        let ordered = |column: &&RuleColumn| {
            column.level == Level::Row && matches!(column.dtype, DataType::Date | DataType::Int32 | DataType::Int64)
        };
        let name = field.get_ref();
        let candidates: Vec<&RuleColumn> = names.columns.iter().filter(ordered).collect();
        if candidates.iter().any(|column| column.name == *name) {
            return Some(name.clone());
        }
        let known: Vec<&str> = candidates.iter().map(|column| column.name.as_str()).collect();
        let message = Message::new("policy.bad_latest").with("column", name).with("columns", known.join(" "));
        faults.push(self.text.fault(field.span().start, message));
        None
    }

    fn card(&self, entry: &RuleText, read: &BTreeSet<String>) -> RuleCard {
        let spanned =
            |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().clone()).unwrap_or_default();
        let plain = |text: &Option<String>| text.clone().unwrap_or_default();
        RuleCard {
            code: plain(&entry.code),
            title: plain(&entry.title),
            severity: entry.severity.unwrap_or(Severity::Medium),
            evidence: spanned(&entry.evidence),
            programmes: entry.programmes.clone(),
            unit: plain(&entry.unit),
            money_unit: entry.money_unit,
            basis: plain(&entry.basis),
            advice: plain(&entry.advice),
            innocent: entry.innocent.iter().map(|innocent| innocent.say.clone()).collect(),
            rows: spanned(&entry.rows),
            measure: spanned(&entry.measure),
            flag: spanned(&entry.flag),
            parameters: read.iter().filter(|name| self.parameters.contains_key(*name)).cloned().collect(),
            supporters: entry.supporters,
        }
    }
}

/// Keys a rule must have and this one has not, or left blank.
fn lacking_keys(entry: &RuleText) -> Option<String> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let lacking: Vec<&str> = [
        ("code", blank(&entry.code)),
        ("title", blank(&entry.title)),
        ("severity", entry.severity.is_none()),
        ("evidence", entry.evidence.is_none()),
        ("rows", entry.rows.is_none()),
        ("measure", entry.measure.is_none()),
        ("flag", entry.flag.is_none()),
        ("unit", blank(&entry.unit)),
        ("basis", blank(&entry.basis)),
        ("advice", blank(&entry.advice)),
    ]
    .into_iter()
    .filter_map(|(key, absent)| absent.then_some(key))
    .collect();
    (!lacking.is_empty()).then(|| lacking.join(" "))
}
