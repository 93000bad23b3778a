//! From laid-out pages to the bytes of a PDF 1.7 file: page heads and feet, text with its Unicode values, an outline with
//! an entry for each document. The creation date is the run's day, so that the same report has the same bytes.

use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

use super::face::Face;
use super::layout::{LEFT, Laid, Mark, PAGE, RIGHT, Tone};
use crate::kernel::{Date, Error, ErrorKind, Lang, Message, Result};
use crate::report::document::Document;

const SMALL: f32 = 8.0;
const LINE: f32 = 0.5;

/// What the file says of itself.
pub(in crate::report) struct Imprint<'a> {
    pub title: &'a str,
    pub author: &'a str,
    pub day: Date,
    pub lang: Lang,
}

/// One file of all documents, each with its own page numbers.
///
/// # Errors
/// The file outgrew a limit of PDF.
pub(super) fn to_bytes(face: &Face, imprint: &Imprint, documents: &[(&Document, Laid)]) -> Result<Vec<u8>> {
    let mut pdf = krilla::Document::new();
    let mut outline = Outline::new();
    let mut first = 0;
    for (document, laid) in documents {
        for (index, marks) in laid.pages.iter().enumerate() {
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1).expect("A4 has a size");
            let mut page = pdf.start_page_with(settings);
            let mut surface = page.surface();
            let mut brush = Brush { face, surface: &mut surface };
            brush.frame_of_page(imprint, document, index + 1, laid.pages.len());
            marks.iter().for_each(|mark| brush.mark(mark));
            surface.finish();
            page.finish();
        }
        let entry = format!("{} {}", document.number, document.whose);
        outline.push_child(OutlineNode::new(entry, XyzDestination::new(first, Point::from_xy(0.0, 0.0))));
        first += laid.pages.len();
    }
    pdf.set_outline(outline);
    pdf.set_metadata(metadata(imprint));
    pdf.finish().map_err(|error| {
        Error::new(ErrorKind::Io, Message::new("household.pdf_failed").with("reason", format!("{error:?}")))
    })
}

fn metadata(imprint: &Imprint) -> Metadata {
    let (year, month, day) = imprint.day.ymd();
    let date = DateTime::new(year as u16).month(month as u8).day(day as u8);
    Metadata::new()
        .title(imprint.title.to_owned())
        .authors(vec![imprint.author.to_owned()])
        .creator("hedui".to_owned())
        .language(if imprint.lang == Lang::Zh { "zh-CN" } else { "en" }.to_owned())
        .creation_date(date)
}

struct Brush<'a, 's> {
    face: &'a Face,
    surface: &'a mut Surface<'s>,
}

fn fill(red: u8, green: u8, blue: u8) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: Default::default() }
}

fn tone_fill(tone: Tone) -> Fill {
    match tone {
        Tone::Ink => fill(20, 24, 30),
        Tone::Quiet => fill(95, 105, 115),
        Tone::Alarm => fill(160, 20, 20),
    }
}

fn line_of(paint: Fill, width: f32) -> Stroke {
    Stroke { paint: paint.paint, width, ..Stroke::default() }
}

impl Brush<'_, '_> {
    /// Head, foot and, for made-up people, 演示 behind the text.
    fn frame_of_page(&mut self, imprint: &Imprint, document: &Document, number: usize, count: usize) {
        if !document.demo.is_empty() {
            self.watermark(&document.demo);
        }
        let quiet = |brush: &mut Self, x, y, text: &str| brush.text(x, y, SMALL, false, tone_fill(Tone::Quiet), text);
        let right = |brush: &Self, text: &str| RIGHT - brush.face.width(text, SMALL);
        let title = self.face.printable(&document.title).0;
        quiet(self, LEFT, 38.0, &title);
        quiet(self, right(self, &document.number), 38.0, &document.number);
        self.rule(44.0);
        self.rule(PAGE.1 - 40.0);
        let foot = self.face.printable(&document.foot).0;
        quiet(self, LEFT, PAGE.1 - 28.0, &foot);
        let place = Message::new("household.page").with("number", number).with("count", count).say(imprint.lang);
        quiet(self, right(self, &place), PAGE.1 - 28.0, &place);
    }

    fn watermark(&mut self, text: &str) {
        let size = 150.0;
        let wide = self.face.width(text, size);
        // Up to the right, through the middle of the page.
        let turn = Transform::from_row(0.8, -0.6, 0.6, 0.8, PAGE.0 / 2.0, PAGE.1 / 2.0);
        self.surface.push_transform(&turn);
        self.text(-wide / 2.0, size * 0.35, size, false, fill(246, 232, 232), text);
        self.surface.pop();
        let box_width = self.face.width(text, 11.0) + 10.0;
        let x = (PAGE.0 - box_width) / 2.0;
        self.frame(x, 26.0, box_width, 16.0, None, line_of(tone_fill(Tone::Alarm), 1.2));
        self.text(x + 5.0, 38.0, 11.0, true, tone_fill(Tone::Alarm), text);
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Text { x, y, size, bold, tone, text } => self.text(*x, *y, *size, *bold, tone_fill(*tone), text),
            Mark::Frame { x, y, width, height, filled } => {
                let ground = filled.then(|| fill(232, 238, 244));
                self.frame(*x, *y, *width, *height, ground, line_of(fill(130, 140, 150), LINE));
            }
        }
    }

    fn frame(&mut self, x: f32, y: f32, width: f32, height: f32, ground: Option<Fill>, line: Stroke) {
        let Some(edge) = Rect::from_xywh(x, y, width, height) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(edge);
        self.surface.set_fill(ground);
        self.surface.set_stroke(Some(line));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn rule(&mut self, y: f32) {
        let mut path = PathBuilder::new();
        path.move_to(LEFT, y);
        path.line_to(RIGHT, y);
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(line_of(fill(160, 168, 176), LINE)));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// The one weight of the font, with an outline where it should be bold.
    fn text(&mut self, x: f32, y: f32, size: f32, bold: bool, paint: Fill, text: &str) {
        let glyphs: Vec<KrillaGlyph> = text
            .char_indices()
            .map(|(at, character)| {
                let glyph = GlyphId::new(u32::from(self.face.glyph(character)));
                let advance = self.face.advance(character);
                KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, at..at + character.len_utf8(), None)
            })
            .collect();
        self.surface.set_stroke(bold.then(|| line_of(paint.clone(), size * 0.035)));
        self.surface.set_fill(Some(paint));
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, self.face.font.clone(), text, size, false);
    }
}
