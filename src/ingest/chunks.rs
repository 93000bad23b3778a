//! One file on all cores: cut into chunks, each read and parsed on its own, joined in file order.
//!
//! A chunk begins behind the first line end at its nominal place, which may lie inside a quoted cell. That is a guess:
//! when the chunk before it turns out to end elsewhere, the chunk is parsed again from the true place. The result is what
//! one pass gives, whatever the size and number of chunks. A file full of quoted line ends costs a second pass at most.
//!
//! A chunk is read into a buffer with a little of what follows. Where that may not be enough to tell where its records end, it
//! is parsed again with more.

use std::sync::Mutex;

use memchr::memchr;
use rayon::prelude::*;

use super::batch::Batch;
use super::delivered::Delivered;
use super::keyed::{RUN, hand_over};
use super::records::{Form, Records};
use super::rows::RowReader;
use super::split::{Fault, RECORD_LIMIT, Record};
use super::{Job, Keys, Picked};
use crate::kernel::{Digest, Digesting, Result};
use crate::model::extract_keys::Place;

/// Large enough that starting one costs nothing, small enough that Ctrl-C is answered at once and that it stays in the cache.
pub(super) const CHUNK: usize = 1 << 20;

/// A chunk is read with so small a part of its size behind its end, for the record that runs over it.
const OVER: usize = 16;

/// Needed rows of a known file that lie closer together than this are read in one piece.
const GAP: usize = 1 << 14;

/// Chunks parsed side by side, while as many are joined; bounds the rows, rejects and buffers held apart.
const WAVE: usize = 16;

/// Where a chunk begins and ends.
type Span = (usize, usize);

/// Bytes of the file, and where in it they begin.
struct Piece<'a> {
    bytes: &'a [u8],
    base: usize,
    /// The file ends with them.
    to_the_end: bool,
}

/// What one chunk held.
struct Parsed {
    batch: Batch,
    /// Where its first record starts.
    began: usize,
    /// Where the next record starts; behind the chunk's own end if its last record runs over.
    end: usize,
    lines: u32,
}

/// A chunk as it was read, and what it holds if its first line begins a record and its last one ends within the buffer.
struct Guess {
    buffer: Vec<u8>,
    base: usize,
    parsed: Option<Parsed>,
}

/// The chunks joined so far.
struct Joined {
    all: Batch,
    digesting: Digesting,
    /// Where the next record starts, and in which line.
    at: usize,
    line: u32,
}

/// A file behind its heading, and what reads its rows.
pub(super) struct Body<'a> {
    pub(super) file: &'a Delivered,
    pub(super) form: Form<'a>,
    pub(super) rows: RowReader<'a>,
    pub(super) job: &'a Job<'a>,
}

impl Body<'_> {
    /// Parses from `start` on, where line `line` (from 1) starts, in chunks of nominally `chunk` bytes. Gives what was
    /// read and the digest of the whole file.
    pub(super) fn parse(&self, start: usize, line: u32, chunk: usize) -> Result<(Batch, Digest)> {
        let keys = self.job.keys.filter(|_| Place::new(self.file.len() as u64, 0).is_some());
        let all = Batch { entries: keys.map(|_| Vec::new()), ..Batch::new(self.job.kind) };
        let mut joined = Joined { all, digesting: Digesting::default(), at: start, line };
        let mut head = Vec::new();
        self.file.read(0..start, &mut head)?;
        joined.digesting.update(&head);
        let spare = Mutex::new(Vec::new());
        let (mut from, mut before) = (start, Vec::new());
        while from < self.file.len() {
            let until = self.file.len().min(from + WAVE * chunk);
            let wave: Vec<Span> = (from..until).step_by(chunk).map(|from| (from, until.min(from + chunk))).collect();
            let guess = |(from, until): &Span| {
                let buffer = spare.lock().expect("nobody panics holding it").pop().unwrap_or_default();
                self.guess((*from, *until), *from == start, chunk / OVER, buffer, keys)
            };
            // While chunks are parsed, those before them are joined: neither waits for the other.
            let join = || self.join(&mut joined, std::mem::take(&mut before), &spare, keys);
            let (guesses, rest) = rayon::join(|| wave.par_iter().map(guess).collect::<Vec<_>>(), join);
            rest?;
            before = wave.into_iter().zip(guesses).collect();
            from = until;
        }
        self.join(&mut joined, before, &spare, keys)?;
        Ok((joined.all, joined.digesting.finish()))
    }

    /// Joins chunks in file order, and parses again those that a wrong guess began.
    fn join(
        &self,
        joined: &mut Joined,
        wave: Vec<(Span, Result<Guess>)>,
        spare: &Mutex<Vec<Vec<u8>>>,
        keys: Option<&Keys<'_>>,
    ) -> Result<()> {
        for ((from, until), guess) in wave {
            let Guess { buffer, base, parsed } = guess?;
            joined.digesting.update(&buffer[from - base..until - base]);
            spare.lock().expect("nobody panics holding it").push(buffer);
            let read_before = joined.all.bins.read;
            if joined.at < until {
                let parsed = match parsed.filter(|parsed| parsed.began == joined.at) {
                    Some(parsed) => parsed,
                    None => self.parse_far((joined.at, until), keys)?,
                };
                joined.all.append(parsed.batch, joined.line);
                joined.at = parsed.end;
                joined.line = joined.line.saturating_add(parsed.lines);
            }
            let rows = joined.all.bins.read - read_before;
            self.job.progress.advance(self.job.code, (until - from) as u64, rows);
        }
        if let (Some(keys), Some(entries)) = (keys, joined.all.entries.as_mut().filter(|entries| entries.len() >= RUN))
        {
            hand_over(entries, self.rows.file(), keys);
        }
        Ok(())
    }

    /// Reads a chunk, and parses it as if a record started where its first line does.
    fn guess(
        &self,
        (from, until): Span,
        is_first: bool,
        over: usize,
        mut buffer: Vec<u8>,
        keys: Option<&Keys<'_>>,
    ) -> Result<Guess> {
        let (base, end) = (from - usize::from(!is_first), self.file.len().min(until + over));
        self.file.read(base..end, &mut buffer)?;
        let began = if is_first { from } else { self.form.begins(&buffer[..until - base], base, until) };
        let piece = Piece { bytes: &buffer, base, to_the_end: end == self.file.len() };
        let parsed = self.parse_span(&piece, (began, until), keys)?;
        Ok(Guess { buffer, base, parsed })
    }

    /// Parses from where a record starts, however far the last one runs.
    fn parse_far(&self, (from, until): Span, keys: Option<&Keys<'_>>) -> Result<Parsed> {
        self.with_more(from, until, |piece| self.parse_span(piece, (from, until), keys))
    }

    /// Tries a piece of the file that reaches ever farther, until it is enough.
    fn with_more<T>(
        &self,
        from: usize,
        until: usize,
        mut work: impl FnMut(&Piece<'_>) -> Result<Option<T>>,
    ) -> Result<T> {
        let (mut over, mut buffer) = (GAP, Vec::new());
        loop {
            let end = self.file.len().min(until.saturating_add(over));
            self.file.read(from..end, &mut buffer)?;
            let piece = Piece { bytes: &buffer, base: from, to_the_end: end == self.file.len() };
            if let Some(done) = work(&piece)? {
                return Ok(done);
            }
            assert!(!piece.to_the_end, "nothing follows that could have a say");
            over = over.saturating_mul(16);
        }
    }

    /// Records that start in `from..until`; `None` if what follows the piece may have a say in where one of them ends. With
    /// keys, all rows are keyed before the few that may be wanted are read: asked about one after the other, without a row
    /// between them, thousands of keys take the time of hundreds.
    fn parse_span(&self, piece: &Piece<'_>, (from, until): Span, keys: Option<&Keys<'_>>) -> Result<Option<Parsed>> {
        self.job.cancel.check()?;
        let mut batch = Batch::new(self.job.kind);
        let mut records = piece.records(from, self.form);
        while let Some(record) = records.next(until - piece.base) {
            if !piece.settles(&record) {
                return Ok(None);
            }
            match keys {
                Some(keys) => self.rows.key(&record, keys, &mut batch),
                None => self.rows.take(&record, &mut batch),
            }
        }
        if !piece.to_the_end && records.at() == piece.bytes.len() {
            return Ok(None);
        }
        let (end, lines) = (piece.base + records.at(), records.lines());
        match keys {
            Some(keys) => {
                let places = (keys.places)(batch.entries.as_deref().unwrap_or_default());
                let Some(picked) = self.pick_of(piece, &places) else { return Ok(None) };
                batch.keep(picked);
            }
            None => self.rows.read_held(&mut batch),
        }
        Ok(Some(Parsed { batch, began: from, end, lines }))
    }

    /// The rows at these places of a file that was read before.
    pub(super) fn pick_all(self, places: &[Place]) -> Result<Picked> {
        const AT_A_TIME: usize = 1_024;
        let pick = |places: &[Place]| {
            self.job.cancel.check()?;
            self.pick(places)
        };
        let batches: Vec<Batch> = places.par_chunks(AT_A_TIME).map(pick).collect::<Result<_>>()?;
        let mut all = Batch::new(self.job.kind);
        batches.into_iter().for_each(|batch| all.append(batch, 0));
        Ok(Picked { batch: all, headings: self.rows.into_headings() })
    }

    /// The rows at these places, which lie near one another or are few.
    fn pick(&self, places: &[Place]) -> Result<Batch> {
        let mut all = Batch::new(self.job.kind);
        let offset = |place: &Place| (place.offset() as usize).min(self.file.len());
        for near in places.chunk_by(|a, b| offset(b).saturating_sub(offset(a)) < GAP) {
            let (first, last) = (offset(&near[0]), offset(&near[near.len() - 1]));
            all.append(self.with_more(first, last, |piece| Ok(self.pick_of(piece, near)))?, 0);
        }
        Ok(all)
    }

    /// `None` as for [`Body::parse_span`].
    fn pick_of(&self, piece: &Piece<'_>, places: &[Place]) -> Option<Batch> {
        let mut batch = Batch::new(self.job.kind);
        let mut records = piece.records(piece.base, self.form);
        for place in places {
            records.go_to((place.offset() as usize).saturating_sub(piece.base));
            match records.next(piece.bytes.len()) {
                Some(record) if !piece.settles(&record) => return None,
                Some(record) => self.rows.take(&Record { line: place.line(), ..record }, &mut batch),
                None => batch.bins.skipped += 1, // nothing is there: the caller reads the file in full
            }
        }
        self.rows.read_held(&mut batch);
        Some(batch)
    }
}

impl Piece<'_> {
    /// Whether nothing behind the piece has a say in where this record ends. A faulty one was looked at as far as a record may
    /// reach, and from there to the end of a line.
    fn settles(&self, record: &Record<'_>) -> bool {
        let reach = || self.bytes.get(record.offset as usize - self.base + RECORD_LIMIT..);
        let is_in_reach = || reach().is_some_and(|rest| memchr(b'\n', rest).is_some());
        let is_settled = || matches!(record.fault, None | Some(Fault::NoRecord)) || is_in_reach();
        self.to_the_end || !record.last && is_settled()
    }

    /// From a place of the file on where a record starts.
    fn records<'b>(&'b self, from: usize, form: Form<'b>) -> Records<'b> {
        form.records(self.bytes, self.base, from)
    }
}
