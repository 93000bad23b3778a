//! DBF tables: what another program wrote, and headings and records made byte by byte after the published description of the format.

use super::known_files::{assert_same_with_an_index, wanted};
use super::*;
use dbase::encoding_rs::GBK;
use dbase::{FieldName, FieldValue, TableWriterBuilder};
use proptest::prelude::*;

const LAYOUT: &str = r#"
    kind = "vehicle"
    department = "公安交管"
    connector = { type = "dbf", path = "inbox/v.dbf" }
    columns = { owner_id = "SFZH", owner_name = "姓名", plate = "HPHM", registered_on = "DJRQ" }
"#;

/// Name, type, bytes and flags of a field.
type Field = (&'static str, u8, usize, u8);

const FIELDS: [Field; 4] = [("SFZH", b'C', 18, 0), ("姓名", b'C', 8, 0), ("HPHM", b'C', 9, 0), ("DJRQ", b'D', 8, 0)];

/// A heading as FoxPro writes it, of a table with so many records; names in GB18030.
fn heading(fields: &[Field], records: u32) -> Vec<u8> {
    let length: usize = fields.iter().map(|(_, _, length, _)| length).sum();
    let mut bytes = vec![0x30, 126, 11, 21];
    bytes.extend(records.to_le_bytes());
    bytes.extend(((32 * fields.len() + 33) as u16).to_le_bytes());
    bytes.extend((length as u16 + 1).to_le_bytes());
    bytes.resize(32, 0);
    for (name, ty, length, flags) in fields {
        let mut entry = gb(name);
        entry.resize(11, 0);
        entry.push(*ty);
        entry.resize(16, 0);
        entry.extend([*length as u8, 0, *flags]);
        entry.resize(32, 0);
        bytes.extend(entry);
    }
    bytes.push(0x0D);
    bytes
}

/// A record of [`FIELDS`].
fn record(mark: u8, id: &str, name: &str, plate: &str, day: &str) -> Vec<u8> {
    let mut bytes = vec![mark];
    for (text, (_, _, length, _)) in [id, name, plate, day].into_iter().zip(FIELDS) {
        let mut cell = gb(text);
        cell.resize(length, b' ');
        bytes.extend(cell);
    }
    bytes
}

fn table(records: &[Vec<u8>]) -> Vec<u8> {
    [heading(&FIELDS, records.len() as u32), records.concat(), vec![0x1A]].concat()
}

fn centre(bytes: &[u8]) -> Centre {
    Centre::new(LAYOUT, &[("v.dbf", bytes)])
}

#[test]
fn records_end_in_their_bins() {
    let bytes = table(&[
        record(b' ', A, "张三", "鲁A12345", "20190404"),
        record(b'*', A, "张三", "鲁A00000", "20190404"),
        record(b' ', B, "李四", "鲁B1", ""),
        record(0, A, "张三", "鲁C", ""),
        record(b' ', "", "", "鲁D", ""),
        record(b' ', A, "张三", "", "20190431"),
        record(b' ', "合计", "", "", ""),
    ]);
    let evidence = centre(&bytes).read_with(&|party| party.id() == A.as_bytes(), chunks::CHUNK);
    assert_eq!(bins(&evidence), (7, 2, 1, 2, 2), "{:?}", evidence.delivery);
    assert_eq!(column(&evidence, "plate"), ["鲁A12345", ""]);
    assert_eq!(column(&evidence, "registered_on"), ["2019-04-04", ""]);
    assert_eq!(evidence.refs.iter().map(|at| at.line).collect::<Vec<_>>(), [2, 7]);
    let said: Vec<_> = evidence.rejects.iter().map(|one| (one.at.line, one.reason, one.text.as_str())).collect();
    let (mark, day) = (format!("{A}|张三|鲁C|"), format!("{A}|张三||20190431"));
    let expected = [(5, "ingest.reject_mark", mark.as_str()), (6, "ingest.reject_nobody", "||鲁D|")];
    assert_eq!(said, [expected[0], expected[1], (7, "ingest.reject_date", &day)]);
    assert_eq!((evidence.files[0].format.as_str(), evidence.files[0].digest), ("DBF, GB18030", Digest::of(&bytes)));
}

#[test]
fn what_another_program_writes() {
    const CUSTOM: &str = r#"
        kind = "custom"
        department = "住房公积金"
        connector = { type = "dbf", path = "inbox/v.dbf" }
        columns = { owner_id = "SFZH", owner_name = "XM", pay = "PAY", opened = "OPENED", closed = "CLOSED", months = "MONTHS", rate = "RATE", sealed = "SEALED" }
        [custom]
        code = "fund"
        label = "账户"
        fields = { pay = { type = "money", label = "月缴" }, opened = { type = "date", label = "开户" }, closed = { type = "date", label = "销户" }, months = { type = "count", label = "月数" }, rate = { type = "decimal", label = "比例" }, sealed = { type = "flag", label = "封存" } }
    "#;
    let name = |name: &str| FieldName::try_from(name).unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = TableWriterBuilder::with_encoding(dbase::encoding::EncodingRs::from(GBK))
        .add_character_field(name("SFZH"), 18)
        .add_character_field(name("XM"), 12)
        .add_numeric_field(name("PAY"), 12, 2)
        .add_date_field(name("OPENED"))
        .add_datetime_field(name("CLOSED"))
        .add_integer_field(name("MONTHS"))
        .add_double_field(name("RATE"))
        .add_logical_field(name("SEALED"))
        .build_with_dest(&mut bytes);
    let day = dbase::Date::new(4, 4, 2019).unwrap();
    let (last, time) = (dbase::Date::new(24, 11, 2026).unwrap(), dbase::Time::new(8, 30, 0).unwrap());
    let moment = dbase::DateTime::new(last, time);
    let mut write = |id: &str, person: &str, pay, sealed, months| {
        let mut one = dbase::Record::default();
        one.insert("SFZH".into(), FieldValue::Character(Some(id.into())));
        one.insert("XM".into(), FieldValue::Character(Some(person.into())));
        one.insert("PAY".into(), FieldValue::Numeric(pay));
        one.insert("OPENED".into(), FieldValue::Date(pay.map(|_| day)));
        one.insert("CLOSED".into(), FieldValue::DateTime(moment));
        one.insert("MONTHS".into(), FieldValue::Integer(months));
        one.insert("RATE".into(), FieldValue::Double(0.12));
        one.insert("SEALED".into(), FieldValue::Logical(sealed));
        writer.write_record(&one).unwrap();
    };
    write(A, "张三", Some(1_234.5), Some(true), 120);
    write(B, "欧阳明月", None, None, -1);
    writer.finalize().unwrap();
    drop(writer);
    let evidence = Centre::new(CUSTOM, &[("v.dbf", bytes.get_ref())]).read();
    assert_eq!(bins(&evidence), (2, 2, 0, 0, 0), "{:?}", evidence.delivery);
    assert_eq!(parties(&evidence), [(0, 0, A, "张三"), (1, 0, B, "欧阳明月")]);
    let columns = ["pay", "opened", "closed", "months", "rate", "sealed"].map(|name| column(&evidence, name));
    assert_eq!(
        columns.each_ref().map(|column| column[0].as_str()),
        ["1,234.50", "2019-04-04", "2026-11-24", "120", "0.12", "true"]
    );
    assert_eq!(columns.each_ref().map(|column| column[1].as_str()), ["", "", "2026-11-24", "-1", "0.12", ""]);
    assert!(evidence.rejects.is_empty());
}

#[test]
fn numbers_that_lie_in_binary() {
    // Money is counted in ten-thousandths, which the crate above takes for a float; days from 4713 BC: 2,458,578 is 2019-04-04.
    let fields = [FIELDS[0], ("YE", b'Y', 8, 0), ("RQ", b'T', 8, 0), ("TS", b'I', 4, 0), ("BL", b'B', 8, 0)];
    let row = |money: i64, day: i32, count: i32, share: f64| {
        let texts = [b" ".to_vec(), A.as_bytes().to_vec()].concat();
        let moment = [day.to_le_bytes(), 30_600_000_i32.to_le_bytes()].concat();
        [texts, money.to_le_bytes().to_vec(), moment, count.to_le_bytes().to_vec(), share.to_le_bytes().to_vec()]
            .concat()
    };
    let records = [row(100_002_500, 2_458_578, 3, 0.5), row(-9_900, 0, -7, 12.0), row(99, i32::MAX, 0, f64::NAN)];
    let layout = r#"
        kind = "custom"
        department = "住房公积金"
        connector = { type = "dbf", path = "inbox/v.dbf" }
        columns = { owner_id = "SFZH", money = "YE", day = "RQ", count = "TS", share = "BL" }
        [custom]
        code = "fund"
        label = "账户"
        fields = { money = { type = "money", label = "余额" }, day = { type = "date", label = "日" }, count = { type = "count", label = "数" }, share = { type = "decimal", label = "比例" } }
    "#;
    let bytes = [heading(&fields, 3), records.concat()].concat();
    let evidence = Centre::new(layout, &[("v.dbf", &bytes)]).read();
    assert_eq!(bins(&evidence), (3, 3, 0, 0, 0), "{:?}", evidence.delivery);
    assert_eq!(column(&evidence, "money"), ["10,000.25", "-0.99", "0.01"]);
    assert_eq!(column(&evidence, "day"), ["2019-04-04", "", ""]);
    assert_eq!(column(&evidence, "count"), ["3", "-7", "0"]);
    assert_eq!(column(&evidence, "share"), ["0.5", "12", ""]);
    let said: Vec<_> =
        evidence.rejects.iter().map(|one| (one.at.line, one.column.as_str(), one.text.as_str())).collect();
    let row = format!("{A}|0.0099|#2147483647|0|NaN");
    assert_eq!(said, [(4, "RQ", row.as_str()), (4, "BL", &row)], "with what its fields say");
}

#[test]
fn any_chunk_size_gives_the_same_and_so_does_an_index() {
    let records: Vec<Vec<u8>> = (0..60)
        .map(|row| match row % 4 {
            0 => record(b' ', A, "张三", &format!("鲁A{row:05}"), "20190404"),
            1 => record(b'*', A, "张三", "鲁A", ""),
            2 => record(b' ', B, "𬱖㛃", &format!("鲁B{row:05}"), "2019"),
            _ => record(if row == 31 { b'x' } else { b' ' }, &format!("37010219900101{row:04}"), "王五", "鲁C", ""),
        })
        .collect();
    let centre = centre(&table(&records));
    let wanted_ids = |party: &PartyView<'_>| [A.as_bytes(), B.as_bytes()].contains(&party.id());
    let whole = format!("{:?}", centre.read_with(&wanted_ids, 1 << 20));
    assert!(whole.contains("𬱖㛃"));
    for chunk in [1, 7, 43, 44, 45, 100, 1_000] {
        assert_eq!(format!("{:?}", centre.read_with(&wanted_ids, chunk)), whole, "{chunk}");
    }
    assert_same_with_an_index(&centre, &wanted(&[A, B]), 1, 30);
}

#[test]
fn values_marked_as_null_were_not_given_and_varying_texts_end_where_they_say() {
    // Bits in the order of the fields: the plate is shorter than its room; the plate is null; the day is null.
    let fields = [FIELDS[0], FIELDS[1], ("HPHM", b'V', 9, 2), ("DJRQ", b'D', 8, 2), ("_NullFlags", b'0', 1, 5)];
    let row = |plate: &[u8; 9], marks: u8| {
        let mut bytes = record(b' ', A, "张三", "", "20190404");
        bytes[27..36].copy_from_slice(plate);
        bytes.push(marks);
        bytes
    };
    // The last one ends at a zero, behind which somebody's memory lies.
    let records = [
        row(b"A12345678", 0),
        row(b"A12zzzzz\x03", 1),
        row(b"A12345678", 2),
        row(b"A1\0\0\0\0\0\0\x02", 5),
        row(b"A9\x003702\0\0", 0),
    ];
    let bytes = [heading(&fields, 5), records.concat()].concat();
    let evidence = centre(&bytes).read();
    assert_eq!(bins(&evidence), (5, 5, 0, 0, 0), "{:?}", evidence.delivery);
    assert_eq!(column(&evidence, "plate"), ["A12345678", "A12", "", "A1", "A9"]);
    assert_eq!(column(&evidence, "registered_on"), ["2019-04-04", "2019-04-04", "2019-04-04", "", "2019-04-04"]);
}

#[test]
fn a_character_that_the_width_cut_in_two_damages_its_cell_alone() {
    let mut cut = record(b' ', A, "", "鲁A1", "20190404");
    cut[19..27].copy_from_slice(&gb("M欧阳明月")[..8]);
    let evidence = centre(&table(&[cut])).read();
    assert_eq!(column(&evidence, "plate"), ["鲁A1"]);
    assert_eq!(evidence.rejects[0].reason, "ingest.reject_bytes");
    let (.., name) = parties(&evidence)[0];
    assert!(name.starts_with("M欧阳明"), "{name}");
}

#[test]
fn the_encoding_is_told_by_texts_or_stated() {
    let utf8 = |text: &str, room: usize| {
        let mut cell = text.as_bytes().to_vec();
        cell.resize(room, b' ');
        cell
    };
    let mut bytes = heading(&[FIELDS[0], ("XM", b'C', 12, 0), FIELDS[2], FIELDS[3]], 1);
    bytes.extend([b" ".to_vec(), utf8(A, 18), utf8("张三", 12), utf8("A1", 9), utf8("", 8)].concat());
    let layout = LAYOUT.replace("姓名", "XM");
    let named = |layout: &str| {
        let evidence = Centre::new(layout, &[("v.dbf", &bytes)]).read();
        (parties(&evidence)[0].3.to_owned(), evidence.files[0].format.clone())
    };
    assert_eq!(named(&layout), ("张三".to_owned(), "DBF, UTF-8".to_owned()));
    let (name, format) = named(&layout.replace("path", "encoding = \"gb18030\", path"));
    assert!(name != "张三" && format == "DBF, GB18030", "{name}");
}

#[test]
fn a_table_that_is_not_whole_or_not_ours_is_refused() {
    let rows: Vec<Vec<u8>> = (0..3).map(|_| record(b' ', A, "张三", "鲁A1", "")).collect();
    let whole = table(&rows);
    let said = |bytes: &[u8]| refusal(&centre(bytes).read());
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    assert!(said(&whole[..whole.len() - 2]).contains("3 条记录，文件中有 2 条"));
    assert!(said(&changed(&|bytes| bytes[4] = 2)).contains("2 条记录，文件中有 3 条"), "a row would be lost");
    assert!(said(&changed(&|bytes| bytes[4..8].fill(0xFF))).contains("4294967295 条记录"));
    assert!(said(&changed(&|bytes| bytes[0] = 0x8C)).contains("8C"));
    assert!(said(&changed(&|bytes| bytes[15] = 1)).contains("加密"));
    assert!(said(&changed(&|bytes| bytes[10] = 9)).contains("不是完好"));
    assert!(said(&changed(&|bytes| bytes[8] = 60)).contains("不是完好"));
    for length in 1..heading(&FIELDS, 0).len() {
        assert!(said(&whole[..length]).contains("DBF"), "{length}");
    }
    assert!(said(b"\xCA\xFD\xBE\xDD,1\n".repeat(9).as_slice()).contains("这不是 DBF 表"));
    assert!(said(&changed(&|bytes| bytes[14] = 1)).contains("没有写完"));
    let moved = changed(&|bytes| {
        let start = heading(&FIELDS, 0).len();
        bytes.drain(start..=start);
        bytes.push(0x1A);
    });
    assert!(said(&moved).contains("不是完好"), "no record begins where one should");
    let as_sheet = Centre::new(&LAYOUT.replace("\"dbf\"", "\"xlsx\""), &[("v.dbf", &whole)]).read();
    assert!(refusal(&as_sheet).contains("这是 DBF 表"));
    let memo = [heading(&[FIELDS[0], FIELDS[1], ("HPHM", b'M', 9, 0), FIELDS[3]], 3), rows.concat()].concat();
    assert!(said(&memo).contains("备注"));
    let twice = [heading(&[FIELDS[0], ("SFZH", b'C', 8, 0), FIELDS[2], FIELDS[3]], 3), rows.concat()].concat();
    let other = Centre::new(&LAYOUT.replace("\"姓名\"", "\"HPHM\""), &[("v.dbf", &twice)]).read();
    assert!(refusal(&other).contains("两个字段都叫“SFZH”"));
    let renamed = Centre::new(&LAYOUT.replace("HPHM", "CPHM"), &[("v.dbf", &whole)]).read();
    assert!(refusal(&renamed).contains("CPHM"));
    let as_text = Centre::new(&LAYOUT.replace("\"dbf\"", "\"csv\""), &[("v.dbf", &whole)]).read();
    assert!(refusal(&as_text).contains("DBF"));
    // A last block that was filled up is no further record.
    for filling in [0x1A, 0] {
        let filled = [&whole[..], &[filling; 200]].concat();
        assert_eq!(bins(&centre(&filled).read()), (3, 3, 0, 0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_table_is_read_or_refused(
        changes in prop::collection::vec((0_usize..420, any::<u8>()), 0..9),
        length in 1_usize..420,
        is_cut: bool,
        chunk in 1_usize..90,
    ) {
        let fields = [FIELDS[0], FIELDS[1], ("HPHM", b'V', 9, 2), ("DJRQ", b'T', 8, 2), ("YE", b'Y', 8, 0), ("_NullFlags", b'0', 1, 5)];
        let records: Vec<Vec<u8>> = (0..4).map(|row| [record(b' ', A, "张三", "鲁A", ""), vec![row; 9]].concat()).collect();
        let mut bytes = [heading(&fields, 4), records.concat(), vec![0x1A]].concat();
        bytes.truncate(if is_cut { length } else { usize::MAX });
        for (at, byte) in changes {
            if let Some(there) = bytes.get_mut(at) {
                *there = byte;
            }
        }
        // Every row ends in a bin, or the reader panics.
        let evidence = centre(&bytes).read_with(&|_| true, chunk);
        match &evidence.delivery {
            Delivery::Refused(_) => prop_assert_eq!(evidence.bins.read, 0),
            _ => prop_assert_eq!(evidence.refs.len(), evidence.table.rows()),
        }
    }
}
