//! The columns that rule expressions may name, and where each comes from. The list a fault prints is this list.
//!
//! | level | columns | seen by |
//! |---|---|---|
//! | row | the kind's fields by name; `<field>_month` for each date field; `row_as_of` (the kind's `as_of`) | rows, when, measure |
//! | row | `grade`, `name_level` (letters of the link), `record`, `repeated`, `stated_again`, `current`, `replaced`, `other_in_household`, `other_name_given`, `dwelling_key` (housing) | rows, when, measure |
//! | row | `same_name`, of enrolments only: another row of the id has this name, or had it | rows, when, measure |
//! | person | `person`, `relation`, `role`, `person_state`, `programme`, `marital`, `disability`, `age`, `person_paid_from`, `person_paid_through`, `monthly_amount`, `declared_…` | all; flag only if `per = "person"` |
//! | household | `household`, `members`, `household_programme`, `division`, `county` | all |
//! | run | `as_of` (Date), `as_of_month` | all |
//! | parameters | by name | all |
//!
//! Types: dates are Date; months are whole numbers, months since year 0, so that a difference is a count of months;
//! money is whole 分; decimals are floats; codes and texts are text. What was not given is NULL: `state = 'x'` is then
//! neither true nor false and the row does not count; a rule that wants it to count says `coalesce(state, '')`.
//! Codes that apply together are joined with `+` (`violation_pending+overdue_inspection`).
//!
//! A kind's field of the same name hides a fixed column; that is why the register's state is `person_state`.

use polars::prelude::{DataType, PlSmallStr};

use crate::model::kind::Kind;
use crate::model::table::FieldType;

/// Where a column's values stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A field of the evidence row.
    Field(usize),
    /// The month of a date field of the evidence row.
    FieldMonth(usize),
    Fixed(Fixed),
}

/// Columns every kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// A field of the register file, by its name there.
    Register(&'static str),
    Person,
    Role,
    PersonState,
    Programme,
    Age,
    Household,
    Members,
    HouseholdProgramme,
    Division,
    County,
    Grade,
    NameLevel,
    Record,
    Repeated,
    StatedAgain,
    Current,
    Replaced,
    OtherInHousehold,
    OtherNameGiven,
    SameName,
    DwellingKey,
    AsOf,
    AsOfMonth,
}

impl Fixed {
    /// Fields of the evidence that it is made of, where a kind has them.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Current => &["month", "scheme", "item"],
            _ => &[],
        }
    }
}

/// Over what a column is constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Run,
    Household,
    Person,
    Row,
}

/// One column of a kind's vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleColumn {
    pub name: String,
    pub level: Level,
    pub dtype: DataType,
    pub origin: Origin,
}

/// Name, level, type, origin of the fixed columns.
const FIXED: &[(&str, Level, DataType, Fixed)] = &[
    ("grade", Level::Row, DataType::String, Fixed::Grade),
    ("name_level", Level::Row, DataType::String, Fixed::NameLevel),
    ("record", Level::Row, DataType::String, Fixed::Record),
    ("repeated", Level::Row, DataType::Boolean, Fixed::Repeated),
    ("stated_again", Level::Row, DataType::Boolean, Fixed::StatedAgain),
    ("current", Level::Row, DataType::Boolean, Fixed::Current),
    ("replaced", Level::Row, DataType::Boolean, Fixed::Replaced),
    ("other_in_household", Level::Row, DataType::Boolean, Fixed::OtherInHousehold),
    ("other_name_given", Level::Row, DataType::Boolean, Fixed::OtherNameGiven),
    ("same_name", Level::Row, DataType::Boolean, Fixed::SameName),
    ("dwelling_key", Level::Row, DataType::String, Fixed::DwellingKey),
    ("person", Level::Person, DataType::UInt32, Fixed::Person),
    ("relation", Level::Person, DataType::String, Fixed::Register("relation")),
    ("role", Level::Person, DataType::String, Fixed::Role),
    ("person_state", Level::Person, DataType::String, Fixed::PersonState),
    ("programme", Level::Person, DataType::String, Fixed::Programme),
    ("marital", Level::Person, DataType::String, Fixed::Register("marital")),
    ("disability", Level::Person, DataType::String, Fixed::Register("disability")),
    ("age", Level::Person, DataType::Int32, Fixed::Age),
    ("person_paid_from", Level::Person, DataType::Int32, Fixed::Register("paid_from")),
    ("person_paid_through", Level::Person, DataType::Int32, Fixed::Register("paid_through")),
    ("monthly_amount", Level::Person, DataType::Int64, Fixed::Register("monthly_amount")),
    ("declared_vehicles", Level::Person, DataType::Int64, Fixed::Register("declared_vehicles")),
    ("declared_dwellings", Level::Person, DataType::Int64, Fixed::Register("declared_dwellings")),
    ("declared_income", Level::Person, DataType::Int64, Fixed::Register("declared_income")),
    ("declared_deposits", Level::Person, DataType::Int64, Fixed::Register("declared_deposits")),
    ("household", Level::Household, DataType::UInt32, Fixed::Household),
    ("members", Level::Household, DataType::Int64, Fixed::Members),
    ("household_programme", Level::Household, DataType::String, Fixed::HouseholdProgramme),
    ("division", Level::Household, DataType::String, Fixed::Division),
    ("county", Level::Household, DataType::String, Fixed::County),
    ("as_of", Level::Run, DataType::Date, Fixed::AsOf),
    ("as_of_month", Level::Run, DataType::Int32, Fixed::AsOfMonth),
];

/// The columns of a kind; of the register's own rows (`enrolment`) without one.
pub fn vocabulary(kind: Option<&Kind>) -> Vec<RuleColumn> {
    let mut columns = Vec::new();
    if let Some(kind) = kind {
        for (index, field) in kind.fields.iter().enumerate() {
            // The row's date and the run's date would share a name.
            let name = if field.name == "as_of" { "row_as_of" } else { &field.name };
            columns.push(row_column(name.to_owned(), dtype(field.ty), Origin::Field(index)));
            if field.ty == FieldType::Date {
                columns.push(row_column(format!("{name}_month"), DataType::Int32, Origin::FieldMonth(index)));
            }
        }
    }
    for (name, level, dtype, fixed) in FIXED {
        let of_a_row = *level == Level::Row;
        let of_housing = *fixed == Fixed::DwellingKey;
        let of_enrolment = *fixed == Fixed::SameName;
        let fits = match kind {
            None => !of_a_row || of_enrolment,
            Some(_) if of_enrolment => false,
            Some(kind) => !of_housing || (kind.field("unit_number").is_some() && kind.field("location").is_some()),
        };
        if fits && !columns.iter().any(|column| column.name == *name) {
            columns.push(RuleColumn {
                name: (*name).to_owned(),
                level: *level,
                dtype: dtype.clone(),
                origin: Origin::Fixed(*fixed),
            });
        }
    }
    columns
}

fn row_column(name: String, dtype: DataType, origin: Origin) -> RuleColumn {
    RuleColumn { name, level: Level::Row, dtype, origin }
}

fn dtype(ty: FieldType) -> DataType {
    match ty {
        FieldType::Text | FieldType::Code => DataType::String,
        FieldType::Date => DataType::Date,
        FieldType::Month => DataType::Int32,
        FieldType::Money | FieldType::Count => DataType::Int64,
        FieldType::Decimal => DataType::Float64,
        FieldType::Flag => DataType::Boolean,
    }
}

/// The column's name as polars holds it.
pub fn small(name: &str) -> PlSmallStr {
    PlSmallStr::from_str(name)
}
