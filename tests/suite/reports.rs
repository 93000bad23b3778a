//! 核对报告 end to end: a night, then reports out of its snapshots, and what the ledger says of the prints.

use std::collections::BTreeSet;
use std::process::Command;

use super::world::{World, records, text};

/// The text of a PDF as poppler reads it (`scripts/test` installs poppler-utils).
fn pdf_text(path: &std::path::Path) -> String {
    let output = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(path).arg("-").output();
    let output = output.expect("pdftotext is needed: install poppler-utils");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn report(world: &World, arguments: &[&str]) -> serde_json::Value {
    let mut all = vec!["report", "--json", "--no-progress"];
    all.extend(arguments);
    let output = world.hedui(&all);
    assert!(output.status.success(), "report: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_household_is_reported_and_each_print_counts() {
    let world = World::made(3_000, 20_000, 7);
    let output = world.run_with(&["--formats", "csv,pdf"]);
    let night: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcome = &world.export("outcomes")[0];
    let household = outcome["household_id"].as_str();

    let first = report(&world, &["--household", household, "--out", "out"]);
    assert_eq!((&first["reports"], &first["print"]), (&1.into(), &1.into()), "{first}");
    let name = first["files"][0].as_str().unwrap();
    let one = pdf_text(&world.path("out").join(name));
    for part in ["第 1 次打印", "演示", outcome["id"].as_str(), "疑似信息", "核对覆盖"] {
        assert!(one.contains(part), "{part} is not in {one}");
    }
    let again = report(&world, &["--household", household, "--out", "out"]);
    assert_eq!((&again["print"], &again["files"]), (&2.into(), &first["files"]));
    assert!(pdf_text(&world.path("out").join(name)).contains("第 2 次打印"));

    let county = &outcome["division"][..6];
    let package = format!("outbox/{}/{county}", night["run"].as_str().unwrap());
    let refused = world.hedui(&["report", "--household", household, "--out", &package]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(world.hedui(&["package", "verify", &package]).status.success(), "it is as it was published");
    let all = report(&world, &["--county", county, "--out", "all", "--formats", "html"]);
    let index = records(&std::fs::read(world.path("all/index.csv")).unwrap());
    let output = world.hedui(&["report", "--county", county, "--formats", "html"]);
    assert!(output.status.success());
    let own = format!("outbox/reports/{}/{county}/index.csv", all["run"].as_str().unwrap());
    assert!(world.path(&own).exists(), "another county's index does not replace it");
    assert_eq!(index.len() as u64, all["reports"].as_u64().unwrap());
    let own = index.iter().find(|line| line["家庭编号"] == household).unwrap();
    assert_eq!((own["打印次数"].as_str(), own["核对编号"].as_str()), ("3", name.trim_end_matches(".pdf")));
    assert!(index.iter().filter(|line| line["打印次数"] == "1").count() == index.len() - 1);
    assert!(world.hedui(&["ledger", "verify"]).status.success());

    let ids: BTreeSet<String> = world.export("register").iter().map(|person| person["person_id"].clone()).collect();
    let ids: BTreeSet<String> = ids.into_iter().filter(|id| id.len() == 18).collect();
    for (file, bytes) in world.files("all").into_iter().chain(world.files("out")) {
        let whole = text(&bytes).split(|c: char| !c.is_ascii_alphanumeric()).any(|word| ids.contains(word));
        assert!(!whole && !ids.iter().any(|id| file.contains(id)), "a whole id in {file}");
    }
    let bulk = world.path(&format!("{}/{county}/reports.pdf", night["outbox"].as_str().unwrap()));
    let bulk = pdf_text(&bulk);
    assert!(bulk.contains(name.trim_end_matches(".pdf")), "the same number in the county's package");
    assert!(bulk.contains("不计打印次数") && !bulk.contains("次打印（"), "a bulk file claims no count");
    assert!(bulk.contains(outcome["id"].as_str()));
}

#[test]
fn who_is_not_there_is_refused_without_repeating_the_code() {
    let world = World::made(300, 2_000, 3);
    world.run();
    let asked = "11010519491231002X";
    let output = world.hedui(&["report", "--household", asked, "--no-progress"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!text(&output.stderr).contains(asked), "{}", text(&output.stderr));
    assert_eq!(world.hedui(&["report", "--county", "999999"]).status.code(), Some(3));
    assert_eq!(world.hedui(&["report", "--county", "济南"]).status.code(), Some(2));
    assert_eq!(world.hedui(&["report"]).status.code(), Some(2));
    let ledger = text(&world.hedui(&["ledger", "show", "--json"]).stdout);
    assert!(!ledger.contains("\"report\""), "nothing was printed: {ledger}");
}
