//! Every sentence people read, one catalogue per language: `src/wording/zh-CN.toml` and `src/wording/en.toml`.
//!
//! A sentence is named by `section.key` and holds `{name}` places. Both catalogues hold the same keys with the same
//! places; `tests/tidy.rs` checks that, and that every key the source names exists.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The languages the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Zh,
    En,
}

impl Lang {
    /// `zh-CN`, `zh`, `zh_CN.UTF-8`, `en`, `en_GB.UTF-8` …; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match text.get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

type Catalogue = BTreeMap<String, BTreeMap<String, String>>;

fn catalogue(lang: Lang) -> &'static Catalogue {
    static ZH: OnceLock<Catalogue> = OnceLock::new();
    static EN: OnceLock<Catalogue> = OnceLock::new();
    let (cell, text) = match lang {
        Lang::Zh => (&ZH, include_str!("../wording/zh-CN.toml")),
        Lang::En => (&EN, include_str!("../wording/en.toml")),
    };
    cell.get_or_init(|| toml::from_str(text).expect("the catalogues are checked by the tests"))
}

type Sentences = hashbrown::HashMap<String, &'static str, foldhash::fast::FixedState>;

/// All sentences by `section.key`: reports ask for some words once a line.
fn sentences(lang: Lang) -> &'static Sentences {
    static ZH: OnceLock<Sentences> = OnceLock::new();
    static EN: OnceLock<Sentences> = OnceLock::new();
    let cell = match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    };
    cell.get_or_init(|| {
        let of_section = |(section, words): (&'static String, &'static BTreeMap<String, String>)| {
            words.iter().map(move |(key, words)| (format!("{section}.{key}"), words.as_str()))
        };
        catalogue(lang).iter().flat_map(of_section).collect()
    })
}

/// The template of a sentence. A key that no catalogue holds is a bug.
pub fn template(lang: Lang, key: &str) -> &'static str {
    find(lang, key).unwrap_or_else(|| panic!("no wording for {key}"))
}

/// The template of a key that may be none.
pub fn find(lang: Lang, key: &str) -> Option<&'static str> {
    sentences(lang).get(key).copied()
}

/// The key itself, for a text that names one: what was written down is a key again.
pub fn key(text: &str) -> Option<&'static str> {
    sentences(Lang::Zh).get_key_value(text).map(|(key, _)| key.as_str())
}

/// All sentences of one section, by key: for templates that need many at once.
pub fn section(lang: Lang, section: &str) -> &'static BTreeMap<String, String> {
    catalogue(lang).get(section).unwrap_or_else(|| panic!("no wording section {section}"))
}

/// A sentence with its values, spoken when the language is known. Values must not be personal (invariant I-9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub key: &'static str,
    pub values: Vec<(&'static str, String)>,
}

impl Message {
    pub fn new(key: &'static str) -> Self {
        Self { key, values: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, place: &'static str, value: impl ToString) -> Self {
        self.values.push((place, value.to_string()));
        self
    }

    pub fn say(&self, lang: Lang) -> String {
        fill(template(lang, self.key), &self.values)
    }
}

fn fill(template: &str, values: &[(&'static str, String)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    push_filled(&mut out, template, values);
    out
}

/// One pass over the template, so that a value that holds `{…}` is never filled again.
fn push_filled(out: &mut String, template: &str, values: &[(&'static str, impl AsRef<str>)]) {
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| at + open) else { break };
        out.push_str(&rest[..open]);
        let name = &rest[open + 1..close];
        match values.iter().find(|(place, _)| *place == name) {
            Some((_, value)) => out.push_str(value.as_ref()),
            None => out.push_str(&rest[open..=close]),
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
}

/// A sentence with its values at the end of a text: for reports, which hold hundreds of thousands.
pub fn push(out: &mut String, lang: Lang, key: &str, values: &[(&'static str, &str)]) {
    push_filled(out, template(lang, key), values);
}

/// A one-off sentence without values.
pub fn say(lang: Lang, key: &str) -> &'static str {
    template(lang, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_filled_twice() {
        let values = [("a", "{b}".to_owned()), ("b", "x".to_owned())];
        assert_eq!(fill("{a}-{b}-{c}", &values), "{b}-x-{c}");
    }
}
