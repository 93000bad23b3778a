//! The least that linking can cost on a machine: fields are split, whatever looks like an id is packed and probed, and nothing
//! else is done: no cleaning, no check, no count, no row kept. hedui's own reading and linking is held against it.
//!
//! `cargo bench --bench floor -- CENTRE [ROUNDS]` with a centre that `hedui synth` made; prints seconds, all cores, files warm.
//! Separators are found 32 bytes at a time (AVX2); a bitmap of the register's ids stands before the hash table. Quoted separators
//! and spreadsheets are not understood: a floor may be wrong about some rows, it may only not be slower for it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use memmap2::Mmap;
use rayon::prelude::*;

const CHUNK: usize = 4 << 20;

/// Calls back with every field of 18 characters, or 20 with quotes around.
fn fields(bytes: &[u8], delimiter: u8, each: &mut impl FnMut(&[u8])) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was asked.
        return unsafe { fields_avx2(bytes, delimiter, each) };
    }
    let mut from = 0;
    for at in memchr::memchr2_iter(delimiter, b'\n', bytes) {
        field(&bytes[from..at], each);
        from = at + 1;
    }
}

fn field(text: &[u8], each: &mut impl FnMut(&[u8])) {
    match text.len() {
        18 => each(text),
        20 if text[0] == b'"' => each(&text[1..19]),
        _ => {}
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fields_avx2(bytes: &[u8], delimiter: u8, each: &mut impl FnMut(&[u8])) {
    use std::arch::x86_64::{
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    };
    let (delimiters, line_ends) = (_mm256_set1_epi8(delimiter as i8), _mm256_set1_epi8(b'\n' as i8));
    let mut from = 0;
    for (block, some) in bytes.as_chunks::<32>().0.iter().enumerate() {
        // SAFETY: 32 bytes stand there, and any address will do.
        let some = unsafe { _mm256_loadu_si256(some.as_ptr().cast()) };
        let found = _mm256_or_si256(_mm256_cmpeq_epi8(some, delimiters), _mm256_cmpeq_epi8(some, line_ends));
        let mut marks = _mm256_movemask_epi8(found) as u32;
        while marks != 0 {
            let at = block * 32 + marks.trailing_zeros() as usize;
            field(&bytes[from..at], each);
            from = at + 1;
            marks &= marks - 1;
        }
    }
}

fn packed(text: &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for byte in &text[..17] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// The register's ids, and a bitmap in front of them.
struct Ids {
    table: HashSet<u64, FixedState>,
    bits: Vec<u64>,
}

const BITMAP: u32 = 24; // bits of a place in it: 2 MiB

fn place(id: u64) -> (usize, u64) {
    let spread = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITMAP);
    ((spread / 64) as usize, 1 << (spread % 64))
}

impl Ids {
    fn of(register: &[u8]) -> Self {
        let mut ids = Self { table: HashSet::default(), bits: vec![0; 1 << (BITMAP - 6)] };
        fields(register, b',', &mut |text| {
            if let Some(id) = packed(text) {
                let (word, bit) = place(id);
                ids.bits[word] |= bit;
                ids.table.insert(id);
            }
        });
        ids
    }

    fn hold(&self, id: u64) -> bool {
        let (word, bit) = place(id);
        self.bits[word] & bit != 0 && self.table.contains(&id)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder of a made-up centre");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let is_text = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "csv" || extension == "txt");
    list(folder)
        .iter()
        .filter(|folder| folder.is_dir() && !folder.ends_with("register"))
        .flat_map(|folder| list(folder))
        .filter(is_text)
        .collect()
}

fn map(path: &Path) -> Mmap {
    let file = std::fs::File::open(path).expect("a file of a made-up centre");
    // SAFETY: nobody writes to the centre while it is measured.
    unsafe { Mmap::map(&file) }.expect("a file that can be mapped")
}

/// Rows of a file with an id that the register holds, at least about.
fn probed(ids: &Ids, path: &Path) -> u64 {
    let bytes = map(path);
    let heading = &bytes[..memchr::memchr(b'\n', &bytes).unwrap_or(bytes.len())];
    let count = |delimiter: &u8| heading.iter().filter(|byte| *byte == delimiter).count();
    let delimiter = *[b',', b'\t', b'|'].iter().max_by_key(|delimiter| count(delimiter)).expect("three");
    let starts: Vec<usize> = (0..bytes.len()).step_by(CHUNK).collect();
    let of_chunk = |start: usize| {
        let mut hits = 0;
        let end = bytes.len().min(start + CHUNK);
        fields(&bytes[start..end], delimiter, &mut |text| {
            hits += u64::from(packed(text).is_some_and(|id| ids.hold(id)));
        });
        hits
    };
    starts.into_par_iter().map(of_chunk).sum()
}

fn main() {
    // cargo passes flags of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(centre) = arguments.next() else {
        println!("usage: cargo bench --bench floor -- CENTRE [ROUNDS]");
        return;
    };
    let rounds: u32 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(5);
    let inbox = Path::new(&centre).join("inbox");
    let ids = Ids::of(&map(&inbox.join("register/persons.csv")));
    let files = files(&inbox);
    let bytes: u64 = files.iter().map(|path| std::fs::metadata(path).expect("a file").len()).sum();
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        let began = Instant::now();
        let hits: u64 = files.par_iter().map(|path| probed(&ids, path)).sum();
        let seconds = began.elapsed().as_secs_f64();
        least = least.min(seconds);
        println!("{seconds:.2} s  {:.0} MB/s  {hits} ids on the register", bytes as f64 / 1e6 / seconds);
    }
    println!("least {least:.2} s, {} threads", rayon::current_num_threads());
}
