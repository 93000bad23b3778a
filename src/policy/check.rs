//! Checks one expression of a rule before anything is computed: it parses, its columns exist and are visible there, and on
//! an empty table it gives the type its part must have.
//!
//! Polars' own words are shown for faults found here, because the table is empty and cannot leak a value; faults met
//! while computing are reported without them (see `evaluate`).

use std::collections::BTreeMap;

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
    /// The deepest level that flag, and an amount from the measure, may read.
    pub subject: Level,
}

/// An expression that passed, and the names it reads (columns, parameters, `measure`).
pub struct Checked {
    pub expr: Expr,
    pub names: Vec<String>,
}

/// Why an expression was refused: the message and what would have been right.
pub struct Refusal {
    pub message: Message,
    pub hint: Option<Message>,
}

impl From<Message> for Refusal {
    fn from(message: Message) -> Self {
        Self { message, hint: None }
    }
}

impl Names<'_> {
    /// Parses and checks one expression.
    pub fn check(&self, part: Part, text: &str) -> Result<Checked, Refusal> {
        let unreadable = |error: PolarsError| {
            Message::new("policy.bad_expression").with("part", part.key()).with("reason", error.to_string())
        };
        let expr = sql_expr(text).map_err(unreadable)?;
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
        let dtype = self.dtype(&expr, over_rows).map_err(unreadable)?;
        let fits = match part {
            Part::Rows | Part::When | Part::Flag => dtype == DataType::Boolean,
            Part::Measure | Part::Amount => dtype.is_integer(),
        };
        match (fits, part) {
            (true, _) => Ok(Checked { expr, names }),
            (false, Part::Measure | Part::Amount) => {
                Err(Message::new("policy.not_whole").with("part", part.key()).into())
            }
            (false, _) => Err(Message::new("policy.not_yes_no").with("part", part.key()).into()),
        }
    }

    /// The name exists, and stands still over what this part is computed for.
    fn visible(&self, part: Part, name: &str, all: &[String]) -> Result<(), Refusal> {
        let of_measure = part == Part::Flag || (part == Part::Amount && all.iter().any(|other| other == MEASURE));
        if (name == MEASURE && of_measure) || self.parameters.contains_key(name) {
            return Ok(());
        }
        match self.columns.iter().find(|column| column.name == name) {
            Some(column) if !of_measure || column.level <= self.subject => Ok(()),
            Some(_) => {
                let message = Message::new("policy.column_not_here").with("part", part.key()).with("column", name);
                Err(Refusal { message, hint: Some(self.listed(self.subject)) })
            }
            None => {
                let message = Message::new("policy.unknown_column").with("part", part.key()).with("column", name);
                let level = if of_measure { self.subject } else { Level::Row };
                Err(Refusal { message, hint: Some(self.listed(level)) })
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
        let is_float = |input: &Expr| self.dtype(input, false).is_ok_and(|dtype| dtype.is_float());
        expr.into_iter().any(|node| match node {
            Expr::Agg(AggExpr::Sum(input)) => is_float(input),
            Expr::Agg(AggExpr::Mean(_) | AggExpr::Std(..) | AggExpr::Var(..)) => true,
            _ => false,
        })
    }

    /// The type the expression gives on an empty table of all its columns.
    fn dtype(&self, expr: &Expr, over_rows: bool) -> PolarsResult<DataType> {
        let mut columns: Vec<Column> =
            self.columns.iter().map(|column| Column::new_empty(small(&column.name), &column.dtype)).collect();
        for (name, parameter) in self.parameters {
            columns.push(Column::new_empty(small(name), &value_dtype(parameter.example())));
        }
        columns.push(Column::new_empty(small(MEASURE), &DataType::Int64));
        columns.push(Column::new_empty(small(KEY), &DataType::UInt32));
        let empty = DataFrame::new(0, columns)?.lazy();
        let result = expr.clone().alias("result");
        let computed = if over_rows {
            empty.group_by([col(KEY)]).agg([result]).collect()?
        } else {
            empty.select([result]).collect()?
        };
        Ok(computed.column("result")?.dtype().clone())
    }
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
fn column_names(expr: &Expr) -> Vec<String> {
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
