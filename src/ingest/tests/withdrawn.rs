//! What a department takes back: the row that says so, and all that it said of the record before.

use super::known_files::{assert_same_with_an_index, wanted};
use super::*;

/// Two deliveries in the order of their names; the second takes back what the first said, and tells of some records again.
fn centre(more: usize) -> Centre {
    let layout = VEHICLE.replace("columns = {", "columns = { record_id = \"编号\",");
    let heading = HEADING.replace('\n', ",编号\n");
    let row = |(plate, operation, record, day): &(&str, &str, &str, &str)| match (*plate, *operation) {
        ("", operation) => format!(",,,,,2026-11-{day},{operation},,{record}\n"),
        ("of another", operation) => format!("{B},,,,,2026-11-{day},{operation},,{record}\n"),
        (plate, operation) => format!("{A},张三,{plate},2019-02-30,A,2026-11-{day},{operation},1,{record}\n"),
    };
    let rows = |rows: &[(&str, &str, &str, &str)]| -> String { rows.iter().map(row).collect() };
    let others = format!("{B},李四,鲁B1,2019-04-04,A,2026-11-01,I,1,other\n").repeat(more);
    let first = [
        ("鲁A1", "I", "r1", "01"),
        ("鲁A2", "I", "\"r,2\"", "01"),
        ("鲁A3", "I", "r3", "01"),
        ("", "D", "r1", "20"),
        ("鲁A4", "I", "", "01"),
        ("", "ｄ", "r1", "20"),
        ("鲁A5", "I", "r5", "01"),
        ("鲁A5", "I", "r5", "01"),
        ("鲁A6", "I", "r6", "01"),
        ("鲁A7", "U", "r6", "01"),
    ];
    let second = [
        ("", "Ｄ", "\"R ,2\"", "20"),
        ("", "D", "空", "20"),
        ("鲁A11", "I", "r1", "20"),
        ("鲁A13", "U", "r3", "02"),
        ("鲁A21", "I", "\"r,2\"", "21"),
        ("鲁A12", "I", "\"r,2\"", "10"),
        ("鲁A8", "I", "r8", "01"),
        ("of another", "D", "r8", "20"),
    ];
    let first = gb(&format!("{heading}{}{others}", rows(&first)));
    Centre::new(&layout, &[("a.csv", &first), ("b.csv", format!("{heading}{}", rows(&second)).as_bytes())])
}

/// In chunks of whatever size: what the first file says lies in another one than what takes it back.
#[test]
fn what_was_taken_back_or_changed_is_nobodys_whichever_file_said_so() {
    for chunk in [200, 1_000, chunks::CHUNK] {
        let evidence = centre(40).read_with(&|party| party.id() == A.as_bytes(), chunk);
        // r1 on the day it was taken back, and r,2 on a later one; r3 as it was changed; r5 once; r6 twice on one day; r8, which
        // another's row takes back.
        let stay = ["鲁A4", "鲁A5", "鲁A6", "鲁A7", "鲁A11", "鲁A13", "鲁A21", "鲁A8"];
        assert_eq!(column(&evidence, "plate"), stay);
        assert_eq!(bins(&evidence), (58, 8, 40, 1, 9), "four rows that take back; 鲁A1, 2, 3, 5 again and 12 are gone");
        assert_eq!(parties(&evidence).iter().map(|party| party.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
        let lines: Vec<_> = evidence.refs.iter().map(|at| (at.file, at.line)).collect();
        assert_eq!(lines, [(0, 6), (0, 8), (0, 10), (0, 11), (1, 4), (1, 5), (1, 6), (1, 8)]);
        let number = evidence.kind.field("record_id").unwrap() as u16;
        let doubtful: Vec<u32> =
            evidence.unread.iter().filter(|(_, field)| *field == number).map(|(row, _)| *row).collect();
        assert_eq!(doubtful, [2, 3, 4, 7], "鲁A6, 鲁A7, 鲁A11, 鲁A8");
        assert_eq!(evidence.unread.len(), 8 + 4, "and no row says which day of 2019 it means");
        assert!(evidence.unread.is_sorted());
    }
}

#[test]
fn what_nobody_can_tell_goes_back_under_the_departments_heading() {
    let evidence = centre(0).read();
    let of_numbers: Vec<_> = evidence.rejects.iter().filter(|reject| reject.reason.contains("withdraw")).collect();
    let places: Vec<_> = of_numbers.iter().map(|reject| (reject.at.file, reject.at.line, reject.whole_row)).collect();
    assert_eq!(places, [(0, 10, false), (0, 11, false), (1, 3, true), (1, 4, false), (1, 8, false)]);
    assert_eq!(of_numbers[2].reason, "ingest.reject_withdrawal");
    let again = of_numbers[3];
    assert_eq!((again.column.as_str(), again.reason), ("编号", "ingest.reject_withdrawn"));
    assert!(again.text.contains("鲁A11") && again.text.contains(" | r1 | "), "{}", again.text);
    assert_eq!(evidence.reject_counts[&("编号".to_owned(), "ingest.reject_withdrawn", false)], 4);
}

/// The layout may say it where it says what the other operations are; then one that it does not name is nobody's to explain.
#[test]
fn operations_have_meanings_as_other_codes_do() {
    let layout = VEHICLE.replace("delete = [\"D\"], ", "")
        + "[codes.operation]\nI = \"insert\"\nU = \"update\"\n\"删\" = \"delete\"\n";
    let row = |plate: &str, operation: &str| format!("{A},张三,{plate},,A,2026-11-01,{operation},1\n");
    let rows = [row("鲁A1", "I"), row("鲁A2", "删"), row("鲁A3", "X"), row("鲁A4", "Ｕ"), row("鲁A5", "")].concat();
    let evidence = Centre::new(&layout, &[("v.csv", &gb(&format!("{HEADING}{rows}")))]).read();
    assert_eq!(column(&evidence, "plate"), ["鲁A1", "鲁A3", "鲁A4", "鲁A5"]);
    assert_eq!(evidence.unread, [(1, evidence.kind.field("operation").unwrap() as u16)]);
}

#[test]
fn what_was_taken_back_is_known_without_reading_the_files_again() {
    assert_same_with_an_index(&centre(40), &wanted(&[A]), 2, 8);
    assert_same_with_an_index(&centre(0), &wanted(&[A, B]), 2, 8);
}

/// A spreadsheet rounds a number of twenty digits: under what is left of it many records would be one.
#[test]
fn a_rounded_number_takes_nothing_back_and_is_nobodys_to_explain() {
    let layout = VEHICLE
        .replace("columns = {", "columns = { record_id = \"编号\",")
        .replace("\"csv\", path = \"inbox/*\"", "\"xlsx\", path = \"inbox/*\"");
    let read = |rows: &[(&str, f64)]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let heading = HEADING.trim_end().split(',').chain(["编号"]);
        heading.zip(0..).for_each(|(cell, column)| _ = sheet.write(0, column, cell).unwrap());
        for ((operation, number), row) in rows.iter().zip(1..) {
            let id = if *operation == "D" { "" } else { A };
            for (column, cell) in [(0, id), (1, ""), (2, "鲁A1"), (4, "A"), (6, *operation), (7, "1")] {
                sheet.write(row, column, cell).unwrap();
            }
            sheet.write(row, 8, *number).unwrap();
        }
        Centre::new(&layout, &[("v.xlsx", &book.save_to_buffer().unwrap())]).read()
    };
    let rounded = 2.026_112_1e17;
    let alone = read(&[("I", rounded), ("D", rounded)]);
    assert_eq!((bins(&alone), alone.unread.len()), ((2, 1, 0, 1, 0), 1));
    let evidence = read(&[("I", rounded), ("D", rounded), ("I", 17.0), ("D", 17.0)]);
    assert_eq!(bins(&evidence), (4, 1, 0, 1, 2));
    let reasons: Vec<_> = evidence.rejects.iter().map(|reject| (reject.at.line, reject.reason)).collect();
    assert_eq!(reasons, [(2, "ingest.reject_withdrawn"), (3, "ingest.reject_withdrawal")]);
}

/// A withdrawal without a number, of somebody; 65 of one number; a record that has passed to somebody else; a day to come.
#[test]
fn what_a_withdrawal_may_mean_is_nobodys_ground() {
    let layout = VEHICLE.replace("columns = {", "columns = { record_id = \"编号\",");
    let heading = HEADING.replace('\n', ",编号\n");
    let row = |id: &str, plate: &str, day: &str, operation: &str, number: &str| {
        format!("{id},,{plate},,A,{day},{operation},1,{number}\n")
    };
    let doubtful = |rows: &[String], permuted: bool| {
        let mut rows = rows.to_vec();
        if permuted {
            rows.reverse();
        }
        let text = format!("{heading}{}", rows.concat());
        let evidence = Centre::new(&layout, &[("v.csv", text.as_bytes())]).read();
        let unread: Vec<u32> = evidence.unread.iter().map(|(row, _)| *row).collect();
        let plates = column(&evidence, "plate");
        let mut said: Vec<(String, bool)> =
            plates.into_iter().enumerate().map(|(at, plate)| (plate, unread.contains(&(at as u32)))).collect();
        said.sort();
        said
    };
    let expect = |said: &[(&str, bool)]| -> Vec<(String, bool)> {
        said.iter().map(|(plate, doubtful)| ((*plate).to_owned(), *doubtful)).collect()
    };
    let nameless =
        [row(A, "鲁A1", "2026-11-01", "I", "r1"), row(A, "", "2026-11-02", "D", ""), row(B, "鲁B1", "", "I", "r2")];
    assert_eq!(doubtful(&nameless, false), expect(&[("鲁A1", true), ("鲁B1", false)]));
    let mut many = vec![row("", "", "2026-11-02", "D", "0"); 65];
    many.push(row(A, "鲁A1", "2026-11-01", "I", "0"));
    assert_eq!(doubtful(&many, false), expect(&[("鲁A1", true)]));
    for permuted in [false, true] {
        let passed = [row(A, "鲁A1", "2026-11-01", "I", "r1"), row(B, "鲁A1", "2026-11-09", "U", "r1")];
        assert_eq!(doubtful(&passed, permuted), expect(&[("鲁A1", false), ("鲁A1", true)]), "{permuted}");
        let thrice = [
            row(A, "鲁A1", "2026-11-01", "I", "r1"),
            row(A, "鲁A2", "2026-11-01", "I", "r1"),
            row(A, "鲁A3", "2026-11-02", "U", "r1"),
        ];
        assert_eq!(doubtful(&thrice, permuted), expect(&[("鲁A3", false)]), "{permuted}");
        // A withdrawal that is older than all of them decides nothing between them.
        let older = row("", "", "2026-11-10", "D", "r1");
        let undated = [row(A, "鲁A1", "2026-11-11", "I", "r1"), older.clone(), row(A, "鲁A2", "", "U", "r1")];
        // Undated it is the later one only if it stands behind the withdrawal.
        let told: &[(&str, bool)] = if permuted { &[("鲁A1", false)] } else { &[("鲁A1", true), ("鲁A2", true)] };
        assert_eq!(doubtful(&undated, permuted), expect(told), "{permuted}");
        let dated = [row(A, "鲁A1", "2026-11-12", "I", "r1"), older, row(A, "鲁A2", "2026-11-10", "U", "r1")];
        assert_eq!(doubtful(&dated, permuted), expect(&[("鲁A1", false)]), "{permuted}");
        let to_come = [row(A, "鲁A1", "2026-11-02", "I", "r1"), row(A, "鲁A2", "2062-11-01", "U", "r1")];
        assert_eq!(doubtful(&to_come, permuted), expect(&[("鲁A1", true), ("鲁A2", true)]), "{permuted}");
    }
}

/// The row of whoever has a record now is not kept if the register does not know him; it clears the one before all the same.
#[test]
fn a_record_that_has_passed_to_a_stranger_or_a_company_is_nobodys_ground() {
    let layout = VEHICLE.replace("columns = {", "columns = { record_id = \"编号\",").replace("delete = [\"D\"], ", "")
        + "codes.operation = { I = \"insert\", U = \"update\", D = \"delete\" }\n";
    const COMPANY: &str = "91370100MA3CQ00001";
    let row = |(id, plate, day, operation, number): (&str, &str, &str, &str, &str)| {
        let id_type = if id == COMPANY { 9 } else { 1 };
        format!("{id},,{plate},,A,{day},{operation},{id_type},{number}\n")
    };
    let rows = [
        (A, "鲁A1", "2026-11-01", "I", "r1"),
        (B, "鲁A1", "2026-11-09", "Ｕ", "r1"),
        (A, "鲁A2", "2026-11-01", "I", "r2"),
        (COMPANY, "鲁A2", "2026-11-09", "update", "r2"),
        (A, "鲁A3", "2026-11-10", "U", "r3"),
        (B, "鲁A3", "2026-11-09", "U", "r3"),
        // With another operation nothing has passed, nor where two owners are changed on one day.
        (B, "鲁A4", "2026-11-09", "I", "r4"),
        (A, "鲁A4", "2026-11-01", "I", "r4"),
        (A, "鲁A5", "2026-11-01", "U", "r5"),
        (B, "鲁A5", "2026-11-01", "U", "r5"),
        (A, "鲁A6", "2026-11-01", "I", "r6"),
        (A, "鲁A7", "2026-11-09", "U", "r6"),
        // Where days do not tell, what is changed was there before; by whom nobody may say, and in other words than U.
        (A, "鲁A8", "2026-11-01", "I", "r8"),
        (B, "鲁A8", "2026-11-01", "U", "r8"),
        (A, "鲁A9", "2026-11-01", "I", "r9"),
        (B, "鲁A9", "2026-12-01", "变更", "r9"),
        (A, "鲁AA", "2026-11-01", "I", "ra"),
        ("", "鲁AA", "2026-11-09", "U", "ra"),
    ];
    let heading = HEADING.replace('\n', ",编号\n");
    let permuted: Vec<_> = rows.iter().rev().copied().collect();
    for rows in [&rows[..], &permuted] {
        let (first, second) = rows.split_at(4);
        let file = |rows: &[_]| format!("{heading}{}", rows.iter().copied().map(row).collect::<String>());
        let centre = Centre::new(&layout, &[("a.csv", &gb(&file(first))), ("b.csv", &gb(&file(second)))]);
        for chunk in [200, chunks::CHUNK] {
            let evidence = centre.read_with(&|party| party.id() == A.as_bytes(), chunk);
            let plates = column(&evidence, "plate");
            let mut doubtful: Vec<&str> =
                evidence.unread.iter().map(|(row, _)| plates[*row as usize].as_str()).collect();
            doubtful.sort_unstable();
            assert_eq!((doubtful, plates.len()), (vec!["鲁A1", "鲁A2", "鲁A8", "鲁A9", "鲁AA"], 9), "{plates:?}");
        }
        assert_same_with_an_index(&centre, &wanted(&[A]), 2, 9);
    }
}
