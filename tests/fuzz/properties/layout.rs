//! Any text as sources/x.toml: a layout or a fault with sentences in both languages.

use std::path::Path;

use hedui::ingest::Source;
use hedui::kernel::Lang;

pub fn holds(text: &str) {
    match Source::parse(text, Path::new("sources/x.toml")) {
        Ok(layout) => assert!(layout.kind().is_ok(), "a layout that was taken has a kind"),
        Err(fault) => assert!([Lang::Zh, Lang::En].iter().all(|lang| !fault.say(*lang).is_empty())),
    }
}
