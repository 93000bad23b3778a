//! What a department takes back: the row that says so, and all that it said of the record before.

use super::known_files::{assert_same_with_an_index, wanted};
use super::*;
use crate::model::kind::RECORD_ID;

/// Two deliveries in the order of their names; the second takes back what the first said, and tells of one record again.
fn centre() -> Centre {
    let layout = VEHICLE.replace("columns = {", "columns = { record_id = \"编号\",");
    let heading = HEADING.replace('\n', ",编号\n");
    let rows = |rows: &[(&str, &str, &str)]| {
        let row = |(plate, operation, record): &(&str, &str, &str)| match *operation {
            "D" | "Ｄ" => format!(",,,,,2026-11-20,{operation},,{record}\n"),
            _ => format!("{A},张三,{plate},2019-04-04,A,2026-11-01,{operation},1,{record}\n"),
        };
        format!("{heading}{}", rows.iter().map(row).collect::<String>()).into_bytes()
    };
    let first =
        rows(&[("鲁A1", "I", "r1"), ("鲁A2", "I", "r2"), ("鲁A3", "I", "r3"), ("", "D", "r1"), ("鲁A4", "I", "")]);
    let second = rows(&[("", "Ｄ", "r2"), ("", "D", ""), ("鲁A5", "I", "r1"), ("鲁A6", "U", "r3")]);
    Centre::new(&layout, &[("a.csv", &first), ("b.csv", &second)])
}

#[test]
fn a_record_that_was_taken_back_is_nobodys_whichever_file_said_so() {
    let evidence = centre().read();
    assert_eq!(column(&evidence, "plate"), ["鲁A3", "鲁A4", "鲁A5", "鲁A6"]);
    assert_eq!(bins(&evidence), (9, 4, 0, 0, 5), "three rows that take back, two taken back");
    assert_eq!(parties(&evidence).iter().map(|party| party.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(evidence.refs.iter().map(|at| (at.file, at.line)).collect::<Vec<_>>(), [(0, 4), (0, 6), (1, 4), (1, 5)]);
}

/// Its number was given again, or the list is not in the order of time: nobody can tell.
#[test]
fn a_row_behind_the_one_that_takes_its_record_back_is_no_ground_of_any_rule() {
    let evidence = centre().read();
    let field = evidence.kind.field(RECORD_ID).unwrap();
    assert_eq!(evidence.unread, [(2, field as u16)]);
    let [reject] = &evidence.rejects[..] else { panic!("{:?}", evidence.rejects) };
    assert_eq!((reject.at.file, reject.at.line, reject.reason), (1, 4, "ingest.reject_withdrawn"));
    assert_eq!((reject.column.as_str(), reject.text.as_str(), reject.whole_row), ("记录编号", "r1", false));
    assert_eq!(evidence.reject_counts[&("记录编号".to_owned(), "ingest.reject_withdrawn", false)], 1);
}

#[test]
fn what_was_taken_back_is_known_without_reading_the_files_again() {
    assert_same_with_an_index(&centre(), &wanted(&[A]), 2, 4);
}
