//! What a reader of a package may see: words of the language, places by name, ids and names masked by default.
//!
//! | what | open package, summary | review list | sealed archive |
//! |---|---|---|---|
//! | id of somebody on the register | first 6 + last 4, unless `masked = false` | the same, unless `review_masked = false` | whole |
//! | name of somebody on the register | 张*三, unless `masked = false` | the same, unless `review_masked = false` | whole |
//! | id and name of a third person (spouse, co-owner) | masked always | masked always | masked always |
//! | id and name of an official tied to somebody there | as the register's people | not shown | whole |
//! | account | last 4 always | last 4 always | last 4 always |
//! | phone in a record | not shown | not shown | not shown |
//! | address, birth date in a record | not shown | address; birth date with whole ids only | not shown |

use std::borrow::Cow;

use super::RunView;
use crate::kernel::masked::{mask_id, mask_name, push_masked_id, push_masked_name};
use crate::kernel::{Date, Division, Message, wording};

impl RunView<'_> {
    /// A sentence of the catalogue without places.
    pub(super) fn word(&self, key: &str) -> &'static str {
        wording::say(self.lang, key)
    }

    pub(super) fn say(&self, message: Message) -> String {
        message.say(self.lang)
    }

    /// A sentence with its values at the end of a text.
    pub(super) fn push(&self, out: &mut String, key: &str, values: &[(&'static str, &str)]) {
        wording::push(out, self.lang, key, values);
    }

    /// The person's id, masked unless the centre asked for whole ids.
    pub(super) fn person_id(&self, person: u32) -> String {
        let mut shown = String::new();
        self.push_person_id(&mut shown, person);
        shown
    }

    /// [`RunView::person_id`] at the end of a text.
    pub(super) fn push_person_id(&self, out: &mut String, person: u32) {
        let id = self.register.written_id(person);
        if self.masked { push_masked_id(out, &id) } else { out.push_str(&id) }
    }

    /// [`RunView::shown_name`] at the end of a text.
    pub(super) fn push_name(&self, out: &mut String, name: &str) {
        if self.masked { push_masked_name(out, name) } else { out.push_str(name) }
    }

    /// The person's name; of somebody of whom nothing could be read, where the register has the record.
    pub(super) fn person_name(&self, person: u32) -> Cow<'_, str> {
        let name = self.register.name(person);
        if name.is_empty() && self.register.written_id(person).is_empty() {
            let line = self.register.lines[person as usize];
            return Cow::Owned(self.say(Message::new("report.nobody_read").with("line", line)));
        }
        self.shown_name(name)
    }

    /// A name of somebody on the register, as the register or a department writes it.
    pub(super) fn shown_name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        if self.masked { Cow::Owned(mask_name(name)) } else { Cow::Borrowed(name) }
    }

    /// An id of somebody on the register, as a department writes it.
    pub(super) fn shown_id<'t>(&self, id: &'t str) -> Cow<'t, str> {
        if self.masked { Cow::Owned(mask_id(id)) } else { Cow::Borrowed(id) }
    }

    /// Any other text of the register or a record. Household codes and certificate numbers are often made of an id.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.masked { mask_ids_within(text) } else { Cow::Borrowed(text) }
    }

    pub(super) fn household_code(&self, household: u32) -> Cow<'_, str> {
        self.text(self.register.household(household).code())
    }

    /// A record of somebody else of the household than its row names.
    pub(super) fn of_whom(&self, person: u32, record: &str) -> String {
        let (name, id) = (self.person_name(person), self.person_id(person));
        self.say(Message::new("report.record_of").with("name", name).with("id", id).with("record", record))
    }

    /// The division's name where it is known, else its code.
    pub(super) fn place(&self, division: Division) -> String {
        self.places.get(&division).cloned().unwrap_or_else(|| division.to_string())
    }

    /// Name and code, `历下区（370102）`, or the code alone.
    pub(super) fn place_with_code(&self, division: Division) -> String {
        match self.places.get(&division) {
            Some(name) => self.say(Message::new("report.place_with_code").with("name", name).with("code", division)),
            None => division.to_string(),
        }
    }

    /// Blank where the register knows only the county.
    pub(super) fn town(&self, division: Division) -> String {
        division.town().map(|town| self.place(town)).unwrap_or_default()
    }

    pub(super) fn village(&self, division: Division) -> String {
        if division.digits() == 12 { self.place(division) } else { String::new() }
    }
}

/// The last four characters of an account, `****6621`; shorter ones become stars.
pub(super) fn last_four(account: &str) -> String {
    match account.char_indices().rev().nth(3) {
        Some((tail, _)) if tail > 0 => format!("****{}", &account[tail..]),
        _ => "*".repeat(account.chars().count()),
    }
}

/// Masks runs of digits that hold an id: 18 or more with a real birth date in digits 7 to 14, or 15 with one in digits
/// 7 to 12. Other long numbers (deeds, credit codes) stay as they are.
fn mask_ids_within(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if bytes.len() < 15 {
        return Cow::Borrowed(text);
    }
    let mut masked: Option<String> = None;
    let (mut kept, mut at) = (0, 0);
    while let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|place| at + place) {
        let run = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        // A run of 17 digits ends in the check character X.
        let end = start + run + usize::from(run == 17 && matches!(bytes.get(start + run), Some(b'X' | b'x')));
        if holds_birth_date(&bytes[start..end]) {
            let out = masked.get_or_insert_with(String::new);
            out.push_str(&text[kept..start]);
            push_masked_id(out, &text[start..end]);
            kept = end;
        }
        at = end;
    }
    match masked {
        Some(mut out) => {
            out.push_str(&text[kept..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

fn holds_birth_date(run: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        run[range].iter().fold(0u32, |number, byte| number * 10 + u32::from(byte.wrapping_sub(b'0')))
    };
    match run.len() {
        15 => Date::from_ymd(1900 + number(6..8) as i32, number(8..10), number(10..12)).is_some(),
        18.. => Date::from_ymd(number(6..10) as i32, number(10..12), number(12..14)).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_inside_other_texts_are_found() {
        // GB 11643's own examples; a disability certificate is an id and two digits; a deed number is no id.
        assert_eq!(mask_ids_within("证11010519491231002X号"), "证110105********002X号");
        assert_eq!(mask_ids_within("44052418800101001443"), "440524**********1443");
        assert_eq!(mask_ids_within("H110105491231002"), "H110105*****1002");
        assert_eq!(mask_ids_within("370102004001000123"), "370102004001000123");
        assert_eq!(mask_ids_within("鲁(2024)济南市不动产权第0012345号"), "鲁(2024)济南市不动产权第0012345号");
    }

    #[test]
    fn accounts_show_four_digits() {
        assert_eq!(last_four("6222021602001234567"), "****4567");
        assert_eq!(last_four("123"), "***");
    }
}
