//! Whole deliveries in, evidence out: what the readers promise together.

use super::*;
use crate::kernel::{Digest, Lang, Silent};
use crate::model::evidence::Bins;
use crate::model::kind::builtin;

const A: &str = "110105194912310021";
const B: &str = "44052418800101001X";

/// A workspace with one source, its files under `inbox/`.
struct Centre {
    folder: tempfile::TempDir,
    source: Source,
}

impl Centre {
    fn new(layout: &str, files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inbox")).unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join("inbox").join(name), bytes).unwrap();
        }
        let source = Source::parse(layout, "source.toml".as_ref()).unwrap_or_else(|error| panic!("{error}"));
        Self { folder, source }
    }

    fn read_with(&self, wanted: &Wanted<'_>, chunk: usize) -> Evidence {
        let (kind, cancel) = (self.source.kind().unwrap(), Cancel::default());
        let today = Date::parse_iso("2026-11-24").unwrap();
        let job = Job {
            code: "test",
            source: &self.source,
            kind: &kind,
            today,
            wanted: Some(wanted),
            progress: &Silent,
            cancel: &cancel,
            keys: None,
        };
        read_in_chunks(self.folder.path(), &job, chunk).unwrap()
    }

    fn read(&self) -> Evidence {
        self.read_with(&|_| true, chunks::CHUNK)
    }
}

const VEHICLE: &str = r#"
    kind = "vehicle"
    department = "公安交管"
    cycle_days = 30
    connector = { type = "csv", path = "inbox/*" }
    columns = { owner_id = "身份证明号码", owner_name = "所有人", plate = "号牌号码", registered_on = "初次登记日期", state = "状态", as_of = "更新时间", operation = "操作", owner_id_type = "证件类型" }
    values = { delete = ["D"], null = ["空"] }
    codes.state = { A = "normal", G = "violation_pending", E = "cancelled" }
    codes.owner_id_type = { 1 = "citizen", 9 = "company" }
"#;

const HEADING: &str = "身份证明号码,所有人,号牌号码,初次登记日期,状态,更新时间,操作,证件类型\n";

fn vehicle(rows: &str) -> Centre {
    Centre::new(VEHICLE, &[("v.csv", format!("{HEADING}{rows}").as_bytes())])
}

fn gb(text: &str) -> Vec<u8> {
    Encoding::Gb18030.encode(text)
}

fn column(evidence: &Evidence, name: &str) -> Vec<String> {
    let column = &evidence.table.columns[evidence.kind.field(name).unwrap()];
    (0..column.len()).map(|row| column.text(row)).collect()
}

fn parties(evidence: &Evidence) -> Vec<(u32, u8, &str, &str)> {
    let all = &evidence.parties;
    (0..all.len()).map(|at| (all.row[at], all.slot[at], all.id.get(at), all.name.get(at))).collect()
}

fn bins(evidence: &Evidence) -> (u64, u64, u64, u64, u64) {
    let Bins { read, linked, unlinked, rejected, skipped } = evidence.bins;
    (read, linked, unlinked, rejected, skipped)
}

fn refusal(evidence: &Evidence) -> String {
    match &evidence.delivery {
        Delivery::Refused(error) => error.say(Lang::Zh),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn every_row_ends_in_one_bin() {
    let centre = vehicle(&format!(
        "{A},张三,鲁A1,2019-04-04,AG,2026-11-01,,1\n\
         {B},李四,鲁A2,暂无,A,2026-11-20,,1\n\
         {A},张三,鲁A3,,A,,D,1\n\
         91370102MA3C,济南某公司,鲁A4,,A,,,9\n\
         ,空,鲁A5,,A,,,1\n\
         {A},张三\n\
         \n\
         ,,,,,,,\n\
         合  计,,2\n\
         合计：2条\n"
    ));
    let evidence = centre.read_with(&|party| party.id() == A.as_bytes(), chunks::CHUNK);
    assert_eq!(bins(&evidence), (9, 1, 1, 2, 5));
    assert_eq!(column(&evidence, "plate"), ["鲁A1"]);
    assert_eq!(column(&evidence, "state"), ["normal+violation_pending"]);
    assert_eq!(evidence.refs[0].line, 2);
    assert_eq!(evidence.refs[0].offset, HEADING.len() as u64);
    let rejects: Vec<_> = evidence.rejects.iter().map(|reject| (reject.at.line, reject.reason)).collect();
    assert_eq!(rejects, [(6, "ingest.reject_nobody"), (7, "ingest.reject_fields")]);
    assert_eq!(evidence.rejects[1].text, format!("{A},张三"));
    assert_eq!(evidence.reject_counts[&(String::new(), "ingest.reject_fields", true)], 1);
    let Delivery::Arrived { as_of, stale, short: None } = evidence.delivery else { panic!("not read") };
    assert_eq!((as_of, stale), (Date::from_ymd(2026, 11, 20), false), "the newest row, wanted or not");
}

#[test]
fn a_damaged_field_costs_the_field() {
    let mut bytes = gb(&format!("{HEADING}{A},张"));
    bytes.extend_from_slice(b"\xFF,\xFFX,2019-02-30,A,,,\n");
    let evidence = Centre::new(VEHICLE, &[("v.csv", &bytes)]).read();
    assert_eq!(bins(&evidence), (1, 1, 0, 0, 0));
    assert_eq!(parties(&evidence), [(0, 0, A, "张\u{fffd}")], "a damaged name can still be compared");
    assert_eq!(
        (column(&evidence, "plate"), column(&evidence, "registered_on")),
        (vec![String::new()], vec![String::new()])
    );
    let rejects: Vec<_> =
        evidence.rejects.iter().map(|reject| (reject.column.as_str(), reject.reason, reject.whole_row)).collect();
    assert_eq!(
        rejects,
        [
            ("所有人", "ingest.reject_bytes", false),
            ("号牌号码", "ingest.reject_bytes", false),
            ("初次登记日期", "ingest.reject_date", false)
        ]
    );
}

/// Rows are read some hundreds at a time: what is wrong with one must be said of that one, and no other may be read otherwise.
#[test]
fn rows_read_together_are_read_as_each_by_itself() {
    let row = |number: usize| -> Vec<u8> {
        let (id, name, rest): (&[u8], &[u8], &str) = match number % 7 {
            0 => (A.as_bytes(), "张三".as_bytes(), "鲁A1,2019-04-04,A,,,"),
            1 => (B.as_bytes(), "李四".as_bytes(), "\"鲁\"\"B2\",2019-02-30,G,,,"),
            2 => (A.as_bytes(), b"\xE7\x8E", "鲁C3,,A,,,"),
            3 => (B.as_bytes(), "李四".as_bytes(), "鲁D4,,A,,,\u{1}"),
            4 => (b"\xBC\xA0", "赵六".as_bytes(), "鲁E5,,A,,,"),
            5 => (A.as_bytes(), "短".as_bytes(), "鲁F6"),
            _ => (A.as_bytes(), "孙七".as_bytes(), "鲁G7,2020-01-01,ZZ,,,"),
        };
        let mut row = [id, b",", name, b",", rest.as_bytes(), b"\n"].concat();
        row.iter_mut().filter(|byte| **byte == 1).for_each(|byte| *byte = 0xE5);
        row
    };
    const ROWS: usize = 700;
    let file = |rows: std::ops::Range<usize>| [HEADING.as_bytes().to_vec(), rows.flat_map(row).collect()].concat();
    let together = Centre::new(VEHICLE, &[("v.csv", &file(0..ROWS))]).read();
    let files: Vec<(String, Vec<u8>)> =
        (0..ROWS).map(|number| (format!("{number:03}.csv"), file(number..number + 1))).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let alone = Centre::new(VEHICLE, &files).read();
    assert_eq!(bins(&together), (700, 600, 0, 100, 0));
    assert_eq!(bins(&together), bins(&alone));
    assert_eq!(together.table, alone.table);
    assert_eq!(parties(&together), parties(&alone));
    let rejects = |evidence: &Evidence| -> Vec<(String, &'static str, String)> {
        evidence.rejects.iter().map(|one| (one.column.clone(), one.reason, one.text.clone())).collect()
    };
    assert_eq!(rejects(&together), rejects(&alone));
    let of_first_seven: Vec<_> = together.rejects.iter().take(5).map(|one| (one.at.line, one.reason)).collect();
    let (date, bytes, fields) = ("ingest.reject_date", "ingest.reject_bytes", "ingest.reject_fields");
    assert_eq!(of_first_seven, [(3, date), (4, bytes), (5, bytes), (6, bytes), (7, fields)]);
    assert_eq!(
        together.rejects[0].text,
        format!("{B},李四,\"鲁\"\"B2\",2019-02-30,G,,,"),
        "as delivered, quotes and all"
    );
}

#[test]
fn half_a_character_at_a_rows_end_does_not_meet_its_other_half() {
    let row = format!("{HEADING}{A},张三,鲁A1,,A,,,\u{1}\n\u{2},李四,鲁A2,,A,,,\n");
    let halves: Vec<u8> = row
        .bytes()
        .flat_map(|byte| match byte {
            1 => vec![0xE5],
            2 => vec![0xBC, 0xA0],
            byte => vec![byte],
        })
        .collect();
    let evidence = Centre::new(VEHICLE, &[("v.csv", &halves)]).read();
    assert_eq!(bins(&evidence), (2, 2, 0, 0, 0));
    assert_eq!(column(&evidence, "plate"), ["鲁A1", "鲁A2"]);
    let rejects: Vec<_> = evidence.rejects.iter().map(|reject| (reject.at.line, reject.reason)).collect();
    assert_eq!(rejects, [(2, "ingest.reject_bytes"), (3, "ingest.reject_bytes")]);
}

#[test]
fn encodings_delimiters_and_titles_are_found() {
    let rows = format!("机动车清单\n{HEADING}{A},䶮𬱖,鲁A1,20190404,A,,,\n");
    for delimiter in [",", "\t", "|", ";"] {
        let text = rows.replace(',', delimiter);
        let marked = format!("\u{feff}{text}");
        for (bytes, format) in [(text.as_bytes(), "UTF-8"), (marked.as_bytes(), "UTF-8"), (&gb(&text), "GB18030")] {
            let evidence = Centre::new(VEHICLE, &[("v.txt", bytes)]).read();
            assert_eq!(parties(&evidence), [(0, 0, A, "䶮𬱖")], "{format} {delimiter:?} {:?}", evidence.delivery);
            assert_eq!(evidence.refs[0].line, 3);
            assert_eq!(column(&evidence, "registered_on"), ["2019-04-04"]);
            assert!(evidence.files[0].format.starts_with(format));
            assert_eq!(evidence.files[0].path, "inbox/v.txt");
            assert_eq!(evidence.files[0].digest, Digest::of(bytes));
        }
    }
}

#[test]
fn a_changed_heading_stops_the_source_and_says_why() {
    let evidence = Centre::new(VEHICLE, &[("v.csv", HEADING.replace("号牌号码", "车牌").as_bytes())]).read();
    let said = refusal(&evidence);
    assert!(said.contains("plate 号牌号码 [号牌号码]") && said.contains("身份证明号码 | 所有人 | 车牌"), "{said}");
    assert_eq!((evidence.table.rows(), bins(&evidence)), (0, (0, 0, 0, 0, 0)));
}

#[test]
fn what_is_no_delimited_text_is_refused() {
    for (bytes, part) in [
        (&b""[..], "空"),
        (b"\xFF\xFEa\0", "UTF-16"),
        (b"PK\x03\x04zip", "电子表格"),
        (b"\xD0\xCF\x11\xE0", "电子表格"),
    ] {
        let said = refusal(&Centre::new(VEHICLE, &[("v.csv", bytes)]).read());
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn missing_stale_and_undated_deliveries() {
    assert_eq!(Centre::new(VEHICLE, &[]).read().delivery, Delivery::Missing);
    let text = format!("{HEADING}{A},张三,,,,2099-01-01,,\n");
    let state = |name: &str, layout: &str| Centre::new(layout, &[(name, text.as_bytes())]).read().delivery;
    let arrived = |date: &str, stale| Delivery::Arrived { as_of: Date::parse_iso(date), stale, short: None };
    assert_eq!(state("v_202611.csv", VEHICLE), arrived("2026-11-01", false), "a date to come is a typing error");
    assert_eq!(state("v_20261025.csv", VEHICLE), arrived("2026-10-25", false), "thirty days old");
    assert_eq!(state("v_20261024.csv", VEHICLE), arrived("2026-10-24", true), "thirty-one days old");
    assert_eq!(state("v.csv", VEHICLE), arrived("", true), "nobody knows");
    assert_eq!(state("v.csv", &VEHICLE.replace("cycle_days = 30", "")), arrived("", false));
    let stated = VEHICLE.replace("cycle_days", "as_of = '2026-11-11'\n cycle_days");
    assert_eq!(state("v_202601.csv", &stated), arrived("2026-11-11", false));
}

/// A car sold in October stood in September's file, and its seller had a car.
#[test]
fn files_of_several_dates_are_read_as_the_layout_says_or_not_at_all() {
    let rows = |ids: &[&str]| ids.iter().map(|id| format!("{id},张三,,,,,,\n")).collect::<String>();
    let [old, part, new] = [&["1", "2"][..], &["3"], &["4"]].map(|ids| format!("{HEADING}{}", rows(ids)));
    let files =
        [("v_20260901.csv", old.as_bytes()), ("v_202611_1.csv", part.as_bytes()), ("v_20261101.csv", new.as_bytes())];
    let ids = |layout: &str, files: &[(&str, &[u8])]| {
        parties(&Centre::new(layout, files).read()).into_iter().map(|(.., id, _)| id).collect::<String>()
    };
    let said = refusal(&Centre::new(VEHICLE, &files).read());
    assert!(said.contains("2026-09-01") && said.contains("2026-11-01") && said.contains("take = \"newest\""), "{said}");
    let taking = |take: &str| VEHICLE.replace("connector = {", &format!("connector = {{ take = \"{take}\","));
    assert_ne!(taking("all"), VEHICLE);
    let parts = [
        ("v_20260901_1.csv", old.as_bytes()),
        ("v_20261101_1.csv", part.as_bytes()),
        ("v_20261101_2.csv", new.as_bytes()),
    ];
    assert_eq!(ids(&taking("newest"), &parts), "34", "both of November, in the order of their names");
    for left in ["v_20260901_3.csv", "v_370202_20261031.csv", "v_20261131_1.csv", "v_supplement.csv"] {
        let files = [parts[1], parts[2], (left, old.as_bytes())];
        let said = refusal(&Centre::new(&taking("newest"), &files).read());
        assert!(said.contains(left) && said.contains("take = \"newest\""), "{said}");
    }
    assert_eq!(ids(&taking("all"), &files), "1243");
    assert_eq!(ids(VEHICLE, &files[1..]), "43", "parts of one delivery");
    let timed = [("v_20261021093000.csv", old.as_bytes()), ("v_20261121094512.csv", new.as_bytes())];
    assert_eq!(ids(&taking("newest"), &timed), "4");
    let later = [parts[1], ("v_20271101_1.csv", new.as_bytes())];
    assert!(refusal(&Centre::new(&taking("newest"), &later).read()).contains("2027-11-01"));
    let undated = [("a.csv", old.as_bytes()), ("b.csv", new.as_bytes())];
    assert_eq!(ids(VEHICLE, &undated), "124", "parts of one delivery, as far as anybody knows");
    assert!(refusal(&Centre::new(&taking("newest"), &undated).read()).contains("a.csv"));
}

#[test]
fn files_are_read_by_name_and_may_differ_in_column_order() {
    let first =
        "所有人,身份证明号码,号牌号码,初次登记日期,状态,更新时间,操作,证件类型\n".to_owned() + "张三,1,鲁A1,,,,,\n";
    let second = format!("{HEADING}2,李四,鲁A2,,,,,\n");
    let files: [(&str, &[u8]); 3] = [("b.csv", second.as_bytes()), ("a.csv", first.as_bytes()), ("~$a.csv", b"lock")];
    let evidence = Centre::new(VEHICLE, &files).read();
    assert_eq!(parties(&evidence), [(0, 0, "1", "张三"), (1, 0, "2", "李四")]);
    assert_eq!(evidence.refs.iter().map(|at| at.file).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn co_owners_and_spouses() {
    let housing = r#"
        kind = "housing"
        department = "不动产登记"
        connector = { type = "csv", path = "inbox/h.csv" }
        columns = { owner_id = "证件号", owner_name = "权利人", area = "面积" }
    "#;
    let text = format!("证件号|权利人|面积\n{A}、{B}|张三、李四|89.5㎡\n{A}|王五|-\n");
    let centre = Centre::new(housing, &[("h.csv", &gb(&text))]);
    let evidence = centre.read_with(&|party| party.id() == B.as_bytes(), chunks::CHUNK);
    assert_eq!(parties(&evidence), [(0, 0, A, "张三"), (0, 0, B, "李四")], "the other owner of a kept row is kept");
    assert_eq!(
        (column(&evidence, "owner_id"), column(&evidence, "area")),
        (vec![format!("{A}、{B}")], vec!["89.5".into()])
    );

    // The first owner is a company, which the type says; the second is somebody.
    let typed =
        housing.replace("area =", "owner_id_type = \"类型\", area =") + "codes.owner_id_type = { 9 = \"company\" }\n";
    let text =
        format!("证件号|权利人|类型|面积\n91370100MA3CQ00001、{B}|某公司、李四|9|80\n91370100MA3CQ00001|某公司|9|80\n");
    let evidence = Centre::new(&typed, &[("h.csv", text.as_bytes())]).read();
    assert_eq!(parties(&evidence)[1], (0, 0, B, "李四"));
    assert_eq!((evidence.table.rows(), evidence.bins.skipped), (1, 1));

    let marriage = r#"
        kind = "marriage"
        department = "民政婚姻"
        connector = { type = "csv", path = "inbox/m.csv" }
        columns = { owner_id = "男方号", owner_name = "男方", spouse_id = "女方号", spouse_name = "女方" }
    "#;
    let text = format!("男方号,男方,女方号,女方\n{A},张三,{B},李四\n,,{B},李四\n");
    let evidence = Centre::new(marriage, &[("m.csv", text.as_bytes())]).read();
    assert_eq!(parties(&evidence), [(0, 0, A, "张三"), (0, 1, B, "李四"), (1, 1, B, "李四")]);
}

#[test]
fn money_units_and_a_cut_off_end() {
    let layout = r#"
        kind = "custom"
        department = "农业农村"
        connector = { type = "csv", path = "inbox/g.csv" }
        columns = { owner_id = "号", plot = "地块", worth = "估值", own = "自有" }
        units.worth = "万元"
        values.no = ["租"]
        custom = { code = "greenhouse", label = "大棚", fact = ["plot"], fields.plot = { type = "text", label = "地块" }, fields.worth = { type = "money", label = "估值" }, fields.own = { type = "flag", label = "自有" } }
    "#;
    let text = format!("号,地块,估值,自有\n{A},甲,1.5,租\n{A},乙,很多,无\n{A},丙");
    let evidence = Centre::new(layout, &[("g.csv", text.as_bytes())]).read();
    assert_eq!(column(&evidence, "worth"), ["15,000.00", ""]);
    assert_eq!(column(&evidence, "own"), ["false", "false"]);
    assert_eq!(evidence.kind.fields[10].name, "plot", "fields keep the order in which they are written");
    let reasons: Vec<_> = evidence.rejects.iter().map(|reject| reject.reason).collect();
    assert_eq!(reasons, ["ingest.reject_money", "ingest.reject_truncated"]);
}

/// A text full of what makes chunk boundaries hard.
fn hard_text() -> Vec<u8> {
    let mut text = HEADING.to_owned();
    for row in 0..300 {
        match row % 10 {
            0 => text.push_str(&format!("{A},\"张\n三\n\",鲁A{row},,A,,,\r\n")),
            3 => text.push_str(&format!("{A},𬱖䶮,\"鲁\"\"A{row}\",2019-04-0x,A,,,\n\n")),
            6 => text.push_str(&format!("{B},\"李四,鲁A{row},,A,,,\n")),
            8 => text.push_str(&format!("{B},李四,鲁A{row},\n")),
            _ => text.push_str(&format!("{B},李四,鲁A{row},2019-04-04,A,2026-11-{:02},,\n", row % 24 + 1)),
        }
    }
    text.push_str("x,\"没有收口");
    gb(&text)
}

#[test]
fn chunks_and_threads_do_not_change_a_byte() {
    let centre = Centre::new(VEHICLE, &[("v.csv", &hard_text())]);
    let wanted: &Wanted<'_> = &|party| party.id() == A.as_bytes();
    let read = |threads: usize, chunk: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let evidence = pool.install(|| centre.read_with(wanted, chunk));
        format!("{evidence:?}")
    };
    let whole = read(1, 1 << 30);
    for threads in [1, 2, 7] {
        for chunk in [1, 3, 17, 64, 1000] {
            assert!(read(threads, chunk) == whole, "{threads} threads, chunks of {chunk} bytes");
        }
    }
    // 30 stray quotes, 30 short rows and the cut-off end: each costs one row and no other.
    assert_eq!(bins(&centre.read()), (301, 240, 0, 61, 0));
}

#[test]
fn physical_lines_stay_right_behind_quoted_line_ends() {
    let text = hard_text();
    let evidence = Centre::new(VEHICLE, &[("v.csv", &text)]).read_with(&|_| true, 50);
    for at in &evidence.refs {
        let before = &text[..at.offset as usize];
        assert_eq!(u64::from(at.line), memchr::memchr_iter(b'\n', before).count() as u64 + 1);
    }
}

#[test]
fn asking_to_stop_stops() {
    let centre = vehicle(&format!("{A},张三,,,,,,\n"));
    let (kind, cancel) = (builtin("vehicle").unwrap(), Cancel::default());
    cancel.cancel();
    let today = Date::parse_iso("2026-11-24").unwrap();
    let error =
        read(centre.folder.path(), "v", &centre.source, &kind, today, None, None, &Silent, &cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn rejects_kept_are_bounded_and_counts_are_not() {
    let rows = REJECTS_KEPT + 5;
    let evidence = vehicle(&"x\n".repeat(rows)).read_with(&|_| true, 4_000);
    assert_eq!(evidence.rejects.len(), REJECTS_KEPT);
    assert_eq!(evidence.rejects.last().unwrap().at.line as usize, REJECTS_KEPT + 1, "the first ones, in line order");
    assert_eq!(evidence.reject_counts[&(String::new(), "ingest.reject_fields", true)], rows as u64);
}

mod edges;
mod known_files;
mod ruled;
mod tables;
mod withdrawn;

mod spreadsheets {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

    const LAYOUT: &str = r#"
        kind = "vehicle"
        department = "公安交管"
        connector = { type = "xlsx", path = "inbox/v.xlsx" }
        columns = { owner_id = "号码", owner_name = "姓名", plate = "号牌", registered_on = "登记日期" }
    "#;

    fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "机动车清单").unwrap();
        for (column, heading) in ["号码", "姓名", "号牌", "登记日期"].into_iter().enumerate() {
            sheet.write(2, column as u16, heading).unwrap();
        }
        fill(sheet);
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn numbers_dates_and_rows() {
        let bytes = book(|sheet| {
            sheet.write(3, 0, A).unwrap();
            sheet.write(3, 1, "张三").unwrap();
            sheet.write(3, 2, 12345).unwrap();
            sheet.write(3, 3, 43_559).unwrap(); // 2019-04-04
            sheet.write(3, 16_383, "stray").unwrap();
            sheet.write(5, 0, 110_105_194_912_310_021_f64).unwrap();
            let date = ExcelDateTime::from_ymd(2019, 4, 4).unwrap();
            sheet.write_datetime_with_format(5, 3, &date, &Format::new().set_num_format("yyyy/m/d")).unwrap();
            sheet.write(6, 0, B).unwrap();
            sheet.write(6, 3, 20_190_404).unwrap();
            sheet.write(7, 2, "鲁A1").unwrap();
            sheet.write(8, 0, "合计").unwrap();
            sheet.write(1_048_575, 2, "stray").unwrap();
        });
        let evidence = Centre::new(LAYOUT, &[("v.xlsx", &bytes)]).read();
        assert_eq!(bins(&evidence), (6, 3, 0, 2, 1), "{:?}", evidence.delivery);
        assert_eq!(parties(&evidence), [(0, 0, A, "张三"), (1, 0, "1.10105E+17", ""), (2, 0, B, "")]);
        assert_eq!(column(&evidence, "plate"), ["12345", "", ""]);
        assert_eq!(column(&evidence, "registered_on"), ["2019-04-04"; 3]);
        assert_eq!(evidence.refs.iter().map(|at| at.line).collect::<Vec<_>>(), [4, 6, 7]);
        assert_eq!((evidence.rejects[0].at.line, evidence.rejects[0].reason), (8, "ingest.reject_nobody"));
        assert_eq!(evidence.rejects[0].text, ",,鲁A1,");
    }

    #[test]
    fn refusals() {
        let state = |bytes: &[u8], layout: &str| refusal(&Centre::new(layout, &[("v.xlsx", bytes)]).read());
        assert!(state(b"not a zip", LAYOUT).contains(".xlsx"));
        assert!(state(b"", LAYOUT).contains("空"));
        let bytes = book(|_| {});
        let said = state(&bytes, &LAYOUT.replace("path =", "sheet = '车辆', path ="));
        assert!(said.contains("车辆") && said.contains("Sheet1"), "{said}");
        let said = state(&bytes, &LAYOUT.replace("\"号牌\"", "\"车牌\""));
        assert!(said.contains("车牌") && said.contains("号码 | 姓名 | 号牌"), "{said}");
    }
}
