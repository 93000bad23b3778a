//! A delivered file's bytes, mapped: read where they lie, and given back piece by piece.
//!
//! Pages of a mapped file that were looked at count as the program's memory until the system wants them back; in a
//! container with a limit it may want the program instead. A reader that is past a piece therefore gives it back.

use std::ops::{Deref, Range};
use std::path::Path;

use crate::kernel::{Error, Result};

/// A file's bytes, mapped.
pub(super) struct Mapped(Option<memmap2::Mmap>);

impl Mapped {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let trouble = |error: std::io::Error| Error::io(path, &error);
        let file = std::fs::File::open(path).map_err(trouble)?;
        // Mapping nothing is an error on some systems; an empty file is a delivery that is refused later, with its reason.
        if file.metadata().map_err(trouble)?.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: deliveries are never written by this program, and the inbox is not written to while a run holds the
        // workspace; a file cut short meanwhile by somebody else ends the process, it cannot corrupt what was published.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(trouble)?;
        Ok(Self(Some(map)))
    }

    /// Gives back the memory of bytes that are not needed for now; looked at again, they are read again.
    pub(super) fn give_back(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Some(map) = &self.0 {
            // SAFETY: pages of a shared mapping that is never written to are taken out and come back from the file with
            // the same bytes, so that whoever still borrows them sees no change.
            let given =
                unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len()) };
            // A system that refuses keeps the pages until the mapping ends, as it would have without being told.
            let _ = given;
        }
        #[cfg(not(unix))]
        let _ = range;
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_given_back_are_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let (full, empty) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        let text: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
        std::fs::write(&full, &text).unwrap();
        std::fs::write(&empty, b"").unwrap();
        let mapped = Mapped::open(&full).unwrap();
        assert_eq!(&*mapped, text);
        mapped.give_back(5_000..70_000);
        assert_eq!(&*mapped, text);
        let nothing = Mapped::open(&empty).unwrap();
        nothing.give_back(0..0);
        assert!(nothing.is_empty());
        assert!(Mapped::open(&folder.path().join("c.csv")).is_err());
    }
}
