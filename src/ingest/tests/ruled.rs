//! Lists without separators: cells by their bytes.

use super::known_files::{assert_same_with_an_index, wanted};
use super::*;

const LAYOUT: &str = r#"
    kind = "vehicle"
    department = "公安交管"
    [connector]
    type = "fixed"
    path = "inbox/v.txt"
    encoding = "gb18030"
    heading_row = 1
    cells = [["姓名", 8], ["证件号码", 18], ["号牌", 9], ["登记日", 8]]
    [columns]
    owner_id = "证件号码"
    owner_name = "姓名"
    plate = "号牌"
    registered_on = "登记日"
"#;

/// A line with its cells filled up to their widths.
fn line(cells: [&str; 4]) -> Vec<u8> {
    let widths = [8, 18, 9, 8];
    let padded = cells.into_iter().zip(widths).map(|(cell, width)| {
        let mut bytes = gb(cell);
        assert!(bytes.len() <= width, "{cell}");
        bytes.resize(width, b' ');
        bytes
    });
    padded.collect::<Vec<_>>().concat()
}

fn list(lines: &[Vec<u8>]) -> Vec<u8> {
    [gb("车辆清单 2026-11-21\n"), lines.join(&b'\n'), b"\n".to_vec()].concat()
}

fn centre(bytes: &[u8]) -> Centre {
    Centre::new(LAYOUT, &[("v.txt", bytes)])
}

#[test]
fn lines_end_in_their_bins() {
    let bare = |cells| line(cells).trim_ascii_end().to_vec();
    let bytes = list(&[
        line(["张三", A, "鲁A12345", "20190404"]),
        bare(["欧阳明月", A, "鲁B1", ""]), // an editor took the blanks off
        Vec::new(),
        [line(["李四", B, "鲁C", "20190404"]), b"\r".to_vec()].concat(),
        [line(["张三", A, "鲁D", "20190404"]), b"  ".to_vec()].concat(),
        [line(["张三", A, "鲁E", "20190404"]), b"7".to_vec()].concat(), // a digit too many: everything may have moved
        line(["", "", "鲁F", ""]),
        bare(["合计 4", "", "", ""]),
    ]);
    let evidence = centre(&bytes).read_with(&|party| party.id() == A.as_bytes(), chunks::CHUNK);
    assert_eq!(bins(&evidence), (7, 3, 1, 2, 1), "{:?}", evidence.delivery);
    assert_eq!(column(&evidence, "plate"), ["鲁A12345", "鲁B1", "鲁D"]);
    assert_eq!(column(&evidence, "registered_on"), ["2019-04-04", "", "2019-04-04"]);
    assert_eq!(evidence.refs.iter().map(|at| at.line).collect::<Vec<_>>(), [2, 3, 6]);
    let said: Vec<_> = evidence.rejects.iter().map(|one| (one.at.line, one.reason)).collect();
    assert_eq!(said, [(7, "ingest.reject_width"), (8, "ingest.reject_nobody")]);
    assert_eq!(evidence.files[0].format, "GB18030, fixed");
}

#[test]
fn a_list_that_breaks_off_is_told() {
    let whole = list(&[line(["张三", A, "鲁A12345", "20190404"]), line(["李四", B, "鲁C", "20190404"])]);
    let read = |bytes: &[u8]| {
        let evidence = centre(bytes).read();
        (bins(&evidence), evidence.rejects.first().map(|one| one.reason))
    };
    assert_eq!(
        read(&whole[..whole.len() - 1]),
        ((2, 2, 0, 0, 0), None),
        "no line end at the end, and nothing is missing"
    );
    for missing in 2..40 {
        assert_eq!(read(&whole[..whole.len() - missing]).1, Some("ingest.reject_truncated"), "{missing}");
    }
    let footer = [&whole[..], &gb("合计 2")].concat();
    assert_eq!(read(&footer), ((3, 2, 0, 0, 1), None));
}

#[test]
fn any_chunk_size_gives_the_same_and_so_does_an_index() {
    let lines: Vec<Vec<u8>> = (0..60)
        .map(|row| match row % 4 {
            0 => line(["张三", A, &format!("鲁A{row:05}"), "20190404"]),
            1 => Vec::new(),
            2 => [line(["㛃", B, &format!("鲁B{row:05}"), "2019"]), b"\r".to_vec()].concat(),
            _ => [line(["王五", A, "鲁C", ""]), b"x".to_vec()].concat(),
        })
        .collect();
    let centre = centre(&list(&lines));
    let whole = format!("{:?}", centre.read_with(&|_| true, 1 << 20));
    assert!(whole.contains("㛃"));
    for chunk in [1, 7, 43, 44, 45, 100, 1_000] {
        assert_eq!(format!("{:?}", centre.read_with(&|_| true, chunk)), whole, "{chunk}");
    }
    assert_same_with_an_index(&centre, &wanted(&[A, B]), 1, 30);
}

#[test]
fn what_a_layout_must_and_must_not_say() {
    let said = |layout: &str| Source::parse(layout, "v.toml".as_ref()).unwrap_err().say(Lang::Zh);
    let cells = "cells = [[\"姓名\", 8], [\"证件号码\", 18], [\"号牌\", 9], [\"登记日\", 8]]\n";
    assert!(said(&LAYOUT.replace(cells, "")).contains("cells = "));
    assert!(said(&LAYOUT.replace("[\"号牌\", 9]", "[\"号牌\", 0]")).contains("大于 0"));
    assert!(said(&LAYOUT.replace("[\"号牌\", 9]", "[\"号牌\", 4294967295]")).contains("一百万"));
    assert!(said(&LAYOUT.replace("\"fixed\"", "\"csv\"")).contains("只用于"));
    let renamed = Centre::new(&LAYOUT.replace("[\"号牌\", 9]", "[\"车牌\", 9]"), &[("v.txt", &list(&[]))]).read();
    assert!(refusal(&renamed).contains("号牌"));
}

/// Thirty whole lines, and some more.
fn filled(more: &[Vec<u8>]) -> Vec<u8> {
    list(&[vec![line(["张三", A, "鲁A12345", ""]); 30], more.to_vec()].concat())
}

#[test]
fn where_lines_are_filled_a_shorter_one_has_lost_something() {
    let whole = line(["李四", B, "鲁C", "20190404"]);
    let lost = [&whole[..3], &whole[4..]].concat(); // half of 四
    let bytes = filled(&[lost, whole[..20].to_vec(), whole.clone(), gb("合计 33")]);
    let evidence = centre(&bytes).read();
    assert_eq!(bins(&evidence), (34, 31, 0, 2, 1), "{:?}", evidence.delivery);
    assert!(evidence.rejects.iter().all(|one| one.reason == "ingest.reject_width"));
}

#[test]
fn zeros_at_the_end_are_no_rows() {
    let whole = filled(&[line(["李四", B, "鲁C", "20190404"])]);
    for keep in [whole.len(), whole.len() - 1, whole.len() - 20, whole.len() - 44] {
        let mut bytes = whole[..keep].to_vec();
        bytes.resize(whole.len() + 90_000, 0);
        let evidence = centre(&bytes).read();
        assert_eq!(evidence.bins.rejected, 1, "{keep}: {:?}", bins(&evidence));
        assert_eq!(evidence.rejects[0].reason, "ingest.reject_truncated", "{keep}");
    }
}

#[test]
fn widths_that_are_not_the_files_are_told() {
    let said = |layout: &str, bytes: &[u8]| refusal(&Centre::new(layout, &[("v.txt", bytes)]).read());
    let wider = LAYOUT.replace("[\"姓名\", 8]", "[\"姓名\", 10]");
    assert!(said(&wider, &filled(&[])).contains("每行都是 43 字节，而 cells 各列合计 45 字节"));
    // Without the blanks at their ends, lines are of no one length.
    let bare: Vec<Vec<u8>> =
        (0..30).map(|row| line(["张三", A, &"鲁A12345"[..row % 5 + 3], ""]).trim_ascii_end().to_vec()).collect();
    assert!(said(&wider, &list(&bare)).contains("开头 30 个里只有 0 个像身份证号"));
    assert_eq!(centre(&list(&bare)).read().bins.linked, 30);
    let without_heading = &filled(&[])[gb("车辆清单 2026-11-21\n").len()..];
    assert!(said(LAYOUT, without_heading).contains("第 1 行里有身份证号"));
}

#[test]
fn a_width_that_cuts_a_character_of_three_bytes_damages_its_cell() {
    let layout = LAYOUT.replace("encoding = \"gb18030\"\n", "").replace("heading_row = 1\n", "");
    let rows = format!("欧阳明{A}鲁A345620190404\n");
    let evidence = Centre::new(&layout, &[("v.txt", rows.as_bytes())]).read();
    let said: Vec<_> = evidence.rejects.iter().map(|one| one.reason).collect();
    assert_eq!((evidence.bins.read, said.contains(&"ingest.reject_bytes")), (1, true), "{said:?}");
}
