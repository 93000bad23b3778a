//! What the night does ten million times, one core: reading an id, looking it up, comparing two names. Prints nanoseconds a
//! call; asserts nothing about time. Run with `cargo bench`.

use std::hint::black_box;
use std::time::Instant;

use hedui::kernel::CitizenId;
use hedui::standardise::{ids, names};

const ROUNDS: usize = 5;
const CALLS: usize = 2_000_000;

/// The best of some rounds: the others met somebody else's work.
fn measure(what: &str, mut call: impl FnMut(usize) -> bool) {
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let hits = (0..CALLS).filter(|at| call(black_box(*at))).count();
            black_box(hits);
            start.elapsed().as_secs_f64() * 1e9 / CALLS as f64
        })
        .fold(f64::INFINITY, f64::min);
    println!("{what:28} {best:7.1} ns  {:6.1} M/s", 1e3 / best);
}

fn main() {
    let made: Vec<String> = (0..4096u32)
        .map(|at| {
            let body = format!("370102{:04}0{}{:02}{:03}", 1930 + at % 80, 1 + at % 9, 1 + at % 28, at % 1000);
            CitizenId::from_body(body.as_bytes()).expect("seventeen digits").to_string()
        })
        .collect();
    let cased: Vec<String> = made.iter().map(|id| format!(" {} ", id.to_lowercase())).collect();
    let people = ["张建国", "王秀英", "李伟", "欧阳建华", "买买提·艾山", "刘洋", "陈桂兰", "张建华"];
    measure("id, plain", |at| ids::read_plain(made[at % made.len()].as_bytes()).is_some());
    measure("id, check character", |at| {
        ids::read_plain(made[at % made.len()].as_bytes()).is_some_and(CitizenId::is_valid)
    });
    measure("id, to be cleaned", |at| matches!(ids::read(&cased[at % cased.len()]), ids::IdReading::Whole { .. }));
    measure("names, equal", |at| names::compare(people[at % 8], people[at % 8]).is_consistent());
    measure("names, different", |at| names::compare(people[at % 8], people[(at + 1) % 8]).is_consistent());
}
