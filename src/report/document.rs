//! A document of blocks: titles, boxed numbers, pairs, paragraphs and tables, before it has a form.
//!
//! `pdf` lays the blocks out on A4, `household::page` renders the same blocks as HTML, so that the two forms cannot say
//! different things. All texts are final: words of the language, masked where the centre masks.

/// One document: what its pages repeat, and its blocks in reading order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Document {
    /// Stands at the head of every page.
    pub title: String,
    /// Number of the document, at the head of every page and in a file's outline.
    pub number: String,
    /// What the outline says behind the number: the masked name of the applicant.
    pub whose: String,
    /// 演示, on every page; blank for real people and parameters.
    pub demo: String,
    /// At the foot of every page.
    pub foot: String,
    pub blocks: Vec<Block>,
}

/// One part of a document.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub(super) enum Block {
    Title {
        text: String,
    },
    /// A label and a number, one character to a box; a hyphen is a gap.
    Boxes {
        label: String,
        characters: Vec<String>,
    },
    /// Labels and values, two pairs to a line.
    Pairs {
        pairs: Vec<(String, String)>,
    },
    Heading {
        text: String,
    },
    /// Above a table; never the last line of a page.
    Caption {
        text: String,
    },
    Paragraph {
        text: String,
    },
    /// A paragraph that must not be overlooked.
    Strong {
        text: String,
    },
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// Lines at the right, together: who issues the document, and the day.
    Signature {
        lines: Vec<String>,
    },
}
