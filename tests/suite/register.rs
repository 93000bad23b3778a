//! Rows of the register that are at fault: whoever they enrol stays with the household, is told to the county and not
//! matched, and what was found before is held until the row is mended.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{listed, night};
use super::known::{edit, runs_as_if_read_anew};
use super::world::{AS_OF, World, records, text};

const PERSONS: &str = "inbox/register/persons.csv";

type Row = BTreeMap<String, String>;

/// The line of the register's file in which a text stands first, its number and its cells.
fn line_of(world: &World, holds: &str) -> (usize, Vec<String>) {
    let file = std::fs::read_to_string(world.path(PERSONS)).unwrap();
    let (at, line) = file.split("\r\n").enumerate().find(|(_, line)| line.contains(holds)).unwrap();
    (at + 1, line.split(',').map(str::to_owned).collect())
}

/// Writes a line of the register's file anew.
fn put_line(world: &World, number: usize, cells: &[String]) {
    edit(world, PERSONS, |file| {
        let line = cells.join(",");
        let lines = file.split("\r\n").enumerate();
        lines.map(|(at, old)| if at + 1 == number { &line[..] } else { old }).collect::<Vec<_>>().join("\r\n")
    });
}

fn add_line(world: &World, cells: &[String]) {
    edit(world, PERSONS, |file| format!("{}\r\n{}\r\n", file.trim_end(), cells.join(",")));
}

fn rejects(world: &World, run: &str) -> String {
    text(&std::fs::read(world.path(&format!("outbox/{run}/rejects/register.csv"))).unwrap_or_default())
}

/// Everybody on the register under a household, with what is said of the vehicle records.
fn of_household(world: &World, household: &str) -> Vec<(String, String)> {
    let rows = world.export("coverage").into_iter().filter(|row| row["household_id"] == household);
    rows.map(|row| (row["person_id"].clone(), row["vehicle"].clone())).collect()
}

/// Names and addresses on the register by id, of people with one row: whatever became of a row, the others keep their own.
fn particulars(world: &World) -> BTreeMap<String, (String, String)> {
    let rows = world.export("register");
    let alone = |id: &str| rows.iter().filter(|row| row["person_id"] == id).count() == 1;
    let own = rows.iter().filter(|row| row["person_id"].len() == 18 && alone(&row["person_id"]));
    own.map(|row| (row["person_id"].clone(), (row["name"].clone(), row["address"].clone()))).collect()
}

/// A discrepancy that rests on one person's vehicles, in a household of more than one: its row of the export, with the person.
fn found_in_a_family(world: &World) -> (Row, String) {
    let (register, links) = (world.export("register"), world.export("links"));
    let living = |household: &str| register.iter().filter(|row| row["household_id"] == household).count();
    let owners = |household: &str| {
        let own = links.iter().filter(|row| row["household_id"] == household && row["source"] == "vehicle");
        own.map(|row| row["person_id"].clone()).collect::<BTreeSet<_>>()
    };
    let found = world.export("outcomes").into_iter().filter(|row| row["rule"] == "V001");
    let with_owners = found.map(|row| (owners(&row["household_id"]), row));
    let mut of_one = with_owners.filter(|(owners, row)| owners.len() == 1 && living(&row["household_id"]) > 1);
    let (mut owners, found) = of_one.next().unwrap();
    (found, owners.pop_first().unwrap())
}

fn next_day(world: &World) -> serde_json::Value {
    night(world, 1, &[])
}

/// What the next night says of a discrepancy that it did not find.
fn why_absent(world: &World, run: &serde_json::Value, discrepancy: &str) -> String {
    let absent = listed(world, run, "absent.csv");
    absent.iter().find(|row| row["疑点编号"] == discrepancy).map(|row| row["情况"].clone()).unwrap_or_default()
}

/// Typing errors are few. A column of which many cells cannot be read has moved, or is written in another way.
#[test]
fn a_column_of_the_register_that_cannot_be_read_needs_a_person() {
    let world = World::made(400, 2_500, 18);
    let spoilt = |lines: usize| {
        let world = world.copy();
        edit(&world, PERSONS, |file| {
            let spoil = |(at, line): (usize, &str)| {
                let mut cells: Vec<&str> = line.split(',').collect();
                if (1..=lines).contains(&at) {
                    cells[18] = "四百左右";
                }
                cells.join(",")
            };
            file.split("\r\n").enumerate().map(spoil).collect::<Vec<_>>().join("\r\n")
        });
        let output = world.hedui(&["run", "--as-of", AS_OF, "--no-progress", "--formats", "csv"]);
        (output.status.code(), text(&output.stderr))
    };
    let (code, _) = spoilt(20);
    assert_eq!(code, Some(0), "20 of 400 are 5 %, which the limit allows");
    let (code, told) = spoilt(21);
    assert_eq!(code, Some(1));
    assert!(told.lines().any(|line| line.starts_with("! register") && line.contains("one of its columns")), "{told}");
}

/// Once the row went back to whoever keeps the register, and the household was judged as if it had a member less.
#[test]
fn a_person_whose_row_says_what_nobody_knows_is_told_to_the_county_and_not_matched() {
    let world = World::made(2_000, 10_000, 18);
    world.summary();
    let persons = world.export("register").len();
    let linked = world.export("links").into_iter().find(|row| row["grade"] == "A" && row["person_id"].len() == 18);
    let id = &linked.unwrap()["person_id"];
    let mut told = Vec::new();
    edit(&world, PERSONS, |text| {
        let at = text.find(&format!("\n{id},")).unwrap() + 1;
        let end = at + text[at..].find('\r').unwrap();
        told.push(text[..at].lines().count() + 1);
        let cells: Vec<&str> = text[at..end].split(',').collect();
        let changed = [&cells[..4], &["寄养"], &cells[5..]].concat().join(",");
        format!("{}{changed}{}", &text[..at], &text[end..])
    });
    let run = runs_as_if_read_anew(&world, AS_OF);
    assert_eq!(world.export("register").len(), persons, "nobody leaves the register");
    assert!(world.export("links").iter().all(|row| row["person_id"] != *id), "no record of theirs is looked for");
    let states = world.export("coverage").into_iter().find(|row| row["person_id"] == *id).unwrap();
    assert_eq!(states["vehicle"], "register_fault", "{states:?}");
    let rejects = rejects(&world, &run);
    let line = rejects.lines().find(|line| line.contains(id.as_str())).unwrap();
    assert!(line.contains(&format!(",{},人员类别,人员类别不认识,此人未参加比对,", told[0])), "{line}");
    let exported = world.export("rejects");
    let line = exported.iter().find(|row| row["source"] == "register" && row["line"] == told[0].to_string()).unwrap();
    assert_eq!(line["reason"], "run.reject_bad_role");
    let asked = ["check", "--household", &states["household_id"], "--reason", "测试", "--as-of", AS_OF, "--json"];
    let asked = text(&world.hedui(&asked).stdout);
    assert!(asked.contains("register_fault") && !asked.contains("no_mandate"), "{asked}");
    let report = ["report", "--household", &states["household_id"], "--formats", "html", "--out", "reports"];
    assert_eq!(world.hedui(&report).status.code(), Some(0));
    let pages = world.files("reports");
    let page = pages.iter().find(|(name, _)| name.ends_with(".html")).unwrap().1;
    assert!(text(page).contains("名册有误"));
    let told = world.run_plain();
    assert_eq!(world.summary()["register_faults"], 1);
    assert!(text(&told.stderr).contains("! 1 people are not matched"), "{}", text(&told.stderr));
    // A layout without codes: words that are right in the file and unknown to the run.
    edit(&world, "register.toml", |text| text.replace("[persons.codes.state]", "[persons.codes.disability]"));
    let refused = world.run();
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("[persons.codes.state]"), "{}", text(&refused.stderr));
}

/// Who keeps the register can ask for a number; nobody else could, and nobody was told.
#[test]
fn a_number_on_the_register_that_is_none_goes_back_and_its_person_stays() {
    let world = World::made(2_000, 10_000, 18);
    world.summary();
    let linked = world.export("links").into_iter().find(|row| row["grade"] == "A" && row["source"] == "vehicle");
    let right = linked.unwrap().remove("person_id").unwrap();
    let (line, mut cells) = line_of(&world, &right);
    let other = if right.ends_with('1') { "2" } else { "1" };
    cells[0].replace_range(17.., other);
    put_line(&world, line, &cells);
    let summary = world.summary();
    assert_eq!(summary["register_faults"], 0);
    let told = rejects(&world, summary["run"].as_str().unwrap());
    let told = told.lines().find(|row| row.contains(&cells[0])).unwrap();
    let expected = format!(",{line},身份证号,身份证号缺失或不是有效的 18 位号码,仅该栏留空,");
    assert!(told.contains(&expected), "{told}");
    let states = world.export("coverage").into_iter().find(|row| row["person_id"] == cells[0]).unwrap();
    let stays = (&states["household_id"], &states["vehicle"][..]);
    assert_eq!(
        stays,
        (&cells[2], "unusable_id"),
        "the mandate names the right number, and it is the other that is to be mended"
    );
    cells[0] = right;
    put_line(&world, line, &cells);
    let summary = world.summary();
    let told = rejects(&world, summary["run"].as_str().unwrap());
    assert!(!told.lines().any(|row| row.contains(&cells[0])), "{told}");
}

/// Two counties that number alike: strangers were one household, in one county's package.
#[test]
fn members_of_two_counties_under_one_code_are_nobodys_family() {
    let world = World::made(2_000, 10_000, 18);
    world.summary();
    let households = |rule: &str| {
        let rows = world.export("outcomes").into_iter().filter(|row| row["rule"].starts_with(rule));
        rows.map(|row| (row["household_id"].clone(), row["division"][..6].to_owned())).collect::<BTreeSet<_>>()
    };
    let found = households("H001");
    let (first, county) = found.first().unwrap().clone();
    let (second, _) = found.iter().find(|(_, other)| *other != county).unwrap().clone();
    edit(&world, PERSONS, |file| file.replace(&second, &first));
    let summary = world.summary();
    let faults = world.export("coverage").into_iter().filter(|person| person["household_id"] == first);
    let faults: Vec<String> = faults.map(|person| person["vehicle"].clone()).collect();
    assert!(faults.len() > 1 && faults.iter().all(|state| state == "register_fault"), "{faults:?}");
    assert_eq!(summary["register_faults"], faults.len());
    assert!(!households("").iter().any(|(household, _)| *household == first), "nothing is found of either");
    let told = rejects(&world, summary["run"].as_str().unwrap());
    assert_eq!(told.matches("同一家庭编号下有两个区县的成员").count(), faults.len());
}

/// Every per-head limit rose by a head, and nobody was told.
#[test]
fn a_row_that_stands_twice_is_one_enrolment() {
    let world = World::made(2_000, 10_000, 18);
    let before = world.summary();
    let (found, own) = (world.export("outcomes"), particulars(&world));
    let (line, cells) = line_of(&world, &found[0]["household_id"]);
    add_line(&world, &cells);
    let run = runs_as_if_read_anew(&world, AS_OF);
    assert_eq!(particulars(&world), own);
    let summary = world.summary();
    assert_eq!((&summary["persons"], &summary["register_faults"]), (&before["persons"], &0.into()));
    let drop_run = |mut row: Row| {
        row.remove("change");
        row
    };
    let again: Vec<Row> = world.export("outcomes").into_iter().map(drop_run).collect();
    assert_eq!(again, found.into_iter().map(drop_run).collect::<Vec<_>>());
    let last = std::fs::read_to_string(world.path(PERSONS)).unwrap().lines().count();
    let told = rejects(&world, &run);
    assert!(told.contains(&format!(",{last},身份证号,与名册另一行完全相同，只计一次,整行退回,")), "{line}: {told}");
    let register = &summary["sources"][0];
    assert_eq!((&register["source"], &register["bins"]["rejected"]), (&"register".into(), &1.into()));
}

#[test]
fn two_rows_that_say_different_things_of_one_person_are_told() {
    let world = World::made(2_000, 10_000, 18);
    world.summary();
    let (found, person) = found_in_a_family(&world);
    let (line, mut cells) = line_of(&world, &person);
    cells[18] = "7654".to_owned();
    add_line(&world, &cells);
    let run = runs_as_if_read_anew(&world, AS_OF);
    assert_eq!(world.summary()["register_faults"], 1, "line {line} stands, the one after it does not");
    let told = rejects(&world, &run);
    assert!(told.contains("两行内容不一致") && told.contains(",此人未参加比对,"), "{told}");
    let states = of_household(&world, &found["household_id"]);
    let of_person: Vec<&str> = states.iter().filter(|(id, _)| *id == person).map(|(_, state)| &state[..]).collect();
    assert_eq!(of_person, ["found", "register_fault"]);
    let twice = world.export("outcomes").into_iter().filter(|row| row["person_id"] == person);
    assert!(twice.into_iter().all(|row| !row["rule"].starts_with("E00")), "one household is not two enrolments");
}

/// Under another name the id is a mistyped one: two people, of whom none is dropped.
#[test]
fn one_id_under_two_names_in_a_household_is_two_people() {
    let world = World::made(2_000, 10_000, 18);
    let before = world.summary();
    let (_, mut cells) = line_of(&world, &found_in_a_family(&world).1);
    cells[1] = "欧阳修远".to_owned();
    add_line(&world, &cells);
    let summary = world.summary();
    assert_eq!(summary["persons"].as_u64(), before["persons"].as_u64().map(|persons| persons + 1));
    assert_eq!(summary["register_faults"], 0);
}

/// Once the row went back and the household was judged as if it had a member less.
#[test]
fn a_row_without_programme_or_division_stays_with_its_household_and_holds_what_was_found() {
    let world = World::made(2_000, 10_000, 18);
    let before = world.summary();
    let own = particulars(&world);
    let (found, person) = found_in_a_family(&world);
    let (line, whole) = line_of(&world, &person);
    for (cell, reason) in [(5, "缺少救助类型"), (7, "行政区划代码不是 6、9 或 12 位数字")] {
        let mut cells = whole.clone();
        cells[cell] = String::new();
        put_line(&world, line, &cells);
        let run = next_day(&world);
        assert_eq!((&run["persons"], &run["register_faults"]), (&before["persons"], &1.into()));
        assert_eq!(particulars(&world), own);
        let states = of_household(&world, &found["household_id"]);
        assert!(states.contains(&(person.clone(), "register_fault".to_owned())), "{states:?}");
        assert!(
            rejects(&world, run["run"].as_str().unwrap()).contains(&format!(",{line},")),
            "it goes back all the same"
        );
        assert!(rejects(&world, run["run"].as_str().unwrap()).contains(reason));
        assert!(why_absent(&world, &run, &found["id"]).starts_with("未能核对"));
    }
    put_line(&world, line, &whole);
    next_day(&world);
    let back = world.export("outcomes").into_iter().find(|row| row["id"] == found["id"]).unwrap();
    assert_eq!(back["change"], "same", "it was held");
}

#[test]
fn a_record_that_cannot_be_read_is_still_a_member_and_holds_what_was_found() {
    let world = World::made(2_000, 10_000, 18);
    let before = world.summary();
    let mut own = particulars(&world);
    let (found, person) = found_in_a_family(&world);
    let (line, whole) = line_of(&world, &person);
    let cells: Vec<String> = whole.iter().cloned().chain(["多一列".to_owned(), "再多一列".to_owned()]).collect();
    put_line(&world, line, &cells);
    let run = next_day(&world);
    assert_eq!((&run["persons"], &run["register_faults"]), (&before["persons"], &1.into()));
    own.remove(&person);
    assert_eq!(particulars(&world), own);
    let states = of_household(&world, &found["household_id"]);
    assert!(states.contains(&(String::new(), "register_fault".to_owned())), "nobody knows who it is: {states:?}");
    assert!(why_absent(&world, &run, &found["id"]).starts_with("未能核对"));
    let told = rejects(&world, run["run"].as_str().unwrap());
    assert!(told.contains("列数与表头不符"), "{told}");
    let place = format!("名册第 {line} 行");
    assert!(listed(&world, &run, "coverage.csv").iter().any(|row| row["姓名"] == place && row["身份证号"].is_empty()));
}

/// A row that lost the code of its household does not say whose it is; the run before does. A household that is not in the file
/// has left.
#[test]
fn a_household_whose_row_goes_back_has_not_left_the_register() {
    let world = World::made(2_000, 10_000, 18);
    world.summary();
    let register = world.export("register");
    let alone = |household: &str| register.iter().filter(|row| row["household_id"] == household).count() == 1;
    let found: Vec<Row> = world.export("outcomes").into_iter().filter(|row| alone(&row["household_id"])).collect();
    let of_household = |row: &&Row| row["person_id"].is_empty();
    let (one, left) = (found.iter().find(of_household).unwrap(), found.iter().rfind(of_household).unwrap());
    assert_ne!(one["household_id"], left["household_id"]);
    let (in_family, owner) = found_in_a_family(&world);
    for holds in [&one["household_id"], &owner] {
        let (line, mut cells) = line_of(&world, holds);
        cells[2] = String::new();
        put_line(&world, line, &cells);
    }
    edit(&world, PERSONS, |file| {
        let stay = file.split("\r\n").filter(|line| !line.contains(&left["household_id"]));
        stay.collect::<Vec<_>>().join("\r\n")
    });
    let run = next_day(&world);
    assert_eq!(run["register_faults"], 0, "nobody knows where they live");
    assert!(why_absent(&world, &run, &one["id"]).starts_with("未能核对"));
    assert!(why_absent(&world, &run, &in_family["id"]).starts_with("未能核对"));
    assert_eq!(why_absent(&world, &run, &left["id"]), "已消失：已不在对象名册");
}

/// A citizen enrolled in two places, of which one row became unreadable, is not said to be enrolled once.
#[test]
fn an_enrolment_that_cannot_be_read_is_no_enrolment_and_none_less() {
    let world = World::made(3_000, 10_000, 21);
    world.summary();
    let found = world.export("outcomes").into_iter().filter(|row| row["rule"] == "E001");
    let found: Vec<Row> = found.collect();
    let twice = &found[0];
    let (line, mut cells) = line_of(&world, &twice["person_id"]);
    cells[6] = "停保".to_owned();
    put_line(&world, line, &cells);
    let run = next_day(&world);
    let now = world.export("outcomes").into_iter().filter(|row| row["rule"] == "E001");
    assert!(now.into_iter().all(|row| row["person_id"] != twice["person_id"]));
    for one in found.iter().filter(|row| row["person_id"] == twice["person_id"]) {
        assert!(why_absent(&world, &run, &one["id"]).starts_with("未能核对"), "{one:?}");
    }
}

/// The shipped rules say 低保; a register that writes it out was asked half of them, and looked clear.
#[test]
fn a_programme_that_no_rule_names_is_told() {
    let world = World::made(2_000, 10_000, 18);
    let before = world.run();
    assert!(!text(&before.stderr).contains("programme"), "{}", text(&before.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&before.stdout).unwrap();
    assert_eq!((&summary["unnamed_households"], &summary["unnamed_programmes"]), (&0.into(), &serde_json::json!([])));
    edit(&world, PERSONS, |file| file.replace(",低保,", ",最低生活保障,"));
    let told = world.run_plain();
    assert_eq!(told.status.code(), Some(1), "somebody has to look");
    assert!(
        text(&told.stderr).contains("are of a programme that no rule names (最低生活保障), see outbox/"),
        "{}",
        text(&told.stderr)
    );
    let households: std::collections::BTreeSet<String> = std::fs::read_to_string(world.path(PERSONS))
        .unwrap()
        .lines()
        .filter(|line| line.contains(",最低生活保障,"))
        .map(|line| line.split(',').nth(2).unwrap().to_owned())
        .collect();
    let summary = world.summary();
    assert_eq!(summary["unnamed_households"], households.len());
    let unmapped = std::fs::read(world.path(&format!("{}/unmapped.csv", summary["outbox"].as_str().unwrap()))).unwrap();
    assert!(
        text(&unmapped).contains("register,") && text(&unmapped).contains(",救助类型,最低生活保障,"),
        "{}",
        text(&unmapped)
    );
    // Of which nothing was found, for half of the rules did not look.
    let flagged: std::collections::BTreeSet<String> =
        world.export("outcomes").into_iter().map(|outcome| outcome["household_id"].clone()).collect();
    let clear = households.difference(&flagged).next().unwrap();
    let said = |out: &str| {
        let page = world.report_page(clear, out);
        page.contains("按类型设定的规则没有看本户") && !page.contains("个项目，未见疑似信息")
    };
    assert!(said("reports"));
    let check = world.hedui(&["check", "--household", clear, "--reason", "复核", "--as-of", AS_OF, "--no-progress"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(text(&check.stdout).contains("did not look at it"), "{}", text(&check.stdout));
    // The run did not look, whatever rules say since.
    edit(&world, "policy/rules/property.toml", |rules| rules.replace("[\"低保\"", "[\"最低生活保障\", \"低保\""));
    assert!(said("reports-later"));
    // One row whose columns slipped says somebody's name there: it is counted, not repeated.
    edit(&world, PERSONS, |file| file.replace(",最低生活保障,", ",低保,").replacen(",低保,", ",王小明,", 1));
    let summary = world.summary();
    assert_eq!((&summary["unnamed_households"], &summary["unnamed_programmes"]), (&1.into(), &serde_json::json!([])));
}

/// No source answers for an enrolment: it is not gone because nobody may look at the person any more. At the window a household
/// is looked at alone, and says where its members are enrolled beside it.
#[test]
fn an_enrolment_twice_is_not_gone_with_its_mandate_and_not_hidden_at_the_window() {
    let world = World::made(3_000, 10_000, 21);
    world.summary();
    let twice = world.export("outcomes").into_iter().find(|row| row["rule"] == "E001").unwrap();
    let check = ["check", "--household", &twice["household_id"], "--reason", "复核", "--as-of", AS_OF, "--no-progress"];
    let answer = world.hedui(&check);
    let told = text(&answer.stdout);
    assert!(answer.status.code() == Some(1) && told.contains("enrolled in another household too"), "{told}");
    edit(&world, "inbox/register/mandates.csv", |file| {
        let ended = |line: &str| match line.starts_with(twice["person_id"].as_str()) {
            true => format!("{},{AS_OF}\r\n", line.rsplit_once(',').unwrap().0),
            false => line.to_owned(),
        };
        file.split_inclusive('\n').map(ended).collect()
    });
    let run = next_day(&world);
    let why = why_absent(&world, &run, &twice["id"]);
    assert!(why.starts_with("未能核对") && why.contains("未授权"), "{why}");
    // Under two names, a check by number alone is about nobody knows whom.
    let by_number = || world.hedui(&["check", "--id", &twice["person_id"], "--reason", "复核", "--as-of", AS_OF]);
    assert_eq!(by_number().status.code(), Some(0));
    let (line, mut cells) = line_of(&world, &twice["person_id"]);
    cells[1] = "尉迟不同".to_owned();
    put_line(&world, line, &cells);
    next_day(&world);
    let told = by_number();
    assert!(told.status.code() == Some(1) && text(&told.stdout).contains("or than that of another row"));
}

/// Whatever of a row cannot be read or is not understood: what was found of its people is held, not gone.
#[test]
fn nothing_is_gone_because_a_cell_cannot_be_read() {
    let world = World::made(3_000, 20_000, 21);
    world.summary();
    let found = world.export("outcomes");
    let person = found.iter().find(|row| !row["person_id"].is_empty() && row["rule"] != "E001").unwrap();
    let (line, whole) = line_of(&world, &person["person_id"]);
    // An id that is none, one with a mistyped last digit, a name with a byte of another encoding.
    let mistyped = format!("{}{}", &whole[0][..17], if whole[0].ends_with('1') { '2' } else { '1' });
    for (cell, text) in [(0, "123"), (0, &mistyped), (1, "李\u{1}三")] {
        let mut cells = whole.clone();
        cells[cell] = text.to_owned();
        put_line(&world, line, &cells);
        let path = world.path(PERSONS);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes.iter().map(|byte| if *byte == 1 { 0xFF } else { *byte }).collect::<Vec<u8>>())
            .unwrap();
        let run = next_day(&world);
        assert!(why_absent(&world, &run, &person["id"]).starts_with("未能核对"), "{text}: {person:?}");
        std::fs::write(&path, bytes).unwrap();
    }
    put_line(&world, line, &whole);
    // V001 is not asked of a programme that no rule knows.
    let household = found.iter().find(|row| row["rule"] == "V001").unwrap();
    edit(&world, PERSONS, |file| {
        let renamed = |line: &str| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if cells.contains(&household["household_id"].as_str()) {
                cells[5] = "低宝";
            }
            cells.join(",")
        };
        file.split("\r\n").map(renamed).collect::<Vec<_>>().join("\r\n")
    });
    let run = next_day(&world);
    assert!(why_absent(&world, &run, &household["id"]).starts_with("未能核对"));
}

#[test]
fn a_copy_of_a_row_without_an_id_is_one_enrolment_and_of_two_names_two() {
    let world = World::made(2_000, 10_000, 18);
    let (line, mut cells) = line_of(&world, "共同生活成员");
    cells[0] = String::new();
    put_line(&world, line, &cells);
    let before = world.summary();
    add_line(&world, &cells);
    assert_eq!(world.summary()["persons"], before["persons"]);
    cells[1] = "欧阳修远".to_owned();
    add_line(&world, &cells);
    assert_eq!(world.summary()["persons"].as_u64(), before["persons"].as_u64().map(|persons| persons + 1));
}

/// One record that swallowed the next has two members, of whatever households.
#[test]
fn a_line_end_of_another_kind_costs_nobody_a_member() {
    let world = World::made(2_000, 10_000, 18);
    let before = world.summary();
    edit(&world, PERSONS, |file| {
        let lines: Vec<&str> = file.split("\r\n").collect();
        let household = |line: &&str| line.split(',').nth(2).unwrap_or_default().to_owned();
        let of_three = |three: &[&str]| household(&three[0]) == household(&three[2]);
        let second = lines.windows(3).position(of_three).unwrap() + 1;
        [&lines[..=second].join("\r\n"), "\r", &lines[second + 1..].join("\r\n")].concat()
    });
    let summary = world.summary();
    assert_eq!((&summary["persons"], &summary["register_faults"]), (&before["persons"], &2.into()));
}

#[test]
fn a_register_that_breaks_off_is_refused_and_one_that_shrank_is_told() {
    let world = World::made(2_000, 10_000, 18);
    world.summary();
    let whole = std::fs::read(world.path(PERSONS)).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|&byte| byte == b'\n').collect();
    let half = lines[..1_001].concat();
    std::fs::write(world.path(PERSONS), [&half[..], &lines[1_001][..40]].concat()).unwrap();
    let refused = world.run();
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("the register's file breaks off"), "{}", text(&refused.stderr));
    std::fs::write(world.path(PERSONS), half).unwrap();
    let told = world.run_plain();
    assert_eq!(told.status.code(), Some(1));
    assert!(text(&told.stderr).contains("1000 people fewer than in the run before"), "{}", text(&told.stderr));
}

/// The next night and every reader say what is the matter, and what to restore.
#[test]
fn a_ledger_that_was_removed_is_named_by_whatever_needs_it() {
    let world = World::made(400, 2_500, 9);
    world.summary();
    assert!(world.hedui(&["ledger", "verify"]).status.success());
    for gone in ["ledger.sqlite", "ledger.head"] {
        std::fs::remove_file(world.path("store").join(gone)).unwrap();
        for reader in [&["export", "outcomes"][..], &["coverage"], &["run", "--as-of", "2026-11-25", "--no-progress"]] {
            let refused = world.hedui(reader);
            assert_eq!(refused.status.code(), Some(4), "{reader:?}");
            let told = text(&refused.stderr);
            assert!(told.contains("ledger") && told.contains("backup"), "{reader:?}: {told}");
        }
    }
    let verified = world.hedui(&["ledger", "verify"]);
    assert!(!verified.status.success(), "{}", text(&verified.stdout));
}

#[test]
fn what_is_asked_at_the_window_must_agree_with_itself() {
    let world = World::made(400, 2_500, 9);
    world.summary();
    let register = world.export("register");
    let one = register.iter().find(|row| row["person_id"].len() == 18).unwrap();
    let id = one["person_id"].as_str();
    let asked =
        |more: &[&str]| world.hedui(&[&["check", "--reason", "测试", "--as-of", AS_OF, "--json"], more].concat());
    let programme = asked(&["--id", id, "--programme", "最低生活保障"]);
    assert_eq!(programme.status.code(), Some(2));
    assert!(text(&programme.stderr).contains("低保边缘"), "the names to choose from: {}", text(&programme.stderr));
    let birth = asked(&["--id", id, "--name", &one["name"], "--birth", "1901-02-03"]);
    assert_eq!(birth.status.code(), Some(3));
    assert!(!text(&birth.stderr).contains(id), "{}", text(&birth.stderr));
    // As a spreadsheet of this country writes a list.
    let list = format!("姓名\t身份证号\r\n{}\t{id}\r\n", one["name"]);
    std::fs::write(world.path("list.txt"), encoding_rs::GB18030.encode(&list).0).unwrap();
    let listed = asked(&["--file", "list.txt"]);
    assert!(matches!(listed.status.code(), Some(0 | 1)), "{}", text(&listed.stderr));
    assert!(text(&listed.stdout).contains(&one["name"]));
}

/// More rows than can be told one by one: nobody could say which households lack a member.
#[test]
fn a_register_of_which_too_much_cannot_be_read_is_refused() {
    let world = World::made(400, 2_500, 9);
    let broken = "一行,少了几列\r\n".repeat(hedui::ingest::REJECTS_KEPT + 1);
    edit(&world, PERSONS, |file| format!("{}\r\n{broken}", file.trim_end()));
    let refused = world.run();
    assert_eq!(refused.status.code(), Some(3));
    let told = text(&refused.stderr);
    assert!(told.contains("10001 rows of the register cannot be read"), "{told}");
    assert!(world.files("outbox").is_empty());
}

/// A county that was merged into another gets no package, and what was found there is still told to the centre.
#[test]
fn a_county_that_has_nobody_left_is_told_at_the_centre() {
    let world = World::made(2_000, 10_000, 21);
    world.summary();
    let found = world.export("outcomes");
    let county = found[0]["household_id"][..6].to_owned();
    let lost = |row: &&Row| row["household_id"].starts_with(&county);
    let lost: BTreeSet<String> = found.iter().filter(lost).map(|row| row["id"].clone()).collect();
    edit(&world, PERSONS, |file| {
        let stays = |line: &&str| !line.split(',').nth(2).is_some_and(|household| household.starts_with(&county));
        file.split("\r\n").filter(stays).collect::<Vec<_>>().join("\r\n")
    });
    let run = next_day(&world);
    let outbox = run["outbox"].as_str().unwrap();
    assert!(!world.path(&format!("{outbox}/{county}")).exists());
    let told = records(&std::fs::read(world.path(&format!("{outbox}/absent.csv"))).unwrap());
    assert_eq!(told.iter().map(|row| row["疑点编号"].clone()).collect::<BTreeSet<_>>(), lost);
    assert!(told.iter().all(|row| row["情况"] == "已消失：已不在对象名册"), "{told:?}");
    let again = night(&world, 2, &[]);
    assert!(!world.path(&format!("{}/absent.csv", again["outbox"].as_str().unwrap())).exists(), "told once");
}

/// Whoever applies and receives already is told, and whoever gives another's name: "no record" under it would clear nobody.
#[test]
fn a_check_at_the_window_says_who_is_on_the_register_and_under_whose_name() {
    let world = World::made(2_000, 10_000, 19);
    let check = |arguments: &[&str]| {
        let fixed = ["check", "--reason", "窗口", "--as-of", AS_OF, "--no-progress"];
        let output = world.hedui(&[&fixed, arguments].concat());
        (output.status.code(), text(&output.stdout))
    };
    let enrolled = |arguments: &[&str]| {
        let (_, said) = check(&[arguments, &["--json"]].concat());
        serde_json::from_str::<serde_json::Value>(&said).unwrap()["people"][0]["enrolled"].clone()
    };
    let (_, cells) = line_of(&world, "低保");
    let (id, name, household) = (&cells[0][..], &cells[1][..], &cells[2][..]);
    assert!(enrolled(&["--id", id]).is_null(), "no run has read the register yet");
    assert!(check(&["--id", id]).1.contains("not looked up"));
    world.summary();
    let there =
        |agrees: bool| serde_json::json!([{ "household_id": household, "programme": "低保", "name_agrees": agrees }]);
    assert_eq!(enrolled(&["--id", id]), there(true));
    assert_eq!(enrolled(&["--id", id, "--name", name]), there(true));
    assert_eq!(enrolled(&["--id", id, "--name", "尉迟不同"]), there(false));
    let (code, said) = check(&["--id", id, "--name", "尉迟不同"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("household {household}, 低保; under a name")), "{said}");
    check(&["--id", id, "--name", "尉迟不同", "--html", "answer.html"]);
    let page = std::fs::read_to_string(world.path("answer.html")).unwrap();
    assert!(page.contains(&format!("已在名册：家庭编号 {household}，低保；名册上的姓名")), "{page}");
    let nobody = hedui::kernel::CitizenId::from_body(b"37010219700101001").unwrap().to_ascii();
    let nobody = std::str::from_utf8(&nobody).unwrap();
    assert_eq!(enrolled(&["--id", nobody]), serde_json::json!([]));
    // One more line, of somebody else: the register is another, and nobody says what he does not know.
    let mut another = cells.clone();
    another[0] = nobody.to_owned();
    add_line(&world, &another);
    assert!(enrolled(&["--id", id]).is_null());
    runs_as_if_read_anew(&world, AS_OF);
    assert_eq!(enrolled(&["--id", nobody]), there(true));
}

/// Heads are people: the same household under a second programme is no larger, and nobody's own car is a stranger's.
#[test]
fn a_household_under_two_programmes_is_found_as_under_one() {
    let world = World::made(2_000, 10_000, 20);
    world.summary();
    let found = |world: &World| {
        let rows = world.export("outcomes").into_iter().filter(|row| !row["rule"].starts_with('E'));
        let key = |row: Row| ["household_id", "rule", "measure", "limit"].map(|column| row[column].clone());
        rows.map(key).collect::<BTreeSet<_>>()
    };
    let before = found(&world);
    assert!(before.iter().any(|row| row[1] == "D001"), "limits by heads are asked");
    let heading_and_rows = std::fs::read_to_string(world.path(PERSONS)).unwrap();
    let again: Vec<String> = heading_and_rows
        .split("\r\n")
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| cells.len() > 5 && cells[5] == "低保")
        .map(|mut cells| {
            cells[5] = "临时救助".to_owned();
            cells.join(",")
        })
        .collect();
    edit(&world, PERSONS, |file| format!("{}\r\n{}\r\n", file.trim_end(), again.join("\r\n")));
    world.summary();
    assert_eq!(found(&world), before);
}
