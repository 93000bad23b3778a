//! From blocks to pages: where every line of text, box and rule stands on A4. Points, y downwards from the top edge.
//!
//! A table's head is repeated on each page it runs over; a row is never cut, unless it is taller than a whole page, and
//! a heading never stands alone at the foot. Laying out draws nothing and knows no PDF: `paint` does.

use super::face::Face;
use super::lines::{widest_unit, wrap};
use crate::kernel::{Lang, Message};
use crate::report::document::{Block, Document};

pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
pub(super) const LEFT: f32 = 45.0;
pub(super) const RIGHT: f32 = PAGE.0 - 45.0;
const TOP: f32 = 62.0;
const BOTTOM: f32 = PAGE.1 - 52.0;
const WIDTH: f32 = RIGHT - LEFT;

const BODY: f32 = 9.5;
const CELL: f32 = 8.0;
const PADDING: f32 = 3.0;
const LEADING: f32 = 1.45;

/// A tone of grey, or red for what must not be overlooked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Ink,
    Quiet,
    Alarm,
}

/// Something at a place on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    /// `y` is the baseline.
    Text { x: f32, y: f32, size: f32, bold: bool, tone: Tone, text: String },
    /// A frame with a thin line, filled for heads and labels.
    Frame { x: f32, y: f32, width: f32, height: f32, filled: bool },
}

/// A document as pages of marks.
pub(super) struct Laid {
    pub pages: Vec<Vec<Mark>>,
    /// Characters the font lacks, printed as code points.
    pub missing: u64,
}

/// `lang` is the language of the one sentence that only the layout can know: how many characters the font lacks.
pub(super) fn lay_out(face: &Face, document: &Document, lang: Lang) -> Laid {
    let mut sheet = Sheet { face, pages: vec![Vec::new()], y: TOP, missing: 0 };
    document.blocks.iter().for_each(|block| sheet.block(block));
    if sheet.missing > 0 {
        let note = Message::new("household.missing_characters").with("count", sheet.missing).say(lang);
        sheet.paragraph(&note, true, Tone::Alarm);
    }
    Laid { pages: sheet.pages, missing: sheet.missing }
}

struct Sheet<'f> {
    face: &'f Face,
    pages: Vec<Vec<Mark>>,
    y: f32,
    missing: u64,
}

/// A row's cells as lines.
type Row = Vec<Vec<String>>;

impl Sheet<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title { text } => self.title(text),
            Block::Boxes { label, characters } => self.boxes(label, characters),
            Block::Pairs { pairs } => self.pairs(pairs),
            Block::Heading { text } => self.heading(text, 12.0, 60.0),
            Block::Caption { text } => self.heading(text, BODY, 48.0),
            Block::Paragraph { text } => self.paragraph(text, false, Tone::Ink),
            Block::Strong { text } => self.paragraph(text, true, Tone::Alarm),
            Block::Table { head, rows } => self.table(head, rows),
            Block::Signature { lines } => self.signature(lines),
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.pages.last_mut().expect("there is always a page").push(mark);
    }

    fn text(&mut self, x: f32, y: f32, size: f32, bold: bool, tone: Tone, text: String) {
        if !text.is_empty() {
            self.mark(Mark::Text { x, y, size, bold, tone, text });
        }
    }

    fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Begins a page unless so much room is left on this one.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.new_page();
        }
    }

    /// The text as it can be printed; characters the font lacks are counted.
    fn printable(&mut self, text: &str) -> String {
        let (text, missing) = self.face.printable(text);
        self.missing += missing;
        text.into_owned()
    }

    fn title(&mut self, text: &str) {
        let text = self.printable(text);
        let size = 16.0;
        for line in wrap(self.face, &text, size, WIDTH) {
            let x = LEFT + (WIDTH - self.face.width(&line, size)) / 2.0;
            self.text(x, self.y + size, size, true, Tone::Ink, line);
            self.y += size * LEADING;
        }
        self.y += 6.0;
    }

    fn boxes(&mut self, label: &str, characters: &[String]) {
        const SIDE: f32 = 14.0;
        self.need(SIDE + 8.0);
        let label = self.printable(label);
        let mut x = LEFT + self.face.width(&label, BODY) + 8.0;
        self.text(LEFT, self.y + 10.5, BODY, false, Tone::Ink, label);
        for character in characters {
            if character == "-" {
                x += SIDE / 2.0;
                continue;
            }
            let wide = self.face.width(character, BODY);
            self.mark(Mark::Frame { x, y: self.y, width: SIDE, height: SIDE, filled: false });
            self.text(x + (SIDE - wide) / 2.0, self.y + 10.5, BODY, false, Tone::Ink, character.clone());
            x += SIDE;
        }
        self.y += SIDE + 8.0;
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        let widths = [0.15, 0.35, 0.15, 0.35].map(|share| share * WIDTH);
        for two in pairs.chunks(2) {
            let blank = (String::new(), String::new());
            let second = two.get(1).unwrap_or(&blank);
            let cells = [&two[0].0, &two[0].1, &second.0, &second.1];
            let row = self.wrapped(cells.into_iter().map(String::as_str), &widths);
            self.need(row_height(&row));
            self.row(&row, &widths, |column| column % 2 == 0);
        }
        self.y += 8.0;
    }

    /// A heading keeps `follows` points of what comes next on its page.
    fn heading(&mut self, text: &str, size: f32, follows: f32) {
        let text = self.printable(text);
        self.y += if self.y > TOP { 5.0 } else { 0.0 };
        self.need(size * LEADING + follows);
        for line in wrap(self.face, &text, size, WIDTH) {
            self.text(LEFT, self.y + size, size, true, Tone::Ink, line);
            self.y += size * LEADING;
        }
        self.y += 2.0;
    }

    fn paragraph(&mut self, text: &str, bold: bool, tone: Tone) {
        let text = self.printable(text);
        for line in wrap(self.face, &text, BODY, WIDTH) {
            self.need(BODY * LEADING);
            self.text(LEFT, self.y + BODY, BODY, bold, tone, line);
            self.y += BODY * LEADING;
        }
        self.y += 3.0;
    }

    fn signature(&mut self, lines: &[String]) {
        let height = BODY * LEADING;
        self.need(height * (lines.len() as f32 + 1.0));
        self.y += height;
        for line in lines {
            let line = self.printable(line);
            let x = RIGHT - self.face.width(&line, BODY);
            self.text(x, self.y + BODY, BODY, false, Tone::Ink, line);
            self.y += height;
        }
    }

    fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        let printable = |sheet: &mut Self, row: &[String]| -> Vec<String> {
            row.iter().map(|cell| sheet.printable(cell)).collect()
        };
        let head = printable(self, head);
        let rows: Vec<Vec<String>> = rows.iter().map(|row| printable(self, row)).collect();
        let widths = column_widths(self.face, &head, &rows);
        let head = self.wrapped(head.iter().map(String::as_str), &widths);
        let head_height = row_height(&head);
        let mut head_stands = false;
        for row in &rows {
            let row = self.wrapped(row.iter().map(String::as_str), &widths);
            for part in parts(row, BOTTOM - TOP - head_height) {
                let height = row_height(&part) + if head_stands { 0.0 } else { head_height };
                if self.y + height > BOTTOM && self.y > TOP {
                    self.new_page();
                    head_stands = false;
                }
                if !head_stands {
                    self.row(&head, &widths, |_| true);
                    head_stands = true;
                }
                self.row(&part, &widths, |_| false);
            }
        }
        self.y += 8.0;
    }

    fn wrapped<'t>(&mut self, cells: impl Iterator<Item = &'t str>, widths: &[f32]) -> Row {
        cells.zip(widths).map(|(cell, width)| wrap(self.face, cell, CELL, width - 2.0 * PADDING)).collect()
    }

    fn row(&mut self, row: &Row, widths: &[f32], filled: impl Fn(usize) -> bool) {
        let (height, mut x) = (row_height(row), LEFT);
        for (column, (lines, width)) in row.iter().zip(widths).enumerate() {
            self.mark(Mark::Frame { x, y: self.y, width: *width, height, filled: filled(column) });
            let mut y = self.y + PADDING;
            for line in lines {
                self.text(x + PADDING, y + CELL, CELL, false, Tone::Ink, line.clone());
                y += CELL * LEADING;
            }
            x += width;
        }
        self.y += height;
    }
}

fn row_height(row: &Row) -> f32 {
    let lines = row.iter().map(Vec::len).max().unwrap_or(1);
    lines as f32 * CELL * LEADING + 2.0 * PADDING
}

/// A row in pieces that fit a page; one piece unless it is taller than a whole page.
fn parts(row: Row, room: f32) -> Vec<Row> {
    let most = (((room - 2.0 * PADDING) / (CELL * LEADING)) as usize).max(1);
    let longest = row.iter().map(Vec::len).max().unwrap_or(1);
    if longest <= most {
        return vec![row];
    }
    let piece = |at: usize| row.iter().map(|lines| lines.iter().skip(at).take(most).cloned().collect()).collect();
    (0..longest).step_by(most).map(piece).collect()
}

/// Columns as wide as their texts ask for, up to a third of the page, shrunk together to what each needs for its longest
/// word, or stretched over the whole width.
fn column_widths(face: &Face, head: &[String], rows: &[Vec<String>]) -> Vec<f32> {
    let cap = WIDTH / 3.0;
    let (mut least, mut natural) = (Vec::new(), Vec::new());
    for (column, title) in head.iter().enumerate() {
        let texts = || rows.iter().filter_map(|row| row.get(column)).chain([title]);
        let longest = texts().flat_map(|text| text.split('\n')).map(|line| face.width(line, CELL)).fold(0.0, f32::max);
        let word = texts().map(|text| widest_unit(face, text, CELL)).fold(2.0 * CELL, f32::max).min(cap / 1.5);
        // A short text, a name say, stays on one line.
        let unit = word.max(longest.min(4.0 * CELL));
        least.push(unit + 2.0 * PADDING + 0.5);
        natural.push(longest.min(cap).max(unit) + 2.0 * PADDING + 0.5);
    }
    let (needed, wanted): (f32, f32) = (least.iter().sum(), natural.iter().sum());
    if wanted <= WIDTH {
        return natural.iter().map(|width| width * WIDTH / wanted).collect();
    }
    if needed >= WIDTH {
        return least.iter().map(|width| width * WIDTH / needed).collect();
    }
    let share = (WIDTH - needed) / (wanted - needed);
    least.iter().zip(&natural).map(|(least, natural)| least + (natural - least) * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(blocks: Vec<Block>) -> Laid {
        let blank = String::new;
        let document =
            Document { title: blank(), number: blank(), whose: blank(), demo: blank(), foot: blank(), blocks };
        lay_out(Face::shared(), &document, Lang::Zh)
    }

    fn texts(page: &[Mark]) -> Vec<&str> {
        page.iter()
            .filter_map(|mark| match mark {
                Mark::Text { text, .. } => Some(text.as_str()),
                Mark::Frame { .. } => None,
            })
            .collect()
    }

    fn table(rows: usize, cell: &str) -> Block {
        let row = |row: usize| vec![format!("行{row}"), cell.to_owned()];
        Block::Table { head: vec!["序号".into(), "内容".into()], rows: (0..rows).map(row).collect() }
    }

    #[test]
    fn a_long_table_has_its_head_on_every_page_and_no_row_twice() {
        let laid = laid(vec![table(200, "号牌号码 鲁A12345")]);
        assert!(laid.pages.len() > 3);
        for page in &laid.pages {
            assert_eq!(texts(page)[..2], ["序号", "内容"]);
        }
        let rows: Vec<&str> =
            laid.pages.iter().flat_map(|page| texts(page)).filter(|text| text.starts_with('行')).collect();
        assert_eq!(rows, (0..200).map(|row| format!("行{row}")).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_stands_outside_the_page_and_no_row_is_cut() {
        let long = "家庭成员名下有机动车，".repeat(30);
        let laid = laid(vec![table(40, &long), Block::Paragraph { text: long.repeat(10) }]);
        for mark in laid.pages.iter().flatten() {
            match mark {
                Mark::Text { x, y, size, text, .. } => {
                    assert!(*x >= LEFT && x + Face::shared().width(text, *size) <= RIGHT + 0.1, "{text}");
                    assert!(*y <= BOTTOM, "{text} at {y}");
                }
                Mark::Frame { y, height, .. } => assert!(y + height <= BOTTOM + 0.1, "a row runs off the page"),
            }
        }
    }

    #[test]
    fn a_row_taller_than_a_page_goes_on_without_loss() {
        let long: String = (0..3_000).map(|number| format!("{number}，")).collect();
        let laid = laid(vec![table(1, &long)]);
        assert!(laid.pages.len() > 1);
        let all: String = laid.pages.iter().flat_map(|page| texts(page)).filter(|text| text.contains('，')).collect();
        assert_eq!(all, long);
    }

    #[test]
    fn a_heading_does_not_stand_alone_at_the_foot() {
        for lines in 30..60 {
            let blocks = vec![
                Block::Paragraph { text: "一\n".repeat(lines) },
                Block::Heading { text: "标题".into() },
                Block::Caption { text: "说明".into() },
                table(1, "内容"),
            ];
            let laid = laid(blocks);
            let page_of = |wanted: &str| laid.pages.iter().position(|page| texts(page).contains(&wanted)).unwrap();
            assert_eq!(page_of("标题"), page_of("序号"), "{lines}");
        }
    }

    #[test]
    fn characters_the_font_lacks_are_printed_as_code_points_and_counted() {
        let laid = laid(vec![table(1, "王𠮷福"), Block::Paragraph { text: "㛃𬍛䶮".into() }]);
        assert_eq!(laid.missing, 1);
        let all: String = laid.pages.iter().flat_map(|page| texts(page)).collect();
        assert!(all.contains("王〈U+20BB7〉福") && all.contains("㛃𬍛䶮"), "{all}");
        assert!(all.contains("有 1 个字字库中没有"), "{all}");
    }
}
