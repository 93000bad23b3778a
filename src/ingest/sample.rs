//! A look at deliveries before they are read: how many rows a source's files hold, estimated from pieces of each file.
//!
//! Of a text file the first [`PIECE`] bytes and as many from its middle are split as the reader would split them; their average
//! record length is carried over to the whole. A file of no more than two pieces is counted to its end. Of a spreadsheet the
//! beginning of its largest sheet is unpacked; the archive's directory states the sheet's whole size. The heading of a text
//! file is looked for, so that a changed one is known before the night; no row is kept, decoded or judged.
//!
//! Memory: two pieces. Rows whose lengths change along a file (a list sorted by county, say) make the estimate worse; nothing
//! depends on it but what people are told.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::delivered::Delivered;
use super::encoding::Encoding;
use super::inbox::{newest_date_in_names, refuse_unclear};
use super::layout::{Format, Source};
use super::split::{Dialect, Splitter};
use super::{Job, dbf, delimited, deliveries, fixed, xlsx};
use crate::kernel::{Cancel, Date, Error, ErrorKind, Message, Result, Silent};
use crate::model::kind::Kind;

/// Bytes read at one place of a file.
const PIECE: usize = 256 << 10;

/// What a source's deliveries would give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub files: usize,
    /// Of all files together, as they lie on disk.
    pub bytes: u64,
    /// Estimated.
    pub rows: u64,
    /// Why the run would refuse the source, as far as a sample can tell.
    pub refused: Option<Error>,
    /// Nothing says of which day it is, and its layout sets a cycle: it would count as stale.
    pub undated: bool,
}

/// Samples all files of a source. None delivered is no fault: zero files.
///
/// # Errors
/// Kind `Io` if a folder or file cannot be read.
pub fn sample(root: &Path, source: &Source, kind: &Kind) -> Result<Sample> {
    let paths = deliveries(root, source)?;
    let refused = refuse_unclear(root, source, None).err();
    let is_dated = source.stated_as_of().is_some() || source.maps("as_of") || newest_date_in_names(&paths).is_some();
    let undated = source.cycle_days.is_some() && !paths.is_empty() && !is_dated;
    let mut all = Sample { files: 0, bytes: 0, rows: 0, refused, undated };
    for path in paths {
        let delivered = Delivered::open(&path)?;
        all.files += 1;
        all.bytes += delivered.len() as u64;
        let rows = match source.connector.format {
            Format::Csv => rows_of_text(&delivered, source, kind),
            Format::Xlsx => rows_of_book(&delivered, source, kind),
            Format::Fixed => fixed::estimate(&delivered, &looking(source, kind, &Cancel::default())),
            Format::Dbf => rows_of_table(&delivered, source, kind),
        };
        match rows.map_err(|error| error.at(&path)) {
            Ok(rows) => all.rows += rows,
            Err(error) if error.kind() == ErrorKind::Input => all.refused = all.refused.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Records and the bytes they take.
#[derive(Default)]
struct Counted {
    records: u64,
    bytes: u64,
}

fn rows_of_text(delivered: &Delivered, source: &Source, kind: &Kind) -> Result<u64> {
    let length = delivered.len();
    if length == 0 {
        return Err(Error::input(Message::new("ingest.refused_empty")));
    }
    let is_whole = length <= 2 * PIECE;
    let first = delivered.piece(0, if is_whole { length } else { PIECE })?;
    let cancel = Cancel::default();
    let job = looking(source, kind, &cancel);
    let heading = delimited::open(&first, &job, || Ok(Encoding::detect(&first).0))?;
    let dialect = Dialect { width: heading.mapping.width, ..heading.dialect };
    let mut counted = Counted::default();
    count(&first[heading.body.min(first.len())..], dialect, &mut counted);
    if is_whole {
        return Ok(counted.records);
    }
    count(&delivered.lines(length / 2, PIECE)?, dialect, &mut counted);
    let body = (length - heading.body) as u64;
    // Lines longer than a piece: nothing is known but that there is a record.
    Ok(if counted.bytes == 0 { 1 } else { scaled(counted.records, body, counted.bytes) })
}

/// A reading that goes no further than the heading.
fn looking<'a>(source: &'a Source, kind: &'a Kind, cancel: &'a Cancel) -> Job<'a> {
    let today = Date::from_days(0);
    Job { code: "", source, kind, today, wanted: None, progress: &Silent, cancel, keys: None }
}

fn rows_of_book(delivered: &Delivered, source: &Source, kind: &Kind) -> Result<u64> {
    let rows = rows_of_sheet(delivered.file())?;
    xlsx::look(delivered, &looking(source, kind, &Cancel::default()))?;
    Ok(rows)
}

/// As its heading says; deleted ones are among them.
fn rows_of_table(delivered: &Delivered, source: &Source, kind: &Kind) -> Result<u64> {
    let shape = dbf::Shape::settled(delivered, source.connector.encoding)?;
    dbf::mapping(&shape, &looking(source, kind, &Cancel::default()))?;
    Ok(shape.records as u64)
}

fn count(bytes: &[u8], dialect: Dialect, counted: &mut Counted) {
    let mut splitter = Splitter::new(bytes, 0, dialect);
    while splitter.next(bytes.len()).is_some() {
        counted.records += 1;
    }
    counted.bytes += bytes.len() as u64;
}

/// Rows of the largest sheet, which holds the list; the layout's sheet may be a smaller one, and the estimate then too high.
fn rows_of_sheet(file: &File) -> Result<u64> {
    let refused = |reason: String| {
        let message = Message::new("ingest.refused_xlsx").with("reason", reason);
        Error::input(message).hint(Message::new("ingest.refused_xlsx_hint"))
    };
    let mut book = zip::ZipArchive::new(file).map_err(|error| refused(error.to_string()))?;
    let mut largest = None;
    for index in 0..book.len() {
        let entry = book.by_index_raw(index).map_err(|error| refused(error.to_string()))?;
        let is_sheet = entry.name_raw().starts_with(b"xl/worksheets/sheet");
        if is_sheet && largest.is_none_or(|(_, size)| entry.size() > size) {
            largest = Some((index, entry.size()));
        }
    }
    let Some((index, size)) = largest else { return Err(refused("xl/worksheets".to_owned())) };
    let sheet = book.by_index(index).map_err(|error| refused(error.to_string()))?;
    let mut beginning = Vec::new();
    sheet.take(PIECE as u64).read_to_end(&mut beginning).map_err(|error| refused(error.to_string()))?;
    let rows = memchr::memmem::find_iter(&beginning, b"<row").count() as u64;
    // The heading is no row.
    Ok(if beginning.is_empty() { 0 } else { scaled(rows, size, beginning.len() as u64).saturating_sub(1) })
}

/// `count · whole / part`, rounded down; exact for any file.
pub(super) fn scaled(count: u64, whole: u64, part: u64) -> u64 {
    (u128::from(count) * u128::from(whole) / u128::from(part)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Lang;

    const LAYOUT: &str = r#"
        kind = "vehicle"
        department = "公安交管"
        connector = { type = "TYPE", path = "*.NAME" }
        columns = { owner_id = "号码", owner_name = "姓名", plate = "号牌" }
    "#;

    fn sampled(ty: &str, files: &[(&str, &[u8])]) -> Sample {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let source = Source::parse(&LAYOUT.replace("TYPE", ty).replace("NAME", ty), Path::new("v.toml")).unwrap();
        sample(folder.path(), &source, &source.kind().unwrap()).unwrap()
    }

    /// `rows` lines behind a heading, each with a quoted line end, in the given encoding.
    fn list(rows: usize, encoding: Encoding) -> Vec<u8> {
        let mut text = "清单\n号码,姓名,号牌\n".to_owned();
        (0..rows).for_each(|row| text.push_str(&format!("{:018},\"张\n三\",鲁A{:05}\n", row, row % 100_000)));
        encoding.encode(&text)
    }

    #[test]
    fn a_small_file_is_counted() {
        let (first, second) = (list(3, Encoding::Utf8), list(5, Encoding::Gb18030));
        let found = sampled("csv", &[("a.csv", &first), ("b.csv", &second[..second.len() - 1])]);
        let bytes = (first.len() + second.len() - 1) as u64;
        assert_eq!(found, Sample { files: 2, bytes, rows: 8, refused: None, undated: false });
        assert_eq!(sampled("csv", &[]), Sample { files: 0, bytes: 0, rows: 0, refused: None, undated: false });
    }

    #[test]
    fn a_large_file_is_estimated_in_either_encoding() {
        for encoding in [Encoding::Utf8, Encoding::Gb18030] {
            let rows = sampled("csv", &[("a.csv", &list(100_000, encoding))]).rows;
            assert!(rows.abs_diff(100_000) < 100, "{rows}");
        }
    }

    #[test]
    fn rows_that_grow_along_the_file_are_met_half_way() {
        let mut text = b"\xE5\x8F\xB7\xE7\xA0\x81,\xE5\xA7\x93\xE5\x90\x8D,\xE5\x8F\xB7\xE7\x89\x8C\n".to_vec();
        text.extend(b"1,a,b\n".repeat(100_000));
        text.extend(b"1,a,bbbbbbbbbbbbbbbbbbb\n".repeat(100_000));
        // Half of the sample has 6 bytes a record, the other half 24: 2·256 Ki / 10,923 + 43,690 records = 9.6 bytes each.
        let rows = sampled("csv", &[("a.csv", &text)]).rows;
        assert!((300_000..325_000).contains(&rows), "{rows}");
    }

    #[test]
    fn what_the_run_would_refuse_is_known_before() {
        let said = |bytes: &[u8]| sampled("csv", &[("a.csv", bytes)]).refused.map(|error| error.say(Lang::Zh));
        assert!(said(b"").unwrap().contains("空"));
        assert!(said("号码,姓名,车牌\n1,a,b\n".as_bytes()).unwrap().contains("车牌"));
        assert!(said(b"PK\x03\x04").is_some());
        assert!(sampled("xlsx", &[("a.xlsx", b"no zip")]).refused.is_some());
    }

    #[test]
    fn a_line_longer_than_a_piece_is_one_record_at_least() {
        let mut text = "号码,姓名,号牌\n".as_bytes().to_vec();
        text.resize(10 << 20, b'x');
        let found = sampled("csv", &[("a.csv", &text)]);
        assert_eq!((found.rows, found.refused), (1, None));
    }

    #[test]
    fn rows_of_a_spreadsheet_whose_heading_is_the_layouts() {
        let sampled = |heading: [&str; 3]| {
            let mut book = rust_xlsxwriter::Workbook::new();
            let sheet = book.add_worksheet();
            sheet.write_row(0, 0, heading).unwrap();
            for row in 1..=20_000 {
                sheet.write(row, 0, format!("{row:018}")).unwrap();
                sheet.write(row, 1, "张三").unwrap();
            }
            sampled("xlsx", &[("a.xlsx", &book.save_to_buffer().unwrap())])
        };
        let Sample { rows, refused, .. } = sampled(["号码", "姓名", "号牌"]);
        // The first rows' own numbers are shorter than the later ones'.
        assert!(rows.abs_diff(20_000) < 1_000 && refused.is_none(), "{rows}");
        let said = sampled(["号码", "姓名", "车牌"]).refused.map(|error| error.say(Lang::Zh));
        assert!(said.unwrap().contains("车牌"));
    }
}
