//! The 备案 check over a made-up centre: what the truth beside it says, no more; marriage records; bad lists.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{World, records, text};

/// Whole ids, so that lines can be told apart.
fn open_world() -> World {
    let world = World::made(6_000, 40_000, 21);
    edit(&world, "hedui.toml", |text| text.replace("masked = true", "masked = false"));
    world
}

fn edit(world: &World, path: &str, change: impl Fn(String) -> String) {
    let path = world.path(path);
    std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
}

type Row = BTreeMap<String, String>;

/// (person, official) → the line.
fn listed(world: &World, summary: &serde_json::Value) -> BTreeMap<(String, String), Row> {
    let path = format!("{}/filings.csv", summary["outbox"].as_str().unwrap());
    let rows = records(&std::fs::read(world.path(&path)).unwrap());
    rows.into_iter().map(|row| ((row["身份证号"].clone(), row["经办人员身份证号"].clone()), row)).collect()
}

const STANDING: &str = "备案情况（供核对备案，不作认定）";

#[test]
fn the_list_holds_what_the_truth_says_and_nobody_else() {
    let world = open_world();
    let summary = world.summary();
    let listed = listed(&world, &summary);
    let truth = records(&std::fs::read(world.path("truth_filings.csv")).unwrap());
    let mut seen = BTreeSet::new();
    for row in &truth {
        let line = &listed[&(row["person_id"].clone(), row["official_id"].clone())];
        let expected = match row["expected"].as_str() {
            "filed" => "已备案",
            "household_filed" => "同户已备案",
            _ => "未见备案",
        };
        assert_eq!(line[STANDING], expected, "{row:?}");
        seen.insert(expected);
    }
    assert_eq!((seen.len(), listed.len()), (3, truth.len()), "a namesake among the officials is tied to nobody");
    let counts = &summary["filings"];
    assert_eq!(counts["lines"], truth.len());
    let of_counties: usize = summary["packages"].as_array().unwrap().iter().fold(0, |sum, package| {
        let path =
            format!("{}/{}/filings.csv", summary["outbox"].as_str().unwrap(), package["folder"].as_str().unwrap());
        sum + records(&std::fs::read(world.path(&path)).unwrap()).len()
    });
    assert_eq!(of_counties, truth.len(), "every line stands in one county's list");
}

/// A marriage row as (id, name) of the spouse who is not on the register, by the link's person and what was registered.
fn spouse_of(world: &World, divorced: bool) -> (String, String, String) {
    let persons = std::fs::read_to_string(world.path("inbox/register/persons.csv")).unwrap();
    let extract = std::fs::read(world.extract("marriage")).unwrap();
    let (extract, ..) = encoding_rs::GB18030.decode(&extract);
    let rows: Vec<Vec<&str>> = extract.lines().map(|line| line.split(',').collect()).collect();
    let links = world.export("links");
    let marriages = links.iter().filter(|link| link["source"] == "marriage" && link["grade"] == "A");
    let mut found = marriages.filter_map(|link| {
        let row = &rows[link["line"].parse::<usize>().unwrap() - 1];
        let other = if row[1] == link["person_id"] { (row[4], row[3]) } else { (row[1], row[0]) };
        let clean = row[1] == link["person_id"] || row[4] == link["person_id"];
        let wanted = clean && row[5].starts_with("离婚") == divorced && !persons.contains(other.0);
        wanted.then(|| (link["person_id"].clone(), other.0.to_owned(), other.1.to_owned()))
    });
    found.next().expect("the made-up centre holds marriages and divorces with people off the register")
}

#[test]
fn a_marriage_record_names_an_official_and_a_divorce_or_a_namesake_does_not() {
    let world = open_world();
    world.summary();
    let (wife, husband, name) = spouse_of(&world, false);
    let (parted, former, former_name) = spouse_of(&world, true);
    edit(&world, "inbox/register/officials.csv", |text| {
        format!("{text}{husband},{name},主任,演示村,370141001\r\n{former},{former_name},主任,演示村,370141001\r\n")
    });
    let summary = world.summary();
    let lines = listed(&world, &summary);
    let line = &lines[&(wife.clone(), husband.clone())];
    assert!(line["关系依据"].starts_with("婚姻登记记录中的配偶"), "{line:?}");
    assert_eq!(line[STANDING], "未见备案");
    assert!(line["依据所在行"].contains("inbox/marriage/"), "{line:?}");
    assert!(!lines.contains_key(&(parted, former)), "a divorce ended it");

    edit(&world, "inbox/register/officials.csv", |text| {
        text.replace(&format!("{husband},{name}"), &format!("{husband},欧阳甲乙"))
    });
    let lines = listed(&world, &world.summary());
    assert!(!lines.contains_key(&(wife, husband)), "the id under another name is nobody");
}

#[test]
fn rows_at_fault_go_back_and_nothing_is_said_without_a_list() {
    let world = open_world();
    let own = records(&std::fs::read(world.path("inbox/register/persons.csv")).unwrap());
    let own = own.iter().find(|row| row["身份证号"].len() == 18 && row["姓名"] != "欧阳甲乙").unwrap();
    let before = world.summary();
    edit(&world, "inbox/register/officials.csv", |text| {
        format!("{text}{},欧阳甲乙,主任,演示村,\r\n110105194912310021,钱一,主任,演示村,\r\n", own["身份证号"])
    });
    let after = world.summary();
    let roster = |summary: &serde_json::Value| {
        let sources = summary["sources"].as_array().unwrap();
        sources.iter().find(|source| source["source"] == "officials").unwrap().clone()
    };
    assert_eq!(roster(&after)["bins"]["rejected"], 2, "another name; a wrong check character");
    assert_eq!(after["filings"], before["filings"]);
    let rejects = format!("{}/rejects/officials.csv", after["outbox"].as_str().unwrap());
    assert!(std::fs::read_to_string(world.path(&rejects)).unwrap().contains("请核实"));

    let unchecked = || {
        let output = world.run();
        assert_eq!(output.status.code(), Some(1));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(summary["filings"].is_null(), "half a check would call people unfiled who are not");
        assert!(!world.path(&format!("{}/filings.csv", summary["outbox"].as_str().unwrap())).exists());
    };
    edit(&world, "inbox/register/filings.csv", |text| text.lines().next().unwrap().to_owned());
    unchecked();
    let layout = std::fs::read_to_string(world.path("register.toml")).unwrap();
    edit(&world, "register.toml", |text| {
        text.replace("[filings.connector]", "[filings]\nmin_rows = 0\n[filings.connector]")
    });
    assert_eq!(world.summary()["filings"]["filed"], 0, "nobody filed, the centre says");
    std::fs::write(world.path("register.toml"), layout).unwrap();
    std::fs::remove_file(world.path("inbox/register/filings.csv")).unwrap();
    unchecked();
}

#[test]
fn a_changed_heading_of_the_roster_is_named_before_the_night() {
    let world = World::made(400, 2_500, 9);
    assert_eq!(world.hedui(&["validate"]).status.code(), Some(0));
    edit(&world, "inbox/register/officials.csv", |text| text.replacen("身份证号", "某某证号", 1));
    let output = world.hedui(&["validate"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("inbox/register/officials.csv") && said.contains("某某证号"), "{said}");
    edit(&world, "register.toml", |text| text.replace("[officials", "[persons.officials"));
    assert_eq!(world.hedui(&["validate"]).status.code(), Some(2));
}
