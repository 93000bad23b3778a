//! Deliveries that are not whole: nobody is cleared by what is missing, and nothing is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::listed;
use super::known::edit;
use super::world::{World, text};

type Row = BTreeMap<String, String>;

/// Exit code and summary of the run of a day.
pub fn ran(world: &World, day: &str) -> (Option<i32>, serde_json::Value) {
    let output = world.hedui(&["run", "--as-of", day, "--no-progress", "--json", "--formats", "csv"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

pub fn state_of<'a>(summary: &'a serde_json::Value, source: &str) -> &'a serde_json::Value {
    summary["sources"].as_array().unwrap().iter().find(|entry| entry["source"] == source).unwrap()
}

/// How many people are in each state of a source in the last run.
pub fn states(world: &World, source: &str) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for mut person in world.export("coverage") {
        *states.entry(person.remove(source).unwrap()).or_default() += 1;
    }
    states
}

/// Cut at the end of a row, an extract looks whole: only the delivery before tells that it is not.
#[test]
fn an_extract_that_lost_its_end_clears_nobody_until_a_whole_one_comes_or_somebody_says_that_it_is_whole() {
    let world = World::made(400, 2_500, 9);
    let ran = |day: &str| {
        let (code, summary) = ran(&world, day);
        (code, state_of(&summary, "pension")["state"].as_str().unwrap().to_owned(), summary)
    };
    let (code, state, first) = ran("2026-11-24");
    assert_eq!((code, state.as_str()), (Some(0), "arrived"));
    let whole = states(&world, "pension");
    let file = world.extract("pension");
    let bytes = std::fs::read(&file).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    std::fs::write(&file, lines[..lines.len() * 6 / 10].concat()).unwrap();
    // Again the day after: what fell short is not what the next one is measured by.
    for day in ["2026-11-25", "2026-11-26"] {
        let (code, state, summary) = ran(day);
        assert_eq!((code, state.as_str()), (Some(1), "incomplete"), "{day}");
        let usual = &state_of(&first, "pension")["usual"];
        assert_eq!(usual["rows"], 200);
        assert_eq!(&state_of(&summary, "pension")["usual"], usual);
        assert_eq!(state_of(&summary, "pension")["short"]["expected"], 158, "200 less three times its root, 42.4");
        let states = states(&world, "pension");
        assert!(!states.contains_key("not_found") && !states.contains_key("found"), "{states:?}");
        assert_eq!(states["source_incomplete"], whole["found"] + whole["not_found"]);
        assert!(summary["standing"]["kept"].as_u64() > Some(0), "pensioners who stood in the lost part");
        assert_eq!(summary["standing"]["gone"], 0);
        let absent = listed(&world, &summary, "absent.csv");
        let held = absent.iter().find(|row| row["来源代码"] == "pension").unwrap();
        assert_eq!(held["情况"], "未能核对，上次疑点暂存：来源不全");
        assert_eq!((&held["数据来源"][..], &held["身份证号"][6..14]), ("人社（养老待遇）", "********"));
    }
    let id = world.export("register").iter().find_map(|person| person.get("person_id").cloned()).unwrap();
    let check = |world: &World| {
        let output = world.hedui(&["check", "--id", &id, "--reason", "复核", "--as-of", "2026-11-26", "--no-progress"]);
        (output.status.code(), text(&output.stdout).contains("source incomplete"))
    };
    assert_eq!(check(&world), (Some(1), true));
    edit(&world, "sources/pension.toml", |layout| format!("min_rows = 10\n{layout}"));
    assert_eq!(check(&world), (Some(0), false));
    assert_eq!(ran("2026-11-27").1, "arrived");
    edit(&world, "sources/pension.toml", |layout| layout.replacen("min_rows = 10\n", "", 1));
    assert_eq!(ran("2026-11-28").1, "arrived", "so many are usual from then on");
}

fn keep_lines(file: &std::path::Path, lines: usize) {
    let bytes = std::fs::read(file).unwrap();
    let kept: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').take(lines).collect();
    std::fs::write(file, kept.concat()).unwrap();
}

/// All its rows are there, and none of them says any more whose it is.
#[test]
fn an_extract_whose_ids_stand_under_another_heading_is_not_whole() {
    let world = World::made(400, 2_500, 9);
    let (_, first) = ran(&world, "2026-11-24");
    let first = state_of(&first, "bank");
    let links = first["usual"]["links"].as_u64().unwrap();
    let file = world.extract("bank");
    let text_of = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text_of.replacen("客户姓名,证件号码", "证件号码,客户姓名", 1)).unwrap();
    let (code, summary) = ran(&world, "2026-11-25");
    let bank = state_of(&summary, "bank");
    assert_eq!((code, bank["state"].as_str()), (Some(1), Some("incomplete")));
    assert_eq!((&bank["short"]["why"], &bank["short"]["links"]), (&"fewer_links".into(), &0.into()));
    let chance = 3.0 * (links as f64).sqrt();
    assert_eq!(bank["short"]["expected"], (links as f64 - chance).ceil() as u64);
    assert_eq!(bank["usual"], first["usual"]);
    assert_eq!(summary["standing"]["gone"], 0);
    let id = &world.export("register")[0]["person_id"];
    let checked = world.hedui(&["check", "--id", id, "--reason", "复核", "--as-of", "2026-11-25", "--no-progress"]);
    assert_eq!(checked.status.code(), Some(1), "the same file says no more at the window");
    assert!(text(&checked.stdout).contains("source incomplete"), "{}", text(&checked.stdout));
}

/// The first delivery has none before it. What its rows say of themselves is enough.
#[test]
fn a_first_delivery_that_is_about_nobody_or_names_everybody_otherwise_is_not_whole() {
    let world = World::made(2_000, 10_000, 9);
    let another_place = World::made(2_000, 10_000, 10);
    std::fs::copy(another_place.extract("social_insurance"), world.extract("social_insurance")).unwrap();
    edit(&world, "sources/bank.toml", |layout| {
        layout.replace("owner_name = \"客户姓名\"", "owner_name = \"开户银行\"")
    });
    let (code, first) = ran(&world, "2026-11-24");
    let short = |source: &str| state_of(&first, source)["short"].clone();
    let (insurance, bank) = (short("social_insurance"), short("bank"));
    assert_eq!(code, Some(1));
    let usable = &state_of(&first, "social_insurance")["usual"]["rows"];
    assert_eq!(insurance, serde_json::json!({"why": "nobody", "rows": usable}));
    assert_eq!((&bank["why"], &bank["links"]), (&"others_names".into(), &0.into()));
    assert!(bank["others"].as_u64() > Some(100), "{bank}");
    assert!(short("pension").is_null() && short("housing").is_null(), "a usual share of other names among them");
    for source in ["social_insurance", "bank"] {
        let states = states(&world, source);
        assert!(!states.contains_key("not_found"), "{source}: {states:?}");
    }
    // Somebody looked, and says that this is what the department has.
    edit(&world, "sources/social_insurance.toml", |layout| format!("min_rows = 100\n{layout}"));
    let (_, second) = ran(&world, "2026-11-25");
    assert_eq!(state_of(&second, "social_insurance")["state"], "arrived");
    assert_eq!(state_of(&second, "bank")["state"], "incomplete");
}

#[test]
fn a_heading_alone_is_no_answer_unless_the_layout_says_so() {
    let world = World::made(400, 2_500, 9);
    keep_lines(&world.extract("payroll"), 1);
    let first = world.summary();
    assert_eq!(
        state_of(&first, "payroll")["short"],
        serde_json::json!({"why": "fewer_rows", "rows": 0, "expected": 1})
    );
    edit(&world, "sources/payroll.toml", |layout| format!("min_rows = 0\n{layout}"));
    assert_eq!(state_of(&world.summary(), "payroll")["state"], "arrived");
}

/// Run again and again on one day, each a little less than the one before, none would have been told.
#[test]
fn a_run_is_measured_by_those_of_earlier_days() {
    let world = World::made(400, 2_500, 9);
    let state = |day: &str| state_of(&ran(&world, day).1, "pension")["state"].as_str().unwrap().to_owned();
    let file = world.extract("pension");
    let whole = std::fs::read(&file).unwrap();
    keep_lines(&file, 60);
    assert_eq!(state("2026-12-10"), "arrived", "of a later day, and none of an earlier one");
    std::fs::write(&file, whole).unwrap();
    assert_eq!(state("2026-11-24"), "arrived");
    keep_lines(&file, 171);
    assert_eq!(state("2026-11-25"), "arrived", "170 rows of 200; 158 would do");
    keep_lines(&file, 141);
    assert_eq!(state("2026-11-25"), "incomplete", "after 170 rows, 131 would have done");
}

/// The room for a copy is made first: what did not arrive is zeros.
#[test]
fn a_copy_that_did_not_finish_ends_in_zeros() {
    let world = World::made(400, 2_500, 9);
    let file = world.extract("pension");
    let bytes = std::fs::read(&file).unwrap();
    keep_lines(&file, 190);
    let kept = std::fs::read(&file).unwrap().len();
    let zeros = [std::fs::read(&file).unwrap(), vec![0; bytes.len() - kept]].concat();
    std::fs::write(&file, zeros).unwrap();
    assert_eq!(state_of(&world.summary(), "pension")["short"]["why"], "broken_off");
}

/// An export that ran through a spreadsheet lost what did not fit, without a word.
#[test]
fn a_file_of_as_many_lines_as_a_sheet_has_is_not_whole_unless_the_layout_says_so() {
    let world = World::made(400, 2_500, 9);
    let file = world.extract("pension");
    let bytes = std::fs::read(&file).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let rows = lines[1..].iter().cycle().take((1 << 16) - 1);
    std::fs::write(&file, [&lines[..1], &rows.copied().collect::<Vec<_>>()].concat().concat()).unwrap();
    assert_eq!(state_of(&world.summary(), "pension")["short"]["why"], "full_sheet");
    edit(&world, "sources/pension.toml", |layout| format!("min_rows = 65000\n{layout}"));
    assert_eq!(state_of(&world.summary(), "pension")["state"], "arrived");
}

/// Money that nobody can read was money that nobody had: with it a deposit over the limit was gone from one night to the next.
#[test]
fn what_cannot_be_read_in_a_record_clears_nobody() {
    let world = World::made(2_000, 12_000, 9);
    let (code, first) = ran(&world, "2026-11-24");
    assert_eq!((code, &state_of(&first, "bank")["unread"]), (Some(0), &0.into()));
    let found = world.export("outcomes");
    let found = found.iter().find(|row| row["rule"] == "D001").expect("somebody has money in a bank");
    let links = world.export("links");
    let of_household = |link: &&Row| link["source"] == "bank" && link["household_id"] == found["household_id"];
    let of_household: Vec<&Row> = links.iter().filter(of_household).collect();
    edit(&world, &of_household[0]["file"], |text| {
        let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
        assert_eq!(lines[0].split(',').nth(4), Some("存款余额（元）"));
        for link in &of_household {
            let line = &mut lines[link["line"].parse::<usize>().unwrap() - 1];
            let mut cells: Vec<&str> = line.split(',').collect();
            cells[4] = "若干";
            *line = cells.join(",");
        }
        lines.join("\r\n")
    });
    let (code, summary) = ran(&world, "2026-11-25");
    assert_eq!(code, Some(0), "told, and few of many");
    assert_eq!(state_of(&summary, "bank")["unread"].as_u64(), Some(of_household.len() as u64));
    let people: BTreeSet<&String> = of_household.iter().map(|link| &link["person_id"]).collect();
    assert_eq!(states(&world, "bank")["record_fault"], people.len());
    assert_eq!((&summary["standing"]["gone"], &summary["standing"]["kept"]), (&0.into(), &1.into()));
    let absent = listed(&world, &summary, "absent.csv");
    let held = absent.first().unwrap();
    assert_eq!(held["情况"], "未能核对，上次疑点暂存：记录有误");
    assert!(!held["姓名"].is_empty() && held["身份证号"].len() == 18, "the household is told by its first: {held:?}");
}

/// A part of a delivery that is gone, and a delivery older than the last: both were whole as far as rows told.
#[test]
fn a_part_that_is_gone_and_a_newer_delivery_taken_away_clear_nobody() {
    let world = World::made(400, 2_500, 9);
    let state = |day: &str, source: &str| {
        let (code, summary) = ran(&world, day);
        let source = state_of(&summary, source);
        (code, source["state"].as_str().unwrap().to_owned(), source["short"]["why"].as_str().map(str::to_owned))
    };
    let whole = |state: (Option<i32>, String, Option<String>)| assert_eq!(state, (Some(0), "arrived".to_owned(), None));
    let short = |state, why: &str| assert_eq!(state, (Some(1), "incomplete".to_owned(), Some(why.to_owned())));
    let first = world.extract("pension");
    let bytes = std::fs::read(&first).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let second = first.with_file_name("pension_20261121_2.txt");
    let part = [&lines[..1], &lines[1..6]].concat().concat();
    std::fs::write(&first, [&lines[..1], &lines[6..]].concat().concat()).unwrap();
    std::fs::write(&second, &part).unwrap();
    whole(state("2026-11-24", "pension"));
    std::fs::remove_file(&second).unwrap();
    short(state("2026-11-25", "pension"), "part_gone");
    short(state("2026-11-26", "pension"), "part_gone");
    std::fs::write(&second, &part).unwrap();
    whole(state("2026-11-27", "pension"));

    let newest = world.extract("payroll");
    std::fs::copy(&newest, newest.with_file_name("payroll_20261021.txt")).unwrap();
    edit(&world, "sources/payroll.toml", |layout| layout.replacen("path = ", "take = \"newest\"\npath = ", 1));
    whole(state("2026-11-28", "payroll"));
    std::fs::remove_file(&newest).unwrap();
    short(state("2026-11-29", "payroll"), "older");
    short(state("2026-11-30", "payroll"), "older");
    edit(&world, "sources/payroll.toml", |layout| format!("min_rows = 1\n{layout}"));
    whole(state("2026-12-01", "payroll"));

    // Of lists that add to each other the oldest leaves in time.
    edit(&world, "sources/death.toml", |layout| layout.replacen("path = ", "take = \"all\"\npath = ", 1));
    let list = world.extract("death");
    let month = |name: &str| list.with_file_name(format!("death_{name}.xlsx"));
    for name in ["20260921", "20261021"] {
        std::fs::copy(&list, month(name)).unwrap();
    }
    whole(state("2026-12-02", "death"));
    std::fs::remove_file(month("20260921")).unwrap();
    assert_ne!(state("2026-12-03", "death").2.as_deref(), Some("part_gone"));
}
