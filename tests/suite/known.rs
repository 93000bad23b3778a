//! What was read once: a second night, a changed delivery, a damaged index, and the window's look-ups say what a full
//! reading says.

use super::world::{World, text};

/// The outbox without what names the run.
fn sent(world: &World, run: &str) -> Vec<(String, String)> {
    let files = world.files(&format!("outbox/{run}"));
    let lists = files.into_iter().filter(|(name, _)| name.ends_with(".csv"));
    lists.map(|(name, bytes)| (name, text(&bytes).replace(run, "RUN"))).collect()
}

fn standings(world: &World) -> Vec<String> {
    let output = world.hedui(&["run", "--explain", "--json"]);
    let files: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    files.iter().map(|file| file["standing"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_index_changes_nothing_but_the_time() {
    let world = World::made(3_000, 20_000, 12);
    assert!(standings(&world).iter().all(|standing| standing == "new"));
    let first = world.summary()["run"].as_str().unwrap().to_owned();
    assert!(standings(&world).iter().all(|standing| standing == "known"));
    let again = world.summary()["run"].as_str().unwrap().to_owned();
    let full = world.run_with(&["--reread"]);
    let full: serde_json::Value = serde_json::from_slice(&full.stdout).unwrap();
    assert!(sent(&world, &first).len() > 5);
    assert_eq!(sent(&world, &first), sent(&world, &again));
    assert_eq!(sent(&world, &first), sent(&world, full["run"].as_str().unwrap()));
}

#[test]
fn a_changed_delivery_and_a_damaged_index_are_read_in_full() {
    let world = World::made(3_000, 20_000, 13);
    world.summary();
    let vehicles = world.extract("vehicle");
    let mut bytes = std::fs::read(&vehicles).unwrap();
    let cut = bytes[..bytes.len() - 2].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    bytes.truncate(cut);
    std::fs::write(&vehicles, &bytes).unwrap();
    assert_eq!(standings(&world).iter().filter(|standing| *standing == "changed").count(), 1);
    for index in std::fs::read_dir(world.path("store/keys")).unwrap() {
        let index = index.unwrap().path();
        if index.extension().is_some_and(|extension| extension == "keys") {
            let kept = std::fs::read(&index).unwrap();
            std::fs::write(&index, &kept[..kept.len() / 2]).unwrap();
        }
    }
    let run = world.summary()["run"].as_str().unwrap().to_owned();
    let full = world.run_with(&["--reread"]);
    let full: serde_json::Value = serde_json::from_slice(&full.stdout).unwrap();
    assert_eq!(sent(&world, &run), sent(&world, full["run"].as_str().unwrap()));
}

/// Somebody on the register and somebody at the window are told the same with indexes as without.
#[test]
fn the_window_finds_the_same_rows_by_index() {
    let world = World::made(3_000, 20_000, 14);
    let truth = world.truth();
    let asked: Vec<&str> = truth
        .iter()
        .filter(|row| row["expected"] == "A" || row["expected"] == "C")
        .map(|row| row["person_id"].as_str())
        .step_by(7)
        .take(12)
        .collect();
    assert_eq!(asked.len(), 12);
    let answers = |indexed: bool| -> Vec<String> {
        let ask = |id: &&str| {
            if !indexed {
                let _ = std::fs::remove_dir_all(world.path("store/keys"));
            }
            let output =
                world.hedui(&["check", "--id", id, "--reason", "a test", "--as-of", super::world::AS_OF, "--json"]);
            text(&output.stdout)
        };
        asked.iter().map(ask).collect()
    };
    let read = answers(false);
    assert!(read.iter().all(|answer| answer.contains("\"records\"")), "{}", read[0]);
    assert!(read.iter().any(|answer| answer.contains("\"grade\": \"A\"")));
    assert_eq!(read, answers(true));
}

#[test]
fn a_household_a_list_and_a_page() {
    let world = World::made(2_000, 10_000, 15);
    let ask = |more: &[&str]| {
        let mut arguments = vec!["check", "--reason", "a test", "--as-of", super::world::AS_OF, "--json"];
        arguments.extend(more);
        world.hedui(&arguments)
    };
    let nobody = ask(&["--household", "370101-0000001"]);
    assert_eq!(nobody.status.code(), Some(3), "there is no run to find a household in");
    world.summary();
    let register = world.export("register");
    let members = |code: &str| register.iter().filter(|row| row["household_id"] == code).count();
    let household = register.iter().map(|row| &row["household_id"]).find(|code| members(code) > 1).unwrap();
    let page = world.path("answer.html");
    let answer = ask(&["--household", household, "--html", page.to_str().unwrap()]);
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["people"].as_array().unwrap().len(), members(household));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("核对报告") && page.contains("即时核对第"));
    let ids = register.iter().filter(|row| row["household_id"] == *household).map(|row| row["person_id"].as_str());
    assert!(ids.into_iter().all(|id| id.len() == 18 && !page.contains(id)), "the page is masked");

    let good = register.iter().map(|row| row["person_id"].as_str()).find(|id| id.len() == 18).unwrap();
    std::fs::write(world.path("list.csv"), format!("id,name\n123,\n{good},\n")).unwrap();
    let answer = ask(&["--file", "list.csv"]);
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    let state = |person: usize| answer["people"][person]["sources"][0]["state"].as_str().unwrap();
    assert_eq!(state(0), "unusable_id");
    assert_ne!(state(1), "unusable_id");
}
