//! With an index, only the rows needed are read, and the evidence is the one of a full reading.

use std::sync::Mutex;

use super::*;
use crate::model::extract_keys::{Entry, FileSummary};

/// An index as it was handed over.
#[derive(Default)]
struct Made {
    summary: Option<FileSummary>,
    entries: Vec<Entry>,
    rows: Vec<u8>,
}

/// The key of an id, or of the name where there is none.
fn key(party: &PartyView<'_>) -> u64 {
    let text = if party.id().is_empty() { party.name().into_owned() } else { party.id_text().into_owned() };
    text.bytes().fold(7, |key, byte| key * 31 % 1_000_003 + u64::from(byte))
}

/// Reads with whatever indexes there are, and keeps those that are made.
fn read(centre: &Centre, wanted: &[u64], made: &Mutex<Vec<Made>>) -> Evidence {
    let known = |path: &str| {
        let made = made.lock().unwrap();
        let of_path = |one: &&Made| one.summary.as_ref().is_some_and(|summary| summary.file.path == path);
        let one = made.iter().find(of_path)?;
        let hits = one.entries.iter().filter(|entry| wanted.contains(&entry.key));
        let mut places: Vec<_> = hits.map(|entry| entry.place).collect();
        places.sort_unstable();
        places.dedup();
        Some(Known { summary: one.summary.clone()?, places, rows: Box::new(one.rows.clone()) })
    };
    let run = |_: u16, entries: &[Entry]| {
        assert!(entries.is_sorted(), "a run ascends");
        let mut made = made.lock().unwrap();
        if made.last().is_none_or(|last| last.summary.is_some()) {
            made.push(Made::default());
        }
        made.last_mut().unwrap().entries.extend(entries);
    };
    let keep = |_: u16, summary: &FileSummary, rows: &[u8]| {
        let mut made = made.lock().unwrap();
        let last = made.last_mut().unwrap();
        (last.summary, last.rows) = (Some(summary.clone()), rows.to_vec());
    };
    let of = |party: &PartyView<'_>, each: &mut dyn FnMut(u64)| each(key(party));
    let places = |entries: &[Entry]| {
        let mut places: Vec<_> =
            entries.iter().filter(|entry| wanted.contains(&entry.key)).map(|entry| entry.place).collect();
        places.dedup();
        places
    };
    let keys = Keys { of: &of, places: &places, known: &known, run: &run, made: &keep };
    let (kind, cancel) = (centre.source.kind().unwrap(), Cancel::default());
    let today = Date::parse_iso("2026-11-24").unwrap();
    let job = Job {
        code: "test",
        source: &centre.source,
        kind: &kind,
        today,
        wanted: Some(&|party| wanted.contains(&key(party))),
        progress: &Silent,
        cancel: &cancel,
        keys: Some(&keys),
    };
    read_in_chunks(centre.folder.path(), &job, 200).unwrap()
}

pub(super) fn assert_same_with_an_index(centre: &Centre, wanted: &[u64], files: usize, rows: usize) {
    let made = Mutex::default();
    let full = read(centre, wanted, &made);
    assert_eq!((made.lock().unwrap().len(), full.table.rows()), (files, rows), "{:?}", full.delivery);
    let again = read(centre, wanted, &made);
    assert_eq!(made.lock().unwrap().len(), files, "it was not read in full again");
    assert_eq!(format!("{again:?}"), format!("{full:?}"));
}

pub(super) fn wanted(texts: &[&str]) -> Vec<u64> {
    let view = |text: &&str| key(&PartyView { id: text.as_bytes(), name: b"", encoding: Encoding::Utf8 });
    texts.iter().map(view).collect()
}

fn mixed() -> String {
    let mut rows = String::from(HEADING);
    for number in 0..40 {
        rows += &format!("{A},张三,鲁A{number:05},2020-01-01,A,2026-11-0{},,1\n", number % 9 + 1);
        rows += &format!("37010219900101{number:04},李四,\"鲁B\n{number:04}\",2019-02-30,G,2026-11-02,,1\r\n");
        rows += &format!("{B},䶮㛃,鲁C{number:05},2021-05-06,A,2099-01-01,,1\n");
    }
    rows += ",,,,,,,\n合计,,,,,,,\n只有三格,a,b\n";
    rows += &format!("{B},王五,鲁D,,A,2026-11-03,D,1\n,,鲁E,,A,,,1\n{A},张三,鲁F,2020-13-01,A,,,1");
    rows
}

#[test]
fn text_files() {
    for bytes in [mixed().into_bytes(), gb(&mixed()), format!("\u{feff}{}", mixed()).into_bytes()] {
        let centre = Centre::new(VEHICLE, &[("v.csv", &bytes)]);
        assert_same_with_an_index(&centre, &wanted(&[A]), 1, 41);
        assert_same_with_an_index(&centre, &wanted(&[A, B, "370102199001010007"]), 1, 82);
        assert_same_with_an_index(&centre, &[], 1, 0);
    }
}

#[test]
fn spreadsheets() {
    let layout = VEHICLE.replace("\"csv\", path = \"inbox/*\"", "\"xlsx\", path = \"inbox/*\"");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in mixed().replace("鲁B\n", "鲁B").lines().enumerate() {
        for (column, cell) in line.split(',').enumerate() {
            sheet.write(row as u32 + 1, column as u16, cell).unwrap();
        }
    }
    let centre = Centre::new(&layout, &[("v.xlsx", &book.save_to_buffer().unwrap())]);
    assert_same_with_an_index(&centre, &wanted(&[A]), 1, 41);
}

#[test]
fn a_file_that_is_not_what_it_was_is_read_in_full() {
    let bytes = mixed().into_bytes();
    let centre = Centre::new(VEHICLE, &[("v.csv", &bytes)]);
    let made = Mutex::default();
    read(&centre, &wanted(&[A]), &made);
    // The same length, so that only the rows themselves tell: the heading stays, the first row is a blank one now.
    let mut other = bytes.clone();
    let start = HEADING.len();
    other[start..start + 60].fill(b',');
    std::fs::write(centre.folder.path().join("inbox/v.csv"), &other).unwrap();
    let evidence = read(&centre, &wanted(&[A]), &made);
    assert_eq!(made.lock().unwrap().len(), 2, "read in full, and a new index made");
    assert!(evidence.bins.closes() && evidence.bins.read > 0);
    // Another day may see rows as typing errors that were fresh, or the other way round.
    let summary = made.lock().unwrap()[0].summary.clone();
    assert!(summary.unwrap().newest.dated_later);
}
