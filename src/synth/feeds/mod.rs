//! The eleven feeds of the demo centre: what each department's file looks like, what it tells of people on the register
//! (facts, with the counter-cases that must stay clear), and how one row of it is written.
//!
//! A feed is one file here, one layout in `centre/sources/` and one line in [`FEEDS`].

mod bank;
mod business;
mod death;
mod housing;
mod marriage;
mod payroll;
mod pension;
mod provident_fund;
mod social_insurance;
mod tax;
mod vehicle;

use super::damage::Carries;
use super::dice::Dice;
use super::people::{Household, Party, People, Person, Relation};
use super::truth::{Topic, Verdict};
use crate::kernel::{Date, Month};

/// In table order; the truth and the summary keep it.
pub const FEEDS: [&Feed; 11] = [
    &bank::FEED,
    &business::FEED,
    &death::FEED,
    &housing::FEED,
    &marriage::FEED,
    &payroll::FEED,
    &pension::FEED,
    &provident_fund::FEED,
    &social_insurance::FEED,
    &tax::FEED,
    &vehicle::FEED,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf8WithMark,
    Gb18030,
}

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text { encoding: Encoding, separator: char, line_end: &'static str, quote_all: bool },
    Spreadsheet,
}

/// One thing a row can say, as an index in [`Feed::varieties`].
pub type What = u8;

/// How often other residents' rows say it, and what a rule should find where it is said of a household's member.
pub struct Variety {
    pub weight: u32,
    /// `None`: no rule speaks of it.
    pub verdict: Option<(Topic, Verdict)>,
}

/// Shorthand for the tables of the feeds.
const fn says(weight: u32, verdict: Option<(Topic, Verdict)>) -> Variety {
    Variety { weight, verdict }
}

pub struct Feed {
    /// Source code, folder of the inbox and name of the layout.
    pub code: &'static str,
    /// Rows in 1,000 of all.
    pub share: u64,
    pub shape: Shape,
    pub carries: Carries,
    pub heading: &'static [&'static str],
    /// The marks at the end of the file that are no rows.
    pub footer: &'static [&'static str],
    /// A row holds a second person in fields of its own (slot 1).
    pub second_slot: bool,
    pub varieties: &'static [Variety],
    /// What the feed tells of one register person.
    pub facts: fn(&Subject<'_>, &mut Dice, &mut Vec<Fact>),
    pub row: fn(&mut Row<'_>, &mut Line),
}

impl Feed {
    /// What a row about another resident says, by weight.
    pub fn any_variety(&self, dice: &mut Dice) -> What {
        let total = self.varieties.iter().map(|variety| u64::from(variety.weight)).sum();
        let mut left = dice.below(total);
        for (what, variety) in (0..).zip(self.varieties) {
            match left.checked_sub(u64::from(variety.weight)) {
                Some(rest) => left = rest,
                None => return what,
            }
        }
        unreachable!("the draw lies below the sum of the weights")
    }
}

/// A register person, for whom facts are drawn.
pub struct Subject<'a> {
    pub people: &'a People,
    pub index: u32,
    pub person: &'a Person,
    pub household: &'a Household,
    pub age: i32,
}

impl Subject<'_> {
    pub fn is_head(&self) -> bool {
        self.person.relation == Relation::Head
    }

    /// The head's spouse, if they are a member.
    pub fn spouse(&self) -> Option<u32> {
        let next = self.household.first + 1;
        let there = self.household.members > 1 && self.people.persons[next as usize].relation == Relation::Spouse;
        (self.is_head() && there).then_some(next)
    }
}

/// A fact about a register person, and the other register person in the row, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    pub what: What,
    pub with: Option<u32>,
}

/// Shorthand for facts about one person.
const fn alone(what: What) -> Fact {
    Fact { what, with: None }
}

/// What is to be written in one row.
pub struct Row<'a> {
    pub what: What,
    pub who: Party,
    pub with: Option<Party>,
    pub people: &'a People,
    pub dice: &'a mut Dice,
}

impl Row<'_> {
    /// The other person of the row: the planned one, else some resident.
    fn companion(&mut self) -> Party {
        self.with.take().unwrap_or_else(|| self.people.resident(self.dice))
    }

    fn as_of(&self) -> Date {
        self.people.as_of()
    }

    /// A day `from` to `to` days before the centre's date.
    fn days_ago(&mut self, from: i32, to: i32) -> Date {
        Date::from_days(self.as_of().days() - self.dice.between(from, to))
    }

    /// A month `from` to `to` months before the centre's.
    fn months_ago(&mut self, from: i32, to: i32) -> Month {
        Month::from_index(self.as_of().month().index() - self.dice.between(from, to))
    }

    /// A made-up employer; one in forty has a comma or quotation marks in its name.
    fn company(&mut self) -> String {
        const FIRST: &[&str] = &["鲁演", "海示", "泰样", "沂造", "黄试", "岱例", "泉拟", "济模"];
        const TRADES: &[&str] =
            &["建材", "食品", "纺织", "机电", "物流", "商贸", "农业科技", "劳务", "家政服务", "餐饮管理", "置业"];
        let (first, second) = (self.dice.pick(FIRST), self.dice.below(900) + 100);
        let trade = self.dice.pick(TRADES);
        match self.dice.below(80) {
            0 => format!("{first}{second}{trade}有限公司, 第{}分公司", self.dice.between(1, 9)),
            1 => format!("\"{first}{second}\"{trade}有限公司"),
            _ => format!("{first}{second}{trade}有限公司"),
        }
    }
}

/// Cells of one row.
#[derive(Debug, Default)]
pub struct Line {
    text: String,
    ends: Vec<usize>,
}

impl Line {
    pub fn put(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    pub fn show(&mut self, cell: std::fmt::Arguments<'_>) {
        std::fmt::Write::write_fmt(&mut self.text, cell).expect("writing to a string does not fail");
        self.ends.push(self.text.len());
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Leaves out the cells from `length` on: a row that was cut short.
    pub fn cut(&mut self, length: usize) {
        self.ends.truncate(length);
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// `20190404`.
    fn day_digits(&mut self, date: Date) {
        let (year, month, day) = date.ymd();
        self.show(format_args!("{year:04}{month:02}{day:02}"));
    }

    /// `201904`.
    fn month_digits(&mut self, month: Month) {
        self.show(format_args!("{:04}{:02}", month.year(), month.number()));
    }

    /// Yuan with two decimals, from 分.
    fn yuan(&mut self, fen: i64) {
        self.show(format_args!("{}.{:02}", fen / 100, fen % 100));
    }
}

/// An amount between two figures in yuan, as 分, with odd 角 and 分.
fn fen(dice: &mut Dice, low: i32, high: i32) -> i64 {
    i64::from(dice.between(low, high)) * 100 + i64::from(dice.between(0, 99))
}
