//! One mapped text file on all cores: cut into chunks, each parsed on its own, joined in file order.
//!
//! A chunk begins behind the first line end after its nominal place, which may lie inside a quoted cell. That is a guess:
//! when the chunk before it turns out to end elsewhere, the chunk is parsed again from the true place. The result is what
//! one pass gives, whatever the size and number of chunks. A file full of quoted line ends costs a second pass at most.
//!
//! The digest is made in step with the parsing, and what was joined is given back, so that the file is fetched once and few
//! of its pages are held.

use rayon::prelude::*;

use super::batch::Batch;
use super::keyed::{RUN, hand_over};
use super::mapped::Mapped;
use super::rows::RowReader;
use super::split::{Dialect, Record, Splitter};
use super::{Job, Keys};
use crate::kernel::{Digest, Digesting, Result};
use crate::model::extract_keys::Place;

/// Large enough that starting one costs nothing, small enough that Ctrl-C is answered at once.
pub(super) const CHUNK: usize = 1 << 20;

/// Chunks parsed side by side, while as many are joined; bounds the rows, rejects and pages held apart.
const WAVE: usize = 16;

/// Where a chunk begins and ends.
type Span = (usize, usize);

/// What one chunk held.
struct Parsed {
    batch: Batch,
    /// Where the next record starts; behind the chunk's own end if its last record runs over.
    end: usize,
    lines: u32,
}

/// The chunks joined so far.
struct Joined {
    all: Batch,
    /// Where the next record starts, and in which line.
    at: usize,
    line: u32,
}

/// A text file behind its heading, and what reads its rows.
pub(super) struct Body<'a> {
    pub(super) mapped: &'a Mapped,
    pub(super) dialect: Dialect,
    pub(super) rows: RowReader<'a>,
    pub(super) job: &'a Job<'a>,
}

impl Body<'_> {
    /// Parses from `start` on, where line `line` (from 1) starts, in chunks of nominally `chunk` bytes. Gives what was
    /// read and the digest of the whole file.
    pub(super) fn parse(&self, start: usize, line: u32, chunk: usize) -> Result<(Batch, Digest)> {
        let keys = self.job.keys.filter(|_| Place::new(self.mapped.len() as u64, 0).is_some());
        let all = Batch { entries: keys.map(|_| Vec::new()), ..Batch::new(self.job.kind) };
        let mut joined = Joined { all, at: start, line };
        let mut digesting = Digesting::default();
        digesting.update(&self.mapped[..start]);
        let (mut from, mut before) = (start, Vec::new());
        while from < self.mapped.len() {
            let wave = wave(self.mapped, from, chunk);
            let until = wave.last().map_or(from, |(_, until)| *until);
            // While chunks are parsed, those before them are joined: neither waits for the other.
            let rest = || {
                digesting.update(&self.mapped[from..until]);
                self.join(&mut joined, std::mem::take(&mut before), keys)
            };
            let (guesses, rest) = rayon::join(|| self.guess(&wave, keys), rest);
            rest?;
            before = wave.into_iter().zip(guesses).collect();
            from = until;
        }
        self.join(&mut joined, before, keys)?;
        Ok((joined.all, digesting.finish()))
    }

    /// Joins chunks in file order, and parses again those that a wrong guess began.
    fn join(&self, joined: &mut Joined, wave: Vec<(Span, Result<Parsed>)>, keys: Option<&Keys<'_>>) -> Result<()> {
        for ((from, until), guess) in wave {
            if joined.at < until {
                let parsed = if from == joined.at { guess? } else { self.parse_span(joined.at, until, keys)? };
                joined.all.append(parsed.batch, joined.line);
                joined.at = parsed.end;
                joined.line = joined.line.saturating_add(parsed.lines);
            }
            self.mapped.give_back(from..until);
        }
        if let (Some(keys), Some(entries)) = (keys, joined.all.entries.as_mut().filter(|entries| entries.len() >= RUN))
        {
            hand_over(entries, self.rows.file(), keys);
        }
        Ok(())
    }

    /// Parses chunks side by side, each as if a record started where it starts.
    fn guess(&self, wave: &[Span], keys: Option<&Keys<'_>>) -> Vec<Result<Parsed>> {
        let parse = |(from, until): &Span| {
            let parsed = self.parse_span(*from, *until, keys)?;
            self.job.progress.advance(self.job.code, (until - from) as u64, parsed.batch.bins.read);
            Ok(parsed)
        };
        wave.par_iter().map(parse).collect()
    }

    /// Records that start in `from..until`. With keys, all rows are keyed before the few that may be wanted are read: asked
    /// about one after the other, without a row between them, thousands of keys take the time of hundreds.
    fn parse_span(&self, from: usize, until: usize, keys: Option<&Keys<'_>>) -> Result<Parsed> {
        self.job.cancel.check()?;
        let mut batch = Batch::new(self.job.kind);
        let mut splitter = Splitter::new(self.mapped, from, self.dialect);
        match keys {
            Some(keys) => {
                while let Some(record) = splitter.next(until) {
                    self.rows.key(&record, keys, &mut batch);
                }
                let places = (keys.places)(batch.entries.as_deref().unwrap_or_default());
                batch.keep(self.pick(&places));
            }
            None => {
                while let Some(record) = splitter.next(until) {
                    self.rows.take(&record, &mut batch);
                }
                self.rows.read_held(&mut batch);
            }
        }
        Ok(Parsed { batch, end: splitter.at(), lines: splitter.lines() })
    }

    /// The rows at these places.
    pub(super) fn pick(&self, places: &[Place]) -> Batch {
        let mut batch = Batch::new(self.job.kind);
        let mut splitter = Splitter::new(self.mapped, 0, self.dialect);
        for place in places {
            splitter.go_to(place.offset() as usize);
            match splitter.next(self.mapped.len()) {
                Some(record) => self.rows.take(&Record { line: place.line(), ..record }, &mut batch),
                None => batch.bins.skipped += 1, // nothing is there: the caller reads the file in full
            }
        }
        self.rows.read_held(&mut batch);
        batch
    }
}

/// The chunks to be parsed next, from `from` on: each ends behind the first line end that lies `chunk` bytes on, the last one
/// of a file at its end. Not all at once: a look at every place in the file held a page, and its neighbours, of each.
fn wave(bytes: &[u8], mut from: usize, chunk: usize) -> Vec<Span> {
    let mut wave = Vec::with_capacity(WAVE);
    while wave.len() < WAVE && from < bytes.len() {
        let line_end = bytes.get(from + chunk..).and_then(|rest| memchr::memchr(b'\n', rest));
        let until = line_end.map_or(bytes.len(), |line_end| from + chunk + line_end + 1);
        wave.push((from, until));
        from = until;
    }
    wave
}
