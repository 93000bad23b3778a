//! 未对应代码: values of a department's codes that its layout gives no meaning, counted in the rows about people on the register.
//!
//! Such a value stands in the row as it was delivered, and no rule that asks for it goes by the row: whoever the row is about is
//! neither flagged nor clear by it (记录有误) until the layout says what it means. Fields without `[codes]` are not looked at.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::layout::{Source, known_values};
use super::meanings::Meanings;
use crate::model::evidence::Unmapped;
use crate::model::kind::Kind;
use crate::model::table::{Column, Table, Texts};
use crate::model::texts::Held;

/// So many values of a field are named: a column that slipped by one holds as many as it has rows.
const NAMED: usize = 100;

/// By field and falling number of rows.
pub fn unmapped(source: &Source, kind: &Kind, table: &Table) -> Vec<Unmapped> {
    let canonical = Arc::new(known_values(&kind.code));
    let mut all = Vec::new();
    for (name, codes) in &source.codes {
        let Some(field) = kind.field(name) else { continue };
        let Column::Text(texts) = &table.columns[field] else { continue };
        let meanings = Meanings::of(codes.get_ref(), &canonical);
        let unknown = counts(texts).into_iter().filter(|(text, _)| !text.is_empty() && !meanings.is_meaning(text));
        let mut unknown: Vec<Unmapped> =
            unknown.map(|(text, rows)| Unmapped { field, value: text.to_owned(), rows }).collect();
        unknown.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
        unknown.truncate(NAMED);
        all.extend(unknown);
    }
    all
}

/// How many rows say what.
fn counts(texts: &Texts) -> HashMap<&str, u64, FixedState> {
    match texts.held() {
        Held::Coded { codes, distinct } => {
            let mut rows = vec![0; distinct.len()];
            codes.iter().for_each(|code| rows[usize::from(*code)] += 1);
            distinct.iter().zip(rows).filter(|(_, rows)| *rows > 0).collect()
        }
        Held::Joined(texts) => {
            let mut counts = HashMap::default();
            texts.iter().for_each(|text| *counts.entry(text).or_default() += 1);
            counts
        }
    }
}
