//! Whom a mandate covers: its words, its days, and what nobody can read in it.

use super::completeness::ran;
use super::world::{AS_OF, World, text};

const MANDATES: &str = "inbox/register/mandates.csv";

/// Puts cells in a column of the first rows, in their order. The ids of those rows.
fn put(world: &World, column: usize, values: &[&str]) -> Vec<String> {
    let file = std::fs::read_to_string(world.path(MANDATES)).unwrap();
    let mut lines: Vec<Vec<&str>> = file.split("\r\n").map(|line| line.split(',').collect()).collect();
    let rows = lines[1..].iter_mut().zip(values);
    let mut ids = Vec::new();
    for (cells, value) in rows {
        cells[column] = value;
        ids.push(cells[0].to_owned());
    }
    let lines: Vec<String> = lines.iter().map(|cells| cells.join(",")).collect();
    std::fs::write(world.path(MANDATES), lines.join("\r\n")).unwrap();
    ids
}

/// Once, what could not be read as a day counted as no end at all, and whoever had withdrawn was matched.
#[test]
fn an_end_that_cannot_be_read_covers_nobody_and_none_at_all_covers_for_long() {
    let world = World::made(400, 2_500, 9);
    let ends = [
        "2026-11-31",
        "已撤回",
        "2026/2/29",
        "2025",
        "长期",
        "",
        "2026-11-24",
        "2026-11-23",
        "1900-01-01",
        "2026-12",
        "9999-12-31",
    ];
    let ids = put(&world, 4, &ends);
    let output = world.hedui(&["run", "--as-of", AS_OF, "--no-progress"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("! 6 mandates begin or end on a day that cannot be read, or are in another name"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(covered(&world, &ids), [false, false, false, false, true, true, true, false, false, false, true]);
    assert_eq!(told(&world, "run.reject_mandate_end"), ["2", "3", "4", "5", "10", "11"]);
}

/// Two slips in one id make somebody else's of it: nobody is matched because another signed.
#[test]
fn a_mandate_in_anothers_name_covers_nobody() {
    let world = World::made(400, 2_500, 9);
    let named = std::fs::read_to_string(world.path(MANDATES)).unwrap();
    let own = named.lines().nth(4).unwrap().split(',').nth(1).unwrap();
    let spaced: String = own.chars().flat_map(|letter| [letter, ' ']).collect();
    let ids = put(&world, 1, &["欧阳不同", "", "诸葛他人", &spaced]);
    let output = world.hedui(&["run", "--as-of", AS_OF, "--no-progress"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("! 2 mandates begin or end on a day"), "{}", text(&output.stderr));
    assert_eq!(covered(&world, &ids), [false, true, false, true]);
    assert_eq!(told(&world, "run.reject_mandate_name"), ["2", "4"]);
    let (code, summary) = ran(&world, "2026-11-25");
    assert_eq!((code, summary["mandates_at_fault"].as_u64()), (Some(1), Some(2)), "as the register was kept");
}

/// Whether each is covered by a mandate.
fn covered(world: &World, ids: &[String]) -> Vec<bool> {
    let coverage = world.export("coverage");
    let covered = |id: &String| {
        let person = coverage.iter().find(|person| person["person_id"] == *id).unwrap();
        person["vehicle"] != "no_mandate"
    };
    ids.iter().map(covered).collect()
}

/// Lines that go back for a reason.
fn told(world: &World, reason: &str) -> Vec<String> {
    let told = world.export("rejects").into_iter().filter(|row| row["reason"] == reason);
    told.map(|row| row["line"].clone()).collect()
}

/// Half a list of mandates clears nobody, and nobody would have known why half the centre was not matched.
#[test]
fn many_mandates_fewer_than_the_day_before_are_told() {
    let world = World::made(400, 2_500, 9);
    let before = world.summary()["mandated"].as_u64().unwrap();
    let file = std::fs::read_to_string(world.path(MANDATES)).unwrap();
    let half: Vec<&str> = file.split_inclusive('\n').take(200).collect();
    std::fs::write(world.path(MANDATES), half.concat()).unwrap();
    let (code, summary) = ran(&world, "2026-11-25");
    let now = summary["mandated"].as_u64().unwrap();
    assert!(now <= 199, "as many as there are lines below the heading");
    assert_eq!((code, summary["fewer_mandated"].as_u64()), (Some(1), Some(before - now)));
    // As many links are missing as people may not be matched: no department is at fault.
    assert_eq!(summary["sources"].as_array().unwrap().iter().filter(|source| source["state"] != "arrived").count(), 0);
}
