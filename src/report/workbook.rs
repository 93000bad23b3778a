//! Workbooks for county clerks: a cover sheet and one sheet per list, ready to filter, to answer and to print on A4.
//!
//! Same input, same bytes: the creation date is the run's date, and the archive carries no clock. Long lists are
//! streamed through a nameless file inside the output folder, so that no personal value passes through a shared
//! temporary folder.

use std::path::Path;

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder,
    Workbook, Worksheet, XlsxError,
};

use unicode_width::UnicodeWidthStr;

use super::RunView;
use super::cover::Cover;
use super::listing::{Cell, ColumnKind, Listing};
use crate::kernel::{Error, ErrorKind, Message, Result};

/// A sheet holds 1,048,576 rows; what is beyond goes to a second one.
const ROWS_PER_SHEET: usize = 1_000_000;
/// Lists longer than this are streamed instead of held whole.
const HELD_ROWS: usize = 10_000;
/// A cell holds 32,767 characters.
const CELL_CHARACTERS: usize = 32_000;
const FONT: &str = "宋体";
/// Points of one line of text, and the highest row a spreadsheet takes.
const LINE_POINTS: f64 = 13.5;
const ROW_POINTS: f64 = 400.0;
const TITLE_POINTS: f64 = 26.0;
const A4: u8 = 9;
/// Labels and table heads in the first columns of the cover, counts in the rest.
const COVER_WIDTHS: [f64; 11] = [26.0, 24.0, 24.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0];

/// The workbook's bytes; without a cover the first list is its first sheet. `folder` must exist and be writable.
pub(super) fn to_bytes(view: &RunView, folder: &Path, cover: Option<&Cover>, listings: &[Listing]) -> Result<Vec<u8>> {
    build(view, folder, cover, listings).map_err(|error| {
        Error::new(ErrorKind::Io, Message::new("report.workbook_failed").with("reason", error)).at(folder)
    })
}

fn build(
    view: &RunView,
    folder: &Path,
    cover: Option<&Cover>,
    listings: &[Listing],
) -> std::result::Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    workbook.set_tempdir(folder)?;
    let (year, month, day) = view.as_of.ymd();
    let created = ExcelDateTime::from_ymd(year.max(1900) as u16, month as u8, day as u8)?;
    let title = cover.map(|cover| &cover.title).or(listings.first().map(|listing| &listing.title));
    let properties = DocProperties::new().set_title(title.map_or("", String::as_str)).set_company(view.centre);
    workbook.set_properties(&properties.set_creation_datetime(&created));

    if let Some(cover) = cover {
        let sheet = workbook.add_worksheet();
        sheet.set_name(view.word("report.sheet_cover"))?;
        write_cover(view, sheet, &styles, cover)?;
    }
    for listing in listings {
        let parts: Vec<&[Vec<Cell>]> = match listing.rows.is_empty() {
            true => vec![&[]],
            false => listing.rows.chunks(ROWS_PER_SHEET).collect(),
        };
        for (part, rows) in parts.into_iter().enumerate() {
            let sheet = match rows.len() > HELD_ROWS {
                true => workbook.add_worksheet_with_constant_memory()?,
                false => workbook.add_worksheet(),
            };
            let suffix = if part == 0 { String::new() } else { format!("-{}", part + 1) };
            sheet.set_name(format!("{}{suffix}", listing.title))?;
            write_listing(view, sheet, &styles, listing, rows)?;
        }
    }
    workbook.save_to_buffer()
}

struct Styles {
    title: Format,
    heading: Format,
    label: Format,
    text: Format,
    code: Format,
    count: Format,
    answer: Format,
    day: Format,
    note: Format,
    demo: Format,
}

impl Styles {
    fn new() -> Self {
        let plain = Format::new().set_font_name(FONT).set_font_size(10).set_align(FormatAlign::Top);
        let boxed = plain.clone().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00B0_B0B0));
        let answer = boxed.clone().set_text_wrap().set_background_color(Color::RGB(0x00FF_F9E5)).set_unlocked();
        Self {
            title: Format::new().set_font_name(FONT).set_font_size(18).set_bold(),
            heading: boxed
                .clone()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x00DD_E6EF)),
            label: boxed.clone().set_bold().set_background_color(Color::RGB(0x00F2_F5F8)),
            text: boxed.clone().set_text_wrap(),
            code: boxed.clone().set_num_format("@").set_text_wrap(),
            count: boxed.clone().set_num_format("#,##0"),
            day: answer.clone().set_num_format("yyyy-mm-dd"),
            answer,
            note: plain,
            demo: Format::new()
                .set_font_name(FONT)
                .set_font_size(18)
                .set_bold()
                .set_font_color(Color::RGB(0x00C0_0000)),
        }
    }
}

fn write_cover(
    view: &RunView,
    sheet: &mut Worksheet,
    styles: &Styles,
    cover: &Cover,
) -> std::result::Result<(), XlsxError> {
    for (column, width) in COVER_WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(column as u16, width)?;
    }
    sheet.set_row_height(0, TITLE_POINTS)?;
    sheet.write_string_with_format(0, 0, &cover.title, &styles.title)?;
    if view.demo {
        sheet.set_row_height(1, TITLE_POINTS)?;
        sheet.write_string_with_format(1, 0, view.word("report.demo_note"), &styles.demo)?;
    }
    let mut line = 3;
    for (label, value) in &cover.pairs {
        sheet.set_row_height(line, points(lines_of(&value.to_string(), COVER_WIDTHS[1])))?;
        sheet.write_string_with_format(line, 0, label, &styles.label)?;
        match value {
            Cell::Count(figure) => sheet.write_number_with_format(line, 1, *figure as f64, &styles.count)?,
            Cell::Text(text) => sheet.write_string_with_format(line, 1, text, &styles.text)?,
        };
        line += 1;
    }
    for note in &cover.notes {
        sheet.write_string_with_format(line + 1, 0, note, &styles.note)?;
        line += 1;
    }
    line += 2;
    for table in &cover.tables {
        sheet.write_string_with_format(line, 0, &table.title, &styles.note.clone().set_bold().set_font_size(12))?;
        line += 1;
        for (column, heading) in table.columns.iter().enumerate() {
            sheet.write_string_with_format(line, column as u16, &heading.heading, &styles.heading)?;
        }
        for row in table.rows.iter().chain(&table.sum) {
            line += 1;
            write_row(sheet, styles, table, &COVER_WIDTHS, line, row)?;
        }
        line += 2;
    }
    print_setup(view, sheet, &cover.title, COVER_WIDTHS.iter().sum())
}

fn write_listing(
    view: &RunView,
    sheet: &mut Worksheet,
    styles: &Styles,
    listing: &Listing,
    rows: &[Vec<Cell>],
) -> std::result::Result<(), XlsxError> {
    let last_column = listing.columns.len() as u16 - 1;
    let last_row = rows.len().max(1) as u32;
    let widths: Vec<f64> = listing.columns.iter().map(|column| column.width).collect();
    for (index, column) in listing.columns.iter().enumerate() {
        let index = index as u16;
        sheet.set_column_width(index, column.width)?;
        if let Some(answers) = answers(view, &column.kind)? {
            sheet.add_data_validation(1, index, last_row, index, &answers)?;
        }
    }
    sheet.set_row_height(0, 30)?;
    for (index, column) in listing.columns.iter().enumerate() {
        sheet.write_string_with_format(0, index as u16, &column.heading, &styles.heading)?;
    }
    for (index, row) in rows.iter().enumerate() {
        write_row(sheet, styles, listing, &widths, index as u32 + 1, row)?;
    }
    if let Some(sum) = &listing.sum {
        write_row(sheet, styles, listing, &widths, last_row + 1, sum)?;
    }
    if let Some(note) = &listing.note {
        sheet.write_string_with_format(last_row + 3, 0, note, &styles.note)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, last_row, last_column)?;
    sheet.set_repeat_rows(0, 0)?;
    print_setup(view, sheet, &listing.title, widths.iter().sum())
}

/// What a column that people fill in takes: one of the words, or a day of this century.
fn answers(view: &RunView, kind: &ColumnKind) -> std::result::Result<Option<DataValidation>, XlsxError> {
    let (rule, title, message) = match kind {
        ColumnKind::Choice(words) => {
            (DataValidation::new().allow_list_strings(words)?, "package.choose_title", "package.choose_message")
        }
        ColumnKind::Day => {
            let (first, last) = (ExcelDateTime::from_ymd(2000, 1, 1)?, ExcelDateTime::from_ymd(2099, 12, 31)?);
            let days = DataValidation::new().allow_date(DataValidationRule::Between(first, last));
            (days, "package.day_title", "package.day_message")
        }
        ColumnKind::Text | ColumnKind::Code | ColumnKind::Count | ColumnKind::Answer => return Ok(None),
    };
    Ok(Some(rule.set_error_title(view.word(title))?.set_error_message(view.word(message))?))
}

fn write_row(
    sheet: &mut Worksheet,
    styles: &Styles,
    listing: &Listing,
    widths: &[f64],
    line: u32,
    row: &[Cell],
) -> std::result::Result<(), XlsxError> {
    let lines = |(cell, width): (&Cell, &f64)| match cell {
        Cell::Text(text) => lines_of(text, *width),
        Cell::Count(count) => lines_of(&count.to_string(), *width),
    };
    let lines = row.iter().zip(widths).map(lines).max().unwrap_or(1);
    sheet.set_row_height(line, points(lines))?;
    for (index, column) in listing.columns.iter().enumerate() {
        let place = index as u16;
        match (row.get(index), &column.kind) {
            (Some(Cell::Count(count)), _) => {
                sheet.write_number_with_format(line, place, *count as f64, &styles.count)?;
            }
            (Some(Cell::Text(text)), kind) => {
                let style = if *kind == ColumnKind::Code { &styles.code } else { &styles.text };
                sheet.write_string_with_format(line, place, clipped(text), style)?;
            }
            (None, kind) => {
                let style = if *kind == ColumnKind::Day { &styles.day } else { &styles.answer };
                sheet.write_blank(line, place, style)?;
            }
        }
    }
    Ok(())
}

/// Lines that a wrapped text takes in a column. Written out because not every spreadsheet fits rows when it opens a file.
fn lines_of(text: &str, width: f64) -> usize {
    // Wrapping between words and full-width characters loses about one column per line.
    let columns = (width - 1.0).max(1.0);
    text.split('\n').map(|line| ((line.width() as f64 / columns).ceil() as usize).max(1)).sum()
}

fn points(lines: usize) -> f64 {
    (lines as f64 * LINE_POINTS + 2.0).min(ROW_POINTS)
}

/// The cell's text as far as a cell holds it.
fn clipped(text: &str) -> &str {
    text.char_indices().nth(CELL_CHARACTERS).map_or(text, |(end, _)| &text[..end])
}

/// A4 landscape, the mark of what this is on every page. One page wide if `width` (characters) can be read there; a wider list
/// goes on beside, with the columns that number it on each page.
fn print_setup(view: &RunView, sheet: &mut Worksheet, title: &str, width: f64) -> std::result::Result<(), XlsxError> {
    const ON_A_PAGE: f64 = 214.0; // 150 at full size, at seven tenths of it
    let pages = (width / ON_A_PAGE).ceil().max(1.0) as u16;
    if pages > 1 {
        sheet.set_repeat_columns(0, 1)?;
    }
    let plain = |text: &str| text.replace('&', "&&");
    let demo = if view.demo { view.word("report.demo") } else { "" };
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(pages, 0).set_margins(0.4, 0.4, 0.6, 0.6, 0.3, 0.3);
    sheet.set_header(format!("&L{}&C{demo}&R{}", plain(title), plain(view.run)));
    sheet.set_footer(format!("&L{}&R&P / &N", view.word("report.note_short")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_high_as_their_text() {
        assert_eq!(lines_of("", 5.0), 1);
        // Ten full-width characters are twenty columns: two lines of ten, and the second record its own.
        assert_eq!(lines_of("一二三四五六七八九十\n甲", 11.0), 3);
        assert_eq!(points(1_000), ROW_POINTS);
    }

    #[test]
    fn a_cell_is_cut_between_characters() {
        let long = "字".repeat(CELL_CHARACTERS + 1);
        assert_eq!(clipped(&long).chars().count(), CELL_CHARACTERS);
        assert_eq!(clipped("短"), "短");
    }
}
