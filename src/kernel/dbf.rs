//! The heading of a dBase or FoxPro table: which fields a record has and where they lie. Nothing is read or decoded here.
//!
//! Units: bytes. Places are counted from the record's beginning, whose first byte is its mark.

/// Bytes of the heading before its fields, and of each of them.
pub const ENTRY: usize = 32;

/// What ends the list of fields.
const FIELDS_END: u8 = 0x0D;

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
}

/// The fields of a record in their order; `None` if the bytes are no heading of a table to its end.
pub fn fields(heading: &[u8]) -> Option<Vec<Listed>> {
    let (mut fields, mut at) = (Vec::new(), 1);
    for entry in heading.get(ENTRY..)?.chunks(ENTRY) {
        if entry[0] == FIELDS_END {
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

/// A record as people read it: its texts without what fills them up, a bar between them. Bytes that are numbers say nothing.
pub fn shown(record: &[u8], fields: &[Listed], decode: impl Fn(&[u8]) -> String) -> String {
    let is_text = |field: &&Listed| matches!(field.ty, b'C' | b'N' | b'F' | b'D' | b'L' | b'V');
    let texts = fields.iter().filter(is_text).map(|field| decode(field.of(record)));
    let bare =
        |text: String| text.trim_matches(|letter: char| letter.is_whitespace() || letter.is_control()).to_owned();
    texts.map(bare).collect::<Vec<_>>().join("|")
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
        assert_eq!(shown(b" a  \x01\x02\x03\x04  12", &fields, ascii), "a|12");
        assert_eq!(shown(b" a ", &fields, ascii), "|", "a record that was cut");
    }
}
