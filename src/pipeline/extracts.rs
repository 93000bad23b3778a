//! All sources read side by side, each file only as far as it is needed: what an earlier run or check read is looked up.

use std::path::PathBuf;
use std::sync::Mutex;

use rayon::prelude::*;

use crate::config::{Plan, PlannedSource};
use crate::ingest::{self, Keys, Known, PartyView};
use crate::kernel::{Cancel, Date, Digest, Error, Progress, Result};
use crate::linkage::{Index, keys};
use crate::model::evidence::Evidence;
use crate::model::extract_keys::{Entry, FileSummary};
use crate::store::{Extracts, KeyIndexWriter};

/// Up to so many people each key is looked up; for more, every key of an index is asked about.
const FEW: usize = 20_000;

/// Reads sources at the same time; chunks of each are spread over the cores by the reader.
pub(super) fn read_sources(
    plan: &Plan,
    sources: &[&PlannedSource],
    as_of: Date,
    index: &Index<'_>,
    extracts: &Extracts,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<Evidence>> {
    let few = (index.people() <= FEW).then(|| index.keys());
    let reading = Reading { plan, as_of, index, few, extracts, fault: Mutex::new(None) };
    let read = |source: &&PlannedSource| reading.source(source, progress, cancel);
    let evidences = sources.par_iter().map(read).collect::<Result<Vec<_>>>()?;
    match reading.fault.into_inner().expect("no thread panics while it holds a fault") {
        Some(fault) => Err(fault),
        None => Ok(evidences),
    }
}

struct Reading<'a> {
    plan: &'a Plan,
    as_of: Date,
    index: &'a Index<'a>,
    /// Keys of the people, if they are few.
    few: Option<Vec<u64>>,
    extracts: &'a Extracts,
    /// The first trouble with writing an index.
    fault: Mutex<Option<Error>>,
}

impl Reading<'_> {
    fn source(&self, source: &PlannedSource, progress: &dyn Progress, cancel: &Cancel) -> Result<Evidence> {
        let wanted = |party: &PartyView<'_>| self.index.wants(party.id(), || party.id_text(), || party.name());
        let of = |party: &PartyView<'_>, each: &mut dyn FnMut(u64)| {
            keys::of_party(party.id(), || party.id_text(), || party.name(), each);
        };
        let places = |entries: &[Entry]| self.index.wanted_among(entries);
        let known = |path: &str| self.known(path, source);
        // Files of a source are read one after the other.
        let filling = Mutex::new(None);
        let run = |file: u16, entries: &[Entry]| self.note(self.add_run(&filling, source, file, entries));
        let made =
            |file: u16, summary: &FileSummary, rows: &[u8]| self.note(self.keep(&filling, source, file, summary, rows));
        let (root, layout, kind) = (&self.plan.root, &source.layout, &source.kind);
        // Looked at before any of its files is opened, as whoever remembers them asks.
        Deliveries::known(self.plan, layout, self.extracts);
        let keys = Keys { of: &of, places: &places, known: &known, run: &run, made: &made };
        ingest::read(root, &source.code, layout, kind, self.as_of, Some(&wanted), Some(&keys), progress, cancel)
    }

    fn known(&self, path: &str, source: &PlannedSource) -> Option<Known> {
        let index = self.extracts.index(path, source.digest)?;
        let places = match &self.few {
            Some(keys) => index.rows_under(keys),
            None => index.rows_where(&|entries| self.index.wanted_among(entries)),
        }?;
        let (summary, rows) = index.into_parts();
        Some(Known { summary, places, rows: Box::new(rows) })
    }

    fn add_run(&self, filling: &Filling, source: &PlannedSource, file: u16, entries: &[Entry]) -> Result<()> {
        let mut filling = filling.lock().expect("as for the fault");
        self.index_of(&mut filling, source, file)?.run(entries)
    }

    fn keep(
        &self,
        filling: &Filling,
        source: &PlannedSource,
        file: u16,
        summary: &FileSummary,
        rows: &[u8],
    ) -> Result<()> {
        if self.fault.lock().expect("no thread panics while it holds a fault").is_some() {
            return Ok(()); // a run of entries may be missing
        }
        let mut filling = filling.lock().expect("as for the fault");
        self.index_of(&mut filling, source, file)?;
        let index = filling.take().map(|(_, index)| index).expect("it was begun above");
        self.extracts.keep(index, summary, rows, source.digest)
    }

    /// The index of a file, begun if this is the first that is heard of the file. That of a file whose reading was given up
    /// is given up too.
    fn index_of<'f>(
        &self,
        filling: &'f mut Option<(u16, KeyIndexWriter)>,
        source: &PlannedSource,
        file: u16,
    ) -> Result<&'f mut KeyIndexWriter> {
        if filling.as_ref().is_none_or(|(of, _)| *of != file) {
            *filling = Some((file, self.extracts.begin(&format!("{}-{file}", source.code))?));
        }
        Ok(filling.as_mut().map(|(_, index)| index).expect("it was begun above"))
    }

    fn note(&self, done: Result<()>) {
        if let Err(fault) = done {
            self.fault.lock().expect("no thread panics while it holds a fault").get_or_insert(fault);
        }
    }
}

/// The index that is being filled, and of which of the source's files it is.
type Filling = Mutex<Option<(u16, KeyIndexWriter)>>;

/// A source's delivered files, each with its path below the workspace and the digest under which it was read.
pub(super) struct Deliveries {
    paths: Vec<PathBuf>,
    digests: Vec<(String, Digest)>,
}

impl Deliveries {
    /// `None` if a file was never read or has changed since, or if there is none.
    pub(super) fn known(plan: &Plan, layout: &ingest::Source, extracts: &Extracts) -> Option<Self> {
        let paths = ingest::deliveries(&plan.root, layout).ok().filter(|paths| !paths.is_empty())?;
        let digest = |path: &PathBuf| {
            let shown = ingest::shown(&plan.root, path);
            (extracts.digest(&shown), shown)
        };
        // All of them are looked at, whatever is known of the first: they may be read next.
        let digests: Vec<(Option<Digest>, String)> = paths.iter().map(digest).collect();
        let digests = digests.into_iter().map(|(digest, shown)| Some((shown, digest?))).collect::<Option<_>>()?;
        Some(Self { paths, digests })
    }

    /// As [`key_over`] takes them.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.digests.iter().map(|(path, digest)| (path.as_str(), digest))
    }

    /// What an earlier run made of these files, delivered on `as_of`; `None` if a reading on that day would say something
    /// else of their dates.
    pub(super) fn deliver(&self, layout: &ingest::Source, evidence: Evidence, as_of: Date) -> Option<Evidence> {
        let newest = evidence.newest.filter(|newest| newest.holds_on(as_of))?;
        let short = evidence.files_fall_short();
        Some(Evidence { delivery: ingest::delivery(layout, &self.paths, newest, short, as_of), ..evidence })
    }
}

/// Of what a stage depends on and the files it is made of, each with its path and digest.
pub(super) fn key_over<'a>(fixed: &[&[u8]], files: impl Iterator<Item = (&'a str, &'a Digest)>) -> Digest {
    let files: Vec<(&str, &Digest)> = files.collect();
    let parts = files.iter().flat_map(|(path, digest)| [path.as_bytes(), &digest.0[..]]);
    Digest::of_parts(fixed.iter().copied().chain(parts))
}

/// The files that evidence was read from, as [`key_over`] takes them.
pub(super) fn files_of(evidence: &Evidence) -> impl Iterator<Item = (&str, &Digest)> {
    evidence.files.iter().map(|file| (file.path.as_str(), &file.digest))
}

/// Files taken over count as read: a run's progress ends where it would have ended.
pub(super) fn tell_taken_over(evidence: &Evidence, progress: &dyn Progress) {
    let bytes = evidence.files.iter().map(|file| file.bytes).sum();
    progress.begin(&evidence.source, bytes);
    progress.advance(&evidence.source, bytes, evidence.bins.read);
    progress.end(&evidence.source, "");
}

/// Every delivered file and the layout it is read by: what is remembered of files.
pub(super) fn in_use(plan: &Plan) -> Vec<(String, Digest)> {
    let own = std::iter::once(&plan.persons).chain(&plan.mandates).map(|layout| (layout, plan.register_digest));
    let mut used = Vec::new();
    for (layout, digest) in own.chain(plan.sources.iter().map(|source| (&source.layout, source.digest))) {
        // A folder that cannot be listed refuses its source and nothing else.
        for path in ingest::deliveries(&plan.root, layout).unwrap_or_default() {
            used.push((ingest::shown(&plan.root, &path), digest));
        }
    }
    used
}
