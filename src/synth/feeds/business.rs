//! 市场监管, companies and sole traders: UTF-8, comma, LF, every cell in quotation marks; company names hold commas and
//! quotation marks, capital stands in 万元.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::ids;
use crate::synth::truth::{Topic, Verdict};

const LEGAL: u8 = 0;
/// With capital paid in.
const SHAREHOLDER: u8 = 1;
/// 个体小卖部: whether it counts is the place's rule.
const SMALL_SHOP: u8 = 2;
const SUPERVISOR: u8 = 3;
const REVOKED: u8 = 4;
const COOPERATIVE: u8 = 5;

pub static FEED: Feed = Feed {
    code: "business",
    share: 40,
    shape: Shape::Text { encoding: Encoding::Utf8, separator: ',', line_end: "\n", quote_all: true },
    carries: Carries { birth: false, address: false, phone: false },
    heading: &[
        "entname", "uniscid", "enttype", "regstate", "regcap", "acconam", "estdate", "name", "certype", "cerno",
        "position", "upd_date",
    ],
    footer: &[],
    second_slot: false,
    varieties: &[
        says(24, Some((Topic::Business, Verdict::Flagged))),
        says(14, Some((Topic::Business, Verdict::Flagged))),
        says(20, Some((Topic::Business, Verdict::Open))),
        says(8, Some((Topic::Business, Verdict::Clear))),
        says(30, Some((Topic::Business, Verdict::Clear))),
        says(4, Some((Topic::Business, Verdict::Clear))),
    ],
    facts,
    row,
};

/// 0.5 % answer for a company that operates.
fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if !(20..75).contains(&subject.age) {
        return;
    }
    let rates =
        [(LEGAL, 950), (SHAREHOLDER, 150), (SMALL_SHOP, 500), (SUPERVISOR, 250), (REVOKED, 900), (COOPERATIVE, 500)];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    let name = match row.what {
        SMALL_SHOP => format!("{}示例小卖部", row.who.name.chars().take(1).collect::<String>()),
        COOPERATIVE => format!("演示{}种植专业合作社", row.dice.between(10, 999)),
        _ => row.company(),
    };
    line.put(&name);
    line.put(&ids::credit_code(row.dice, if row.what == SMALL_SHOP { "92" } else { "91" }, 370_141));
    line.put(match row.what {
        SMALL_SHOP => "个体工商户",
        COOPERATIVE => "农民专业合作社",
        _ => "有限责任公司",
    });
    line.put(match row.what {
        REVOKED => row.dice.pick(&["吊销", "注销", "注销 "]),
        _ => row.dice.pick(&["开业", "存续", "在业", "存续 "]),
    });
    let capital = if row.what == SMALL_SHOP { row.dice.between(1, 3) } else { row.dice.between(10, 500) };
    line.show(format_args!("{capital}"));
    match row.what {
        SHAREHOLDER => line.show(format_args!("{}.5", capital / 4)),
        _ => line.put(r"\N"),
    }
    let founded = row.days_ago(400, 5_000);
    line.show(format_args!("{founded}"));
    line.put(&row.who.name);
    line.put("10");
    line.put(&row.who.id);
    line.put(match row.what {
        LEGAL | REVOKED => row.dice.pick(&["法定代表人", "法定代表人 ", "负责人"]),
        SHAREHOLDER => "股东",
        SMALL_SHOP => "经营者",
        SUPERVISOR => row.dice.pick(&["监事", "联络员"]),
        _ => "成员",
    });
    let told = row.days_ago(5, 30);
    line.show(format_args!("{told}"));
}
