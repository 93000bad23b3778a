//! 人社, social insurance contributions: UTF-8, comma, LF; the headings are the item codes of the 金保 standard. The
//! employer of a resident's insurance is a street office, and 异地转入 is a transfer of an account: neither is a job.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, fen, says};
use crate::kernel::Sex;
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;

const EMPLOYEE: u8 = 0;
const RESIDENT_MEDICAL: u8 = 1;
const RESIDENT_PENSION: u8 = 2;
const SELF_PAID: u8 = 3;
const TRANSFERRED_IN: u8 = 4;
const SUSPENDED: u8 = 5;

pub static FEED: Feed = Feed {
    code: "social_insurance",
    share: 250,
    shape: Shape::Text { encoding: Encoding::Utf8, separator: ',', line_end: "\n", quote_all: false },
    carries: Carries { birth: true, address: true, phone: false },
    heading: &[
        "AAC002", "AAC003", "AAC004", "AAC006", "AAE006", "AAB004", "AAE140", "AAC008", "AAE180", "AAE002", "LHJY",
        "AAE036",
    ],
    footer: &[],
    second_slot: false,
    varieties: &[says(34, None), says(40, None), says(14, None), says(5, None), says(2, None), says(5, None)],
    facts,
    row,
};

fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    facts.extend(dice.chance(9_000).then_some(alone(RESIDENT_MEDICAL)));
    if !(18..60).contains(&subject.age) {
        return;
    }
    let rates = [(EMPLOYEE, 700), (RESIDENT_PENSION, 6_000), (SELF_PAID, 900), (TRANSFERRED_IN, 300), (SUSPENDED, 700)];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    line.put(&row.who.id);
    line.put(&row.who.name);
    line.put(if row.who.sex == Sex::Male { "1" } else { "2" });
    line.day_digits(row.who.birth);
    line.put(&row.who.address);
    match row.what {
        RESIDENT_MEDICAL | RESIDENT_PENSION => {
            line.put(row.dice.pick(&["清溪街道办事处", "柳山街道办事处", "石林街道办事处"]))
        }
        SELF_PAID => line.put("灵活就业人员代办窗口"),
        TRANSFERRED_IN => line.put("异地转入"),
        _ => line.put(&row.company()),
    }
    line.put(match row.what {
        RESIDENT_MEDICAL => "39",
        RESIDENT_PENSION => "15",
        EMPLOYEE | SUSPENDED => row.dice.pick(&["11", "11", "31", "21", "41"]),
        _ => "11",
    });
    line.put(if row.what == SUSPENDED { "2" } else { "1" });
    let base = fen(row.dice, 3_000, 8_000);
    match row.what {
        RESIDENT_MEDICAL | RESIDENT_PENSION => line.put("暂无"),
        _ => line.yuan(base),
    }
    let month = if row.what == SUSPENDED { row.months_ago(8, 60) } else { row.months_ago(0, 2) };
    line.month_digits(month);
    line.put(if row.what == SELF_PAID { "1" } else { "0" });
    let told = row.days_ago(4, 30);
    line.show(format_args!("{told}"));
}
