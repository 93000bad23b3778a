//! Writes the register and the mandates as a centre's own system would deliver them.

use std::path::Path;

use super::dice::{Dice, Purpose};
use super::feeds::{Encoding, Line, Shape};
use super::people::{Mandate, Marital, People, Relation, division_text};
use super::sheet::Sheet;
use crate::kernel::{Cancel, Date, Error, Month, Result, Sex};

/// Where the two files stand, relative to the centre.
pub const PERSONS: &str = "inbox/register/persons.csv";
pub const MANDATES: &str = "inbox/register/mandates.csv";

const PERSON_HEADINGS: [&str; 23] = [
    "身份证号",
    "姓名",
    "家庭编号",
    "与户主关系",
    "人员类别",
    "救助类型",
    "救助状态",
    "行政区划代码",
    "曾用名",
    "出生日期",
    "性别",
    "住址",
    "联系电话",
    "婚姻状况",
    "工作单位",
    "残疾等级",
    "申报车辆数",
    "申报住房套数",
    "申报月收入",
    "申报存款",
    "月救助金额",
    "享受开始年月",
    "最近发放年月",
];
const MANDATE_HEADINGS: [&str; 5] = ["身份证号", "姓名", "授权书编号", "授权起始日期", "授权截止日期"];
pub(super) const SHAPE: Shape =
    Shape::Text { encoding: Encoding::Utf8WithMark, separator: ',', line_end: "\r\n", quote_all: false };
/// Persons between two looks at the cancel switch.
const STRIDE: usize = 65_536;

pub fn write(dir: &Path, people: &People, cancel: &Cancel) -> Result<()> {
    let folder = dir.join("inbox/register");
    std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
    let mut persons = Sheet::create(&dir.join(PERSONS), SHAPE, people.as_of())?;
    let mut mandates = Sheet::create(&dir.join(MANDATES), SHAPE, people.as_of())?;
    let mut line = Line::default();
    put_all(&mut persons, &mut line, &PERSON_HEADINGS)?;
    put_all(&mut mandates, &mut line, &MANDATE_HEADINGS)?;
    for index in 0..people.persons.len() {
        if index % STRIDE == 0 {
            cancel.check()?;
        }
        let index = index as u32;
        let mut dice = Dice::new(people.seed(), Purpose::Register, u64::from(index));
        line.clear();
        person(people, index, &mut dice, &mut line);
        persons.write(&line)?;
        line.clear();
        if mandate(people, index, &mut dice, &mut line) {
            mandates.write(&line)?;
        }
    }
    persons.finish()?;
    mandates.finish()
}

pub(super) fn put_all(sheet: &mut Sheet, line: &mut Line, cells: &[&str]) -> Result<()> {
    line.clear();
    cells.iter().for_each(|cell| line.put(cell));
    sheet.write(line).map(|_| ())
}

fn person(people: &People, index: u32, dice: &mut Dice, line: &mut Line) {
    let who = &people.persons[index as usize];
    let house = people.household(index);
    let supporter = who.relation == Relation::Supporter;
    line.put(&people.register_id(index));
    line.put(&people.name(index));
    line.put(&people.household_code(who.household));
    line.put(relation(who.relation));
    line.put(if supporter { "赡养人" } else { "共同生活成员" });
    line.put(house.programme);
    line.put(if house.recipient { "在保" } else { "申请" });
    line.put(&division_text(house.place.division(), dice));
    line.put(people.former_name(index).as_deref().unwrap_or(""));
    match who.id.birth() {
        Some(birth) => line.show(format_args!("{birth}")),
        None => line.put(""),
    }
    line.put(if who.id.sex() == Sex::Male { "男" } else { "女" });
    line.put(&people.place(index).address(true));
    line.put(&people.phone(index));
    line.put(match who.marital {
        Marital::Unmarried => "未婚",
        Marital::Married => "已婚",
        Marital::Divorced => "离异",
        Marital::Widowed => "丧偶",
    });
    line.put("");
    line.put(if dice.chance(8_000) { dice.pick(&["一级", "二级", "三级", "四级"]) } else { "" });
    line.put("0");
    line.put(if who.relation == Relation::Head { "1" } else { "0" });
    line.show(format_args!("{}", dice.between(0, 9) * 100));
    line.show(format_args!("{}", dice.between(0, 20) * 100));
    if supporter || !house.recipient {
        (0..3).for_each(|_| line.put(""));
        return;
    }
    line.show(format_args!("{}.00", dice.between(30, 88) * 10));
    let now = people.as_of().month();
    put_month(line, Month::from_index(now.index() - dice.between(16, 90)));
    put_month(line, now);
}

fn put_month(line: &mut Line, month: Month) {
    line.show(format_args!("{}-{:02}", month.year(), month.number()));
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Head => "户主",
        Relation::Spouse => "配偶",
        Relation::Child | Relation::Supporter => "子女",
        Relation::Parent => "父母",
    }
}

/// `false`: nobody signed one.
fn mandate(people: &People, index: u32, dice: &mut Dice, line: &mut Line) -> bool {
    let who = &people.persons[index as usize];
    let as_of = people.as_of().days();
    let (from, to) = match who.mandate {
        Mandate::Missing => return false,
        Mandate::Live => (as_of - dice.between(30, 600), as_of + dice.between(30, 400)),
        Mandate::Expired => (as_of - dice.between(500, 900), as_of - dice.between(1, 300)),
    };
    line.put(&people.register_id(index));
    line.put(&people.name(index));
    line.show(format_args!("演授{index:08}"));
    line.show(format_args!("{}", Date::from_days(from)));
    line.show(format_args!("{}", Date::from_days(to)));
    true
}
