//! 公安交管, motor vehicles: GB18030, comma, CRLF; headings are the pinyin initials of the traffic-control system, state
//! letters may combine, codes have blanks behind, owners may be companies.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::ids;
use crate::synth::truth::{Topic, Verdict};

const CAR: u8 = 0;
const TRUCK: u8 = 1;
const MOTORCYCLE: u8 = 2;
const MOBILITY_AID: u8 = 3;
const SCRAPPED: u8 = 4;
const TRANSFERRED: u8 = 5;
const FARM: u8 = 6;
const COMPANY: u8 = 7;

pub static FEED: Feed = Feed {
    code: "vehicle",
    share: 120,
    shape: Shape::Text { encoding: Encoding::Gb18030, separator: ',', line_end: "\r\n", quote_all: false },
    carries: Carries { birth: false, address: true, phone: true },
    heading: &[
        "HPHM", "HPZL", "CLPP1", "CLXH", "CLLX", "SYXZ", "CCDJRQ", "ZT", "SYR", "SFZMMC", "SFZMHM", "ZZXXDZ", "LXDH",
        "GXSJ",
    ],
    footer: &["合计"],
    second_slot: false,
    varieties: &[
        says(60, Some((Topic::Vehicle, Verdict::Flagged))),
        says(8, Some((Topic::Vehicle, Verdict::Flagged))),
        says(9, Some((Topic::Vehicle, Verdict::Clear))),
        says(1, Some((Topic::Vehicle, Verdict::Clear))),
        says(9, Some((Topic::Vehicle, Verdict::Clear))),
        says(6, Some((Topic::Vehicle, Verdict::Clear))),
        says(4, Some((Topic::Vehicle, Verdict::Clear))),
        says(3, None),
    ],
    facts,
    row,
};

/// Aimed at 0.45 % of people with a live car; motorcycles and old cars are ten times as many.
fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if !(18..85).contains(&subject.age) {
        return;
    }
    let rates = [
        (CAR, 450),
        (TRUCK, 60),
        (MOTORCYCLE, 2_400),
        (MOBILITY_AID, 150),
        (SCRAPPED, 500),
        (TRANSFERRED, 350),
        (FARM, 400),
    ];
    facts.extend(rates.into_iter().filter(|(_, rate)| dice.chance(*rate)).map(|(what, _)| alone(what)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    let new_energy = row.what == CAR && row.dice.chance(12_000);
    line.put(&ids::plate(row.dice, new_energy));
    let (plate_type, kind): (&str, &[&str]) = match row.what {
        CAR if new_energy => ("52", &["K33", "K31"]),
        TRUCK => ("01", &["H31", "H21"]),
        MOTORCYCLE => ("07", &["M21", "M22", "M14"]),
        MOBILITY_AID => ("02", &["K33", "K43"]),
        FARM => ("25", &["N11", "T21", "T22"]),
        _ => ("02", &["K33", "K33", "K31", "K43"]),
    };
    line.put(plate_type);
    line.put(row.dice.pick(&["演示牌", "样车牌", "试行牌", "沂山牌"]));
    line.show(format_args!("YS{}", row.dice.between(6_400, 7_300)));
    line.put(row.dice.pick(kind));
    line.put(match row.what {
        MOBILITY_AID => "残疾人专用",
        TRUCK => "F",
        _ => "A",
    });
    let registered = row.days_ago(200, 6_000);
    if row.dice.chance(300) {
        line.put("1899-12-31 12:00:00");
    } else {
        line.day_digits(registered);
    }
    let state = match row.what {
        SCRAPPED => row.dice.pick(&["E", "M", "P", "E ", "注销", "EP"]),
        TRANSFERRED => row.dice.pick(&["B", "B ", "转出"]),
        _ => row.dice.pick(&["A", "A", "A", "A ", "G", "Q", "GQ", "正常", "违法未处理 "]),
    };
    line.put(state);
    if row.what == COMPANY {
        line.put(&row.company());
        line.put("B");
        line.put(&ids::credit_code(row.dice, "91", 370_141));
    } else {
        line.put(&row.who.name);
        line.put("A");
        line.put(&row.who.id);
    }
    line.put(&row.who.address);
    line.put(&row.who.phone);
    let changed = row.days_ago(5, 40);
    let (year, month, day) = changed.ymd();
    line.show(format_args!("{year:04}-{month:02}-{day:02} 00:00:00"));
}
