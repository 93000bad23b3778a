//! Delimited text → records and cells, as bytes, without decoding and without allocating per record.
//!
//! Quoting follows RFC 4180 as the `csv` crate reads it (a cell that begins with a quote is quoted, a doubled quote
//! stands for one, text behind the closing quote belongs to the cell); only `\n` ends a record, a `\r` before it is
//! dropped. It differs on purpose where a quoted cell runs over several lines and the record then makes no sense: a
//! stray quote would swallow the rows up to the next one. Such a record is given up at its first physical line and
//! reading goes on with the next, so that a stray quote costs one row.
//!
//! The next record depends only on the bytes from its start on. Chunks that start at a true record start therefore
//! give what one pass over the file gives.

use memchr::{memchr, memchr_iter, memchr2};

use super::encoding::Encoding;
use super::marks::Marks;

/// A record longer than this is not believed: no department writes one, a stray quote or a wrong file does.
pub(super) const RECORD_LIMIT: usize = 1 << 20;

/// A cell's bytes in [`Record::text`]: start and end.
pub(super) type Cell = (u32, u32);

/// How a file is split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    pub(super) encoding: Encoding,
    /// Cells a record should have; 0 if that is not known yet (looking for the heading).
    pub(super) width: usize,
}

/// Why a record could not be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote that was never closed in a way that makes sense.
    StrayQuote,
    /// Over [`RECORD_LIMIT`] bytes in one line.
    TooLong,
    /// The file ends within a quoted cell, or within a record of a table.
    Truncated,
    /// In a table, neither the mark of a record nor that of a deleted one.
    NoRecord,
}

/// One record.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// As delivered, without the line end. Of a faulty record, its first physical line.
    pub(super) raw: &'a [u8],
    /// What the cells point into: `raw`, or the text with quotes taken out.
    pub(super) text: &'a [u8],
    /// Empty if there is a fault.
    pub(super) cells: &'a [Cell],
    /// Physical line of its start, the splitter's first being 0.
    pub(super) line: u32,
    /// Byte offset of its start in the file.
    pub(super) offset: u64,
    pub(super) fault: Option<Fault>,
    /// No line end follows: the file may have been cut off here.
    pub(super) last: bool,
}

impl<'a> Record<'a> {
    pub(super) fn cell(&self, index: usize) -> &'a [u8] {
        let (start, end) = self.cells[index];
        &self.text[start as usize..end as usize]
    }
}

/// Walks over the records of a file's bytes.
pub(super) struct Splitter<'a> {
    /// Where in the file the bytes begin.
    base: usize,
    bytes: &'a [u8],
    dialect: Dialect,
    at: usize,
    lines: u32,
    marks: Marks,
    cells: Vec<Cell>,
    unquoted: Vec<u8>,
}

/// What a scan of one record found: where the next one starts, and how many line ends were passed.
struct Scanned {
    end: usize,
    next: usize,
    lines: u32,
    fault: Option<Fault>,
    in_scratch: bool,
}

impl<'a> Splitter<'a> {
    /// `at` must be the start of a record.
    pub(super) fn new(bytes: &'a [u8], at: usize, dialect: Dialect) -> Self {
        let marks = Marks::new(dialect.delimiter, [b'\n', dialect.quote.unwrap_or(b'\n')]);
        Self { base: 0, bytes, dialect, at, lines: 0, marks, cells: Vec::new(), unquoted: Vec::new() }
    }

    /// The bytes lie at this place of the file: offsets of records are the file's.
    pub(super) fn lying_at(self, base: usize) -> Self {
        Self { base, ..self }
    }

    /// Goes to another record's start; lines count from there.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
        self.lines = 0;
    }

    /// Where the next record starts.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Line ends passed so far.
    pub(super) fn lines(&self) -> u32 {
        self.lines
    }

    /// The next record that starts before `until`; blank lines are passed over.
    pub(super) fn next(&mut self, until: usize) -> Option<Record<'_>> {
        let (start, scanned) = loop {
            if self.at >= until.min(self.bytes.len()) {
                return None;
            }
            let plain = self.split_plain();
            let line_end = plain.unwrap_or_else(|| self.line_end());
            // Zeros are no blank line: a copy that did not finish ends in them.
            if self.bytes[self.at..line_end].iter().any(|byte| *byte > b' ' || *byte == 0) {
                let scanned = if plain.is_some() { self.one_line(line_end, None) } else { self.scan(line_end) };
                break (self.at, scanned);
            }
            self.at = (line_end + 1).min(self.bytes.len());
            self.lines += 1;
        };
        let line = self.lines;
        self.at = scanned.next;
        self.lines += scanned.lines;
        let raw = &self.bytes[start..scanned.end];
        Some(Record {
            raw,
            text: if scanned.in_scratch { &self.unquoted } else { raw },
            cells: &self.cells,
            line,
            offset: (self.base + start) as u64,
            fault: scanned.fault,
            last: scanned.end == self.bytes.len(),
        })
    }

    fn line_end(&self) -> usize {
        memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |found| self.at + found)
    }

    /// Splits the line here if nothing in it needs a closer look: no quote, no character that may hold a delimiter, and
    /// not too long. Gives where it ends.
    fn split_plain(&mut self) -> Option<usize> {
        let (bytes, start) = (self.bytes, self.at);
        let Self { marks, cells, dialect, .. } = self;
        cells.clear();
        let mut characters = Characters::new(*dialect, start);
        let mut from = start;
        let line_end = marks.until_stop(bytes, start, |found| {
            if found - start > RECORD_LIMIT || characters.hold(bytes, found) {
                return None;
            }
            cells.push(((from - start) as u32, (found - start) as u32));
            from = found + 1;
            characters.restart(from);
            Some(())
        })?;
        if bytes.get(line_end).is_some_and(|byte| *byte != b'\n') {
            return None;
        }
        let length = without_return(bytes, start, line_end) - start;
        cells.push(((from - start) as u32, length as u32));
        (length <= RECORD_LIMIT).then_some(line_end)
    }

    /// A record of the line here.
    fn one_line(&self, line_end: usize, fault: Option<Fault>) -> Scanned {
        let (end, next) = (without_return(self.bytes, self.at, line_end), (line_end + 1).min(self.bytes.len()));
        Scanned { end, next, lines: 1, fault, in_scratch: false }
    }

    /// Looks closely at the record whose first line ends at `line_end`.
    fn scan(&mut self, line_end: usize) -> Scanned {
        self.cells.clear();
        let start = self.at;
        let line = &self.bytes[start..without_return(self.bytes, start, line_end)];
        if line.len() > RECORD_LIMIT {
            return self.one_line(line_end, Some(Fault::TooLong));
        }
        match self.dialect.quote {
            Some(quote) if memchr(quote, line).is_some() => self.scan_quoted(start, quote).unwrap_or_else(|fault| {
                self.cells.clear();
                let cut_off = fault == Fault::Truncated && line_end == self.bytes.len();
                self.one_line(line_end, Some(if cut_off { fault } else { Fault::StrayQuote }))
            }),
            _ => {
                self.split_characters(line);
                self.one_line(line_end, None)
            }
        }
    }

    /// Splits a line without quotes in which characters hold the delimiter's byte.
    fn split_characters(&mut self, line: &[u8]) {
        let mut from = 0;
        let mut characters = Characters::new(self.dialect, 0);
        let mut inside_characters = 0;
        for found in memchr_iter(self.dialect.delimiter, line) {
            if characters.hold(line, found) {
                inside_characters += 1;
                continue;
            }
            self.cells.push((from as u32, found as u32));
            from = found + 1;
            characters.restart(from);
        }
        self.cells.push((from as u32, line.len() as u32));
        // Half a character before the delimiter makes a valid one with it (D5 7C). If the record is short by exactly
        // the delimiters that were taken for second bytes, they were delimiters; the half shows when its cell is decoded.
        if inside_characters > 0 && self.cells.len() + inside_characters == self.dialect.width {
            self.cells.clear();
            let mut from = 0;
            for found in memchr_iter(self.dialect.delimiter, line) {
                self.cells.push((from as u32, found as u32));
                from = found + 1;
            }
            self.cells.push((from as u32, line.len() as u32));
        }
    }

    /// Splits a record that holds quotes into the scratch text; may run over several lines.
    fn scan_quoted(&mut self, start: usize, quote: u8) -> Result<Scanned, Fault> {
        let Self { bytes, dialect, cells, unquoted, .. } = self;
        let bytes: &[u8] = bytes;
        let stop = bytes.len().min(start + RECORD_LIMIT);
        unquoted.clear();
        let mut at = start;
        let mut lines = 1;
        loop {
            let from = unquoted.len();
            if bytes.get(at) == Some(&quote) {
                let (after, inner_lines) = copy_quoted(bytes, at + 1, stop, quote, unquoted)?;
                at = after;
                lines += inner_lines;
                if lines > 1 && !ends_cell(bytes, at, dialect.delimiter) {
                    return Err(Fault::StrayQuote);
                }
            }
            let (cell_end, is_delimiter) = cell_end(bytes, at, *dialect);
            let copied_to = if is_delimiter { cell_end } else { without_return(bytes, at, cell_end) };
            unquoted.extend_from_slice(&bytes[at..copied_to]);
            cells.push((from as u32, unquoted.len() as u32));
            if !is_delimiter {
                if lines > 1 && dialect.width > 0 && !fits(dialect.width, unquoted, cells) {
                    return Err(Fault::StrayQuote);
                }
                let next = (cell_end + 1).min(bytes.len());
                return Ok(Scanned { end: copied_to, next, lines, fault: None, in_scratch: true });
            }
            at = cell_end + 1;
            // A record that is already too wide will not come right; going on would make many stray quotes slow.
            if at > stop || (lines > 1 && dialect.width > 0 && cells.len() > 2 * dialect.width) {
                return Err(Fault::StrayQuote);
            }
        }
    }
}

/// Copies a quoted cell's inside, `at` being behind the opening quote. Gives the place behind the closing quote and the
/// line ends passed.
fn copy_quoted(bytes: &[u8], mut at: usize, stop: usize, quote: u8, out: &mut Vec<u8>) -> Result<(usize, u32), Fault> {
    let mut lines = 0;
    loop {
        let unclosed = if stop == bytes.len() { Fault::Truncated } else { Fault::StrayQuote };
        let length = bytes.get(at..stop).and_then(|rest| memchr(quote, rest)).ok_or(unclosed)?;
        let inside = &bytes[at..at + length];
        lines += memchr_iter(b'\n', inside).count() as u32;
        out.extend_from_slice(inside);
        at += length + 1;
        if bytes.get(at) != Some(&quote) {
            return Ok((at, lines));
        }
        out.push(quote);
        at += 1;
    }
}

/// Whether the cell is over right here.
fn ends_cell(bytes: &[u8], at: usize, delimiter: u8) -> bool {
    match bytes.get(at) {
        None | Some(b'\n') => true,
        Some(b'\r') => matches!(bytes.get(at + 1), None | Some(b'\n')),
        Some(byte) => *byte == delimiter,
    }
}

/// The end of an unquoted run, and whether a delimiter stands there (else a line end or the end of the file).
fn cell_end(bytes: &[u8], start: usize, dialect: Dialect) -> (usize, bool) {
    let mut characters = Characters::new(dialect, start);
    let mut from = start;
    loop {
        let Some(found) = memchr2(dialect.delimiter, b'\n', &bytes[from..]).map(|found| found + from) else {
            return (bytes.len(), false);
        };
        if bytes[found] == b'\n' {
            return (found, false);
        }
        if !characters.hold(bytes, found) {
            return (found, true);
        }
        from = found + 1;
    }
}

/// Where a line ends that may end in a carriage return.
pub(super) fn without_return(bytes: &[u8], start: usize, end: usize) -> usize {
    if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

/// The record has the cells it should have; blank ones too many at its end (a trailing delimiter) do no harm.
pub(super) fn fits(width: usize, text: &[u8], cells: &[Cell]) -> bool {
    cells.len() >= width
        && cells[width..]
            .iter()
            .all(|(start, end)| text[*start as usize..*end as usize].iter().all(|byte| *byte <= b' '))
}

/// Tells whether a delimiter byte is the second byte of a GB18030 character. Second bytes are 40 to 7E and 80 to FE,
/// so that `|` can be one, while `,` `;` tab, quote and line end cannot.
struct Characters {
    needed: bool,
    /// Start of a character at or before the next candidate.
    at: usize,
}

impl Characters {
    fn new(dialect: Dialect, start: usize) -> Self {
        Self { needed: dialect.encoding == Encoding::Gb18030 && dialect.delimiter >= 0x40, at: start }
    }

    fn restart(&mut self, start: usize) {
        self.at = start;
    }

    /// A character holds the byte at `place` as its second one. Only looked into where the byte before can be a first one.
    fn hold(&mut self, bytes: &[u8], place: usize) -> bool {
        if !self.needed || place == self.at || bytes[place - 1] < 0x81 {
            return false;
        }
        while self.at < place {
            self.at += character_length(&bytes[self.at..]);
        }
        self.at > place
    }
}

fn character_length(bytes: &[u8]) -> usize {
    match bytes {
        [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, ..] => 4,
        [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, ..] => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dialect(delimiter: u8, encoding: Encoding, width: usize) -> Dialect {
        Dialect { delimiter, quote: Some(b'"'), encoding, width }
    }

    fn comma(width: usize) -> Dialect {
        dialect(b',', Encoding::Utf8, width)
    }

    /// Per record: its line, its cells, its fault.
    fn split(bytes: &[u8], dialect: Dialect) -> Vec<(u32, Vec<Vec<u8>>, Option<Fault>)> {
        let mut splitter = Splitter::new(bytes, 0, dialect);
        let mut out = Vec::new();
        while let Some(record) = splitter.next(bytes.len()) {
            let cells = (0..record.cells.len()).map(|index| record.cell(index).to_vec()).collect();
            out.push((record.line, cells, record.fault));
        }
        assert_eq!(splitter.at(), bytes.len(), "every byte is passed");
        out
    }

    fn cells(bytes: &[u8], dialect: Dialect) -> Vec<Vec<String>> {
        split(bytes, dialect)
            .into_iter()
            .map(|(_, cells, _)| cells.into_iter().map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect())
            .collect()
    }

    fn oracle(bytes: &[u8], delimiter: u8) -> Vec<Vec<Vec<u8>>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(bytes)
            .byte_records()
            .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
            .collect()
    }

    #[test]
    fn line_ends_and_physical_lines() {
        let found = split(b"a,b\r\n\r\n\"c\nc\",d\n  \ne,\"f\"\"f\"", comma(2));
        let lines: Vec<u32> = found.iter().map(|record| record.0).collect();
        assert_eq!(lines, [0, 2, 5], "a blank line and the line inside the quotes count");
        assert_eq!(found[1].1, [b"c\nc".to_vec(), b"d".to_vec()]);
        assert_eq!(found[2].1, [b"e".to_vec(), b"f\"f".to_vec()]);
    }

    #[test]
    fn quotes_need_the_start_of_a_cell() {
        assert_eq!(cells(b"5\" pipe,x\n\"ab\"cd,y\n", comma(2)), [["5\" pipe", "x"], ["abcd", "y"]]);
        let unquoted = Dialect { quote: None, ..comma(2) };
        assert_eq!(cells(b"\"a,b\"\n", unquoted), [["\"a", "b\""]]);
    }

    #[test]
    fn a_stray_quote_costs_one_row() {
        // Line 1 opens a quote that the quoted address of line 3 would close, with the right number of cells.
        let text = b"1,\"a,b\n2,c,d\n3,\"e\",f\n4,g,h\n";
        let found = split(text, comma(3));
        assert_eq!(found[0].2, Some(Fault::StrayQuote));
        assert_eq!(found.iter().map(|record| record.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(found[2].1, [b"3".to_vec(), b"e".to_vec(), b"f".to_vec()]);
    }

    #[test]
    fn a_stray_quote_before_a_long_rest_is_bounded() {
        let mut text = b"1,\"a\n".to_vec();
        let rows = 2 * RECORD_LIMIT / 4;
        text.extend(b"2,b\n".repeat(rows));
        let found = split(&text, comma(2));
        assert_eq!(found.len(), 1 + rows);
        assert_eq!(found[0].2, Some(Fault::StrayQuote));
        assert!(found[1..].iter().all(|record| record.2.is_none()));
    }

    #[test]
    fn the_file_ends_within_quotes() {
        assert_eq!(split(b"1,a\n2,\"b", comma(2))[1].2, Some(Fault::Truncated));
        assert_eq!(
            split(b"1,a\n2,\"b\n", comma(2))[1].2,
            Some(Fault::StrayQuote),
            "the line is whole, the quote is not"
        );
    }

    #[test]
    fn a_line_over_the_limit() {
        let mut text = vec![b'x'; 10 << 20];
        text.extend_from_slice(b"\n1,2\n");
        let found = split(&text, comma(2));
        assert_eq!((found.len(), found[0].2, found[1].2), (2, Some(Fault::TooLong), None));
    }

    #[test]
    fn a_bar_inside_a_character() {
        // 誷 is D5 7C in GB18030: its second byte is the delimiter.
        let bar = dialect(b'|', Encoding::Gb18030, 3);
        let found = split(b"1|\xD5\x7C|x\n", bar);
        assert_eq!(found[0].1, [b"1".to_vec(), b"\xD5\x7C".to_vec(), b"x".to_vec()]);
        // A lead byte value before the delimiter that is itself a second byte: 啊 is B0 A1.
        assert_eq!(split(b"\xB0\xA1|2|3\n", bar)[0].1.len(), 3);
        // A four-byte character: 𬱖 is 99 33 C3 36.
        assert_eq!(split(b"\x99\x33\xC3\x36|2|3\n", bar)[0].1.len(), 3);
        assert_eq!(split(b"\"1\"|\xD5\x7C|x\n", bar)[0].1.len(), 3, "in a line with quotes too");
    }

    #[test]
    fn half_a_character_before_a_bar_gives_the_bar_back() {
        let bar = dialect(b'|', Encoding::Gb18030, 3);
        assert_eq!(split(b"1|\xD5|x\n", bar)[0].1, [b"1".to_vec(), b"\xD5".to_vec(), b"x".to_vec()]);
        assert_eq!(split(b"1|\xD5|x\n", dialect(b'|', Encoding::Gb18030, 4))[0].1.len(), 2, "not short by just that");
    }

    #[test]
    fn nul_bytes_and_trailing_delimiters() {
        assert_eq!(cells(b"a\0,b\n \t\n\0\0\0", comma(2)), [vec!["a\0", "b"], vec!["\0\0\0"]]);
        assert!(fits(2, b"ab ", &[(0, 1), (1, 2), (2, 3)]));
        assert!(!fits(2, b"abc", &[(0, 1), (1, 2), (2, 3)]));
        assert!(!fits(2, b"a", &[(0, 1)]));
    }

    proptest! {
        #[test]
        fn what_a_writer_writes_is_read_as_the_csv_crate_reads_it(
            rows in prop::collection::vec(prop::collection::vec("[a汉,|\"\n ]{0,5}", 3), 1..12),
            bar in any::<bool>(),
        ) {
            let delimiter = if bar { b'|' } else { b',' };
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = writer.into_inner().unwrap();
            let found: Vec<Vec<Vec<u8>>> =
                split(&text, dialect(delimiter, Encoding::Utf8, 3)).into_iter().map(|record| record.1).collect();
            prop_assert_eq!(found, oracle(&text, delimiter));
        }

        #[test]
        fn any_line_with_closed_quotes_is_read_as_the_csv_crate_reads_it(line in "[ab,\"汉]{1,24}") {
            let text = format!("{line}\n");
            let found = split(text.as_bytes(), comma(0));
            if found[0].2.is_none() {
                prop_assert_eq!(vec![found[0].1.clone()], oracle(text.as_bytes(), b','));
            }
        }

        #[test]
        fn any_bytes_end_in_records(bytes in prop::collection::vec(prop::sample::select(b"a,|\"\n\r\0\xD5\x7C\x81\x30".to_vec()), 0..200)) {
            for delimiter in [b',', b'|'] {
                let found = split(&bytes, dialect(delimiter, Encoding::Gb18030, 3));
                prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "lines grow");
            }
        }
    }
}
