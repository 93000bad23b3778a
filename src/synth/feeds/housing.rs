//! 不动产登记, dwellings and other premises: UTF-8 with a byte order mark, comma, CRLF; several owners and their ids in one
//! cell, notes with line breaks inside quotation marks, an operation column in which D withdraws the row.

use super::{Encoding, Fact, Feed, Line, Row, Shape, Subject, alone, says};
use crate::synth::damage::Carries;
use crate::synth::dice::Dice;
use crate::synth::people::Relation;
use crate::synth::places::Place;
use crate::synth::truth::{Topic, Verdict};

/// The home one lives in.
const HOME: u8 = 0;
/// Two more dwellings beside the home.
const FURTHER: u8 = 1;
/// One home that two members own together: it counts once.
const SHARED_HOME: u8 = 2;
/// 祖屋: an inherited share, the rest belongs to people outside the household.
const ANCESTRAL: u8 = 3;
const STORAGE: u8 = 4;
const GIVEN_UP: u8 = 5;
const SHOP: u8 = 6;
/// Told before and withdrawn by the department: not a row about anybody.
const WITHDRAWN: u8 = 7;

pub static FEED: Feed = Feed {
    code: "housing",
    share: 100,
    shape: Shape::Text { encoding: Encoding::Utf8WithMark, separator: ',', line_end: "\r\n", quote_all: false },
    carries: Carries { birth: false, address: true, phone: false },
    heading: &[
        "不动产权证号",
        "权利人",
        "权利人证件号码",
        "证件种类",
        "共有情况",
        "坐落",
        "不动产单元号",
        "建筑面积（㎡）",
        "规划用途",
        "登记时间",
        "状态",
        "附记",
        "通讯地址",
        "DSC_BIZ_OPERATION",
        "UPDATE_TIME",
    ],
    footer: &["合计", "制表：演示"],
    second_slot: false,
    varieties: &[
        says(66, Some((Topic::Dwelling, Verdict::Clear))),
        says(8, Some((Topic::Dwelling, Verdict::Flagged))),
        says(10, Some((Topic::Dwelling, Verdict::Clear))),
        says(2, Some((Topic::Dwelling, Verdict::Clear))),
        says(4, Some((Topic::Dwelling, Verdict::Clear))),
        says(6, Some((Topic::Dwelling, Verdict::Clear))),
        says(3, None),
        says(1, None),
    ],
    facts,
    row,
};

/// Homes hang on the head, so that the count of dwellings of a household is known. 0.2 % own more than one.
fn facts(subject: &Subject<'_>, dice: &mut Dice, facts: &mut Vec<Fact>) {
    if subject.person.relation == Relation::Supporter && dice.chance(30_000) {
        facts.push(alone(HOME));
    }
    if !subject.is_head() {
        return;
    }
    if dice.chance(350) {
        facts.extend([alone(HOME), alone(FURTHER), alone(FURTHER)]);
    } else if let Some(spouse) = subject.spouse().filter(|_| dice.chance(12_000)) {
        facts.push(Fact { what: SHARED_HOME, with: Some(spouse) });
    } else if dice.chance(9_000) {
        facts.push(alone(HOME));
        facts.extend(dice.chance(6_000).then_some(alone(STORAGE)));
        facts.extend(dice.chance(5_000).then_some(alone(GIVEN_UP)));
    } else if dice.chance(700) {
        facts.push(alone(ANCESTRAL));
    }
    facts.extend(dice.chance(30).then_some(alone(SHOP)));
}

fn row(row: &mut Row<'_>, line: &mut Line) {
    let registered = row.days_ago(100, 7_000);
    let county = row.dice.below(5) as u16;
    let number = row.dice.below(10_000_000);
    line.show(format_args!("演({})不动产权第{number:07}号", registered.year()));
    let shares = match row.what {
        SHARED_HOME => "共同共有",
        ANCESTRAL => "按份共有",
        _ => "单独所有",
    };
    if row.what == SHARED_HOME || row.what == ANCESTRAL {
        let mut other = row.companion();
        if row.dice.chance(40_000) {
            std::mem::swap(&mut row.who, &mut other);
        }
        let between = row.dice.pick(&["、", "，", ";"]);
        line.show(format_args!("{}{between}{}", row.who.name, other.name));
        line.show(format_args!("{}{between}{}", row.who.id, other.id));
    } else {
        line.put(&row.who.name);
        line.put(&row.who.id);
    }
    line.put("身份证");
    line.put(shares);
    let flat = Place::draw(row.dice, county);
    match row.what {
        ANCESTRAL => line.put(&flat.address(true)),
        _ => line.show(format_args!(
            "{}{}号楼{}单元{}室",
            flat.address(true),
            flat.village,
            flat.town,
            101 + flat.house % 6 * 100
        )),
    }
    match row.dice.chance(8_000) {
        // Deeds older than the unit numbers have none.
        true => line.put(""),
        false => line.show(format_args!("{:012}GB{:05}F{:08}", flat.division().code(), flat.house, number)),
    }
    let area = if row.what == STORAGE { row.dice.between(600, 2_200) } else { row.dice.between(4_500, 13_500) };
    line.show(format_args!("{}.{:02}", area / 100, area % 100));
    line.put(match row.what {
        STORAGE => row.dice.pick(&["储藏室", "车库"]),
        SHOP => "商业",
        _ => "住宅",
    });
    line.show(format_args!("{registered} 00:00:00"));
    line.put(if row.what == GIVEN_UP { "历史" } else { "现势" });
    let note = match row.what {
        ANCESTRAL => "祖屋，继承取得\n其余份额属共有人",
        _ if row.dice.chance(2_000) => "房改房\n原证收回，\"旧证\"注销",
        _ if row.dice.chance(3_000) => "\\N",
        _ => "",
    };
    line.put(note);
    line.put(&row.who.address);
    line.put(if row.what == WITHDRAWN { "D" } else { "I" });
    let changed = row.days_ago(5, 60);
    let (year, month, day) = changed.ymd();
    line.show(format_args!("{year:04}{month:02}{day:02}154247"));
}
