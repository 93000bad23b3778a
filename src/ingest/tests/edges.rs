//! Chunk boundaries: wherever a file is cut, the rows are those that the `csv` crate reads in one piece.

use super::*;
use crate::ingest::split::RECORD_LIMIT;
use proptest::prelude::*;

/// Letters that make cutting hard: four-byte characters of GB18030 (𬱖, 䶮's neighbour 㛃), one whose second byte is `|` (誷),
/// delimiters, quotes, line ends, a NUL.
const LETTERS: &str = "[a7汉𬱖㛃誷|,\t\"\n\r\0 ]{0,8}";

fn layout(encoding: Encoding, delimiter: char) -> String {
    let encoding = if encoding == Encoding::Utf8 { "utf-8" } else { "gb18030" };
    let connector = format!("encoding = \"{encoding}\", delimiter = {:?}, path", delimiter.to_string());
    VEHICLE.replacen("path", &connector, 1)
}

/// Physical line, id, name and plate of every row kept.
fn rows_of(evidence: &Evidence) -> Vec<(u32, [String; 3])> {
    let cells = ["owner_id", "owner_name", "plate"].map(|field| column(evidence, field));
    evidence
        .refs
        .iter()
        .enumerate()
        .map(|(row, at)| (at.line, cells.each_ref().map(|cell| cell[row].clone())))
        .collect()
}

/// The same of a text in UTF-8, by the `csv` crate; blanks at the ends of a cell are no part of it.
fn oracle(text: &str, delimiter: char) -> Vec<(u32, [String; 3])> {
    let line_of = |at: u64| text.as_bytes()[..at as usize].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter as u8)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text.as_bytes());
    let cell = |record: &csv::ByteRecord, index: usize| Encoding::Utf8.text(&record[index]).0.into_owned();
    let records = reader.byte_records().map(|record| record.expect("a writer wrote it"));
    records.map(|it| (line_of(it.position().unwrap().byte()), [cell(&it, 0), cell(&it, 1), cell(&it, 2)])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_chunk_size_gives_the_rows_of_the_csv_crate(
        cells in prop::collection::vec((LETTERS, LETTERS), 1..14),
        delimiter in prop::sample::select(vec![',', '|', '\t', ';']),
        gb18030: bool,
        returns: bool,
        open_end: bool,
        chunk in 1_usize..200,
    ) {
        let terminator = if returns { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter as u8).terminator(terminator).from_writer(Vec::new());
        writer.write_record(HEADING.trim_end().split(',')).unwrap();
        for (row, (name, plate)) in cells.iter().enumerate() {
            let id = format!("{:018}", row + 1);
            // The type stands last: the file may end without a line end and the row is whole all the same.
            writer.write_record([id.as_str(), name, plate, "", "", "", "", "1"]).unwrap();
        }
        let mut text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        if open_end {
            text.truncate(text.trim_end().len());
        }
        let encoding = if gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 };
        let centre = Centre::new(&layout(encoding, delimiter), &[("v.csv", &encoding.encode(&text))]);
        let evidence = centre.read_with(&|_| true, chunk);
        prop_assert_eq!(rows_of(&evidence), oracle(&text, delimiter), "{:?}", evidence.rejects);
    }

    #[test]
    fn damaged_bytes_are_read_alike_in_one_piece_and_in_many(
        body in prop::collection::vec(prop::sample::select(b"1a,|\"\"\n\n\r\0\xD5\x7C\x81\x30\xFF".to_vec()), 0..300),
        gb18030: bool,
        bar: bool,
        chunk in 1_usize..60,
    ) {
        let (encoding, delimiter) = (if gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 }, if bar { '|' } else { ',' });
        let mut bytes = encoding.encode(&HEADING.replace(',', &delimiter.to_string()));
        bytes.extend_from_slice(&body);
        let centre = Centre::new(&layout(encoding, delimiter), &[("v.csv", &bytes)]);
        let whole = centre.read_with(&|_| true, 1 << 30);
        let cut = centre.read_with(&|_| true, chunk);
        prop_assert_eq!(format!("{cut:?}"), format!("{whole:?}"));
    }
}

fn good_rows(count: usize) -> String {
    (0..count).map(|row| format!("{B},李四,鲁A{row:05},,A,,,\n")).collect()
}

#[test]
fn a_stray_quote_that_would_swallow_the_file_costs_its_row() {
    // The next quote is the one that opens another stray cell, and the last has none behind it.
    let rows = 2 * RECORD_LIMIT / 40;
    let text = format!(
        "{}{A},\"张三,鲁B1,,A,,,\n{}{A},\"王五,鲁B2,,A,,,\n{}",
        good_rows(10),
        good_rows(rows),
        good_rows(rows)
    );
    let centre = vehicle(&text);
    for chunk in [1 << 12, RECORD_LIMIT - 1, chunks::CHUNK] {
        let evidence = centre.read_with(&|_| true, chunk);
        assert_eq!(bins(&evidence), (2 * rows as u64 + 12, 2 * rows as u64 + 10, 0, 2, 0), "chunks of {chunk}");
        let rejects: Vec<_> = evidence.rejects.iter().map(|reject| (reject.at.line as usize, reject.reason)).collect();
        assert_eq!(rejects, [(12, "ingest.reject_quote"), (13 + rows, "ingest.reject_quote")]);
        assert_eq!(evidence.rejects[0].text, format!("{A},\"张三,鲁B1,,A,,,"), "the row goes back as it was");
    }
}

#[test]
fn a_line_of_ten_megabytes_is_one_reject_and_is_not_kept_whole() {
    let text = format!("{}{}\n{}", good_rows(3), "x".repeat(10 << 20), good_rows(3));
    let centre = vehicle(&text);
    for chunk in [1 << 16, chunks::CHUNK] {
        let evidence = centre.read_with(&|_| true, chunk);
        assert_eq!(bins(&evidence), (7, 6, 0, 1, 0));
        assert_eq!((evidence.rejects[0].at.line, evidence.rejects[0].reason), (5, "ingest.reject_long"));
        assert_eq!(evidence.rejects[0].text.len(), batch::REJECT_CHARACTERS);
        assert_eq!(evidence.refs[5].line, 8, "lines are counted on behind it");
    }
}

#[test]
fn a_quoted_cell_over_many_chunks_is_one_row_up_to_the_limit() {
    let row = |lines: usize| format!("{A},\"{}\",鲁A1,,A,,,\n{B},李四,鲁A2,,A,,,\n", "演示\n".repeat(lines));
    let fitting = RECORD_LIMIT / "演示\n".len() - 10;
    let evidence = vehicle(&row(fitting)).read_with(&|_| true, 1 << 12);
    assert_eq!(bins(&evidence), (2, 2, 0, 0, 0));
    assert_eq!(evidence.refs[1].line as usize, 3 + fitting);
    // Over it nobody believes the quote: every line stands for itself, and only the last row is one.
    let evidence = vehicle(&row(fitting + 20)).read_with(&|_| true, 1 << 12);
    let (read, linked, ..) = bins(&evidence);
    assert_eq!((read as usize, linked), (fitting + 20 + 2, 1));
}

#[test]
fn nul_bytes_neither_end_a_file_nor_a_cell() {
    let text = format!("{A},张\0三,鲁\0A1\0,,A,,,\n\0\0\0\n{B},\0李四,鲁A2,,A,,,\n");
    for chunk in [1, 7, chunks::CHUNK] {
        let evidence = vehicle(&text).read_with(&|_| true, chunk);
        assert_eq!(column(&evidence, "owner_name"), ["张\0三", "李四"]);
        assert_eq!(column(&evidence, "plate"), ["鲁\0A1", "鲁A2"]);
        assert_eq!(evidence.refs.iter().map(|at| at.line).collect::<Vec<_>>(), [2, 4]);
    }
}
