//! A field's text → its value, by the field's type and what the layout says of it.
//!
//! An unusable text is a value that was not given, and the reason why. Codes become what the layout says they mean; money becomes
//! 分 in the unit of its heading.

use std::sync::Arc;

use super::layout::{Source, known_values};
use super::meanings::Meanings;
use super::words::Words;
use crate::kernel::Date;
use crate::model::kind::{self, Kind};
use crate::model::table::{Column, FieldType};
use crate::standardise::amounts::{self, Unit};
use crate::standardise::dates;

/// The reason of a mandate whose end cannot be read.
pub const MANDATE_END_UNREAD: &str = "run.reject_mandate_end";

/// The reason of a mandate whose beginning cannot be read.
pub const MANDATE_START_UNREAD: &str = "run.reject_mandate_start";

/// How a mandate's end says that there is none.
const ENDLESS: &[&str] = &["长期", "长期有效", "永久"];

/// How a field's text is read.
pub(super) struct Reading<'a> {
    ty: FieldType,
    unit: Unit,
    pub(super) codes: Option<Meanings<'a>>,
    yes: &'a [String],
    no: &'a [String],
    /// Id or name of a person: kept even if damaged, for names are compared with one character unreadable.
    pub(super) of_person: bool,
    /// The end of a mandate ([`kind::MANDATE_END`]).
    ends: bool,
    /// The beginning of a mandate ([`kind::MANDATE_START`]).
    begins: bool,
}

/// Of every field of the kind.
pub(super) fn readings<'a>(source: &'a Source, kind: &Kind) -> Vec<Reading<'a>> {
    let canonical = Arc::new(known_values(&kind.code));
    kind.fields
        .iter()
        .enumerate()
        .map(|(index, field)| Reading {
            ty: field.ty,
            unit: source.units.get(&field.name).map(|unit| *unit.get_ref()).unwrap_or_default(),
            codes: source.codes.get(&field.name).map(|codes| Meanings::of(codes.get_ref(), &canonical)),
            yes: &source.values.yes,
            no: &source.values.no,
            of_person: kind.persons.iter().any(|person| person.id == index || person.name == index),
            ends: field.name == kind::MANDATE_END,
            begins: field.name == kind::MANDATE_START,
        })
        .collect()
}

impl Reading<'_> {
    /// Pushes one value; an unusable one is pushed as "not given" and its reason is given. `Ok(false)`: a code without a
    /// meaning, pushed as it stands. It does not go back: whoever wrote the layout has to say what it means.
    pub(super) fn fill(
        &self,
        text: &str,
        damaged: bool,
        nulls: &Words,
        column: &mut Column,
    ) -> Result<bool, &'static str> {
        if self.ends {
            return fill_end(text, damaged, nulls, column).map(|()| true);
        }
        if damaged && !self.of_person {
            column.push_none();
            return Err("ingest.reject_bytes");
        }
        let is_null = text.is_empty() || nulls.hold(text.as_bytes());
        // 无 and - are answers to a yes-or-no question where the layout or custom says so.
        if is_null && self.ty != FieldType::Flag {
            column.push_none();
            return Ok(true);
        }
        match self.push(text, column) {
            Ok(_) if damaged => Err("ingest.reject_bytes"),
            Ok(has_meaning) => Ok(has_meaning),
            Err(reason) => {
                column.push_none();
                if is_null { Ok(true) } else { Err(if self.begins { MANDATE_START_UNREAD } else { reason }) }
            }
        }
    }

    /// Pushes the value of a text, and says whether a code has a meaning; `Err` with the reason, and nothing pushed, if the text
    /// is none of the field's type.
    fn push(&self, text: &str, column: &mut Column) -> Result<bool, &'static str> {
        match column {
            Column::Text(texts) => match &self.codes {
                Some(codes) => {
                    let meaning = codes.of_text(text);
                    texts.push(meaning.as_deref().unwrap_or(text));
                    return Ok(meaning.is_some());
                }
                None => texts.push(text),
            },
            Column::Date(values) => values.push(dates::date(text).map_err(|_| "ingest.reject_date")?),
            Column::Month(values) => values.push(dates::month(text).map_err(|_| "ingest.reject_month")?),
            Column::Money(values) => values.push(amounts::money(text, self.unit).map_err(|_| "ingest.reject_money")?),
            Column::Count(values) => values.push(amounts::count(text).map_err(|_| "ingest.reject_count")?),
            Column::Decimal(values) => values.push(amounts::decimal(text).map_err(|_| "ingest.reject_decimal")?),
            Column::Flag(values) => {
                values.push(amounts::flag(text, self.yes, self.no).map_err(|_| "ingest.reject_flag")?);
            }
        }
        Ok(true)
    }
}

/// What is there and cannot be read ended before anything began: the mandate covers nobody.
fn fill_end(text: &str, damaged: bool, nulls: &Words, column: &mut Column) -> Result<(), &'static str> {
    let Column::Date(days) = column else { panic!("the end of a mandate is a date") };
    if text.is_empty() || nulls.hold(text.as_bytes()) || ENDLESS.contains(&text) {
        days.push(None);
        return Ok(());
    }
    match dates::last_day(text) {
        Ok(day) if !damaged => {
            days.push(day);
            Ok(())
        }
        _ => {
            days.push(Date::from_ymd(1800, 1, 1));
            Err(MANDATE_END_UNREAD)
        }
    }
}
