//! What a department's codes mean, as the layout says it: canonical values, which rules and reports know.
//!
//! If a text is no code and every character of it is one, their values are joined with `+` in the order of the letters
//! (vehicle states combine: `GQ`). Width and compatibility forms do not matter. A text that is itself one of the meanings
//! means itself. Fields without `[codes]` are not looked at here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;

use super::layout::is_canonical;

/// The codes of one field.
pub(super) struct Meanings<'a> {
    codes: HashMap<&'a str, &'a str, FixedState>,
    meanings: HashSet<&'a str, FixedState>,
    /// Values that reports have words for.
    canonical: Arc<BTreeSet<&'static str>>,
}

impl<'a> Meanings<'a> {
    /// `canonical` are the [`known_values`] of the kind of evidence that the field is of, the same for all of its fields.
    ///
    /// [`known_values`]: super::layout::known_values
    pub(super) fn of(codes: &'a BTreeMap<String, String>, canonical: &Arc<BTreeSet<&'static str>>) -> Self {
        Self {
            codes: codes.iter().map(|(code, value)| (code.as_str(), value.as_str())).collect(),
            meanings: codes.values().map(String::as_str).collect(),
            canonical: Arc::clone(canonical),
        }
    }

    /// What a text of a department means; `None` if the layout does not say.
    pub(super) fn of_text<'t>(&'t self, text: &'t str) -> Option<Cow<'t, str>> {
        if let Some(value) = self.codes.get(text) {
            return Some(Cow::Borrowed(value));
        }
        if self.is_meaning(text) {
            return Some(Cow::Borrowed(text));
        }
        let usual: String = text.nfkc().collect();
        self.codes
            .get(usual.as_str())
            .map(|value| Cow::Borrowed(*value))
            .or_else(|| self.combined(&usual).map(Cow::Owned))
    }

    /// Whether it is one of the meanings, or several that apply together.
    pub(super) fn is_meaning(&self, text: &str) -> bool {
        let is_one = |text: &str| self.meanings.contains(text) || is_canonical(text) && self.canonical.contains(text);
        text.split('+').all(is_one)
    }

    fn combined(&self, text: &str) -> Option<String> {
        let mut buffer = [0; 4];
        let values = text.chars().map(|letter| self.codes.get(&*letter.encode_utf8(&mut buffer)).copied());
        let values: Vec<&str> = values.collect::<Option<_>>()?;
        (!values.is_empty()).then(|| values.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::known_values;
    use super::*;

    #[test]
    fn codes_combine_only_if_every_letter_is_known() {
        let codes =
            [("G", "violation_pending"), ("Q", "overdue_inspection"), ("注销", "cancelled"), ("1", "报废（本地）")];
        let codes: BTreeMap<String, String> = codes.map(|(code, value)| (code.to_owned(), value.to_owned())).into();
        let meanings = Meanings::of(&codes, &Arc::new(known_values("vehicle")));
        let of = |text| meanings.of_text(text).map(Cow::into_owned);
        assert_eq!(of("G").as_deref(), Some("violation_pending"));
        assert_eq!(of("GQ").as_deref(), Some("violation_pending+overdue_inspection"));
        assert_eq!(of("QG").as_deref(), Some("overdue_inspection+violation_pending"));
        assert_eq!(of("注销").as_deref(), Some("cancelled"));
        assert_eq!(of("１").as_deref(), Some("报废（本地）"), "full width");
        for itself in ["报废（本地）", "scrapped", "cancelled+scrapped"] {
            assert_eq!(of(itself).as_deref(), Some(itself));
        }
        for unknown in ["GX", "01", "scraped", "注", "?"] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
