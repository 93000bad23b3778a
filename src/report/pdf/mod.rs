//! Documents as A4 PDF with the part of the Chinese font that they use: breaking lines, laying out pages, painting.
//!
//! Nothing here knows what a household is; see `document` for what is laid out. The same documents give the same bytes.

mod face;
mod layout;
mod lines;
mod paint;

use super::document::Document;
use crate::kernel::Result;
use face::Face;
pub(super) use paint::Imprint;

/// A file, and what its maker must be told.
pub(super) struct Pdf {
    pub bytes: Vec<u8>,
    pub pages: u64,
    /// Characters the font lacks, printed as their code points; the document they stand in says so.
    pub missing: u64,
}

/// One file of all documents, each with its own page numbers and an entry in the outline.
///
/// # Errors
/// The file outgrew a limit of PDF.
pub(super) fn to_pdf(imprint: &Imprint, documents: &[Document]) -> Result<Pdf> {
    let face = Face::shared();
    let laid: Vec<_> =
        documents.iter().map(|document| (document, layout::lay_out(face, document, imprint.lang))).collect();
    let pages = laid.iter().map(|(_, laid)| laid.pages.len() as u64).sum();
    let missing = laid.iter().map(|(_, laid)| laid.missing).sum();
    Ok(Pdf { bytes: paint::to_bytes(face, imprint, &laid)?, pages, missing })
}
