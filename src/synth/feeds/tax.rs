//! 税务, personal income tax: GB18030, `|`, LF. Declarations without tax still carry an income.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, fen, says};
use crate::kernel::Date;
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;

const WAGES: u8 = 0;
const LABOUR: u8 = 1;
const BUSINESS: u8 = 2;
const CHANCE_INCOME: u8 = 3;

pub static FEED: Feed = Feed {
    code: "tax",
    share: 70,
    shape: Shape::Text { encoding: Encoding::Gb18030, separator: '|', line_end: "\n", quote_all: false },
    carries: Carries { birth: false, address: false, phone: false },
    heading: &[
        "纳税人姓名",
        "证件号码",
        "扣缴单位名称",
        "所得项目名称",
        "收入额",
        "入库金额",
        "税款所属期起",
        "税款所属期止",
        "入库日期",
    ],
    footer: &[],
    second_slot: false,
    varieties: &[says(80, None), says(12, None), says(6, None), says(2, None)],
    facts,
    row,
};

fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if !(18..66).contains(&subject.age) {
        return;
    }
    let rates = [(WAGES, 1_500), (LABOUR, 1_400), (BUSINESS, 200), (CHANCE_INCOME, 50)];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.put(&row.who.name);
    line.put(&row.who.id);
    line.put(&row.company());
    line.put(match row.what {
        WAGES => row.dice.pick(&["工资薪金所得", "正常工资薪金"]),
        LABOUR => "劳务报酬所得",
        BUSINESS => "经营所得",
        _ => "偶然所得",
    });
    let income = fen(row.dice, 900, 6_500);
    line.yuan(income);
    line.yuan(if income > 500_000 { (income - 500_000) * 3 / 100 } else { 0 });
    let month = row.months_ago(1, 12);
    let last = Date::from_days(crate::kernel::Month::from_index(month.index() + 1).first_day().days() - 1);
    line.show(format_args!("{}", month.first_day()));
    line.show(format_args!("{last}"));
    match row.dice.chance(500) {
        true => line.put("9999-09-09"),
        false => line.day_digits(Date::from_days(last.days() + 12)),
    }
}
