//! The embedded font: which glyph a character has, how wide it is, and what is printed for a character it lacks.
//!
//! Noto Sans SC Regular (SIL Open Font License, `fonts/OFL.txt`), 30,898 glyphs; the rare characters of people's names
//! that GB 18030-2022 level 2 asks for are among them. Read once per process and shared by all threads. Only what this
//! font needs is read: `head`, `hhea`, `hmtx` and the format-12 table of `cmap` (OpenType 1.9); no shaping, which
//! Chinese and Latin text without ligatures does not need.

use std::borrow::Cow;
use std::sync::OnceLock;

use krilla::text::Font;

const FILE: &[u8] = include_bytes!("../fonts/NotoSansSC-Regular.ttf");

/// The font, and the two tables that layout asks once per character.
pub(super) struct Face {
    pub font: Font,
    /// Glyph by code point; 0 for a character the font lacks.
    glyphs: Vec<u16>,
    /// Advance by glyph, in units of the em.
    advances: Vec<u16>,
    units_per_em: f32,
}

impl Face {
    /// The one face of the process.
    pub fn shared() -> &'static Face {
        static FACE: OnceLock<Face> = OnceLock::new();
        FACE.get_or_init(|| Face::read(FILE).expect("the font is part of the program and its tests read it"))
    }

    fn read(file: &'static [u8]) -> Option<Self> {
        let units_per_em = f32::from(u16_at(table(file, b"head")?, 18)?);
        let metrics = usize::from(u16_at(table(file, b"hhea")?, 34)?);
        let widths = table(file, b"hmtx")?;
        let advances = (0..metrics).map(|glyph| u16_at(widths, glyph * 4)).collect::<Option<Vec<u16>>>()?;
        let glyphs = glyphs_by_character(table(file, b"cmap")?)?;
        Some(Self { font: Font::new(file.into(), 0)?, glyphs, advances, units_per_em })
    }

    /// 0 if the font lacks the character.
    pub fn glyph(&self, character: char) -> u16 {
        self.glyphs.get(character as usize).copied().unwrap_or(0)
    }

    /// Width of a character as a share of the font size.
    pub fn advance(&self, character: char) -> f32 {
        let glyph = usize::from(self.glyph(character));
        // Glyphs behind the last metric share it (OpenType, hmtx).
        let advance = self.advances.get(glyph).or(self.advances.last()).copied().unwrap_or(0);
        f32::from(advance) / self.units_per_em
    }

    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.advance(character)).sum::<f32>() * size
    }

    /// The text with every character that the font lacks as its code point, `〈U+20BB7〉`, and how many there were.
    /// A blank box would hide a person's name from whoever reads the report.
    pub fn printable<'t>(&self, text: &'t str) -> (Cow<'t, str>, u64) {
        let lacks = |character: char| character != '\n' && self.glyph(character) == 0;
        let missing = text.chars().filter(|character| lacks(*character)).count() as u64;
        if missing == 0 {
            return (Cow::Borrowed(text), 0);
        }
        let mut out = String::with_capacity(text.len() + 16);
        for character in text.chars() {
            if lacks(character) {
                out.push_str(&format!("〈U+{:04X}〉", character as u32));
            } else {
                out.push(character);
            }
        }
        (Cow::Owned(out), missing)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A table of the font file by its tag: the directory stands behind the first twelve bytes, sixteen bytes an entry.
fn table<'f>(file: &'f [u8], tag: &[u8; 4]) -> Option<&'f [u8]> {
    let tables = usize::from(u16_at(file, 4)?);
    let entry = (0..tables).map(|index| 12 + index * 16).find(|at| file.get(*at..*at + 4) == Some(tag))?;
    let (start, length) = (u32_at(file, entry + 8)? as usize, u32_at(file, entry + 12)? as usize);
    file.get(start..start + length)
}

/// Glyphs by code point out of the format-12 table: groups of consecutive characters with consecutive glyphs.
fn glyphs_by_character(cmap: &[u8]) -> Option<Vec<u16>> {
    let tables = usize::from(u16_at(cmap, 2)?);
    let starts = (0..tables).filter_map(|index| u32_at(cmap, 8 + index * 8)).map(|start| start as usize);
    let groups = starts.into_iter().find(|start| u16_at(cmap, *start) == Some(12))?;
    let mut glyphs = Vec::new();
    for group in 0..u32_at(cmap, groups + 12)? as usize {
        let at = groups + 16 + group * 12;
        let (first, last, glyph) = (u32_at(cmap, at)?, u32_at(cmap, at + 4)?, u32_at(cmap, at + 8)?);
        if glyphs.len() <= last as usize {
            glyphs.resize(last as usize + 1, 0);
        }
        for character in first..=last {
            glyphs[character as usize] = u16::try_from(glyph + (character - first)).ok()?;
        }
    }
    Some(glyphs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_of_names_have_glyphs() {
        let face = Face::shared();
        for character in "㛃𬍛䶮赵桂兰Xx0，〈〉□".chars() {
            assert_ne!(face.glyph(character), 0, "{character}");
        }
        assert_eq!(face.advance('国'), 1.0, "a Han character fills the em");
        assert!(face.advance('1') > 0.4 && face.advance('1') < 0.7);
    }

    #[test]
    fn a_character_the_font_lacks_is_printed_as_its_code_point() {
        let (text, missing) = Face::shared().printable("王𠮷𠮷\n福");
        assert_eq!((text.as_ref(), missing), ("王〈U+20BB7〉〈U+20BB7〉\n福", 2));
        assert!(matches!(Face::shared().printable("王福"), (Cow::Borrowed("王福"), 0)));
    }
}
