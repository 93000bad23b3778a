//! Numbers and texts in one file as they lie in memory, to be read back in milliseconds. Of one machine and one version:
//! nobody else reads it, and whatever is not as it was written is not there.
//!
//! A file: [`MAGIC`], the key (32 bytes), sections each beginning at a multiple of eight, a small part as JSON, the
//! directory (offset, length and checksum of each section, three u64), and at the very end the offset of the small part,
//! its length, its checksum and the number of sections. All in the machine's own byte order, which the magic number
//! would not survive. The end is written last, so that half a file is none. Checksums are foldhash's: they find what a
//! disk or a power cut did, not what somebody does on purpose.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytemuck::{AnyBitPattern, NoUninit};
use memmap2::Mmap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::part::{PartFile, checksum};
use crate::kernel::{Digest, Result};

/// Changes whenever what is kept, or how a stage makes it, changes its meaning.
const MAGIC: u64 = u64::from_le_bytes(*b"HDSTAGE8");

const HEAD: usize = 8 + 32;
const TAIL: usize = 4;

/// An image being written, under another name until it is whole.
pub(super) struct ImageWriter {
    out: PartFile,
    at: u64,
    sections: Vec<[u64; 3]>,
    path: PathBuf,
}

impl ImageWriter {
    pub(super) fn create(path: &Path, key: Digest) -> Result<Self> {
        let mut image = Self { out: PartFile::create(path)?, at: 0, sections: Vec::new(), path: path.to_owned() };
        image.put(bytemuck::bytes_of(&MAGIC))?;
        image.put(&key.0)?;
        Ok(image)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        self.out.put(bytes)
    }

    fn pad(&mut self) -> Result<()> {
        let over = self.at as usize % 8;
        if over == 0 { Ok(()) } else { self.put(&[0; 8][over..]) }
    }

    /// One section.
    pub(super) fn numbers<T: NoUninit>(&mut self, values: &[T]) -> Result<()> {
        self.pad()?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        self.sections.push([self.at, bytes.len() as u64, checksum(bytes)]);
        self.put(bytes)
    }

    /// Closes the image and gives it its name. Not synced: a power cut leaves an image whose checksums fail, and its
    /// stage is done again.
    pub(super) fn finish(mut self, small: &impl Serialize) -> Result<()> {
        let small = serde_json::to_vec(small).expect("texts and numbers");
        self.pad()?;
        let offset = self.at;
        self.put(&small)?;
        self.pad()?;
        self.out.put(bytemuck::cast_slice(&self.sections))?;
        let tail: [u64; TAIL] = [offset, small.len() as u64, checksum(&small), self.sections.len() as u64];
        self.out.put(bytemuck::cast_slice(&tail))?;
        self.out.finish(&self.path)
    }
}

/// An image opened for reading, and given back when it was read.
pub(super) struct Image {
    file: File,
    map: Mmap,
    /// The same file, mapped until the program ends, so that columns are held as they lie in it: copied, a register of 1.6
    /// million took a third of the time that an unchanged night needs before its packages. A run reads each image once.
    lasting: OnceLock<Option<&'static Mmap>>,
    sections: Vec<[u64; 3]>,
    small: [u64; 3],
}

impl Image {
    /// `None` if there is none of this key, or not one that this version wrote whole.
    pub(super) fn open(path: &Path, key: Digest) -> Option<Self> {
        let file = File::open(path).ok()?;
        let map = mapped(&file)?;
        let (first, last) = (map.get(..HEAD)?, map.len().checked_sub(TAIL * 8)?);
        if first[..8] != *bytemuck::bytes_of(&MAGIC) || first[8..] != key.0 || !last.is_multiple_of(8) {
            return None;
        }
        let [offset, length, sum, count] = *numbers::<u64>(&map[last..])? else { return None };
        let directory = usize::try_from(count).ok()?.checked_mul(24).and_then(|bytes| last.checked_sub(bytes))?;
        let sections = numbers::<[u64; 3]>(&map[directory..last])?.to_vec();
        Some(Self { file, map, lasting: OnceLock::new(), sections, small: [offset, length, sum] })
    }

    pub(super) fn small<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.bytes(self.small)?).ok()
    }

    /// The sections in the order they were written, all but the first so many.
    pub(super) fn sections_after(&self, first: usize) -> Sections<'_> {
        Sections { image: self, next: Cell::new(first) }
    }

    pub(super) fn sections(&self) -> Sections<'_> {
        self.sections_after(0)
    }

    fn bytes(&self, place: [u64; 3]) -> Option<&[u8]> {
        part(&self.map, place)
    }

    fn lasting_bytes(&self, place: [u64; 3]) -> Option<&'static [u8]> {
        let map = || mapped(&self.file).map(|map| &*Box::leak(Box::new(map)));
        part((*self.lasting.get_or_init(map))?, place)
    }
}

fn mapped(file: &File) -> Option<Mmap> {
    // SAFETY: an image is written under another name and renamed, and never written to again; removing it leaves a mapping
    // valid.
    unsafe { Mmap::map(file) }.ok()
}

fn part(map: &Mmap, [offset, length, sum]: [u64; 3]) -> Option<&[u8]> {
    let first = usize::try_from(offset).ok()?;
    let bytes = map.get(first..first.checked_add(usize::try_from(length).ok()?)?)?;
    (checksum(bytes) == sum).then_some(bytes)
}

/// `None` if the bytes are no whole numbers, or do not lie where numbers lie.
fn numbers<T: AnyBitPattern>(bytes: &[u8]) -> Option<&[T]> {
    bytemuck::try_cast_slice(bytes).ok()
}

/// Hands out sections one after the other; what one holds is checked when it is asked for, on any thread.
pub(super) struct Sections<'a> {
    image: &'a Image,
    next: Cell<usize>,
}

impl<'a> Sections<'a> {
    pub(super) fn next(&self) -> Option<Section<'a>> {
        let place = *self.image.sections.get(self.next.replace(self.next.get() + 1))?;
        Some(Section { image: self.image, place })
    }

    pub(super) fn numbers<T: NoUninit + AnyBitPattern>(&self) -> Option<&'a [T]> {
        self.next()?.numbers()
    }
}

/// One section, not looked at yet.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    image: &'a Image,
    place: [u64; 3],
}

impl<'a> Section<'a> {
    pub(super) fn numbers<T: NoUninit + AnyBitPattern>(self) -> Option<&'a [T]> {
        numbers(self.image.bytes(self.place)?)
    }

    /// Numbers to be held as they lie.
    pub(super) fn lasting_numbers<T: NoUninit + AnyBitPattern>(self) -> Option<&'static [T]> {
        numbers(self.image.lasting_bytes(self.place)?)
    }

    /// Characters that were written as bytes, to be held as they lie.
    pub(super) fn lasting_text(self) -> Option<&'static str> {
        simdutf8::basic::from_utf8(self.image.lasting_bytes(self.place)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const KEY: Digest = Digest([7; 32]);

    fn written() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.stage");
        let mut image = ImageWriter::create(&path, KEY).unwrap();
        image.numbers(&[1u8, 2, 3]).unwrap();
        image.numbers(&[u64::MAX, 5]).unwrap();
        image.numbers::<u32>(&[]).unwrap();
        image.finish(&("small", 4)).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_written_is_read() {
        let (folder, path) = written();
        let image = Image::open(&path, KEY).unwrap();
        let sections = image.sections();
        assert_eq!(sections.numbers::<u8>(), Some(&[1, 2, 3][..]));
        assert_eq!(sections.numbers::<u64>(), Some(&[u64::MAX, 5][..]));
        assert_eq!(sections.numbers::<u32>(), Some(&[][..]));
        assert_eq!(sections.numbers::<u32>(), None);
        assert_eq!(image.small(), Some(("small".to_owned(), 4)));
        assert!(Image::open(&path, Digest([8; 32])).is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
    }

    /// Every single byte of the file counts, and every length but its own is none.
    #[test]
    fn a_changed_or_a_cut_image_is_none() {
        let (_folder, path) = written();
        let whole = fs::read(&path).unwrap();
        let reads = |bytes: &[u8]| {
            // Mapped files are replaced, never written to.
            fs::remove_file(&path).unwrap();
            fs::write(&path, bytes).unwrap();
            let image = Image::open(&path, KEY)?;
            let sections = image.sections();
            let bytes = sections.numbers::<u8>()?.to_vec();
            let numbers = (sections.next()?.lasting_numbers::<u64>()?, sections.next()?.lasting_numbers::<u32>()?);
            Some((bytes, numbers, image.small::<(String, i32)>()?))
        };
        let good = reads(&whole).unwrap();
        for length in 0..whole.len() {
            assert_eq!(reads(&whole[..length]), None, "cut at {length}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            // The padding between sections says nothing.
            assert!(reads(&changed).is_none_or(|read| read == good), "byte {at}");
        }
    }
}
