//! Departments' extracts → evidence: every row in one counted bin, every reject with its place, nothing decoded that is
//! not needed.
//!
//! ```text
//! layout ─▶ deliveries ─▶ delimited │ fixed │ dbf │ xlsx ─▶ headings ─▶ chunks ─▶ records ─▶ rows ─▶ batch ─▶ Evidence
//! (TOML)    (inbox)       (connectors)                      (mapping)   (rayon)   (bytes)    (bins)  (joined in file order)
//! ```
//!
//! A missing delivery, a changed heading or an unreadable file is a state of that source; the run goes on and coverage
//! says so. The same files give the same evidence at any number of threads. Who is wanted is the caller's question
//! ([`Wanted`]); no register is known here.

mod batch;
mod chunks;
mod dbf;
mod delimited;
mod delivered;
mod encoding;
mod fixed;
mod headings;
mod held;
mod inbox;
mod keyed;
mod layout;
mod marks;
mod meanings;
mod owners;
mod probe;
mod reading;
mod records;
mod rows;
mod sample;
mod split;
mod unmapped;
mod withdrawn;
mod words;
mod xlsx;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

pub use batch::REJECTS_KEPT;
pub use inbox::{date_of, deliveries, refuse_unclear, shown};
pub use keyed::{Keys, Known};
pub use layout::Source;
pub use probe::{Like, Probed, ProbedColumn, Remark, probe};
pub use reading::{MANDATE_END_UNREAD, MANDATE_START_UNREAD};
pub use sample::{Sample, sample};
pub use unmapped::unmapped;
pub use xlsx::sheet_names;

use batch::Batch;
use delivered::Delivered;
use encoding::Encoding;
use layout::Format;

use crate::kernel::{Cancel, Date, Digest, Error, ErrorKind, Message, Progress, Result};
use crate::model::evidence::{Delivery, Evidence, Newest, Shortfall};
use crate::model::kind::{Kind, RECORD_ID};

/// One person in a row as delivered, before anything is decoded.
#[derive(Debug, Clone, Copy)]
pub struct PartyView<'a> {
    id: &'a [u8],
    name: &'a [u8],
    encoding: Encoding,
}

impl<'a> PartyView<'a> {
    /// The id cell, trimmed and unquoted, in the bytes of the file's encoding (ASCII for every usual id). May be empty.
    pub fn id(&self) -> &'a [u8] {
        self.id
    }

    /// The id decoded.
    pub fn id_text(&self) -> Cow<'a, str> {
        self.encoding.text(self.id).0
    }

    /// The name decoded; unreadable bytes are U+FFFD. May be empty.
    pub fn name(&self) -> Cow<'a, str> {
        self.encoding.text(self.name).0
    }
}

/// Says whether a row about this person is kept. Called from many threads, once per person and row.
pub type Wanted<'a> = dyn Fn(&PartyView<'_>) -> bool + Sync + 'a;

/// Reads one format. The implementations are [`delimited`], [`fixed`], [`dbf`] and [`xlsx`]; departments' databases come beside them.
trait Connector: Sync {
    /// Reads a delivered file, the `index`th of its source. `Err` of kind `Input` if the file is not as the layout says.
    fn read(&self, file: &Delivered, index: u16, job: &Job<'_>) -> Result<ReadFile>;

    /// Reads only the rows at these places of a file that was read before.
    fn pick(&self, file: &Delivered, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked>;
}

/// What reading one source depends on.
struct Job<'a> {
    code: &'a str,
    source: &'a Source,
    kind: &'a Kind,
    /// The run's date.
    today: Date,
    wanted: Option<&'a Wanted<'a>>,
    keys: Option<&'a Keys<'a>>,
    progress: &'a dyn Progress,
    cancel: &'a Cancel,
}

/// What some rows of a file held, and its headings by cell.
struct Picked {
    batch: Batch,
    headings: Vec<String>,
}

/// What one file held.
struct ReadFile {
    batch: Batch,
    /// By cell: rejects of fields are counted by their heading.
    headings: Vec<String>,
    /// Of the whole file.
    digest: Digest,
    format: String,
    encoding: Encoding,
    /// Of a spreadsheet: its sheet, and its rows as text.
    sheet: Option<(u16, Vec<u8>)>,
}

/// Reads one source's deliveries, all files that its layout names, in the order of their names.
///
/// Rows are kept if `wanted` says so of one of their persons; all persons of such a row are parties. Without `wanted` all
/// rows are kept, and no list of their persons is made. Of the bins,
/// `linked` counts the kept rows and `unlinked` the others; the caller corrects them after linking. `progress` is told
/// of the stage `code` here, from its beginning to its end. A missing delivery or one that cannot be read is a state of
/// the evidence. With `keys`, files that they know are not read again but for the rows that are needed, and of the others
/// an index is made; the evidence is the same.
///
/// # Errors
/// Kind `Cancelled` only.
#[expect(clippy::too_many_arguments, reason = "the contract of the nightly run: every input named, no hidden state")]
pub fn read(
    root: &Path,
    code: &str,
    source: &Source,
    kind: &Kind,
    as_of: Date,
    wanted: Option<&Wanted<'_>>,
    keys: Option<&Keys<'_>>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Evidence> {
    let job = Job { code, source, kind, today: as_of, wanted, keys, progress, cancel };
    read_in_chunks(root, &job, chunks::CHUNK)
}

fn read_in_chunks(root: &Path, job: &Job<'_>, chunk: usize) -> Result<Evidence> {
    match read_all(root, job, chunk) {
        Ok(evidence) => Ok(evidence),
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        Err(error) => Ok(Evidence { delivery: Delivery::Refused(error), ..nothing(job) }),
    }
}

fn read_all(root: &Path, job: &Job<'_>, chunk: usize) -> Result<Evidence> {
    let paths = deliveries(root, job.source)?;
    if paths.is_empty() {
        return Ok(nothing(job));
    }
    inbox::refuse_unclear(root, job.source, Some(job.today))?;
    let delivered = paths.iter().map(|path| Delivered::open(path)).collect::<Result<Vec<_>>>()?;
    job.progress.begin(job.code, delivered.iter().map(|file| file.len() as u64).sum());
    let read = read_files(root, &paths, &delivered, job, chunk);
    job.progress.end(job.code, "");
    read
}

fn read_files(
    root: &Path,
    paths: &[PathBuf],
    delivered: &[Delivered],
    job: &Job<'_>,
    chunk: usize,
) -> Result<Evidence> {
    let connector: &dyn Connector = match job.source.connector.format {
        Format::Csv => &delimited::Delimited { chunk },
        Format::Xlsx => &xlsx::Spreadsheet,
        Format::Dbf => &dbf::Dbf { chunk },
        Format::Fixed => &fixed::Fixed { chunk },
    };
    let mut evidence = nothing(job);
    let (mut all, mut changes, mut numbers) = (Batch::new(job.kind), Vec::new(), Vec::new());
    for (index, (path, file)) in paths.iter().zip(delivered).enumerate() {
        let too_many = || Error::input(Message::new("ingest.refused_files").with("limit", u16::MAX));
        let index = u16::try_from(index).map_err(|_| too_many())?;
        if file.len() == 0 {
            return Err(Error::input(Message::new("ingest.refused_empty")).at(path));
        }
        let shown = inbox::shown(root, path);
        let known = job.keys.and_then(|keys| (keys.known)(&shown)).filter(|known| known.serves(file, job.today));
        let picked = known.and_then(|known| keyed::pick(connector, file, index, known, job).transpose()).transpose();
        let mut read = match picked.map_err(|error| error.at(path))? {
            Some(read) => read,
            None => keyed::read(connector, file, index, &shown, job).map_err(|error| error.at(path))?,
        };
        for ((cell, reason, whole_row), count) in &read.batch.reject_counts {
            let column = cell.map(|cell| read.headings[cell].clone()).unwrap_or_default();
            *evidence.reject_counts.entry((column, reason, *whole_row)).or_default() += count;
        }
        changes.extend(std::mem::take(&mut read.batch.changes).into_iter().map(|one| (index, one)));
        numbers.push(headings::of_field(job.source, RECORD_ID, &read.headings));
        evidence.files.push(read.file);
        all.append(read.batch, 0);
    }
    if job.source.maps(RECORD_ID) {
        let heading = |file: u16| numbers[usize::from(file)].clone();
        let counts = &mut evidence.reject_counts;
        let doubtful = withdrawn::take_out(changes, &mut all, job.kind, job.today, heading, counts);
        all.rejects.extend(Vec::new(), doubtful);
    }
    assert!(all.bins.closes(), "a row of {} ended in no bin", job.code);
    let newest = all.newest_on(job.today);
    let Batch { table, refs, parties, unread, bins, rejects, .. } = all;
    let delivery = delivery(job.source, paths, newest, evidence.files_fall_short(), job.today);
    let (newest, rejects) = (Some(newest), rejects.in_order());
    Ok(Evidence { delivery, newest, table, refs, parties, unread, bins, rejects, ..evidence })
}

/// A whole small file as text, in whichever of the encodings it is.
pub fn decoded(bytes: &[u8]) -> String {
    let (encoding, mark) = Encoding::detect(bytes);
    encoding.decode(&bytes[mark..]).0.into_owned()
}

/// How a source that was read stands on a day. A delivery whose date nobody knows counts as stale where the layout sets a
/// cycle: silence is not clearance. `short`: what its files show of not being whole.
pub fn delivery(source: &Source, paths: &[PathBuf], newest: Newest, short: Option<Shortfall>, today: Date) -> Delivery {
    let as_of = source.stated_as_of().or(newest.date).or_else(|| inbox::newest_date_in_names(paths));
    // A day to come was mistyped, and would keep a source fresh until it has passed.
    let as_of = as_of.filter(|as_of| *as_of <= today);
    let stale = source.cycle_days.is_some_and(|days| {
        as_of.is_none_or(|date| i64::from(today.days()) - i64::from(date.days()) > i64::from(days))
    });
    Delivery::Arrived { as_of, stale, short }
}

fn nothing(job: &Job<'_>) -> Evidence {
    Evidence::absent(job.code, &job.source.department, job.kind.clone(), Delivery::Missing)
}

#[cfg(test)]
mod tests;
