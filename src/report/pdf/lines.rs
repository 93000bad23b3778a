//! Breaking text into lines: between any two Chinese characters, between Latin words, never before closing punctuation
//! and never behind an opening one (GB/T 15834-2011, 5.1). Ids, plates and dates stay whole unless longer than a line.

use super::face::Face;

/// May not begin a line.
const CLOSING: &str = "，。、；：？！）》〉」』】〕”’…—·％,.;:?!)]}%";
/// May not end a line.
const OPENING: &str = "（《〈「『【〔“‘([{";

/// The lines of a text in a width, both in points; at least one, blank for a blank text. Line feeds are kept.
pub(super) fn wrap(face: &Face, text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = Line::default();
        for unit in units(paragraph) {
            let unit_width = face.width(unit, size);
            if line.width + unit_width <= width {
                line.push(unit, unit_width);
            } else if unit == " " {
                lines.push(line.take());
            } else {
                if !line.text.is_empty() {
                    lines.push(line.take());
                }
                lines.extend(line.push_cut(face, unit, size, width));
            }
        }
        lines.push(line.take());
    }
    lines
}

/// The widest unit that should not be cut: what a column needs at least to look well.
pub(super) fn widest_unit(face: &Face, text: &str, size: f32) -> f32 {
    text.split('\n').flat_map(units).map(|unit| face.width(unit, size)).fold(0.0, f32::max)
}

#[derive(Default)]
struct Line {
    text: String,
    width: f32,
}

impl Line {
    fn push(&mut self, unit: &str, width: f32) {
        // A blank at the start of a line would indent it.
        if !(self.text.is_empty() && unit == " ") {
            self.text.push_str(unit);
            self.width += width;
        }
    }

    fn take(&mut self) -> String {
        self.width = 0.0;
        let text = std::mem::take(&mut self.text);
        text.trim_end_matches(' ').to_owned()
    }

    /// A unit on a line of its own, cut between characters where it is longer; returns the lines it filled.
    fn push_cut(&mut self, face: &Face, unit: &str, size: f32, width: f32) -> Vec<String> {
        let mut full = Vec::new();
        for character in unit.chars() {
            let advance = face.advance(character) * size;
            if self.width + advance > width && !self.text.is_empty() {
                full.push(self.take());
            }
            self.text.push(character);
            self.width += advance;
        }
        full
    }
}

/// What may not be broken: a Latin word, or one other character, each with the punctuation that clings to it.
fn units(paragraph: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = Vec::new();
    let mut before: Option<char> = None;
    // A blank between a number and its unit (`340.61 元`) is no place to break.
    let mut tied = false;
    for (at, character) in paragraph.char_indices() {
        let joins = before.is_some_and(|before| {
            (in_word(before) && in_word(character))
                || (CLOSING.contains(character) && before != ' ')
                || OPENING.contains(before)
                || (before == ' ' && tied)
        });
        let unit_follows = character == ' '
            && before.is_some_and(|before| before.is_ascii_digit())
            && paragraph[at + 1..].starts_with(|next: char| !next.is_ascii());
        if !(joins || unit_follows) {
            starts.push(at);
        }
        tied = unit_follows;
        before = Some(character);
    }
    let ends = starts.iter().skip(1).copied().chain([paragraph.len()]);
    starts.iter().zip(ends).map(|(start, end)| &paragraph[*start..end]).collect()
}

/// Letters, digits and the signs inside ids, dates, plates and amounts.
fn in_word(character: char) -> bool {
    character.is_ascii_graphic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, characters: f32) -> Vec<String> {
        wrap(Face::shared(), text, 10.0, characters * 10.0 + 0.1)
    }

    #[test]
    fn closing_punctuation_never_begins_a_line() {
        assert_eq!(lines("家庭成员，名下", 4.0), ["家庭成", "员，名下"]);
        assert_eq!(lines("名下（机动车）", 3.0), ["名下", "（机动", "车）"]);
        assert_eq!(lines("他说“是”。", 4.0), ["他说", "“是”。"]);
    }

    #[test]
    fn words_stay_whole_unless_longer_than_a_line() {
        assert_eq!(lines("号牌鲁A12345正常", 5.0), ["号牌鲁", "A12345正", "常"]);
        let cut = lines("11010519491231002X", 5.0);
        assert_eq!(cut.concat(), "11010519491231002X");
        assert!(cut.len() == 2 || cut.len() == 3, "{cut:?}");
        assert_eq!(lines("an old van", 3.0), ["an old", "van"]);
        assert_eq!(lines("余额 340.61 元", 5.0), ["余额", "340.61 元"], "a number keeps its unit");
    }

    #[test]
    fn blank_texts_and_line_feeds_make_lines() {
        assert_eq!(lines("", 5.0), [""]);
        assert_eq!(lines("甲\n\n乙", 5.0), ["甲", "", "乙"]);
    }

    #[test]
    fn nothing_is_lost_at_any_width() {
        let text = "家庭成员名下有机动车：2辆（对照标准1辆），数据截至2026-11-02。";
        for width in 1..40 {
            assert_eq!(lines(text, width as f32).concat(), text, "{width}");
        }
    }
}
