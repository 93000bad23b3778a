//! 银行, deposits: UTF-8, comma, CRLF. Some banks give amounts, others only say whether a limit is passed.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, fen, says};
use crate::synth::damage::{Carries, full_width};
use crate::synth::dice::Dice;
use crate::synth::people::Relation;
use crate::synth::truth::{Topic, Verdict};

const SMALL: u8 = 0;
const LARGE: u8 = 1;
const OVER: u8 = 2;
const UNDER: u8 = 3;

pub static FEED: Feed = Feed {
    code: "bank",
    share: 200,
    shape: Shape::Text { encoding: Encoding::Utf8, separator: ',', line_end: "\r\n", quote_all: false },
    carries: Carries { birth: false, address: false, phone: true },
    heading: &[
        "开户银行",
        "客户姓名",
        "证件号码",
        "账号",
        "存款余额（元）",
        "个人存款是否超限",
        "家庭存款是否超限",
        "实际查询日期",
        "预留手机号",
    ],
    footer: &["合计", "制表"],
    second_slot: false,
    varieties: &[
        says(70, Some((Topic::Deposits, Verdict::Clear))),
        says(8, Some((Topic::Deposits, Verdict::Flagged))),
        says(4, Some((Topic::Deposits, Verdict::Flagged))),
        says(18, Some((Topic::Deposits, Verdict::Clear))),
    ],
    facts,
    row,
};

/// Large sums are far above, small ones far below what any place asks about. 0.3 % large.
fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if subject.age < 18 || subject.person.relation == Relation::Supporter && dice.chance(50_000) {
        return;
    }
    let rates = [(SMALL, 12_000), (LARGE, 250), (OVER, 80), (UNDER, 3_000)];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.put(row.dice.pick(&["演示农村商业银行", "演示村镇银行", "样例银行"]));
    line.put(&row.who.name);
    line.put(&row.who.id);
    line.show(format_args!("621{:013}", row.dice.below(10_000_000_000_000)));
    let balance = match row.what {
        LARGE => Some(fen(row.dice, 500_000, 900_000)),
        SMALL => Some(fen(row.dice, 0, 1_500)),
        _ => None,
    };
    match balance {
        Some(balance) if row.dice.chance(2_000) && balance < 100_000 => {
            // An amount typed in full-width digits.
            line.put(&(balance / 100).to_string().chars().map(full_width).collect::<String>());
        }
        Some(balance) => line.yuan(balance),
        None => line.put(""),
    }
    let (own, household) = match row.what {
        OVER => ("是", "是"),
        UNDER => ("否", "否"),
        _ => ("", ""),
    };
    line.put(own);
    line.put(household);
    let asked = row.days_ago(3, 12);
    let (year, month, day) = asked.ymd();
    line.show(format_args!("{year}/{month}/{day}"));
    line.put(&row.who.phone);
}
