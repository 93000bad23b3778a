//! 民政婚姻登记: GB18030, comma, CRLF; two persons in one row. Who declares to be single and is registered as married with
//! somebody outside the household is a finding; the couple that declares itself, and who divorced later, is not.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::people::Marital;
use crate::synth::truth::{Topic, Verdict};

const MARRIED: u8 = 0;
const NOT_DECLARED: u8 = 1;
const DIVORCED: u8 = 2;

pub static FEED: Feed = Feed {
    code: "marriage",
    share: 30,
    shape: Shape::Text { encoding: Encoding::Gb18030, separator: ',', line_end: "\r\n", quote_all: false },
    carries: Carries { birth: true, address: false, phone: false },
    heading: &[
        "姓名",
        "身份证件号",
        "出生日期",
        "配偶姓名",
        "配偶身份证件号",
        "登记类型",
        "登记日期",
        "登记机关",
        "反馈时间",
    ],
    footer: &["合计"],
    second_slot: true,
    varieties: &[
        says(75, Some((Topic::Marriage, Verdict::Clear))),
        says(10, Some((Topic::Marriage, Verdict::Flagged))),
        says(15, Some((Topic::Marriage, Verdict::Clear))),
    ],
    facts,
    row,
};

fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if let Some(spouse) = subject.spouse() {
        let told = dice.chance(12_000);
        facts.extend(told.then_some(Fact { what: MARRIED, with: Some(spouse) }));
        return;
    }
    if !subject.is_head() || !(25..70).contains(&subject.age) {
        return;
    }
    match subject.person.marital {
        Marital::Divorced if dice.chance(15_000) => facts.push(alone(DIVORCED)),
        Marital::Unmarried | Marital::Divorced if dice.chance(2_000) => facts.push(alone(NOT_DECLARED)),
        // The registration of a marriage that death ended stays in the books.
        Marital::Widowed if dice.chance(4_000) => facts.push(alone(MARRIED)),
        _ => {}
    }
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    let spouse = row.companion();
    line.put(&row.who.name);
    line.put(&row.who.id);
    let (year, month, day) = row.who.birth.ymd();
    line.show(format_args!("{year:04}.{month:02}.{day:02}"));
    line.put(&spouse.name);
    line.put(&spouse.id);
    line.put(if row.what == DIVORCED {
        row.dice.pick(&["离婚", "离婚登记"])
    } else {
        row.dice.pick(&["结婚", "结婚登记"])
    });
    let registered = if row.what == NOT_DECLARED { row.days_ago(60, 900) } else { row.days_ago(950, 4_000) };
    let (year, month, day) = registered.ymd();
    line.show(format_args!("{year}年{month}月{day}日"));
    line.put("演示县民政局婚姻登记处");
    let told = row.days_ago(5, 30);
    line.day_digits(told);
}
