//! Tests over a whole small centre, read back from its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::damage::Damage;
use super::feeds::{FEEDS, Shape};
use super::*;
use crate::kernel::{CitizenId, Digest, ErrorKind, Silent};

fn recipe() -> Recipe {
    Recipe { people: 4_000, rows: 20_000, counties: 4, seed: 11, as_of: Date::from_ymd(2026, 11, 24).unwrap() }
}

fn made(recipe: &Recipe) -> (tempfile::TempDir, Made) {
    let dir = tempfile::tempdir().unwrap();
    let made = make(dir.path(), recipe, &Silent, &Cancel::default()).unwrap();
    (dir, made)
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Digest> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let digest = Digest::of(&std::fs::read(&path).unwrap());
                    found.insert(path.strip_prefix(dir).unwrap().to_owned(), digest);
                }
            }
        }
    }
    found
}

#[test]
fn one_seed_gives_one_centre_at_any_number_of_threads() {
    let recipe = Recipe { people: 600, rows: 3_000, ..recipe() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| files(made(&recipe).0.path()))
    };
    let one = on(1);
    assert_eq!(one, on(3));
    assert_ne!(one, files(made(&Recipe { seed: 12, ..recipe.clone() }).0.path()));
}

/// Records of a text feed by the physical line they begin on.
fn records(path: &Path, shape: Shape) -> BTreeMap<u64, Vec<String>> {
    let Shape::Text { separator, .. } = shape else { unreachable!("only text feeds are read here") };
    let bytes = std::fs::read(path).unwrap();
    let (text, ..) = match std::str::from_utf8(&bytes) {
        Ok(_) => encoding_rs::UTF_8.decode(&bytes),
        Err(_) => encoding_rs::GB18030.decode(&bytes),
    };
    // The reader counts the two characters of a line end apart.
    let text = text.replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator as u8)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|record| record.unwrap());
    rows.map(|record| (record.position().unwrap().line(), record.iter().map(str::to_owned).collect())).collect()
}

#[test]
fn truth_points_at_rows_that_hold_the_person() {
    let (dir, made) = made(&recipe());
    let mut by_file: BTreeMap<String, BTreeMap<u64, Vec<String>>> = BTreeMap::new();
    let mut checked = 0;
    let mut reader = csv::Reader::from_path(dir.path().join("truth.csv")).unwrap();
    for line in reader.records() {
        let line = line.unwrap();
        let feed = FEEDS.iter().find(|feed| feed.code == &line[0]).unwrap();
        if feed.shape == Shape::Spreadsheet {
            continue;
        }
        let rows = by_file.entry(line[1].to_owned()).or_insert_with(|| records(&dir.path().join(&line[1]), feed.shape));
        let row = &rows[&line[2].parse().unwrap()];
        let undamaged = line[6] == *"none" || line[6].starts_with("name_") || line[6] == *"wrong_name";
        // A register that lacks the id or has it wrong names nobody in the row.
        if undamaged && CitizenId::from_ascii(line[4].as_bytes()).is_some_and(CitizenId::is_valid) {
            assert!(row.iter().any(|cell| cell.contains(&line[4])), "{} line {}", &line[1], &line[2]);
            checked += 1;
        }
    }
    assert!(checked > 1_500, "{checked}");
    assert!(made.truth_rows > checked);
}

#[test]
fn spreadsheet_truth_counts_rows_of_the_sheet() {
    use calamine::{Data, Reader, Xlsx, open_workbook};
    let (dir, _) = made(&Recipe { people: 20_000, ..recipe() });
    let mut checked = 0;
    let mut sheet = None;
    for line in csv::Reader::from_path(dir.path().join("truth.csv")).unwrap().records() {
        let line = line.unwrap();
        if line[0] != *"death" || line[6] != *"none" {
            continue;
        }
        let range = sheet.get_or_insert_with(|| {
            let mut book: Xlsx<_> = open_workbook(dir.path().join(&line[1])).unwrap();
            book.worksheet_range_at(0).unwrap().unwrap()
        });
        let row: u32 = line[2].parse().unwrap();
        if CitizenId::from_ascii(line[4].as_bytes()).is_some_and(CitizenId::is_valid) {
            assert_eq!(range.get_value((row - 1, 1)), Some(&Data::String(line[4].to_owned())));
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn every_damage_and_every_grade_is_there() {
    let (dir, _) = made(&recipe());
    let mut damages = BTreeSet::new();
    let mut grades: BTreeMap<String, u32> = BTreeMap::new();
    for line in csv::Reader::from_path(dir.path().join("truth.csv")).unwrap().records() {
        let line = line.unwrap();
        damages.insert(line[6].to_owned());
        *grades.entry(line[7].to_owned()).or_default() += 1;
    }
    for damage in Damage::ALL {
        assert!(damages.contains(damage.name()), "{damage:?}");
    }
    assert!(["A", "B", "C", "D", "none"].iter().all(|grade| grades.contains_key(*grade)), "{grades:?}");
    assert!(grades["A"] > 20 * grades["C"], "{grades:?}");
}

#[test]
fn findings_and_counter_cases_on_every_topic() {
    let (dir, _) = made(&Recipe { people: 30_000, ..recipe() });
    let mut found = BTreeSet::new();
    for line in csv::Reader::from_path(dir.path().join("truth_flags.csv")).unwrap().records() {
        let line = line.unwrap();
        found.insert((line[1].to_owned(), line[2].to_owned()));
    }
    let topics =
        ["vehicle", "dwelling", "provident", "pension", "business", "deposits", "death", "marriage", "payroll"];
    for topic in topics {
        for expected in ["flagged", "clear"] {
            assert!(found.contains(&(topic.to_owned(), expected.to_owned())), "{topic} {expected}");
        }
    }
    assert!(found.contains(&("duplicate".to_owned(), "flagged".to_owned())));
}

#[test]
fn rows_are_as_many_as_asked_and_mostly_about_others() {
    let (_dir, made) = made(&Recipe { people: 3_200, ..recipe() });
    let rows: u64 = made.rows.iter().map(|(_, rows)| rows).sum();
    assert!((19_900..20_600).contains(&rows), "{:?}", made.rows);
    assert_eq!(made.rows.iter().find(|(source, _)| source == "social_insurance").unwrap().1, 5_000);
    let share = made.truth_rows as f64 / rows as f64;
    assert!((0.06..0.16).contains(&share), "{share}");
}

#[test]
fn a_folder_in_use_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.txt"), "keep").unwrap();
    let error = make(dir.path(), &recipe(), &Silent, &Cancel::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn a_stop_leaves_nothing_half_made() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let error = make(dir.path(), &recipe(), &Silent, &cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(files(dir.path()).is_empty());
}

#[test]
fn too_many_counties_are_refused() {
    let recipe = Recipe { counties: MOST_COUNTIES + 1, ..recipe() };
    let error = make(&std::env::temp_dir(), &recipe, &Silent, &Cancel::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
