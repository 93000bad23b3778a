//! Reading an extract, bytes a second on one core, beside the `csv` crate on the same bytes.
//!
//! hedui's figure is the whole way of a row nobody is on the register for: record, cells, footer, person, probe, bin; and the
//! file's digest, whose own speed stands beside it. The `csv` crate only splits, and knows no GB18030: with commas it may,
//! because a comma is no second byte of a character. `cargo bench --bench extract`; it asserts nothing about time.

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hedui::ingest::{self, Source};
use hedui::kernel::{Cancel, Date, Digest, Silent};

const LAYOUT: &str = r#"
    kind = "vehicle"
    department = "公安交管"
    connector = { type = "csv", path = "NAME" }
    columns = { owner_id = "身份证明号码", owner_name = "所有人", plate = "号牌号码", registered_on = "初次登记日期", state = "状态", owner_address = "住所" }
"#;

/// A list with a quoted cell in every tenth row, in UTF-8.
fn list() -> String {
    // Only `cargo bench` passes this flag; without it criterion calls everything once.
    let rows = if std::env::args().any(|argument| argument == "--bench") { 500_000 } else { 1_000 };
    let mut text = "身份证明号码,所有人,号牌号码,初次登记日期,状态,住所\n".to_owned();
    for row in 0..rows {
        let (place, quote) = ("演甲市演示一县永安镇青林村", if row % 10 == 0 { "\"" } else { "" });
        let year = 1930 + row % 80;
        text.push_str(&format!(
            "370102{year}0101{:04},张建国,鲁A{row:05},2019-04-04,A,{quote}{place}{row}号{quote}\n",
            row % 10_000
        ));
    }
    text
}

fn reading(bench: &mut Criterion) {
    let text = list();
    let gb18030 = encoding_rs::GB18030.encode(&text).0.into_owned();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    for (encoding, bytes) in [("UTF-8", text.as_bytes()), ("GB18030", &gb18030[..])] {
        let name = format!("{encoding}.csv");
        std::fs::write(folder.path().join(&name), bytes).expect("the temporary folder can be written");
        let layout = Source::parse(&LAYOUT.replace("NAME", &name), Path::new("vehicle.toml")).expect("a sound layout");
        let kind = layout.kind().expect("a built-in kind");
        let today = Date::parse_iso("2026-11-24").expect("a real day");
        let read = || {
            let cancel = Cancel::default();
            ingest::read(folder.path(), "vehicle", &layout, &kind, today, Some(&|_| false), None, &Silent, &cancel)
                .expect("nobody stops it")
        };
        let rows = pool.install(read).bins.unlinked;
        assert_eq!(rows, csv_records(bytes) - 1, "all rows are sound, and the heading is none");

        let mut group = bench.benchmark_group(encoding);
        group.sample_size(20).throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("hedui, with digest", |bench| bench.iter(|| pool.install(read)));
        group.bench_function("digest alone", |bench| bench.iter(|| Digest::of(bytes)));
        group.bench_function("csv crate, splitting alone", |bench| bench.iter(|| csv_records(bytes)));
        group.finish();
    }
}

fn csv_records(bytes: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let (mut record, mut records) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).expect("a sound list") {
        records += 1;
    }
    records
}

criterion_group!(benches, reading);
criterion_main!(benches);
