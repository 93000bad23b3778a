//! `hedui run --plan`: what a run would read, need and take, told before it begins.
//!
//! Rows come from a sample of each file, everything else from them: by the figures of the last published run where there is
//! one (share of rows that link, bytes of its snapshots and packages), else by the figures below. An estimate for people who
//! decide whether to start now; the run itself does not look at it. It does not lock, write or read a file to its end, and
//! does not ask the machine what it has: that is the caller's.
//!
//! The figures were measured on two cores of a shared machine (AMD EPYC, 2026-11-24) over the made-up night of 1,600,000
//! people and 10,000,000 rows that the README records; `scripts/bench` prints what is needed to measure them again.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{Format, Plan};
use crate::ingest::{self, Sample, Source};
use crate::kernel::{Error, Result};
use crate::model::kind::Kind;
use crate::store::{RunRecord, Workspace, evidence_file};

/// Memory of the program itself and of chunks in flight, bytes.
const MEMORY_BASE: f64 = 90e6;
/// Memory of one person on the register, index and packages included, bytes.
const MEMORY_PER_PERSON: f64 = 480.0;
/// Memory of one row that links, bytes: what the night that takes most (a changed register) leaves beyond base and persons.
const MEMORY_PER_LINKED_ROW: f64 = 150.0;

/// One core's time for a byte of an extract: digest, split, ids, probe; seconds.
const SECONDS_PER_BYTE: f64 = 4.7e-9;
/// One core's time for a person: register file, index, linking, rules, snapshots; seconds.
const SECONDS_PER_PERSON: f64 = 5.6e-6;
/// One core's time to link a kept row; seconds.
const SECONDS_PER_LINKED_ROW: f64 = 1.8e-6;

/// Snapshots of a person and of a linked row, bytes on disk.
const STORED_PER_PERSON: f64 = 120.0;
const STORED_PER_LINKED_ROW: f64 = 60.0;

/// What is kept to be taken over, bytes on disk: written by the first night, replaced by later ones. The key index of a
/// row, the register's image of a person, a linked row's image with its links.
const KEPT_PER_ROW: f64 = 17.0;
const KEPT_PER_PERSON: f64 = 250.0;
const KEPT_PER_LINKED_ROW: f64 = 230.0;

/// Rows that link where no run tells: twice the made-up centre's share, because most registers are a larger part of their
/// county than its register is.
const ASSUMED_SHARE: f64 = 0.15;

/// What one format of the packages costs for each person on the register.
struct FormatFigures {
    /// Ending of its files.
    ending: &'static str,
    /// On disk, where no run tells.
    bytes: f64,
    /// One core's time.
    seconds: f64,
}

fn figures(format: Format) -> FormatFigures {
    match format {
        Format::Csv => FormatFigures { ending: "csv", bytes: 300.0, seconds: 2.5e-6 },
        Format::Xlsx => FormatFigures { ending: "xlsx", bytes: 13.0, seconds: 3e-6 },
        Format::Pdf => FormatFigures { ending: "pdf", bytes: 300.0, seconds: 65e-6 },
        Format::Html => FormatFigures { ending: "html", bytes: 28.0, seconds: 0.5e-6 },
    }
}

/// What some part of a run needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Needs {
    /// Bytes, while the run goes on. Mapped pages of extracts, which the system takes back when it must, are not in it.
    pub memory: u64,
    /// Bytes, for good: snapshots and packages, and on the first night what is kept for the next.
    pub disk: u64,
    /// On the wall, with the cores given.
    pub seconds: f64,
}

/// One file set of the run: the register, the mandates, a source.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Expected {
    pub source: String,
    pub department: String,
    pub files: usize,
    /// To be read.
    pub bytes: u64,
    /// Estimated.
    pub rows: u64,
    /// Of these rows, how many would link; all of the register's own.
    pub linked: u64,
    pub needs: Needs,
    #[serde(skip)]
    pub refused: Option<Error>,
    /// Nobody knows of which day it is: it would count as stale.
    pub undated: bool,
}

/// The whole estimate.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Preflight {
    pub persons: u64,
    /// Register, mandates and the lists of the 备案 check if there are such files, then the sources in the plan's order.
    pub expected: Vec<Expected>,
    /// Packages in the formats asked for.
    pub packages: Needs,
    /// Everything, the program itself included.
    pub total: Needs,
    /// The run whose figures were taken over; `None`: no run yet, `assumed_share` of the rows is taken to link.
    pub based_on: Option<String>,
    pub assumed_share: f64,
}

impl Preflight {
    /// A delivery is missing, would be refused or count as stale because nobody knows its day.
    pub fn needs_attention(&self) -> bool {
        self.expected.iter().any(|part| part.files == 0 || part.refused.is_some() || part.undated)
    }
}

/// Samples everything a run would read. `only` as in a run; `cores` is the number of threads it would use.
///
/// # Errors
/// The folder is no workspace; a file cannot be read; the last run's record is damaged.
pub fn preflight(plan: &Plan, only: &[String], formats: &[Format], cores: usize) -> Result<Preflight> {
    let last = LastRun::of(plan)?;
    let share_of =
        |source: &str| last.as_ref().and_then(|last| last.shares.get(source).copied()).unwrap_or(ASSUMED_SHARE);
    let mut expected = Vec::new();
    for (code, layout, kind) in plan.register_files() {
        expected.push(Expected::of(&plan.root, code, layout, &kind, 1.0)?);
    }
    let (persons, own) = (expected[0].rows, expected.len());
    for source in plan.sources.iter().filter(|source| only.is_empty() || only.contains(&source.code)) {
        expected.push(Expected::of(&plan.root, &source.code, &source.layout, &source.kind, share_of(&source.code))?);
    }
    for (at, part) in expected.iter_mut().enumerate() {
        part.needs = match at {
            0 => of_register(part, last.as_ref(), cores),
            // Mandates are looked at and let go; their dates stand with the persons.
            _ if at < own => {
                Needs { memory: 0, disk: 0, seconds: seconds(part.bytes as f64 * SECONDS_PER_BYTE, cores) }
            }
            _ => of_source(part, last.as_ref(), cores),
        };
    }
    let packages = of_packages(persons, formats, last.as_ref(), cores);
    let mut total = Needs { memory: MEMORY_BASE as u64, disk: 0, seconds: 0.0 };
    for needs in expected.iter().map(|part| part.needs).chain([packages]) {
        total.memory += needs.memory;
        total.disk += needs.disk;
        total.seconds += needs.seconds;
    }
    let based_on = last.map(|last| last.run);
    Ok(Preflight { persons, expected, packages, total, based_on, assumed_share: ASSUMED_SHARE })
}

impl Expected {
    fn of(root: &Path, source: &str, layout: &Source, kind: &Kind, share: f64) -> Result<Self> {
        let Sample { files, bytes, rows, refused, undated } = ingest::sample(root, layout, kind)?;
        let linked = (rows as f64 * share).round() as u64;
        let department = layout.department.clone();
        let (source, needs) = (source.to_owned(), Needs::default());
        Ok(Self { source, department, files, bytes, rows, linked, needs, refused, undated })
    }
}

fn of_register(part: &Expected, last: Option<&LastRun>, cores: usize) -> Needs {
    let persons = part.rows as f64;
    let stored = last.map_or(STORED_PER_PERSON + KEPT_PER_PERSON, |last| last.stored_per_person);
    Needs {
        memory: (persons * MEMORY_PER_PERSON) as u64,
        disk: (persons * stored) as u64,
        seconds: seconds(persons * SECONDS_PER_PERSON, cores),
    }
}

fn of_source(part: &Expected, last: Option<&LastRun>, cores: usize) -> Needs {
    let linked = part.linked as f64;
    let of_last = last.and_then(|last| last.stored_per_row.get(&part.source)).map(|bytes| bytes * part.rows as f64);
    let first = linked * (STORED_PER_LINKED_ROW + KEPT_PER_LINKED_ROW) + part.rows as f64 * KEPT_PER_ROW;
    Needs {
        memory: (linked * MEMORY_PER_LINKED_ROW) as u64,
        disk: of_last.unwrap_or(first) as u64,
        seconds: seconds(part.bytes as f64 * SECONDS_PER_BYTE + linked * SECONDS_PER_LINKED_ROW, cores),
    }
}

fn of_packages(persons: u64, formats: &[Format], last: Option<&LastRun>, cores: usize) -> Needs {
    let persons = persons as f64;
    let mut needs = Needs::default();
    for format in formats {
        let FormatFigures { ending, bytes, seconds: cost } = figures(*format);
        let bytes = last.and_then(|last| last.packed_per_person.get(ending).copied()).unwrap_or(bytes);
        needs.disk += (persons * bytes) as u64;
        needs.seconds += seconds(persons * cost, cores);
    }
    needs
}

/// Every stage of weight runs on all cores.
fn seconds(of_one_core: f64, cores: usize) -> f64 {
    of_one_core / cores.max(1) as f64
}

/// What the last published run really took.
struct LastRun {
    run: String,
    /// By source: share of its rows that linked.
    shares: BTreeMap<String, f64>,
    /// By source: bytes of its snapshot for each row read.
    stored_per_row: BTreeMap<String, f64>,
    /// Bytes of all other snapshots for each person.
    stored_per_person: f64,
    /// Bytes of the packages for each person, by the files' ending.
    packed_per_person: BTreeMap<String, f64>,
}

impl LastRun {
    fn of(plan: &Plan) -> Result<Option<Self>> {
        let workspace = Workspace::open(&plan.root)?;
        let Some(run) = workspace.latest()? else { return Ok(None) };
        let folder = workspace.run_dir(&run);
        let record = RunRecord::load(&workspace, &run)?;
        // A run over nobody tells nothing.
        let Some(persons) = record.summary["persons"].as_u64().filter(|persons| *persons > 0) else { return Ok(None) };
        let mut sizes = BTreeMap::new();
        add_sizes(&folder, &mut |path, bytes| {
            sizes.insert(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), bytes);
        })?;
        let (mut shares, mut stored_per_row) = (BTreeMap::new(), BTreeMap::new());
        for source in record.sources.iter().filter(|source| source.bins.read > 0) {
            let read = source.bins.read as f64;
            shares.insert(source.source.clone(), source.bins.linked as f64 / read);
            let stored = sizes.remove(&evidence_file(&source.source)).unwrap_or_default();
            stored_per_row.insert(source.source.clone(), stored as f64 / read);
        }
        let stored_per_person = sizes.values().sum::<u64>() as f64 / persons as f64;
        let mut packed_per_person = BTreeMap::<String, f64>::new();
        add_sizes(&workspace.outbox(&run), &mut |path, bytes| {
            let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
            *packed_per_person.entry(ending).or_default() += bytes as f64 / persons as f64;
        })?;
        Ok(Some(Self { run, shares, stored_per_row, stored_per_person, packed_per_person }))
    }
}

/// Every file below a folder with its size; none if the folder is gone (a centre may move old packages away).
fn add_sizes(folder: &Path, each: &mut dyn FnMut(&Path, u64)) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Error::io(folder, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::io(folder, &error))?;
        let (path, about) = (entry.path(), entry.metadata().map_err(|error| Error::io(folder, &error))?);
        if about.is_dir() {
            add_sizes(&path, each)?;
        } else {
            each(&path, about.len());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(source: &str, bytes: u64, rows: u64, linked: u64) -> Expected {
        let needs = Needs::default();
        Expected {
            source: source.into(),
            department: String::new(),
            files: 1,
            bytes,
            rows,
            linked,
            needs,
            refused: None,
            undated: false,
        }
    }

    #[test]
    fn without_a_run_the_measured_figures_speak() {
        // 1,000 rows linked: 150 bytes of memory, 60 + 230 of disk each, and 17 of disk for each of 10,000 rows; 2 MB at 4.7 ns
        // a byte and 1.8 µs a link, on two cores.
        let needs = of_source(&expected("bank", 2_000_000, 10_000, 1_000), None, 2);
        assert_eq!((needs.memory, needs.disk), (150_000, 290_000 + 170_000));
        assert!((needs.seconds - (0.0094 + 0.0018) / 2.0).abs() < 1e-12);
        // 13 + 300 bytes and 3 + 2.5 µs for each person.
        let needs = of_packages(1_000, &[Format::Xlsx, Format::Csv], None, 1);
        assert_eq!(needs.disk, 313_000);
        assert!((needs.seconds - 0.0055).abs() < 1e-12);
    }

    #[test]
    fn the_last_run_corrects_them() {
        let of = |name: &str, figure: f64| BTreeMap::from([(name.to_owned(), figure)]);
        let (shares, stored_per_row) = (of("bank", 0.5), of("bank", 3.0));
        let packed_per_person = of("csv", 100.0);
        let last = LastRun { run: "r".into(), shares, stored_per_row, stored_per_person: 7.0, packed_per_person };
        assert_eq!(of_source(&expected("bank", 0, 10_000, 1_000), Some(&last), 1).disk, 30_000);
        assert_eq!(of_source(&expected("tax", 0, 10_000, 1_000), Some(&last), 1).disk, 460_000, "not in that run");
        assert_eq!(of_register(&expected("register", 0, 1_000, 1_000), Some(&last), 1).disk, 7_000);
        assert_eq!(of_packages(10, &[Format::Csv, Format::Xlsx], Some(&last), 1).disk, 1_000 + 130);
    }
}
