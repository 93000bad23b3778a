//! The heading of a dBase or FoxPro table: which fields a record has, where they lie, and what their bytes say. No file is read here, and
//! no text decoded.
//!
//! Units: bytes. Places are counted from the record's beginning, whose first byte is its mark.

use std::io::Write as _;

use super::Date;
use super::digits::Float;

/// Bytes of the heading before its fields, and of each of them.
pub const ENTRY: usize = 32;

/// What ends the list of fields; some programs write a zero.
const FIELDS_END: u8 = 0x0D;

/// What the bytes of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Also of numbers and dates.
    Text,
    /// `T`, `F`, or `?` if it was not given.
    Flag,
    Integer,
    Double,
    /// Ten-thousandths.
    Currency,
    /// A day and the time in it.
    Moment,
    /// A place in another file, or bytes for some program.
    Elsewhere,
}

/// A field as the heading lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: Vec<u8>,
    /// `C`, `N`, `D` ….
    pub ty: u8,
    pub flags: u8,
    pub at: usize,
    pub length: usize,
}

impl Listed {
    /// Its bytes in a record; none where the record ends before it.
    pub fn of<'r>(&self, record: &'r [u8]) -> &'r [u8] {
        record.get(self.at..self.at + self.length).unwrap_or_default()
    }

    /// `None` for a type that no table has.
    pub fn holds(&self) -> Option<Holds> {
        Some(match (self.ty, self.length) {
            (b'C' | b'N' | b'F' | b'D' | b'V', _) => Holds::Text,
            (b'L', 1) => Holds::Flag,
            (b'I', 4) => Holds::Integer,
            (b'B', 8) => Holds::Double,
            (b'Y', 8) => Holds::Currency,
            (b'T', 8) => Holds::Moment,
            (b'M' | b'G' | b'P' | b'W' | b'Q' | b'B' | b'0', _) => Holds::Elsewhere,
            _ => return None,
        })
    }
}

/// A text up to its end: programs in C write a zero there, and leave behind it what stood in their memory.
pub fn text(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

/// Writes what the bytes of a field say: a text as it stands, numbers and days as texts, nothing where nothing was given.
pub fn write_value(holds: Holds, bytes: &[u8], out: &mut Vec<u8>) {
    let four = || bytes.first_chunk().map_or(0, |four| i32::from_le_bytes(*four));
    let eight = || bytes.first_chunk().copied().unwrap_or([0; 8]);
    let written = match holds {
        Holds::Flag if bytes == b"?" => Ok(()),
        Holds::Text | Holds::Flag => out.write_all(text(bytes)),
        Holds::Integer => write!(out, "{}", four()),
        Holds::Double => write!(out, "{}", Float(f64::from_le_bytes(eight()))),
        Holds::Currency => {
            const PARTS: u64 = 10_000;
            let amount = i64::from_le_bytes(eight());
            let sign = if amount < 0 { "-" } else { "" };
            let (whole, parts) = (amount.unsigned_abs() / PARTS, amount.unsigned_abs() % PARTS);
            write!(out, "{sign}{whole}.{parts:04}")
        }
        Holds::Moment => {
            const OF_1970: i32 = 2_440_588; // days are counted from 4713 BC
            match four() {
                0 => Ok(()),
                // Beyond these years it is no date, and is said to be none where it is read.
                day @ 1_721_426..=5_373_484 => write!(out, "{}", Date::from_days(day - OF_1970)),
                other => write!(out, "#{other}"),
            }
        }
        Holds::Elsewhere => Ok(()),
    };
    written.expect("a Vec takes every byte");
}

/// The fields of a record in their order; `None` if the bytes are no heading of a table to its end.
pub fn fields(heading: &[u8]) -> Option<Vec<Listed>> {
    let (mut fields, mut at) = (Vec::new(), 1);
    for entry in heading.get(ENTRY..)?.chunks(ENTRY) {
        if entry[0] == FIELDS_END || entry[0] == 0 {
            return (!fields.is_empty()).then_some(fields);
        }
        let entry = <&[u8; ENTRY]>::try_from(entry).ok()?;
        let (ty, flags) = (entry[11], entry[18]);
        // Clipper and FoxPro keep the upper half of a long text's length where numbers have their decimals.
        let length = usize::from(entry[16]) + if ty == b'C' { usize::from(entry[17]) << 8 } else { 0 };
        if length == 0 || !ty.is_ascii_alphanumeric() {
            return None;
        }
        let name = entry[..11].split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        fields.push(Listed { name, ty, flags, at, length });
        at += length;
    }
    None
}

/// Where the first record begins, and the length of each, as the heading's first twelve bytes say.
pub fn places(heading: &[u8]) -> Option<(usize, usize)> {
    let number = |at: usize| Some(usize::from(u16::from_le_bytes([*heading.get(at)?, *heading.get(at + 1)?])));
    Some((number(8)?, number(10)?))
}

/// A record as people read it: what its fields say without the blanks that fill them up, a bar between them.
pub fn shown(record: &[u8], fields: &[Listed], decode: impl Fn(&[u8]) -> String) -> String {
    let said = |field: &Listed| {
        let mut value = Vec::new();
        write_value(field.holds().unwrap_or(Holds::Elsewhere), field.of(record), &mut value);
        decode(&value).trim().to_owned()
    };
    fields.iter().filter(|field| field.ty != b'0').map(said).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8], ty: u8, length: u8, decimals: u8) -> Vec<u8> {
        let mut entry = name.to_vec();
        entry.resize(ENTRY, 0);
        (entry[11], entry[16], entry[17]) = (ty, length, decimals);
        entry
    }

    fn heading(entries: &[Vec<u8>]) -> Vec<u8> {
        [vec![0; ENTRY], entries.concat(), vec![FIELDS_END]].concat()
    }

    #[test]
    fn fields_lie_one_behind_the_other() {
        let found = fields(&heading(&[entry(b"XM", b'C', 8, 0), entry(b"JE", b'N', 9, 2), entry(b"BZ", b'C', 44, 1)]));
        let lie: Vec<_> = found.unwrap().into_iter().map(|field| (field.name, field.at, field.length)).collect();
        assert_eq!(lie, [(b"XM".to_vec(), 1, 8), (b"JE".to_vec(), 9, 9), (b"BZ".to_vec(), 18, 300)]);
    }

    #[test]
    fn what_is_no_heading() {
        let whole = heading(&[entry(b"XM", b'C', 8, 0)]);
        assert!((0..whole.len()).all(|length| fields(&whole[..length]).is_none()));
        assert!(fields(&heading(&[])).is_none());
        assert!(fields(&heading(&[entry(b"XM", b'C', 0, 0)])).is_none());
        assert!(fields(&heading(&[entry(b"XM", 0, 8, 0)])).is_none());
    }

    #[test]
    fn texts_of_a_record() {
        let fields =
            fields(&heading(&[entry(b"A", b'C', 3, 0), entry(b"B", b'I', 4, 0), entry(b"C", b'N', 4, 0)])).unwrap();
        let ascii = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(shown(b" a\0z\x01\x02\0\0  12", &fields, ascii), "a|513|12");
        assert_eq!(shown(b" a ", &fields, ascii), "|0|", "a record that was cut");
    }
}
