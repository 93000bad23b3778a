//! What the night does ten million times on one core: reading an id, asking the register for it, comparing two names; and the
//! two things it does once for everybody, building the index and writing the register's snapshot.
//!
//! `cargo bench --bench hot_path` (criterion: the figure, its spread, and the change since the last time). It asserts nothing
//! about time. The register of 1.6 million made-up people takes a minute to make; `cargo test --benches` makes a small one and
//! only sees that everything runs. The machine's own figures stand in the README.

use std::borrow::Cow;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hedui::kernel::{Cancel, CitizenId, Date, Silent};
use hedui::linkage::Index;
use hedui::model::register::Register;
use hedui::standardise::{ids, names};
use hedui::store::{self, MadeOf};
use hedui::synth::{self, Recipe};
use hedui::{config, pipeline, policy};

/// Ids in a round: enough that a branch predictor learns none by heart, few enough to stay in the cache.
const IDS: u32 = 4_096;

/// A plausible id of nobody: place, birth date and number from a counter, check character right. No number ends in 00:
/// with a check character 0 that would look like a tail a spreadsheet zeroed.
fn made_up(at: u32) -> String {
    let body = format!("370102{:04}{:02}{:02}{:03}", 1930 + at % 80, 1 + at % 12, 1 + at % 28, 101 + at % 98);
    CitizenId::from_body(body.as_bytes()).expect("seventeen digits").to_string()
}

/// As departments write them: of 100 ids 88 are clean, the others small x, blanks, full width, apostrophe or fifteen digits.
fn dirty(at: u32) -> String {
    let id = made_up(at);
    match at % 100 {
        0..=2 => id.to_lowercase(),
        3..=5 => format!(" {id} "),
        6..=7 => id
            .chars()
            .map(|c| if c.is_ascii_digit() { char::from_u32(c as u32 + 0xFEE0).unwrap_or(c) } else { c })
            .collect(),
        8..=9 => format!("'{id}"),
        10..=11 => format!("{}{}", &id[..6], &id[8..17]),
        _ => id,
    }
}

/// The way of every id in an extract: read as it stands, cleaned only if that fails.
fn read(raw: &str) -> bool {
    ids::read_plain(raw.as_bytes()).is_some() || matches!(ids::read(raw), ids::IdReading::Whole { .. })
}

fn id_cleaning(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("ids");
    group.throughput(Throughput::Elements(u64::from(IDS)));
    let fifteen = |at| format!("{}{}", &made_up(at)[..6], &made_up(at)[8..17]);
    let mixes: [(&str, &dyn Fn(u32) -> String); 3] =
        [("clean", &made_up), ("fifteen digits", &fifteen), ("mixed", &dirty)];
    for (name, make) in mixes {
        let texts: Vec<String> = (0..IDS).map(make).collect();
        assert!(texts.iter().all(|text| read(text)), "every id of the mix `{name}` can be read");
        group.bench_function(name, |bench| bench.iter(|| texts.iter().filter(|text| read(black_box(text))).count()));
    }
    let checked: Vec<String> = (0..IDS).map(made_up).collect();
    group.bench_function("clean, with check character", |bench| {
        let holds = |text: &&String| ids::read_plain(black_box(text.as_bytes())).is_some_and(CitizenId::is_valid);
        bench.iter(|| checked.iter().filter(holds).count());
    });
}

fn name_comparison(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("names");
    for (what, a, b) in [
        ("equal", "张建国", "张建国"),
        ("different", "张建国", "王秀英"),
        ("different, long", "买买提·艾山", "古丽·阿依夏木"),
        ("traditional form", "張建國", "张建国"),
        ("homophone", "张建国", "章建国"),
    ] {
        group.bench_function(what, |bench| bench.iter(|| names::compare(black_box(a), black_box(b))));
    }
}

/// Everybody on the register of a made-up centre.
fn register(folder: &Path) -> Register {
    // Only `cargo bench` passes this flag; without it criterion calls everything once.
    let people = if std::env::args().any(|argument| argument == "--bench") { 1_600_000 } else { 2_000 };
    let as_of = Date::parse_iso("2026-11-24").expect("a real day");
    let recipe = Recipe { people, rows: 1, counties: 137, seed: 20_260_401, as_of };
    synth::make(folder, &recipe, &Silent, &Cancel::default()).expect("an empty folder");
    for (path, text) in policy::shipped("demo").expect("the demo profile is built in") {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file in a folder"))
            .expect("the temporary folder can be written");
        std::fs::write(path, text).expect("the temporary folder can be written");
    }
    let plan = config::load(folder).expect("a made-up centre is sound");
    pipeline::read_register(&plan, as_of, &Silent, &Cancel::default()).expect("a made-up register is sound").register
}

fn register_index(bench: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let register = register(&folder.path().join("centre"));
    let people = register.persons.len() as u64;

    let mut group = bench.benchmark_group("register");
    group.sample_size(10).measurement_time(Duration::from_secs(20)).throughput(Throughput::Elements(people));
    group.bench_function("index built", |bench| bench.iter(|| Index::build(&register)));
    group.bench_function("snapshot written (Parquet)", |bench| {
        let empty = || tempfile::tempdir_in(folder.path()).expect("a temporary folder");
        let save =
            |to: tempfile::TempDir| store::save_read(to.path(), &register, &[], &[], &MadeOf::default()).map(|_| to);
        bench.iter_batched(empty, save, BatchSize::PerIteration);
    });
    group.finish();

    let index = Index::build(&register);
    let wants = |id: &String| index.wants(id.as_bytes(), || Cow::Borrowed(id.as_str()), || Cow::Borrowed("张建国"));
    let strangers: Vec<String> = (0..1 << 18).map(made_up).collect();
    // One row in ten is about somebody on the register, spread over all of it.
    let step = register.persons.len().div_ceil(strangers.len() / 10).max(1);
    let known: Vec<String> = (0..register.persons.len()).step_by(step).map(|at| register.id_text(at as u32)).collect();
    let mixed: Vec<String> = strangers
        .iter()
        .enumerate()
        .map(|(at, id)| if at % 10 == 0 { &known[at / 10 % known.len()] } else { id }.clone())
        .collect();
    let mut group = bench.benchmark_group("probes");
    group.throughput(Throughput::Elements(mixed.len() as u64));
    group.bench_function("one in ten on the register", |bench| {
        bench.iter(|| mixed.iter().filter(|id| wants(black_box(id))).count());
    });
    group.finish();
}

criterion_group!(benches, id_cleaning, name_comparison, register_index);
criterion_main!(benches);
