//! Checks the expressions of a rule before anything is computed: they parse, their columns exist and are visible there, and
//! on an empty table they give the types their parts must have.
//!
//! Polars' own words are shown for faults found here, because the table is empty and cannot leak a value; faults met
//! while computing are reported without them (see `evaluate`).

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;
use polars::sql::sql_expr;

use super::columns::{Level, RuleColumn, small};
use super::parameters::{Parameter, Value};
use crate::kernel::Message;

/// Name of the column that flag, limit and amount read.
pub const MEASURE: &str = "measure";
/// Group of a row; no rule can name it.
pub const KEY: &str = "@key";

/// The part of a rule an expression stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Rows,
    When,
    Measure,
    Flag,
    Amount,
}

impl Part {
    fn key(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::When => "when",
            Self::Measure => "measure",
            Self::Flag => "flag",
            Self::Amount => "amount",
        }
    }
}

/// What an expression of one rule may name.
pub struct Names<'a> {
    pub columns: &'a [RuleColumn],
    pub parameters: &'a BTreeMap<String, Parameter>,
    /// Declared, and not usable as they stand, which is told where they stand.
    pub unusable: &'a BTreeSet<&'a str>,
    /// The deepest level that flag, and an amount from the measure, may read.
    pub subject: Level,
}

/// An expression that passed, and the names it reads (columns, parameters, `measure`).
pub struct Checked {
    pub expr: Expr,
    pub names: Vec<String>,
}

/// An expression that names what it may, of a type not yet known.
struct Parsed {
    part: Part,
    expr: Expr,
    names: Vec<String>,
    over_rows: bool,
}

/// Why an expression was refused.
pub enum Refusal {
    /// The message and what would have been right.
    Fault { message: Message, hint: Option<Message> },
    /// It names a parameter whose own fault is told elsewhere.
    Unusable,
}

impl From<Message> for Refusal {
    fn from(message: Message) -> Self {
        Self::Fault { message, hint: None }
    }
}

impl Names<'_> {
    /// Parses and checks the expressions of a rule, in their order.
    pub fn check(&self, texts: &[(Part, &str)]) -> Vec<Result<Checked, Refusal>> {
        let parsed: Vec<Result<Parsed, Refusal>> = texts.iter().map(|(part, text)| self.parse(*part, text)).collect();
        let typed: Vec<(&Expr, bool)> =
            parsed.iter().flatten().map(|parsed| (&parsed.expr, parsed.over_rows)).collect();
        // All at once, a table for each kind of part; one by one where a fault has to be told whose it is.
        let dtypes: Vec<PolarsResult<DataType>> = match self.dtypes(&typed) {
            Ok(dtypes) => dtypes.into_iter().map(Ok).collect(),
            Err(_) => typed.iter().map(|one| self.dtypes(&[*one]).map(|mut dtypes| dtypes.remove(0))).collect(),
        };
        let mut dtypes = dtypes.into_iter();
        let mut fits = |parsed| fitting(parsed, dtypes.next().expect("a type for each that was parsed"));
        parsed.into_iter().map(|parsed| parsed.and_then(&mut fits)).collect()
    }

    fn parse(&self, part: Part, text: &str) -> Result<Parsed, Refusal> {
        let expr = sql_expr(text).map_err(|error| unreadable(part, &error))?;
        let names = column_names(&expr);
        for name in &names {
            self.visible(part, name, &names)?;
        }
        let aggregates = (&expr).into_iter().any(is_aggregate);
        let over_rows = part == Part::Measure || (part == Part::Amount && !names.iter().any(|name| name == MEASURE));
        if aggregates && !over_rows {
            return Err(Message::new("policy.aggregate_here").with("part", part.key()).into());
        }
        if self.sums_floats(&expr) {
            return Err(Message::new("policy.float_sum").with("part", part.key()).into());
        }
        Ok(Parsed { part, expr, names, over_rows })
    }

    /// The name exists, and stands still over what this part is computed for.
    fn visible(&self, part: Part, name: &str, all: &[String]) -> Result<(), Refusal> {
        let of_measure = part == Part::Flag || (part == Part::Amount && all.iter().any(|other| other == MEASURE));
        if (name == MEASURE && of_measure) || self.parameters.contains_key(name) {
            return Ok(());
        }
        if self.unusable.contains(name) {
            return Err(Refusal::Unusable);
        }
        match self.columns.iter().find(|column| column.name == name) {
            Some(column) if !of_measure || column.level <= self.subject => Ok(()),
            Some(_) => {
                let message = Message::new("policy.column_not_here").with("part", part.key()).with("column", name);
                Err(Refusal::Fault { message, hint: Some(self.listed(self.subject)) })
            }
            None => {
                let message = Message::new("policy.unknown_column").with("part", part.key()).with("column", name);
                let level = if of_measure { self.subject } else { Level::Row };
                Err(Refusal::Fault { message, hint: Some(self.listed(level)) })
            }
        }
    }

    fn listed(&self, level: Level) -> Message {
        let columns: Vec<&str> =
            self.columns.iter().filter(|column| column.level <= level).map(|column| column.name.as_str()).collect();
        let parameters: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
        Message::new("policy.columns_are").with("columns", columns.join(" ")).with("parameters", parameters.join(" "))
    }

    /// A sum of floats depends on the order of additions, and threads choose that order (invariant I-7).
    fn sums_floats(&self, expr: &Expr) -> bool {
        let is_float =
            |input: &Expr| self.dtypes(&[(input, false)]).is_ok_and(|dtypes| dtypes.iter().all(DataType::is_float));
        expr.into_iter().any(|node| match node {
            Expr::Agg(AggExpr::Sum(input)) => is_float(input),
            Expr::Agg(AggExpr::Mean(_) | AggExpr::Std(..) | AggExpr::Var(..)) => true,
            _ => false,
        })
    }

    /// The types that expressions give on an empty table of the columns they name; those over rows are computed by group.
    fn dtypes(&self, exprs: &[(&Expr, bool)]) -> PolarsResult<Vec<DataType>> {
        let names: BTreeSet<String> = exprs.iter().flat_map(|(expr, _)| column_names(expr)).collect();
        let own = self.columns.iter().map(|column| (column.name.as_str(), column.dtype.clone()));
        let parameters =
            self.parameters.iter().map(|(name, parameter)| (name.as_str(), value_dtype(parameter.example())));
        let named = own.chain(parameters).chain([(MEASURE, DataType::Int64)]).filter(|(name, _)| names.contains(*name));
        let columns = named.chain([(KEY, DataType::UInt32)]);
        let columns = columns.map(|(name, dtype)| Column::new_empty(small(name), &dtype)).collect();
        let empty = DataFrame::new(0, columns)?.lazy();
        let result = |place: usize| format!("@result{place}");
        let results = |over: bool| -> Vec<Expr> {
            let some = exprs.iter().enumerate().filter(|(_, (_, over_rows))| *over_rows == over);
            some.map(|(place, (expr, _))| (*expr).clone().alias(result(place))).collect()
        };
        let by_row = empty.clone().select(results(false)).collect()?;
        let by_group = empty.group_by([col(KEY)]).agg(results(true)).collect()?;
        let dtype = |(place, (_, over_rows)): (usize, &(&Expr, bool))| {
            let computed = if *over_rows { &by_group } else { &by_row };
            Ok(computed.column(&result(place))?.dtype().clone())
        };
        exprs.iter().enumerate().map(dtype).collect()
    }
}

/// The expression if its part may be of its type.
fn fitting(parsed: Parsed, dtype: PolarsResult<DataType>) -> Result<Checked, Refusal> {
    let Parsed { part, expr, names, .. } = parsed;
    let dtype = dtype.map_err(|error| unreadable(part, &error))?;
    let (fits, otherwise) = match part {
        Part::Rows | Part::When | Part::Flag => (dtype == DataType::Boolean, "policy.not_yes_no"),
        Part::Measure | Part::Amount => (dtype.is_integer(), "policy.not_whole"),
    };
    if fits { Ok(Checked { expr, names }) } else { Err(Message::new(otherwise).with("part", part.key()).into()) }
}

fn unreadable(part: Part, error: &PolarsError) -> Message {
    Message::new("policy.bad_expression").with("part", part.key()).with("reason", error.to_string())
}

/// Polars sets eight megabytes to zero when the first condition fails for every row, and again in every program that was
/// started: an eighth of the time that looking up one person takes. Asked for beforehand, on a core that has nothing to do yet.
pub fn warm() {
    rayon::spawn(|| drop(BooleanChunked::full(small("@none"), false, 1)));
}

/// Joins rows into one value. `IN (…)` gathers its list with `Implode`, which is not meant here.
fn is_aggregate(node: &Expr) -> bool {
    match node {
        Expr::Len => true,
        Expr::Agg(aggregate) => !matches!(aggregate, AggExpr::Implode { .. }),
        _ => false,
    }
}

/// The type of a parameter's column.
pub fn value_dtype(value: &Value) -> DataType {
    match value {
        Value::Whole(_) => DataType::Int64,
        Value::Decimal(_) => DataType::Float64,
        Value::Flag(_) => DataType::Boolean,
        Value::Text(_) => DataType::String,
    }
}

/// What a flag holds its measure against: the other side of `measure > …`, if a parameter stands there.
pub fn limit_of(flag: &Expr, parameters: &BTreeMap<String, Parameter>) -> Option<Expr> {
    flag.into_iter().find_map(|node| match node {
        Expr::BinaryExpr { left, op: Operator::Gt | Operator::GtEq, right } => {
            let measured = matches!(left.as_ref(), Expr::Column(name) if name == MEASURE);
            let limited = column_names(right).iter().any(|name| parameters.contains_key(name));
            (measured && limited).then(|| right.as_ref().clone())
        }
        _ => None,
    })
}

/// Names of the columns an expression reads, sorted, each once.
pub fn column_names(expr: &Expr) -> Vec<String> {
    let mut names: Vec<String> = expr
        .into_iter()
        .filter_map(|node| match node {
            Expr::Column(name) => Some(name.to_string()),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}
