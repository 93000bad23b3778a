//! 住房公积金中心, fund accounts: UTF-8, tab, LF; pinyin headings, state numbers with blanks behind, half of the accounts
//! sealed or closed.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, fen, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::truth::{Topic, Verdict};

const ACTIVE: u8 = 0;
const SEALED: u8 = 1;
const CLOSED: u8 = 2;

pub static FEED: Feed = Feed {
    code: "provident_fund",
    share: 100,
    shape: Shape::Text { encoding: Encoding::Utf8, separator: '\t', line_end: "\n", quote_all: false },
    carries: Carries { birth: false, address: false, phone: true },
    heading: &[
        "grzh",
        "xm",
        "zjlx",
        "zjhm",
        "dwmc",
        "grjcjs",
        "gryjce",
        "grzhye",
        "grzhzt",
        "jzny",
        "sjhm",
        "tong_time",
    ],
    footer: &[],
    second_slot: false,
    varieties: &[
        says(50, Some((Topic::Provident, Verdict::Flagged))),
        says(38, Some((Topic::Provident, Verdict::Clear))),
        says(12, Some((Topic::Provident, Verdict::Clear))),
    ],
    facts,
    row,
};

/// 0.2 % pay in; six times as many once did.
fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if !(20..60).contains(&subject.age) {
        return;
    }
    let rates = [(ACTIVE, 400), (SEALED, 1_800), (CLOSED, 600)];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.show(format_args!("{:012}", row.dice.below(1_000_000_000_000)));
    line.put(&row.who.name);
    line.put("1");
    line.put(&row.who.id);
    line.put(&row.company());
    let base = fen(row.dice, 2_500, 9_000);
    line.yuan(base);
    match row.what {
        ACTIVE => line.yuan(base / 5),
        _ => line.put("0.00"),
    }
    let balance = fen(row.dice, 1_000, 60_000);
    line.yuan(if row.what == CLOSED { 0 } else { balance });
    line.put(match row.what {
        ACTIVE => row.dice.pick(&["01", "01 ", "正常"]),
        SEALED => row.dice.pick(&["02", "02 ", "封存", "03"]),
        _ => "04",
    });
    let through = if row.what == ACTIVE { row.months_ago(0, 1) } else { row.months_ago(14, 120) };
    line.month_digits(through);
    line.put(&row.who.phone);
    // Thirteen digits: milliseconds since 1970, at midnight in China.
    let told = row.days_ago(5, 20);
    line.show(format_args!("{}", (i64::from(told.days()) * 86_400 - 8 * 3_600) * 1_000));
}
