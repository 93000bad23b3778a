//! What was read once: a second night, a changed delivery, a damaged index, and the window's look-ups say what a full
//! reading says.

use std::collections::BTreeMap;

use calamine::{Data, Reader, Xlsx};

use super::answers::listed;
use super::completeness::{ran, states};
use super::world::{AS_OF, World, text};

/// Months after [`AS_OF`].
const LATER: &str = "2027-03-24";

/// The outbox without what names the run.
fn sent(world: &World, run: &str) -> Vec<(String, String)> {
    let files = world.files(&format!("outbox/{run}"));
    let lists = files.into_iter().filter(|(name, _)| name.ends_with(".csv"));
    lists.map(|(name, bytes)| (name, text(&bytes).replace(run, "RUN"))).collect()
}

/// What `--explain` says of each file, by source.
pub(super) fn works(world: &World, day: &str, more: &[&str]) -> BTreeMap<String, String> {
    let output = world.hedui(&[&["run", "--explain", "--json", "--as-of", day], more].concat());
    let files: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    files.iter().map(|file| (word(&file["source"]), word(&file["work"]))).collect()
}

/// How many files stand as `expected`, of all.
fn count(works: &BTreeMap<String, String>, expected: &str) -> usize {
    works.values().filter(|work| *work == expected).count()
}

/// What the summary says of each rule: flagged, clear, not checked. No list of a county holds it.
fn by_rule(world: &World, run: &str) -> Vec<Vec<Data>> {
    let path = world.path(&format!("outbox/{run}/summary.xlsx"));
    let mut workbook: Xlsx<_> = calamine::open_workbook(path).unwrap();
    let sheet = workbook.worksheet_range("分规则").unwrap();
    sheet.rows().map(<[Data]>::to_vec).collect()
}

/// A run, and the same once more with every file read in full: both must send and keep the same.
pub(super) fn runs_as_if_read_anew(world: &World, day: &str) -> String {
    let run = |more: &[&str]| {
        let output = world.hedui(&[&["run", "--as-of", day, "--no-progress", "--json"], more].concat());
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        summary["run"].as_str().unwrap().to_owned()
    };
    let kept = |run: &str| {
        let mut files = world.files(&format!("store/runs/{run}"));
        files.remove("run.json").unwrap();
        files
    };
    let (taken, anew) = (run(&[]), run(&["--reread"]));
    assert_eq!(sent(world, &taken), sent(world, &anew));
    assert_eq!(by_rule(world, &taken), by_rule(world, &anew));
    assert!(kept(&taken) == kept(&anew), "a table differs");
    taken
}

#[test]
fn a_night_in_which_nothing_changed_takes_everything_over() {
    let world = World::made(3_000, 20_000, 12);
    let before = works(&world, AS_OF, &[]);
    assert_eq!(count(&before, "new"), before.len());
    let first = world.summary()["run"].as_str().unwrap().to_owned();
    let after = works(&world, AS_OF, &[]);
    assert_eq!(count(&after, "kept"), after.len(), "{after:?}");
    assert!(after.contains_key("register") && after.contains_key("mandates") && after.contains_key("bank"));
    let again = runs_as_if_read_anew(&world, AS_OF);
    assert!(sent(&world, &first).len() > 5);
    assert_eq!(sent(&world, &first), sent(&world, &again));
    let reread = works(&world, AS_OF, &["--reread"]);
    assert_eq!(count(&reread, "new"), reread.len());
    // On another day mandates end and dates grow older: what depends on them is made anew, nothing else.
    runs_as_if_read_anew(&world, "2026-11-25");
}

/// Writes a text file of the workspace anew.
pub(super) fn edit(world: &World, path: &str, change: impl FnOnce(String) -> String) {
    let path = world.path(path);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(text)).unwrap();
}

#[test]
fn a_change_in_the_register_links_anew_and_reads_no_extract() {
    let world = World::made(3_000, 20_000, 16);
    world.summary();
    // The last line leaves the register.
    edit(&world, "inbox/register/persons.csv", |text| {
        let end = text.trim_end().rfind('\n').unwrap() + 1;
        text[..end].to_owned()
    });
    let changed = works(&world, AS_OF, &[]);
    assert_eq!(changed["register"], "changed");
    assert_eq!(changed["mandates"], "other_layout", "it is the register that is made anew, of both files");
    assert_eq!(count(&changed, "known"), changed.len() - 2, "{changed:?}");
    runs_as_if_read_anew(&world, AS_OF);
    // A year on most mandates have ended: other people may be matched.
    let later = "2027-11-24";
    let ended = works(&world, later, &[]);
    assert_eq!((ended["register"].as_str(), ended["bank"].as_str()), ("kept", "known"));
    runs_as_if_read_anew(&world, later);
}

#[test]
fn a_change_in_a_rule_links_nothing_and_one_in_linking_does() {
    let world = World::made(3_000, 20_000, 17);
    let flagged = |run: &serde_json::Value| run["flagged"][0].as_u64().unwrap() + run["flagged"][1].as_u64().unwrap();
    let before = world.summary();
    edit(&world, "policy/parameters.toml", |text| {
        let at = text.find("vehicle_max").unwrap();
        let value = at + text[at..].find("value = ").unwrap();
        let end = value + text[value..].find(['\n', ',']).unwrap();
        format!("{}value = 9{}", &text[..value], &text[end..])
    });
    let works_now = works(&world, AS_OF, &[]);
    assert_eq!(count(&works_now, "kept"), works_now.len());
    runs_as_if_read_anew(&world, AS_OF);
    assert!(flagged(&world.summary()) < flagged(&before), "nobody has nine vehicles");
    edit(&world, "hedui.toml", |text| text.replace("accept = [\"A\", \"C\"]", "accept = [\"A\"]"));
    let works_now = works(&world, AS_OF, &[]);
    assert_eq!((works_now["register"].as_str(), works_now["bank"].as_str()), ("kept", "known"));
    runs_as_if_read_anew(&world, AS_OF);
}

/// The register is the same and nobody's mandate ends: only the deliveries grow old.
#[test]
fn a_delivery_that_grew_stale_is_no_answer_any_more() {
    let world = World::made(3_000, 20_000, 19);
    edit(&world, "inbox/register/mandates.csv", |text| {
        let mut lines = text.lines();
        let heading = lines.next().unwrap().to_owned();
        let without_end = lines.map(|line| format!("\n{},", &line[..line.rfind(',').unwrap()]));
        std::iter::once(heading).chain(without_end).collect::<String>() + "\n"
    });
    world.summary();
    let works_later = works(&world, LATER, &[]);
    assert_eq!(count(&works_later, "kept"), works_later.len(), "{works_later:?}");
    let run = runs_as_if_read_anew(&world, LATER);
    let coverage = sent(&world, &run).into_iter().filter(|(name, _)| name.ends_with("/coverage.csv"));
    assert!(coverage.into_iter().all(|(_, text)| text.contains("来源过期")));
}

/// Whatever a disk did to what is kept, the night is the same.
#[test]
fn what_is_kept_and_damaged_is_made_anew() {
    let world = World::made(3_000, 20_000, 18);
    world.summary();
    let damage = |how: &dyn Fn(&mut Vec<u8>)| {
        for stage in std::fs::read_dir(world.path("store/stages")).unwrap() {
            let stage = stage.unwrap().path();
            let mut bytes = std::fs::read(&stage).unwrap();
            how(&mut bytes);
            // Replaced, as a disk's repair would: a mapped file is not written to.
            std::fs::remove_file(&stage).unwrap();
            std::fs::write(&stage, bytes).unwrap();
        }
    };
    for how in [&(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2)) as &dyn Fn(&mut Vec<u8>), &|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    }] {
        damage(how);
        runs_as_if_read_anew(&world, AS_OF);
    }
}

/// A table that is the same gets a second name, and one that something wrote to meanwhile is written again.
#[cfg(unix)]
#[test]
fn a_table_that_is_the_same_is_named_again_and_one_that_was_changed_is_not() {
    use std::os::unix::fs::MetadataExt;
    let world = World::made(3_000, 20_000, 18);
    let table = |summary: &serde_json::Value| {
        world.path(&format!("store/runs/{}/register.parquet", summary["run"].as_str().unwrap()))
    };
    let [first, second] = [(); 2].map(|()| table(&world.summary()));
    let place = |path: &std::path::Path| std::fs::metadata(path).unwrap().ino();
    assert_eq!(place(&first), place(&second));
    let whole = std::fs::read(&first).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&second, damaged).unwrap();
    let third = table(&world.summary());
    assert_ne!(place(&second), place(&third));
    assert!(std::fs::read(&third).unwrap() == whole);
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
    let works = works(&world, AS_OF, &[]);
    assert_eq!((works["vehicle"].as_str(), count(&works, "changed")), ("changed", 1));
    assert_eq!(count(&works, "kept"), works.len() - 1);
    for index in std::fs::read_dir(world.path("store/keys")).unwrap() {
        let index = index.unwrap().path();
        if index.extension().is_some_and(|extension| extension == "keys") {
            let kept = std::fs::read(&index).unwrap();
            std::fs::write(&index, &kept[..kept.len() / 2]).unwrap();
        }
    }
    runs_as_if_read_anew(&world, AS_OF);
}

/// Whole in its form and wrong in a key or a place: once such an index hid records, and nothing told.
#[test]
fn an_index_with_a_wrong_key_serves_nobody() {
    let world = World::made(3_000, 20_000, 13);
    world.summary();
    for index in std::fs::read_dir(world.path("store/keys")).unwrap() {
        let index = index.unwrap().path();
        if index.extension().is_some_and(|extension| extension == "keys") {
            let mut bytes = std::fs::read(&index).unwrap();
            bytes[8..].iter_mut().take(4096).for_each(|byte| *byte ^= 1);
            std::fs::remove_file(&index).unwrap();
            std::fs::write(&index, bytes).unwrap();
        }
    }
    // Another register, so that the indexes are asked again.
    edit(&world, "inbox/register/persons.csv", |text| {
        text.lines()
            .enumerate()
            .filter(|(line, _)| !(5..9).contains(line))
            .map(|(_, line)| format!("{line}\n"))
            .collect()
    });
    runs_as_if_read_anew(&world, AS_OF);
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
            let output = world.hedui(&["check", "--id", id, "--reason", "a test", "--as-of", AS_OF, "--json"]);
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
        let mut arguments = vec!["check", "--reason", "a test", "--as-of", AS_OF, "--json"];
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

/// An exchange platform numbers its records, and says later under the number that one was deleted at the source.
#[test]
fn what_a_department_takes_back_accuses_nobody_by_night_and_at_the_window() {
    let world = World::made(3_000, 20_000, 12);
    edit(&world, "sources/vehicle.toml", |layout| {
        let columns = layout.replacen("[values]", "record_id = \"JLBH\"\noperation = \"CZBS\"\n\n[values]", 1);
        columns.replacen("footer =", "delete = [\"D\"]\nfooter =", 1)
    });
    let file = world.extract("vehicle");
    let numbered = |(at, line): (usize, &[u8])| match line.strip_suffix(b"\n") {
        Some(row) if at == 0 => [row, b",JLBH,CZBS\n"].concat(),
        Some(row) => [row, format!(",{},I\n", at + 1).as_bytes()].concat(),
        None => line.to_vec(),
    };
    let lines: Vec<Vec<u8>> =
        std::fs::read(&file).unwrap().split_inclusive(|byte| *byte == b'\n').enumerate().map(numbered).collect();
    let deliver = |more: &[&[u8]]| std::fs::write(&file, [lines.concat(), more.concat()].concat()).unwrap();
    deliver(&[]);
    // Of somebody who lives alone and whose mandate does not end meanwhile: nothing else keeps it unknown.
    let ahead = world.copy();
    let (_, later) = ran(&ahead, "2026-11-30");
    let cars: Vec<_> =
        listed(&ahead, &later, "grounds.csv").into_iter().filter(|ground| ground["规则"] == "V001").collect();
    let people = ahead.export("register");
    let is_alone = |code: &str| people.iter().filter(|person| person["household_id"] == code).count() == 1;
    let is_only = |id: &str| cars.iter().filter(|ground| ground["疑点编号"] == id).count() == 1;
    let car = cars.iter().find(|car| is_only(&car["疑点编号"]) && is_alone(&car["家庭编号"])).unwrap();
    let (discrepancy, line): (_, usize) = (&car["疑点编号"], car["行号"].parse().unwrap());
    ran(&world, "2026-11-24");
    let outcome = || world.export("outcomes").into_iter().find(|outcome| outcome["id"] == *discrepancy);
    let owner = outcome().expect("it stands in the run")["household_id"].clone();
    let at_the_window = || {
        let arguments = ["check", "--household", &owner, "--reason", "复核", "--as-of", "2026-11-26", "--no-progress"];
        let answer = world.hedui(&arguments);
        (answer.status.code(), text(&answer.stdout).contains("V001"))
    };
    assert_eq!(at_the_window(), (Some(0), true));

    let taken_back = format!("{}{line},D\n", ",".repeat(14));
    deliver(&[taken_back.as_bytes()]);
    let (_, second) = ran(&world, "2026-11-25");
    assert_eq!(outcome(), None);
    assert_eq!(second["standing"]["gone"], 1);
    assert_eq!(at_the_window(), (Some(0), false));

    // Behind it stands the record once more: nobody can tell which of the two came first.
    deliver(&[taken_back.as_bytes(), &lines[line - 1]]);
    ran(&world, "2026-11-26");
    assert_eq!(outcome(), None);
    assert_eq!(states(&world, "vehicle")["record_fault"], 1);
    assert_eq!(at_the_window(), (Some(1), false));
    let rejects = world.export("rejects");
    assert!(rejects.iter().any(|reject| reject["source"] == "vehicle" && reject["column"] == "JLBH"), "{rejects:?}");
}
