//! 人社, pensions paid: GB18030, `|`, CRLF. The basic pension of residents is not a retirement income: the counter-case.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, fen, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::truth::{Topic, Verdict};

const EMPLOYEE: u8 = 0;
const RESIDENT: u8 = 1;
const STOPPED: u8 = 2;

pub static FEED: Feed = Feed {
    code: "pension",
    share: 80,
    shape: Shape::Text { encoding: Encoding::Gb18030, separator: '|', line_end: "\r\n", quote_all: false },
    carries: Carries { birth: true, address: false, phone: true },
    heading: &[
        "社会保障号",
        "姓名",
        "出生日期",
        "联系电话",
        "待遇类别",
        "待遇项目名称",
        "发放状态",
        "发放金额",
        "待遇享受开始年月",
        "费款所属期",
        "反馈时间",
    ],
    footer: &["总计"],
    second_slot: false,
    varieties: &[
        says(45, Some((Topic::Pension, Verdict::Flagged))),
        says(50, Some((Topic::Pension, Verdict::Clear))),
        says(5, Some((Topic::Pension, Verdict::Clear))),
    ],
    facts,
    row,
};

/// 1.5 % of people draw a pension from a job; most of the old draw the residents' basic pension.
fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if subject.age < 60 {
        return;
    }
    if dice.chance(3_000) {
        facts.push(alone(EMPLOYEE));
    } else if dice.chance(30_000) {
        facts.push(alone(RESIDENT));
    } else if dice.chance(500) {
        facts.push(alone(STOPPED));
    }
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.put(&row.who.id);
    line.put(&row.who.name);
    let (year, month, day) = row.who.birth.ymd();
    line.show(format_args!("{year}年{month}月{day}日"));
    line.put(&row.who.phone);
    line.put(if row.what == RESIDENT { "2" } else { "1" });
    line.put(match row.what {
        RESIDENT => "城乡居民基础养老金",
        _ => row.dice.pick(&["基本养老金", "企业离退休基本养老金"]),
    });
    line.put(if row.what == STOPPED { "停发" } else { row.dice.pick(&["1", "1 ", "正常发放"]) });
    let monthly = if row.what == RESIDENT { fen(row.dice, 180, 260) } else { fen(row.dice, 1_900, 3_900) };
    line.yuan(monthly);
    let since = row.months_ago(14, 140);
    line.show(format_args!("{}年{}月", since.year(), since.number()));
    let month = if row.what == STOPPED { row.months_ago(10, 40) } else { row.months_ago(0, 0) };
    line.month_digits(month);
    let told = row.days_ago(4, 25);
    line.day_digits(told);
}
