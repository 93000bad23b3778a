//! 备案核查清单: people of the register tied to an official, how that is known and whether a filing is seen. Town by town for
//! a county, all counties for the centre. 供核对备案，不作认定: basis and purpose stand at [`crate::model::filing`].
//!
//! Masked as the other lists. A county may read of an official of another one: the tie is its own household's.

use super::RunView;
use super::county::{Counts, County};
use super::facts::{RowPlace, row_as_of, row_place};
use super::listing::{Cell, Column, ColumnKind, Listing};
use crate::kernel::Message;
use crate::model::filing::{Filing, FilingCheck, Known, ListRow, Standing, Tie};
use crate::model::register::Role;

/// A county's own households.
pub(super) fn of_county(view: &RunView, check: &FilingCheck, county: &County) -> Listing {
    listing(view, check, std::iter::once(county))
}

/// Those of all counties, in the order of their codes.
pub(super) fn of_all(view: &RunView, check: &FilingCheck, counties: &[(County, Counts)]) -> Listing {
    listing(view, check, counties.iter().map(|(county, _)| county))
}

/// How many of a county's ties have no filing that is known.
pub(super) fn not_seen(view: &RunView, county: &County) -> u64 {
    let ties = view.filings.map_or(&[][..], |check| &check.ties);
    county.ties.iter().filter(|&&tie| ties[tie as usize].standing == Standing::NotSeen).count() as u64
}

fn listing<'c>(view: &RunView, check: &FilingCheck, counties: impl Iterator<Item = &'c County>) -> Listing {
    let mut listing = Listing::new(view.word("filing.sheet"), columns(view));
    listing.note = Some(view.word("filing.note").to_owned());
    for county in counties {
        let mut ties: Vec<&Tie> = county.ties.iter().map(|&tie| &check.ties[tie as usize]).collect();
        ties.sort_by_key(|tie| {
            let household = view.register.household_of(tie.person);
            (household.division, household.code(), tie.person, tie.official)
        });
        for tie in ties {
            listing.rows.push(row(view, check, tie, listing.rows.len() as u64 + 1));
        }
    }
    listing
}

fn columns(view: &RunView) -> Vec<Column> {
    use ColumnKind::{Answer, Code, Count, Day, Text};
    let columns: [(&str, f64, ColumnKind); 21] = [
        ("report.col_number", 6.0, Count),
        ("report.col_county", 10.0, Text),
        ("report.col_town", 12.0, Text),
        ("report.col_village", 12.0, Text),
        ("report.col_household", 14.0, Code),
        ("report.col_programme", 9.0, Text),
        ("report.col_name", 8.0, Text),
        ("report.col_id", 20.0, Code),
        ("report.col_role", 11.0, Text),
        ("report.col_relation", 9.0, Text),
        ("filing.col_known", 26.0, Text),
        ("filing.col_official", 9.0, Text),
        ("filing.col_official_id", 20.0, Code),
        ("filing.col_post", 18.0, Text),
        ("filing.col_place", 12.0, Text),
        ("filing.col_standing", 13.0, Text),
        ("filing.col_number", 14.0, Code),
        ("filing.col_filed_on", 11.0, Text),
        ("filing.col_rows", 30.0, Text),
        ("filing.col_outcome", 14.0, Answer),
        ("report.col_checked_on", 11.0, Day),
    ];
    columns.into_iter().map(|(key, width, kind)| Column::new(view.word(key), width, kind)).collect()
}

fn row(view: &RunView, check: &FilingCheck, tie: &Tie, number: u64) -> Vec<Cell> {
    let person = &view.register.persons[tie.person as usize];
    let household = view.register.household_of(tie.person);
    let official = &check.officials[tie.official as usize];
    let (standing, filing) = standing(check, tie);
    let role = match person.role {
        Role::Member => "report.role_member",
        Role::Supporter => "report.role_supporter",
    };
    vec![
        number.into(),
        view.place(household.division.county()).into(),
        view.town(household.division).into(),
        view.village(household.division).into(),
        view.household_code(person.household).into_owned().into(),
        view.register.programme_of(tie.person).into(),
        view.person_name(tie.person).into_owned().into(),
        view.person_id(tie.person).into(),
        view.word(role).into(),
        view.register.text(tie.person, "relation").into(),
        known(view, check, tie).into(),
        view.shown_name(&official.name).into_owned().into(),
        view.shown_id(&official.id.to_string()).into_owned().into(),
        official.posts.join(view.word("filing.between_posts")).into(),
        official.division.map(|division| view.place(division)).unwrap_or_default().into(),
        view.word(standing).into(),
        filing.map(|filing| view.text(&filing.number).into_owned()).unwrap_or_default().into(),
        filing.and_then(|filing| filing.filed_on).map(|day| day.to_string()).unwrap_or_default().into(),
        rows(view, check, tie, filing).into(),
    ]
}

/// The word for what is known of a filing, and the filing.
fn standing<'c>(check: &'c FilingCheck, tie: &Tie) -> (&'static str, Option<&'c Filing>) {
    match tie.standing {
        Standing::Filed(filing) => ("filing.filed", Some(&check.filings[filing as usize])),
        Standing::HouseholdFiled(filing) => ("filing.household_filed", Some(&check.filings[filing as usize])),
        Standing::NotSeen => ("filing.not_seen", None),
        Standing::NoList => ("filing.no_list", None),
    }
}

/// Every way in which the relation is known, in a few words each.
fn known(view: &RunView, check: &FilingCheck, tie: &Tie) -> String {
    let ways = tie.known.iter().map(|known| match *known {
        Known::Own => view.word("filing.known_own").to_owned(),
        Known::Member => view.word("filing.known_member").to_owned(),
        Known::Supporter => view.word("filing.known_supporter").to_owned(),
        Known::Declared { filing } => match check.filings[filing as usize].relation.as_str() {
            "" => view.word("filing.known_declared").to_owned(),
            relation => view.say(Message::new("filing.known_declared_as").with("relation", relation)),
        },
        Known::Spouse { source, row } => {
            let message = Message::new("filing.known_spouse");
            let department = &view.evidences[usize::from(source)].department;
            view.say(message.with("department", department).with("date", row_as_of(view, Some(source), row)))
        }
    });
    let mut ways: Vec<String> = ways.collect();
    // One relation may be declared in two rows.
    ways.dedup();
    ways.join("\n")
}

/// The rows that the line rests on, the filing's last; each once.
fn rows(view: &RunView, check: &FilingCheck, tie: &Tie, filing: Option<&Filing>) -> String {
    let roster = &check.officials[tie.official as usize].at;
    let grounds = tie.known.iter().map(|known| match *known {
        Known::Own | Known::Member | Known::Supporter => place(roster),
        Known::Declared { filing } => place(&check.filings[filing as usize].at),
        Known::Spouse { source, row } => row_place(view, Some(source), row),
    });
    let mut said: Vec<String> = Vec::new();
    for place in grounds.chain(filing.map(|filing| place(&filing.at))) {
        let place = place.say(view);
        if !said.contains(&place) {
            said.push(place);
        }
    }
    said.join("\n")
}

fn place(at: &ListRow) -> RowPlace<'_> {
    let sheet = if at.sheet == 0 { String::new() } else { at.sheet.to_string() };
    RowPlace { file: &at.file, sheet, line: u64::from(at.line) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ALL_FORMATS, Centre, date, id};
    use super::super::{Seals, write};
    use super::*;
    use crate::kernel::{Cancel, Silent};
    use crate::model::filing::Official;

    /// Person 1's declared relative is filed, person 0 follows by household; person 3's husband-by-record is not filed.
    fn check() -> FilingCheck {
        let at = |file: &str, line| ListRow { file: format!("inbox/register/{file}.csv"), sheet: 0, line };
        let official = |body, name: &str, line| Official {
            id: id(body),
            name: name.to_owned(),
            posts: vec!["救助站 经办员".to_owned(), "村委会 主任".to_owned()],
            division: None,
            persons: Vec::new(),
            at: at("officials", line),
        };
        let tie = |person, official, known, standing| Tie { person, official, known: vec![known], standing };
        FilingCheck {
            officials: vec![official("37010219800101001", "周大明", 2), official("37010219810101002", "吴小红", 3)],
            filings: vec![Filing {
                persons: vec![1],
                relation: "兄弟姐妹".to_owned(),
                official: 0,
                number: "备〔2026〕7号".to_owned(),
                filed_on: Some(date("2026-03-01")),
                at: at("filings", 4),
            }],
            ties: vec![
                tie(0, 0, Known::Member, Standing::HouseholdFiled(0)),
                tie(1, 0, Known::Declared { filing: 0 }, Standing::Filed(0)),
                tie(3, 1, Known::Spouse { source: 0, row: 0 }, Standing::NotSeen),
            ],
        }
    }

    #[test]
    fn each_county_gets_its_own_lines_and_the_centre_all_of_them_masked() {
        let (centre, check, dir) = (Centre::new(), check(), tempfile::tempdir().unwrap());
        let view = RunView { filings: Some(&check), ..centre.view() };
        write(dir.path(), &view, &ALL_FORMATS, &Seals::default(), &Silent, &Cancel::default()).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let (one, other, all) = (read("370102/filings.csv"), read("370103/filings.csv"), read("filings.csv"));
        let lines = |csv: &str| csv::Reader::from_reader(csv.as_bytes()).records().count();
        assert_eq!((lines(&one), lines(&other), lines(&all)), (2, 1, 3));
        for part in
            ["李*英", "已申报为近亲属（兄弟姐妹）", "周*明", "经办员；村委会", "已备案,备〔2026〕7号,2026-03-01"]
        {
            assert!(one.contains(part), "{part} in {one}");
        }
        assert!(one.contains("同户已备案") && !one.contains("未见备案") && one.contains("不作认定"), "{one}");
        assert!(other.contains("婚姻登记记录中的配偶（民政，") && other.contains("未见备案,,"), "{other}");
        assert!(other.contains("inbox/civil/2026-11.csv 第 9 行") && !other.contains("周*明"), "{other}");
        for whole in ["周大明", "吴小红", "王德福", &id("37010219800101001").to_string()] {
            assert!(!all.contains(whole), "{whole} in {all}");
        }
        assert!(read("370103/index.html").contains("其中未见备案"));
    }

    #[test]
    fn without_a_roster_nothing_is_written_or_said() {
        let (centre, dir) = (Centre::new(), tempfile::tempdir().unwrap());
        write(dir.path(), &centre.view(), &ALL_FORMATS, &Seals::default(), &Silent, &Cancel::default()).unwrap();
        assert!(!dir.path().join("filings.csv").exists() && !dir.path().join("370102/filings.csv").exists());
        assert!(!std::fs::read_to_string(dir.path().join("370102/index.html")).unwrap().contains("备案"));
    }
}
