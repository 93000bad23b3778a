//! Simple charts as inline SVG: bars, bars stacked to the whole, and two lines over time. No script, no font of their own, and every
//! number is written beside its bar, so that a black-and-white print loses nothing.

use std::fmt::Write as _;

use crate::model::coverage::{CoverageState, StateCounts};

/// Widths in SVG units; the picture scales to the page.
const WIDTH: f64 = 760.0;
const LABELS: f64 = 250.0;
const BARS: f64 = 400.0;
const LINE: f64 = 24.0;
const BAR_HEIGHT: f64 = 15.0;
/// Full-width characters of a label that fit into `LABELS`.
const LABEL_CHARACTERS: usize = 18;

const BAR_COLOUR: &str = "#2f5d8a";
/// 红 橙 黄, dark enough to tell apart from white paper.
const SEVERITY_COLOURS: [&str; 3] = ["#b3261e", "#d9792b", "#d9b82b"];
/// So many parts has a stacked bar: the states of coverage.
const PARTS: usize = CoverageState::ALL.len();
/// Checked in blues, reasons in warm tones, not applicable in grey.
const STACK_COLOURS: [&str; PARTS] = [
    "#2f5d8a", "#a9c4de", "#b5482f", "#8c4f8a", "#d98f2b", "#e5cf6b", "#c9c9c9", "#5c1a12", "#a08a3a", "#4f8a6a",
    "#7a5a3c",
];

/// Horizontal bars, one per label, the longest filling the width.
pub(super) fn bars(title: &str, rows: &[(String, u64)]) -> String {
    coloured_bars(title, rows, |_| BAR_COLOUR)
}

/// The same for the severities, high first, each in its own colour.
pub(super) fn severities(title: &str, rows: &[(String, u64)]) -> String {
    coloured_bars(title, rows, |place| SEVERITY_COLOURS[place])
}

fn coloured_bars(title: &str, rows: &[(String, u64)], colour: impl Fn(usize) -> &'static str) -> String {
    let longest = rows.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1) as f64;
    let mut svg = open(title, rows.len() as f64 * LINE + 6.0);
    for (place, (label, value)) in rows.iter().enumerate() {
        let top = place as f64 * LINE + 4.0;
        let width = *value as f64 / longest * BARS;
        text_label(&mut svg, label, top);
        rectangle(&mut svg, LABELS, top, width, colour(place), &format!("{label}: {value}"));
        text_at(&mut svg, LABELS + width + 6.0, top + 12.0, &value.to_string());
    }
    svg.push_str("</svg>");
    svg
}

/// One bar per label, divided into parts of the whole; the legend names the parts that occur.
pub(super) fn stacked(title: &str, parts: &[&str; PARTS], rows: &[(String, StateCounts)]) -> String {
    let occurring: Vec<usize> = (0..PARTS).filter(|&part| rows.iter().any(|(_, values)| values[part] > 0)).collect();
    let legend_lines = occurring.len().div_ceil(4) as f64;
    let mut svg = open(title, (rows.len() as f64 + legend_lines) * LINE + 10.0);
    for (place, &part) in occurring.iter().enumerate() {
        let (left, top) = ((place % 4) as f64 * 185.0 + 8.0, (place / 4) as f64 * LINE + 4.0);
        square(&mut svg, left, top, STACK_COLOURS[part]);
        text_at(&mut svg, left + 20.0, top + 12.0, parts[part]);
    }
    for (place, (label, values)) in rows.iter().enumerate() {
        let top = (place as f64 + legend_lines) * LINE + 8.0;
        let whole = values.iter().sum::<u64>().max(1) as f64;
        text_label(&mut svg, label, top);
        let mut left = LABELS;
        for part in 0..PARTS {
            let width = values[part] as f64 / whole * BARS;
            if values[part] > 0 {
                let tip = format!("{label} {}: {}", parts[part], values[part]);
                rectangle(&mut svg, left, top, width, STACK_COLOURS[part], &tip);
            }
            left += width;
        }
        let answered = values[0] + values[1];
        let percent = answered as f64 * 100.0 / whole;
        text_at(&mut svg, LABELS + BARS + 6.0, top + 12.0, &format!("{answered} ({percent:.1}%)"));
    }
    svg.push_str("</svg>");
    svg
}

/// Lines over the places of `labels`, all from zero to the highest figure; each figure stands at its point.
pub(super) fn lines(title: &str, labels: &[&str], series: &[(&str, Vec<u64>); 2]) -> String {
    const TOP: f64 = 50.0;
    const BASE: f64 = 240.0;
    const SIDE: f64 = 50.0;
    let highest = series.iter().flat_map(|(_, values)| values).max().copied().unwrap_or(0).max(1) as f64;
    let step = (WIDTH - 2.0 * SIDE) / (labels.len().max(2) - 1) as f64;
    let left = |place: usize| SIDE + place as f64 * step;
    let mut svg = open(title, BASE + 34.0);
    // Dates are some 75 units wide: a long row of runs names every second or third.
    let every = (80.0 / step).ceil().max(1.0) as usize;
    for (place, label) in labels.iter().enumerate().filter(|(place, _)| place % every == 0) {
        text_middle(&mut svg, left(place), BASE + 24.0, label);
    }
    for (number, ((name, values), colour)) in series.iter().zip([STACK_COLOURS[2], BAR_COLOUR]).enumerate() {
        let key = 8.0 + number as f64 * 185.0;
        square(&mut svg, key, 4.0, colour);
        text_at(&mut svg, key + 20.0, 16.0, name);
        let top = |value: u64| BASE - value as f64 / highest * (BASE - TOP);
        let points: Vec<String> =
            values.iter().enumerate().map(|(at, value)| format!("{:.1},{:.1}", left(at), top(*value))).collect();
        let points = points.join(" ");
        write!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>")
            .expect("a String takes every character");
        // The second line's figures stand below it, so that two close lines stay readable.
        let beside = if number == 0 { -6.0 } else { 16.0 };
        values.iter().enumerate().for_each(|(at, value)| {
            text_middle(&mut svg, left(at), top(*value) + beside, &value.to_string());
        });
    }
    svg.push_str("</svg>");
    svg
}

fn text_middle(svg: &mut String, middle: f64, base: f64, text: &str) {
    write!(svg, "<text x=\"{middle:.1}\" y=\"{base:.1}\" text-anchor=\"middle\">{}</text>", escape(text))
        .expect("a String takes every character");
}

fn open(title: &str, height: f64) -> String {
    format!(
        "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"{}\">",
        escape(title)
    )
}

fn rectangle(svg: &mut String, left: f64, top: f64, width: f64, colour: &str, tip: &str) {
    let tip = escape(tip);
    write!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" fill=\"{colour}\">\
         <title>{tip}</title></rect>"
    )
    .expect("a String takes every character");
}

fn square(svg: &mut String, left: f64, top: f64, colour: &str) {
    write!(svg, "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"14\" height=\"14\" fill=\"{colour}\"/>")
        .expect("a String takes every character");
}

/// Right-aligned before the bars; cut where it would run into them.
fn text_label(svg: &mut String, label: &str, top: f64) {
    let mut shown: String = label.chars().take(LABEL_CHARACTERS).collect();
    if shown.len() < label.len() {
        shown.pop();
        shown.push('…');
    }
    write!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LABELS - 8.0,
        top + 12.0,
        escape(&shown)
    )
    .expect("a String takes every character");
}

fn text_at(svg: &mut String, left: f64, base: f64, text: &str) {
    write!(svg, "<text x=\"{left:.1}\" y=\"{base:.1}\">{}</text>", escape(text))
        .expect("a String takes every character");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_figures_and_labels_are_escaped() {
        let svg = bars("规则", &[("<甲>".to_owned(), 4), ("乙".to_owned(), 1)]);
        assert!(svg.contains("width=\"400.0\"") && svg.contains("width=\"100.0\""), "{svg}");
        assert!(svg.contains("&lt;甲&gt;") && !svg.contains("<甲>"));
    }

    #[test]
    fn a_stack_fills_its_bar_and_names_only_what_occurs() {
        let parts = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
        let svg = stacked("覆盖", &parts, &[("源".to_owned(), [1, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0])]);
        for width in ["width=\"100.0\"", "width=\"200.0\""] {
            assert!(svg.contains(width), "{svg}");
        }
        assert!(svg.contains("3 (75.0%)"));
        assert!(svg.contains(">e</text>") && !svg.contains(">d</text>"));
    }

    #[test]
    fn lines_start_at_zero_and_the_highest_figure_is_on_top() {
        let svg = lines("趋势", &["a", "b", "c"], &[("疑点", vec![0, 10, 5]), ("户", vec![0, 0, 0])]);
        assert!(svg.contains("points=\"50.0,240.0 380.0,50.0 710.0,145.0\""), "{svg}");
        assert!(!lines("空", &["a"], &[("", vec![0]), ("", vec![0])]).contains("NaN"));
    }

    #[test]
    fn nothing_to_draw_divides_by_nothing() {
        assert!(!bars("空", &[("甲".to_owned(), 0)]).contains("NaN"));
        assert!(!stacked("空", &[""; PARTS], &[("源".to_owned(), [0; PARTS])]).contains("NaN"));
    }
}
