//! One mapped text file on all cores: cut into chunks, each parsed on its own, joined in file order.
//!
//! A chunk begins behind the first line end after its nominal place, which may lie inside a quoted cell. That is a guess:
//! when the chunk before it turns out to end elsewhere, the chunk is parsed again from the true place. The result is what
//! one pass gives, whatever the size and number of chunks. A file full of quoted line ends costs a second pass at most.

use rayon::prelude::*;

use super::Job;
use super::batch::Batch;
use super::rows::RowReader;
use super::split::{Dialect, Splitter};
use crate::kernel::Result;

/// Large enough that starting one costs nothing, small enough that Ctrl-C is answered at once.
pub(super) const CHUNK: usize = 4 << 20;

/// Chunks in flight before their results are joined; bounds the rejects and rows held apart.
const WAVE: usize = 16;

/// What one chunk held.
struct Parsed {
    batch: Batch,
    /// Where the next record starts; behind the chunk's own end if its last record runs over.
    end: usize,
    lines: u32,
}

/// Parses `bytes` from `body` on, where line `line` (from 1) starts.
pub(super) fn parse(
    bytes: &[u8],
    body: usize,
    line: u32,
    dialect: Dialect,
    chunk: usize,
    rows: &RowReader<'_>,
    job: &Job<'_>,
) -> Result<Batch> {
    let starts = starts(bytes, body, chunk);
    let spans: Vec<(usize, usize)> = starts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let mut all = Batch::new(job.kind);
    let (mut at, mut line) = (body, line);
    for wave in spans.chunks(WAVE) {
        let guesses: Vec<Result<Parsed>> = wave
            .par_iter()
            .map(|(from, until)| {
                let parsed = parse_span(bytes, *from, *until, dialect, rows, job)?;
                job.progress.advance(job.code, (until - from) as u64, parsed.batch.bins.read);
                Ok(parsed)
            })
            .collect();
        for ((from, until), guess) in wave.iter().zip(guesses) {
            let parsed = if *from == at {
                guess?
            } else if at >= *until {
                continue;
            } else {
                parse_span(bytes, at, *until, dialect, rows, job)?
            };
            all.append(parsed.batch, line);
            at = parsed.end;
            line = line.saturating_add(parsed.lines);
        }
    }
    Ok(all)
}

/// The body's start, a place behind a line end near every multiple of `chunk`, and the end. Ascending.
fn starts(bytes: &[u8], body: usize, chunk: usize) -> Vec<usize> {
    let mut starts = vec![body];
    let mut nominal = body + chunk;
    while nominal < bytes.len() {
        let Some(line_end) = memchr::memchr(b'\n', &bytes[nominal..]) else { break };
        let start = nominal + line_end + 1;
        if start < bytes.len() {
            starts.push(start);
        }
        nominal = start + chunk;
    }
    starts.push(bytes.len());
    starts
}

/// Records that start in `from..until`.
fn parse_span(
    bytes: &[u8],
    from: usize,
    until: usize,
    dialect: Dialect,
    rows: &RowReader<'_>,
    job: &Job<'_>,
) -> Result<Parsed> {
    job.cancel.check()?;
    let mut batch = Batch::new(job.kind);
    let mut splitter = Splitter::new(bytes, from, dialect);
    while let Some(record) = splitter.next(until) {
        rows.take(&record, &mut batch);
    }
    Ok(Parsed { batch, end: splitter.at(), lines: splitter.lines() })
}
