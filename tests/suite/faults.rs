//! Bad input, bad disks, bad moments: a clear error, the other sources go on, and nothing half-made is left.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::world::{AS_OF, World, hedui, text};

fn small() -> World {
    World::made(400, 2_500, 9)
}

fn state_of<'a>(summary: &'a serde_json::Value, source: &str) -> &'a serde_json::Value {
    summary["sources"].as_array().unwrap().iter().find(|entry| entry["source"] == source).unwrap()
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
fn a_truncated_file_loses_its_last_row_alone() {
    let world = small();
    let before = world.summary();
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
fn a_killed_run_leaves_the_published_one_whole() {
    let world = World::made(3_000, 40_000, 11);
    let first = world.summary();
    let published = world.files("outbox");
    for delay in [5, 60, 200, 400] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hedui"))
            .current_dir(world.root())
            .args(["run", "--as-of", AS_OF, "--no-progress"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
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
    let child = Command::new(env!("CARGO_BIN_EXE_hedui"))
        .current_dir(world.root())
        .args(["run", "--as-of", AS_OF, "--no-progress"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
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
    let mut first = Command::new(env!("CARGO_BIN_EXE_hedui"))
        .current_dir(world.root())
        .args(["run", "--as-of", AS_OF, "--no-progress"])
        .env("USER", "night-shift")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
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

#[test]
fn a_register_that_names_one_citizen_twice_keeps_both() {
    let world = small();
    let register = world.path("inbox/register");
    let file = std::fs::read_dir(register)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.to_string_lossy().contains("person"))
        .unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
    let second = lines[1];
    lines.push(second);
    std::fs::write(&file, lines.concat()).unwrap();
    let summary = world.summary();
    let register = state_of(&summary, "register");
    assert_eq!(register["bins"]["read"].as_u64().unwrap() as usize, lines.len() - 1);
    assert_eq!(register["bins"]["linked"], summary["persons"]);
}
