//! 公安户籍 and 殡葬, deaths: a spreadsheet. 注销 also means moved away: those rows are the counter-case.

use super::{Fact, Feed, Line, Row, Shape, Subject, alone, says};
use crate::kernel::{Date, Sex};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::people::Relation;
use crate::synth::truth::{Topic, Verdict};

/// Long dead while assistance is still paid.
const LONG_DEAD: u8 = 0;
/// Died in the month last paid for.
const JUST_DEAD: u8 = 1;
const MOVED_AWAY: u8 = 2;
const OTHER: u8 = 3;

pub static FEED: Feed = Feed {
    code: "death",
    share: 3,
    shape: Shape::Spreadsheet,
    carries: Carries { birth: true, address: true, phone: false },
    heading: &[
        "逝者姓名",
        "逝者证件号",
        "性别",
        "出生日期",
        "户籍地址",
        "注销类别",
        "死亡日期",
        "火化日期",
        "殡仪馆或派出所",
        "反馈时间",
    ],
    footer: &["合计"],
    second_slot: false,
    varieties: &[
        says(80, Some((Topic::Death, Verdict::Flagged))),
        says(5, Some((Topic::Death, Verdict::Clear))),
        says(10, Some((Topic::Death, Verdict::Clear))),
        says(5, Some((Topic::Death, Verdict::Clear))),
    ],
    facts,
    row,
};

fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    // Only who is paid can be paid after death.
    if !subject.household.recipient || subject.person.relation == Relation::Supporter {
        return;
    }
    let scale = if subject.age >= 65 { 3 } else { 1 };
    let rates = [(LONG_DEAD, 60 * scale), (JUST_DEAD, 15 * scale), (MOVED_AWAY, 40), (OTHER, 10)];
    facts.extend(rates.into_iter().find(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.put(&row.who.name);
    line.put(&row.who.id);
    // The heading says text, some rows hold the code.
    let coded = row.dice.chance(10_000);
    line.put(match row.who.sex {
        Sex::Male if coded => "1",
        Sex::Male => "男",
        Sex::Female if coded => "2",
        Sex::Female => "女",
    });
    let (year, month, day) = row.who.birth.ymd();
    line.show(format_args!("{year}/{month}/{day}"));
    line.put(&row.who.address);
    line.put(match row.what {
        MOVED_AWAY => "迁出",
        OTHER => row.dice.pick(&["参军", "出国"]),
        _ => row.dice.pick(&["死亡", "死亡 "]),
    });
    let died = match row.what {
        LONG_DEAD => {
            let month = row.months_ago(2, 14);
            Some(Date::from_days(month.first_day().days() + row.dice.between(0, 27)))
        }
        JUST_DEAD => Some(row.as_of().month().first_day()),
        _ => None,
    };
    match died {
        Some(died) => line.show(format_args!("{died}")),
        None => line.put("1899-12-31 12:00:00"),
    }
    let cremated = died.filter(|_| row.dice.chance(70_000)).map(|died| Date::from_days(died.days() + 2));
    match cremated {
        Some(cremated) => line.show(format_args!("{cremated}")),
        None => line.put(""),
    }
    line.put(row.dice.pick(&["演示殡仪馆", "样例殡仪馆", "演示派出所"]));
    let told = row.days_ago(4, 20);
    line.show(format_args!("{told}"));
}
