//! The heading dictionary (`known.toml`): under which headings departments deliver a field, and what their codes mean. It only
//! proposes; a layout says. Code lists are those that stand in a standard or in a public catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::super::layout::fold;
use crate::model::kind::{self, Kind};

/// What is known of all kinds (`common`), or of one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Known {
    /// By field: headings under which it was seen, beside the field's own label.
    headings: BTreeMap<String, Vec<String>>,
    /// By field: what its codes mean.
    codes: BTreeMap<String, BTreeMap<String, String>>,
}

static DICTIONARY: LazyLock<BTreeMap<String, Known>> =
    LazyLock::new(|| toml::from_str(include_str!("known.toml")).expect("the dictionary that ships is read in a test"));

/// All kinds that a file may be of: evidence, then the register's own files.
pub(super) fn kinds() -> Vec<Kind> {
    let evidence = kind::builtin_codes().filter_map(kind::builtin);
    evidence.chain([kind::register_persons(), kind::register_mandates()]).collect()
}

/// The kind of this code.
pub(super) fn kind_of(code: &str) -> Option<Kind> {
    kinds().into_iter().find(|kind| kind.code == code)
}

/// Entries of a kind that name a field: its own before those of all kinds of evidence.
fn entries(kind: &Kind) -> impl Iterator<Item = &'static Known> {
    let is_evidence = ![kind::REGISTER, kind::MANDATE].contains(&kind.code.as_str());
    DICTIONARY.get(&kind.code).into_iter().chain(DICTIONARY.get("common").filter(move |_| is_evidence))
}

/// By field of the kind: the first column whose heading is known for it. No column serves two fields, but that the day of a row
/// may be one of the kind's own.
pub(super) fn columns(kind: &Kind, headings: &[String]) -> Vec<Option<usize>> {
    let folded: Vec<String> = headings.iter().map(|heading| without_unit(heading)).collect();
    let mut taken = vec![false; headings.len()];
    let mut place = |field: &str, heading: &str| {
        let heading = without_unit(heading);
        let is_free = |at: &usize| !taken[*at] || field == "as_of";
        let at = (0..folded.len()).find(|at| is_free(at) && !heading.is_empty() && folded[*at] == heading)?;
        taken[at] = true;
        Some(at)
    };
    // Labels first: a column of its own name is nobody else's.
    let mut columns: Vec<Option<usize>> = kind.fields.iter().map(|field| place(&field.name, &field.label)).collect();
    for (field, column) in kind.fields.iter().zip(&mut columns).filter(|(_, column)| column.is_none()) {
        let known = entries(kind).filter_map(|known| known.headings.get(&field.name)).flatten();
        *column = known.into_iter().find_map(|heading| place(&field.name, heading));
    }
    columns
}

/// What a code of a field means.
pub(super) fn meaning(kind: &Kind, field: &str, code: &str) -> Option<&'static str> {
    let code = code.trim();
    let in_list =
        |codes: &'static BTreeMap<String, String>| codes.get(code).or_else(|| codes.get(&code.to_uppercase()));
    codes(kind, field).find_map(in_list).map(String::as_str)
}

/// All meanings that the dictionary has for codes of a field.
pub(super) fn meanings(kind: &Kind, field: &str) -> BTreeSet<&'static str> {
    codes(kind, field).flat_map(BTreeMap::values).map(String::as_str).collect()
}

fn codes(kind: &Kind, field: &str) -> impl Iterator<Item = &'static BTreeMap<String, String>> {
    entries(kind).filter_map(move |known| known.codes.get(field))
}

/// A heading as headings are compared, without what stands in brackets at its end.
fn without_unit(heading: &str) -> String {
    let folded = fold(heading);
    match folded.strip_suffix(')').and_then(|open| open.rfind('(')) {
        Some(at) if at > 0 => folded[..at].to_owned(),
        _ => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::known_values;
    use super::*;

    #[test]
    fn every_entry_names_a_field_and_a_meaning_that_the_program_knows() {
        let common = kind::builtin("vehicle").unwrap();
        for (code, known) in DICTIONARY.iter() {
            let kind =
                if code == "common" { common.clone() } else { kind_of(code).unwrap_or_else(|| panic!("{code}")) };
            for field in known.headings.keys().chain(known.codes.keys()) {
                assert!(kind.field(field).is_some(), "{code}: {field}");
            }
            let values = known_values(&kind.code);
            // Programmes are words of the rules.
            for (field, codes) in known.codes.iter().filter(|(field, _)| *field != "programme") {
                codes.values().for_each(|value| assert!(values.contains(value.as_str()), "{code}.{field}: {value}"));
            }
        }
    }

    #[test]
    fn no_heading_is_known_for_two_fields_of_a_kind() {
        for kind in kinds() {
            let mut of_heading: BTreeMap<String, &str> = BTreeMap::new();
            for field in &kind.fields {
                // A kind's own headings hide those of all kinds: 状态 is a vehicle's.
                let listed = DICTIONARY.get(&kind.code).and_then(|known| known.headings.get(&field.name));
                for heading in listed.into_iter().flatten().chain([&field.label]) {
                    let before = of_heading.insert(without_unit(heading), &field.name);
                    assert!(before.is_none_or(|before| before == field.name), "{}: {heading}", kind.code);
                }
            }
        }
    }

    #[test]
    fn headings_are_compared_without_units_and_serve_one_field() {
        let kind = kind_of("bank").unwrap();
        let headings = ["证件号码", "ＸＭ", "存款余额（元）", "姓名", "账号"].map(str::to_owned);
        let columns = columns(&kind, &headings);
        let of = |field: &str| columns[kind.field(field).unwrap()];
        assert_eq!(
            [of("owner_id"), of("owner_name"), of("balance"), of("account")],
            [Some(0), Some(3), Some(2), Some(4)]
        );
        assert_eq!(of("bank"), None);
    }

    #[test]
    fn codes_mean_what_the_standard_says() {
        let vehicle = kind_of("vehicle").unwrap();
        assert_eq!(meaning(&vehicle, "state", "e"), Some("cancelled"));
        assert_eq!(meaning(&vehicle, "state", "Z"), None);
        assert_eq!(meaning(&vehicle, "operation", "D"), Some("delete"));
        assert_eq!(meaning(&vehicle, "plate", "A"), None);
    }
}
