//! CSV files of one name, one in each county's folder, filled in one pass over a table of the run.
//!
//! A county's people lie anywhere in the register, so that filling one county's file after the other waits for memory at every
//! line of it, once for each county. One pass reads the table as it lies and deals its lines out. Lines come in the order of
//! the table in every file, whatever the number of threads.

use rayon::prelude::*;

use super::folder::{Folder, Growing};
use super::listing::CsvText;
use crate::kernel::{Cancel, Result};

/// So many entries of the table are dealt out by one thread at a time; some megabytes of text.
const AT_A_TIME: usize = 4096;

/// Writes the file `name` into each folder. `place_of` says into which of them the lines of an entry of the table go, and
/// `lines` writes those lines, as wide as the headings.
///
/// # Errors
/// The disk; somebody asked to stop.
pub(super) fn spread<'h>(
    folders: &mut [Folder],
    name: &str,
    headings: impl Iterator<Item = &'h str>,
    entries: usize,
    place_of: impl Fn(usize) -> usize + Sync,
    lines: impl Fn(&mut CsvText, usize) + Sync,
    cancel: &Cancel,
) -> Result<()> {
    let heading = CsvText::new(headings);
    let mut pieces = vec![vec![heading.below(); folders.len()]; 4 * rayon::current_num_threads()];
    let heading = heading.into_bytes();
    let mut files: Vec<Growing> = folders.iter().map(|folder| folder.begin(name)).collect();
    files.par_iter_mut().try_for_each(|file| file.append(&[&heading]))?;
    for first in (0..entries).step_by(AT_A_TIME * pieces.len()) {
        cancel.check()?;
        pieces.par_iter_mut().enumerate().for_each(|(place, piece)| {
            let from = first + place * AT_A_TIME;
            piece.iter_mut().for_each(CsvText::clear);
            let range = from..entries.min(from + AT_A_TIME);
            // All places before any line: persons lie anywhere, and these reads wait for memory together.
            let places: Vec<usize> = range.clone().map(&place_of).collect();
            range.zip(places).for_each(|(entry, place)| lines(&mut piece[place], entry));
        });
        files.par_iter_mut().enumerate().try_for_each(|(county, file)| {
            let parts: Vec<&[u8]> = pieces.iter().map(|piece| piece[county].as_bytes()).collect();
            file.append(&parts)
        })?;
    }
    folders.iter_mut().zip(files).for_each(|(folder, file)| folder.end(file));
    Ok(())
}
