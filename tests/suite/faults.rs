//! Bad input, bad disks, bad moments: a clear error, the other sources go on, and nothing half-made is left.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::completeness::{ran, state_of, states};
use super::known::edit;
use super::world::{AS_OF, World, hedui, records, text};

fn small() -> World {
    World::made(400, 2_500, 9)
}

/// A run going on by itself, as the night shift's.
fn running(world: &World) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_hedui"))
        .current_dir(world.root())
        .args(["run", "--as-of", AS_OF, "--no-progress"])
        .env("USER", "night-shift")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_folder_that_is_no_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let output = hedui(folder.path(), &["run"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("hedui init"), "{}", text(&output.stderr));
}

#[test]
fn a_changed_heading_stops_its_source_alone() {
    let world = small();
    let file = world.extract("payroll");
    let changed = std::fs::read_to_string(&file).unwrap().replacen("身份证", "某某证", 1);
    std::fs::write(&file, changed).unwrap();
    let output = world.run();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(state_of(&summary, "payroll")["state"], "refused");
    assert_eq!(state_of(&summary, "vehicle")["state"], "arrived");
    let table = text(&world.run_plain().stderr);
    assert!(table.contains("某某证"), "the message lists the headings found: {table}");
    let coverage = text(&world.hedui(&["export", "coverage"]).stdout);
    assert!(coverage.contains("source_missing"), "coverage says so");
}

/// What a source that did not come holds stands in the run before alone; and every byte of what is kept is vouched for.
#[test]
fn a_run_that_was_deleted_is_missed_and_a_table_that_was_changed_is_found() {
    let world = small();
    let run = |day: &str| ran(&world, day).1["run"].as_str().unwrap().to_owned();
    let first = run("2026-11-24");
    run("2026-11-25");
    assert!(world.hedui(&["ledger", "verify"]).status.success());
    for table in ["grounds", "coverage", "evidence-bank"] {
        let path = world.path(&format!("store/runs/{first}/{table}.parquet"));
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let verified = world.hedui(&["ledger", "verify"]);
        assert_eq!(verified.status.code(), Some(1), "{table}");
        assert!(text(&verified.stdout).contains("a table of the run"), "{}", text(&verified.stdout));
        std::fs::write(&path, whole).unwrap();
    }
    std::fs::remove_dir_all(world.path(&format!("store/runs/{first}"))).unwrap();
    assert!(world.hedui(&["ledger", "verify"]).status.success(), "an old run may go");
    let (code, summary) = ran(&world, "2026-11-26");
    assert_eq!((code, &summary["standing"]["lost"]), (Some(0), &serde_json::Value::Null));
    for run in std::fs::read_dir(world.path("store/runs")).unwrap() {
        std::fs::remove_dir_all(run.unwrap().path()).unwrap();
    }
    let (code, summary) = ran(&world, "2026-11-27");
    assert_eq!((code, summary["standing"]["lost"].as_str()), (Some(1), Some("20261126-01")));
    assert_eq!(ran(&world, "2026-11-28").0, Some(0));
}

/// An old copy of the ledger beside runs that it does not know of: going on would make as if those had never been sent.
#[test]
fn a_ledger_older_than_the_runs_that_are_kept_is_refused() {
    let world = small();
    ran(&world, "2026-11-24");
    let files = ["store/ledger.sqlite", "store/ledger.head"].map(|name| world.path(name));
    let old = files.clone().map(|file| std::fs::read(file).unwrap());
    let (_, second) = ran(&world, "2026-11-25");
    files.iter().zip(&old).for_each(|(file, bytes)| std::fs::write(file, bytes).unwrap());
    let output = world.hedui(&["run", "--as-of", "2026-11-26", "--no-progress"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains(second["run"].as_str().unwrap()) && told.contains("backup"), "{told}");
    assert_eq!(std::fs::read_dir(world.path("outbox")).unwrap().count(), 2, "nothing was published");
}

/// Without rules everything that was found would be gone, and everybody clear.
#[test]
fn rules_that_are_not_there_clear_nobody() {
    let world = small();
    let property = world.path("policy/rules/property.toml");
    let whole = std::fs::read_to_string(&property).unwrap();
    let refused = |said: &str| {
        let output = world.hedui(&["run", "--as-of", AS_OF, "--no-progress"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    };
    assert_eq!(ran(&world, AS_OF).0, Some(0));
    let by_property = |rule: &String| ["V001", "H001", "B001", "D001", "G001"].contains(&rule.as_str());
    let lost = world.export("outcomes").into_iter().map(|one| one["rule"].clone()).find(by_property).unwrap();
    std::fs::remove_file(&property).unwrap();
    let half = world.hedui(&["run", "--as-of", "2026-11-25", "--no-progress"]);
    assert_eq!(half.status.code(), Some(1));
    let told = text(&half.stderr);
    let line = told.lines().find(|line| line.contains("by rules that this one does not have ("));
    assert!(line.is_some_and(|line| line.contains(&lost)), "{lost}: {told}");
    std::fs::write(&property, "# nothing left\n").unwrap();
    refused("property.toml:1: the file is empty");
    std::fs::remove_dir_all(world.path("policy/rules")).unwrap();
    refused("no rule in the policy folder");
    std::fs::create_dir(world.path("policy/rules")).unwrap();
    std::fs::write(&property, whole).unwrap();
    edit(&world, "sources/vehicle.toml", |layout| layout.replacen("= \"cancelled\"", "= \"已注销\"", 1));
    refused("“已注销” in [codes] of state is no value that this program knows");
}

#[test]
fn a_folder_in_place_of_a_file_is_told_before_anything_is_done() {
    let world = small();
    let (_, summary) = ran(&world, AS_OF);
    let run = summary["run"].as_str().unwrap();
    let entries = || text(&world.hedui(&["ledger", "show"]).stdout).lines().count();
    let before = entries();
    let check = ["check", "--id", "11010519491231002X", "--reason", "复核", "--as-of", AS_OF, "--html", "."];
    for command in [&["export", "links", "-o", "."][..], &["diff", run, run, "--out", ".."], &check] {
        let output = world.hedui(command);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {told}");
        assert!(told.contains("add the name of a file") && !told.contains("panicked"), "{command:?}: {told}");
    }
    assert_eq!(entries(), before);
}

/// A full disk behind `>` is the disk's trouble, whatever was printed.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_finds_no_room_is_no_bug() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&["completions", "bash"][..], &["man"], &["init", "centre", "--demo"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let started = Command::new(env!("CARGO_BIN_EXE_hedui"))
            .current_dir(folder.path())
            .args(command)
            .args(["--lang", "en"])
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn();
        let output = started.unwrap().wait_with_output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{command:?}: {told}");
        assert!(told.contains("the disk it goes to is full") && !told.contains("panicked"), "{command:?}: {told}");
    }
}

/// The day of the run stood where nobody knew the day, beside the word 过期.
#[test]
fn a_delivery_of_which_nobody_knows_the_day_says_so_and_what_to_write() {
    let world = World::made(2_000, 12_000, 9);
    edit(&world, "sources/vehicle.toml", |text| text.replacen("\nas_of = ", "\n# as_of = ", 1));
    let undated = world.path("inbox/vehicle/vehicle.csv");
    std::fs::rename(world.extract("vehicle"), undated).unwrap();
    let summary = world.summary();
    let vehicle = state_of(&summary, "vehicle");
    assert_eq!((&vehicle["state"], &vehicle["as_of"]), (&"stale".into(), &serde_json::Value::Null));
    let output = world.run_plain();
    assert!(text(&output.stderr).contains("nobody knows of which day it is"), "{}", text(&output.stderr));
    let grounds = |package: &serde_json::Value| {
        let folder = [&summary["outbox"], &package["folder"]].map(|name| name.as_str().unwrap());
        records(&std::fs::read(world.path(&format!("{}/grounds.csv", folder.join("/")))).unwrap())
    };
    let grounds = summary["packages"].as_array().unwrap().iter().flat_map(grounds);
    let of_vehicle: Vec<_> = grounds.filter(|row| row["规则"] == "V001").collect();
    assert!(!of_vehicle.is_empty() && of_vehicle.iter().all(|row| row["反馈时间"] == "不明"), "{of_vehicle:?}");
    edit(&world, "sources/vehicle.toml", |text| format!("as_of = \"2026-11-01\"\n{text}"));
    assert_eq!(state_of(&world.summary(), "vehicle")["as_of"], "2026-11-01");
}

#[test]
fn an_empty_inbox_is_not_clearance() {
    let world = small();
    std::fs::remove_file(world.extract("vehicle")).unwrap();
    let output = world.run();
    assert_eq!(output.status.code(), Some(1));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(state_of(&summary, "vehicle")["state"], "missing");
}

#[test]
fn a_truncated_file_loses_its_last_row_alone_and_is_told() {
    let world = small();
    let before = world.summary();
    let told = |world: &World| {
        let output = world.hedui(&["run", "--as-of", AS_OF, "--no-progress", "--formats", "csv"]);
        (output.status.code(), text(&output.stderr).contains("ends within a row"))
    };
    assert_eq!(told(&world), (Some(0), false));
    let world = small();
    let file = world.extract("provident_fund");
    let bytes = std::fs::read(&file).unwrap();
    let end = bytes.iter().rposition(|&b| b == b'\t').unwrap();
    let line = bytes[..end].iter().rposition(|&b| b == b'\n').unwrap();
    std::fs::write(&file, &bytes[..line + 12]).unwrap();
    let after = world.summary();
    let rejected =
        |summary: &serde_json::Value| state_of(summary, "provident_fund")["bins"]["rejected"].as_u64().unwrap();
    assert_eq!(rejected(&after), rejected(&before) + 1);
    assert_eq!(state_of(&after, "provident_fund")["short"]["why"], "broken_off");
    assert_eq!(told(&world), (Some(1), true));
    assert_eq!(
        states(&world, "provident_fund").keys().collect::<Vec<_>>(),
        ["no_mandate", "source_incomplete", "unusable_id"]
    );
}

/// Once, a flat whose use the layout did not know was no dwelling, and nobody was told.
#[test]
fn codes_without_a_meaning_are_told_and_listed_with_their_rows() {
    let world = small();
    let layout = world.path("sources/housing.toml");
    let text_of = std::fs::read_to_string(&layout).unwrap();
    let lines: Vec<&str> = text_of.lines().filter(|line| !line.ends_with("= \"residential\"")).collect();
    assert!(lines.len() < text_of.lines().count());
    std::fs::write(&layout, lines.join("\n")).unwrap();
    let output = world.run_plain();
    let told = text(&output.stderr);
    assert!(told.contains("codes have no meaning in the [codes]") && told.contains("unmapped.csv"), "{told}");
    let run = std::fs::read_dir(world.path("outbox")).unwrap().next().unwrap().unwrap().path();
    let listed = records(&std::fs::read(run.join("unmapped.csv")).unwrap());
    let rows: u64 = listed.iter().map(|row| row["名册相关行数"].parse::<u64>().unwrap()).sum();
    assert!(
        rows > 0 && listed.iter().all(|row| (&row["来源代码"][..], &row["栏目"][..]) == ("housing", "规划用途")),
        "{listed:?}"
    );
}

#[test]
fn an_unknown_encoding_is_a_fault_with_its_line() {
    let world = small();
    let layout = world.path("sources/vehicle.toml");
    let text_of = std::fs::read_to_string(&layout).unwrap();
    let lines = text_of.lines().filter(|line| !line.starts_with("encoding"));
    let broken: Vec<&str> = lines
        .flat_map(|line| [line].into_iter().chain((line == "[connector]").then_some("encoding = \"latin-9\"")))
        .collect();
    let broken = broken.join("\n");
    std::fs::write(&layout, broken).unwrap();
    let output = world.hedui(&["validate"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("sources/vehicle.toml:") && said.contains("gb18030"), "{said}");
}

#[test]
fn all_faults_at_once() {
    let world = small();
    for source in ["vehicle", "housing"] {
        let layout = world.path(&format!("sources/{source}.toml"));
        let broken = std::fs::read_to_string(&layout).unwrap().replacen("[connector]", "[conector]", 1);
        std::fs::write(&layout, broken).unwrap();
    }
    let said = text(&world.hedui(&["validate"]).stderr);
    assert!(said.contains("sources/vehicle.toml:") && said.contains("sources/housing.toml:"), "{said}");
}

#[test]
fn what_would_not_run_is_not_valid() {
    let world = small();
    let payroll = world.extract("payroll");
    let changed = std::fs::read_to_string(&payroll).unwrap().replacen("身份证", "某某证", 1);
    std::fs::write(&payroll, changed).unwrap();
    let persons = world.path("inbox/register/persons.csv");
    let changed = std::fs::read_to_string(&persons).unwrap().replacen("家庭编号", "某某编号", 1);
    std::fs::write(&persons, changed).unwrap();
    let output = world.hedui(&["validate"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("inbox/register/persons.csv") && said.contains("某某编号"), "{said}");
    assert!(said.contains("inbox/payroll") && said.contains("某某证"), "both at once: {said}");
    std::fs::remove_file(&persons).unwrap();
    std::fs::remove_file(&payroll).unwrap();
    assert_eq!(world.hedui(&["validate"]).status.code(), Some(1), "not delivered yet is no fault");
    let register = world.path("register.toml");
    let without = std::fs::read_to_string(&register).unwrap().replacen("household_id", "# household_id", 1);
    std::fs::write(&register, without).unwrap();
    let output = world.hedui(&["validate"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("household_id"), "{}", text(&output.stderr));
}

/// Once the option was passed over, and a county would have been sent everybody.
#[test]
fn a_county_is_not_given_everybodys_lines() {
    let world = small();
    world.summary();
    for what in ["outcomes", "links", "coverage", "rejects", "register"] {
        let output = world.hedui(&["export", what, "--county", "370141"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{what}");
    }
}

#[test]
fn money_is_traced_in_yuan_and_codes_in_words() {
    let world = World::made(3_000, 20_000, 11);
    world.summary();
    let outcomes = text(&world.hedui(&["export", "outcomes"]).stdout);
    let named = |rule: &str| {
        let line =
            outcomes.lines().find(|line| line.contains(&format!("{rule}-"))).expect("the made-up world holds one");
        line.split(',').find(|cell| cell.starts_with(&format!("{rule}-"))).unwrap().to_owned()
    };
    let deposits = text(&world.hedui(&["trace", &named("D001")]).stdout);
    // 1000 元 a month in the demo's policy; once 100000, the 分 that are computed with.
    assert!(deposits.contains("monthly_standard = 1,000.00 yuan  (演示参数)"), "{deposits}");
    let pensions = text(&world.hedui(&["trace", &named("P001")]).stdout);
    assert!(pensions.contains("发放状态: being paid\n"), "{pensions}");
}

#[test]
fn a_killed_run_leaves_the_published_one_whole() {
    let world = World::made(3_000, 40_000, 11);
    let first = world.summary();
    let published = world.files("outbox");
    for delay in [5, 60, 200, 400] {
        let mut child = running(&world);
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        let now = world.files("outbox");
        let old = first["outbox"].as_str().unwrap().trim_start_matches("outbox/");
        for (name, bytes) in published.iter().filter(|(name, _)| name.starts_with(old)) {
            assert!(now[name] == *bytes, "{name} changed");
        }
    }
    world.summary();
    assert!(world.hedui(&["ledger", "verify"]).status.success());
    let leftovers: Vec<String> = world.files("outbox").into_keys().filter(|name| name.starts_with('.')).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_half_output() {
    let world = World::made(3_000, 60_000, 12);
    let child = running(&world);
    std::thread::sleep(Duration::from_millis(120));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let asked = Instant::now();
    let mut child = child;
    let code = child.wait().unwrap().code();
    assert!(asked.elapsed() < Duration::from_secs(20), "the run went on");
    if code == Some(130) {
        let left = world.path("outbox").exists() && !world.files("outbox").is_empty();
        assert!(!left, "half output was left");
    }
}

#[test]
fn two_runs_at_once_are_refused_with_the_holder_named() {
    let world = World::made(3_000, 60_000, 13);
    let mut first = running(&world);
    let lock = world.path("store/run.lock");
    let since = Instant::now();
    while std::fs::metadata(&lock).map_or(0, |file| file.len()) == 0 && since.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = world.run();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(4), "{}", text(&second.stderr));
    assert!(text(&second.stderr).contains("night-shift"), "{}", text(&second.stderr));
}

/// A file-size limit stands for the full disk: writing fails in the middle, as it would there. 300 blocks of 512 bytes
/// hold the ledger and not a county's coverage.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_publishes_nothing() {
    let world = World::made(3_000, 8_000, 9);
    let command =
        format!("trap '' XFSZ; ulimit -f 300; exec {} run --as-of {AS_OF} --no-progress", env!("CARGO_BIN_EXE_hedui"));
    let output =
        Command::new("sh").current_dir(world.root()).args(["-c", &command]).env("LANG", "en").output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("disk is full"), "{}", text(&output.stderr));
    assert!(world.files("outbox").is_empty(), "nothing is published");
    assert!(matches!(world.run().status.code(), Some(0 | 1)), "with room the same workspace runs");
}

#[test]
fn an_outbox_that_cannot_be_written() {
    let world = small();
    std::fs::write(world.path("outbox"), "a file where a folder should be").unwrap();
    let output = world.run();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("outbox"), "{}", text(&output.stderr));
}

/// A kind of evidence nobody programmed: declared in TOML, delivered as CSV, used by a rule.
#[test]
fn a_custom_kind_needs_no_program() {
    let world = small();
    world.summary();
    let links = world.export("links");
    let person =
        links.iter().find(|link| link["grade"] == "A" && link["accepted"] == "true").unwrap()["person_id"].clone();
    let layout = "kind = \"custom\"\ndepartment = \"农业农村\"\n[connector]\ntype = \"csv\"\n\
        path = \"inbox/greenhouse/*.csv\"\n[columns]\nowner_id = \"证件号\"\nplot = \"地块\"\narea = \"面积\"\n[custom]\n\
        code = \"greenhouse\"\nlabel = \"大棚\"\nfact = [\"plot\"]\n[custom.fields]\n\
        plot = { type = \"text\", label = \"地块\" }\narea = { type = \"decimal\", label = \"面积\" }\n";
    let rule = "[[rule]]\ncode = \"X001\"\ntitle = \"名下有大棚\"\nseverity = \"low\"\nevidence = \"greenhouse\"\n\
        per = \"person\"\nsupporters = true\nrows = \"area > 100\"\nmeasure = \"count(distinct plot)\"\nflag = \"measure > 0\"\n\
        unit = \"处\"\nbasis = \"演示\"\nadvice = \"核实大棚归谁所有\"\n";
    std::fs::write(world.path("sources/greenhouse.toml"), layout).unwrap();
    std::fs::write(world.path("policy/rules/greenhouse.toml"), rule).unwrap();
    std::fs::create_dir(world.path("inbox/greenhouse")).unwrap();
    let rows = format!("证件号,地块,面积\n{person},东一,250.5\n{person},东二,80\n");
    std::fs::write(world.path("inbox/greenhouse/20261101.csv"), rows).unwrap();
    world.summary();
    let flagged: Vec<_> = world.export("outcomes").into_iter().filter(|row| row["rule"] == "X001").collect();
    assert!(!flagged.is_empty(), "the planted greenhouse is found");
    assert!(flagged.iter().all(|row| row["measure"] == "1" && row["person_id"] == person), "{flagged:?}");
}

/// An ad-hoc check needs a mandate or a reason, answers for somebody who is on no register, and stands in the ledger.
#[test]
fn a_check_at_the_window() {
    let world = small();
    let rows = text(&std::fs::read(world.extract("provident_fund")).unwrap());
    let heading: Vec<&str> = rows.lines().next().unwrap().split('\t').collect();
    let is_id = |cell: &str| cell.len() == 18 && cell.bytes().take(17).all(|byte| byte.is_ascii_digit());
    let record: Vec<&str> = rows
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .find(|row| {
            row.len() == heading.len()
                && row.iter().any(|cell| {
                    is_id(cell) && hedui::kernel::CitizenId::from_ascii(cell.as_bytes()).is_some_and(|id| id.is_valid())
                })
        })
        .unwrap();
    let id = record.iter().find(|cell| is_id(cell)).unwrap();
    let refused = world.hedui(&["check", "--id", id, "--as-of", AS_OF, "--no-progress"]);
    assert_eq!(refused.status.code(), Some(2), "no mandate and no reason");
    let output =
        world.hedui(&["check", "--id", id, "--reason", "new applicant", "--as-of", AS_OF, "--no-progress", "--json"]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let records = answer["people"][0]["records"].as_array().unwrap();
    assert!(records.iter().any(|record| record["source"] == "provident_fund"), "{answer}");
    let ledger = text(&world.hedui(&["ledger", "show", "--json"]).stdout);
    assert!(ledger.contains("new applicant") && !ledger.contains(*id), "recorded, without the id");
}

/// `hedui … | head`: the reader has seen enough.
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_bug() {
    use std::process::{Command, Stdio};
    let world = World::made(300, 2_000, 41);
    world.summary();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hedui"))
        .current_dir(world.root())
        .arg("coverage")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert!(!said.contains("panicked") && output.status.code() != Some(101), "{said}");
}
