//! 公示名单: who receives assistance and how much, as it may hang on a village's board.
//!
//! Whose name: the head's if of age, else another adult member's, who answers for the household; without an adult only the
//! surname and stars. What may be published and what not: 《社会救助暂行办法》 (publication of recipients; the rest is
//! confidential, 第六十一条), 《最低生活保障审核确认办法》 (names and amounts, long-term, nothing beside the matter; minors
//! protected). No id, telephone, account, disability, address or household code is in these types, so none can be printed.

use crate::kernel::{Date, Division, Fen};

/// A member of a receiving household, as far as a notice asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeMember {
    pub name: String,
    pub head: bool,
    pub birth: Option<Date>,
}

/// One household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeHousehold {
    /// As far as the register knows it: village, town or county.
    pub division: Division,
    pub programme: String,
    /// In register order, without supporters.
    pub members: Vec<NoticeMember>,
    /// Monthly, of all members; `None` if the register gives none.
    pub amount: Option<Fen>,
}

/// Age from which a name may be published.
const OF_AGE: i32 = 18;

impl NoticeHousehold {
    /// The name that may be published on that day. Without a birth date nobody is taken to be of age; a name that holds
    /// digits may hold an id.
    pub fn shown_name(&self, on: Date) -> String {
        let adult = |member: &&NoticeMember| member.birth.is_some_and(|birth| birth.years_until(on) >= OF_AGE);
        let adults = || self.members.iter().filter(adult).filter(|member| is_name(&member.name));
        match adults().find(|member| member.head).or_else(|| adults().next()) {
            Some(member) => member.name.clone(),
            None => self.members.first().map(|member| hidden(&member.name)).unwrap_or_default(),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_numeric)
}

/// Surname and two stars, whatever the name's length.
fn hidden(name: &str) -> String {
    match name.chars().next().filter(|_| is_name(name)) {
        Some(surname) => format!("{surname}**"),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn household(members: &[(&str, bool, Option<&str>)]) -> NoticeHousehold {
        let member = |(name, head, birth): &(&str, bool, Option<&str>)| NoticeMember {
            name: (*name).to_owned(),
            head: *head,
            birth: birth.map(|text| Date::parse_iso(text).unwrap()),
        };
        NoticeHousehold {
            division: Division::parse("370102").unwrap(),
            programme: "低保".to_owned(),
            members: members.iter().map(member).collect(),
            amount: None,
        }
    }

    #[test]
    fn a_minors_name_is_never_shown() {
        let on = Date::from_ymd(2026, 11, 24).unwrap();
        let shown = |members: &[(&str, bool, Option<&str>)]| household(members).shown_name(on);
        let (child, mother) = (("张小宝", true, Some("2015-01-01")), ("李秀英", false, Some("1980-01-01")));
        assert_eq!(shown(&[child, mother]), "李秀英");
        assert_eq!(shown(&[child]), "张**");
        // Eighteen on the day, and a day short of it; no birth date is no age.
        assert_eq!(shown(&[("王强", true, Some("2008-11-24"))]), "王强");
        assert_eq!(shown(&[("王强", true, Some("2008-11-25"))]), "王**");
        assert_eq!(shown(&[("王强", true, None)]), "王**");
        assert_eq!(shown(&[mother, ("张建国", true, Some("1978-01-01"))]), "张建国");
    }

    #[test]
    fn a_name_that_holds_digits_is_not_shown() {
        let on = Date::from_ymd(2026, 11, 24).unwrap();
        let name = household(&[("张三11010519491231002X", true, Some("1949-12-31"))]).shown_name(on);
        assert!(!name.chars().any(char::is_numeric) && !name.contains('张'), "{name}");
    }
}
