//! 财政, paid from the budget: UTF-8, tab, LF. Most rows are subsidies and public posts, which are not a job in the service.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, fen, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::people::Relation;
use crate::synth::truth::{Topic, Verdict};

const WAGES: u8 = 0;
const SUBSIDY: u8 = 1;
const PUBLIC_POST: u8 = 2;
const ASSISTANCE: u8 = 3;

pub static FEED: Feed = Feed {
    code: "payroll",
    share: 7,
    shape: Shape::Text { encoding: Encoding::Utf8, separator: '\t', line_end: "\n", quote_all: false },
    carries: Carries { birth: false, address: false, phone: false },
    heading: &["单位名称", "姓名", "身份证号码", "发放项目", "在职状态", "月应发金额", "发放年月"],
    footer: &["合计"],
    second_slot: false,
    varieties: &[
        says(60, Some((Topic::Payroll, Verdict::Flagged))),
        says(30, Some((Topic::Payroll, Verdict::Clear))),
        says(6, Some((Topic::Payroll, Verdict::Clear))),
        says(4, Some((Topic::Payroll, Verdict::Clear))),
    ],
    facts,
    row,
};

fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if subject.age < 20 {
        return;
    }
    // The households' own supporters are the likelier employees; theirs is not the household's income.
    let employed = if subject.person.relation == Relation::Supporter { 400 } else { 130 };
    let working = (20..60).contains(&subject.age);
    facts.extend((working && dice.chance(employed)).then_some(alone(WAGES)));
    let rates = [(SUBSIDY, 900), (PUBLIC_POST, 200), (ASSISTANCE, 150)];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.put(match row.what {
        WAGES => row.dice.pick(&["演示县实验小学", "演示县水务局", "演示县清溪镇人民政府"]),
        PUBLIC_POST => "演示县公益性岗位服务中心",
        _ => "演示县清溪镇财政所",
    });
    line.put(&row.who.name);
    line.put(&row.who.id);
    line.put(match row.what {
        WAGES => "工资",
        SUBSIDY => row.dice.pick(&["残疾人两项补贴", "耕地地力保护补贴", "高龄津贴", "计生奖励扶助"]),
        PUBLIC_POST => "公益性岗位补贴",
        _ => "低保金",
    });
    line.put(if row.what == WAGES { row.dice.pick(&["在职", "在职 "]) } else { "" });
    let amount = if row.what == WAGES { fen(row.dice, 3_800, 8_500) } else { fen(row.dice, 80, 700) };
    line.yuan(amount);
    let month = row.months_ago(0, 1);
    line.show(format_args!("{}-{:02}", month.year(), month.number()));
}
