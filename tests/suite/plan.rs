//! `hedui run --plan` beside the run it speaks of.

use serde_json::Value;

use super::known::edit;
use super::world::{World, text};

fn plan(world: &World, more: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["run", "--plan", "--json", "--threads", "2"], more].concat();
    let output = world.hedui(&arguments);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn an_estimate_writes_nothing_and_comes_near_the_run() {
    let world = World::made(2_000, 12_000, 5);
    let (code, first) = plan(&world, &[]);
    assert_eq!(code, Some(0), "{first}");
    assert!(!world.path("store").exists() && !world.path("outbox").exists());
    assert_eq!(first["estimate"]["based_on"], Value::Null);

    let summary = world.summary();
    let expected = first["estimate"]["expected"].as_array().unwrap();
    for source in summary["sources"].as_array().unwrap() {
        let rows = expected.iter().find(|part| part["source"] == source["source"]).unwrap()["rows"].as_f64().unwrap();
        let read = source["bins"]["read"].as_f64().unwrap();
        // Files of this size are counted; only a spreadsheet and a record that a stray quote splits are estimated.
        assert!((rows - read).abs() <= 2.0 + read / 20.0, "{source} was expected to have {rows} rows");
    }

    let (_, second) = plan(&world, &[]);
    assert_eq!(second["estimate"]["based_on"], summary["run"]);
    let on_disk: usize = ["store/runs", "outbox"]
        .iter()
        .flat_map(|folder| world.files(folder).into_values())
        .map(|file| file.len())
        .sum();
    let disk = second["estimate"]["total"]["disk"].as_f64().unwrap();
    assert!((disk / on_disk as f64 - 1.0).abs() < 0.05, "{disk} bytes for {on_disk}: the last run's real figures");
    let bank = |estimate: &Value| {
        estimate["estimate"]["expected"].as_array().unwrap().iter().find(|part| part["source"] == "bank").unwrap()["linked"].clone()
    };
    let linked = summary["sources"].as_array().unwrap().iter().find(|source| source["source"] == "bank").unwrap();
    assert_eq!(bank(&second), linked["bins"]["linked"], "the last run's share of the same rows");
}

#[test]
fn what_is_missing_or_would_be_refused_is_said_before_the_night() {
    let world = World::made(300, 2_000, 6);
    std::fs::remove_file(world.extract("bank")).unwrap();
    std::fs::write(world.extract("tax"), "no such heading\n").unwrap();
    let output = world.hedui(&["run", "--plan"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("! bank") && said.contains("! tax"), "{said}");
    let (code, one) = plan(&world, &["--only", "vehicle", "--formats", "csv"]);
    assert_eq!(code, Some(0), "{one}");
    let sources: Vec<&str> =
        one["estimate"]["expected"].as_array().unwrap().iter().map(|part| part["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["register", "mandates", "officials", "filings", "vehicle"]);
}

/// What ends a run at midnight, or leaves a source out of it, shows by day.
#[test]
fn a_workbooks_heading_and_a_county_without_a_parameter_are_said_before_the_night() {
    let world = World::made(400, 2_500, 9);
    let told = |code: i32| {
        let output = world.hedui(&["validate"]);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    told(0);
    edit(&world, "sources/death.toml", |layout| layout.replace("\"逝者姓名\"", "\"死者姓名\""));
    let said = told(3);
    assert!(said.contains("死者姓名") && said.contains("逝者姓名"), "the heading sought and those found: {said}");
    let planned = world.hedui(&["run", "--plan"]);
    assert_eq!(planned.status.code(), Some(1));
    assert!(text(&planned.stderr).contains("! death"), "{}", text(&planned.stderr));
    edit(&world, "sources/death.toml", |layout| layout.replace("\"死者姓名\"", "\"逝者姓名\""));
    edit(&world, "policy/parameters.toml", |text| text.replacen("place = \"370000\"", "place = \"330000\"", 1));
    assert!(told(2).contains("vehicle_max"));
    edit(&world, "policy/parameters.toml", |text| text.replacen("place = \"330000\"", "place = \"370000\"", 1));
    edit(&world, "sources/bank.toml", |layout| format!("programmes = [\"低宝\"]\n{layout}"));
    let said = told(1);
    assert!(said.contains("sources/bank.toml is limited to programmes (低宝)"), "{said}");
}

#[test]
fn a_memory_limit_is_kept_before_anything_is_read() {
    let world = World::made(300, 2_000, 7);
    let refused = world.run_with(&["--memory-limit", "0.05"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = super::world::text(&refused.stderr);
    assert!(said.contains("50 MB") && said.contains("needs about"), "{said}");
    assert!(!world.path("store/runs").exists());
    assert_eq!(world.run_with(&["--memory-limit", "2"]).status.code(), Some(0));
}
