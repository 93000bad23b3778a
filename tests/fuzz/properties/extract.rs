//! Any bytes as a department's file: it is read or refused, every row ends in one bin, and every row kept starts where its
//! reference says. The first byte chooses encoding, delimiter and whether a sound heading stands before the rest.

use std::path::Path;

use hedui::ingest::{self, Source};
use hedui::kernel::{Cancel, Date, Silent};
use hedui::model::evidence::Evidence;

const LAYOUT: &str = r#"
    kind = "vehicle"
    department = "公安交管"
    connector = { type = "csv", path = "v.csv", encoding = "ENCODING", delimiter = "DELIMITER" }
    columns = { owner_id = "ID", owner_name = "NAME", plate = "PLATE", registered_on = "DATE", operation = "OP" }
    values = { delete = ["D"] }
"#;

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

fn read(folder: &Path, layout: &str) -> Evidence {
    let source = Source::parse(layout, Path::new("v.toml")).expect("a sound layout");
    let kind = source.kind().expect("a built-in kind");
    let today = Date::parse_iso("2026-11-24").expect("a real day");
    let wanted = |party: &ingest::PartyView<'_>| party.id().len() % 2 == 0;
    ingest::read(folder, "v", &source, &kind, today, Some(&wanted), None, &Silent, &Cancel::default())
        .expect("nobody stops it")
}

pub fn holds(bytes: &[u8]) {
    let Some((choice, body)) = bytes.split_first() else { return };
    let encoding = ["auto", "utf-8", "gb18030"][usize::from(choice & 3) % 3];
    let delimiter = [",", "|", "\\t", ";"][usize::from(choice >> 2 & 3)];
    let layout = LAYOUT.replace("ENCODING", encoding).replace("DELIMITER", delimiter);
    let mut file = Vec::new();
    if choice & 16 == 0 {
        let heading = ["ID", "NAME", "PLATE", "DATE", "OP"].join(&delimiter.replace("\\t", "\t"));
        file.extend_from_slice(heading.as_bytes());
        file.push(b'\n');
    }
    file.extend_from_slice(body);
    let evidence = FOLDER.with(|folder| {
        std::fs::write(folder.path().join("v.csv"), &file).expect("the temporary folder can be written");
        read(folder.path(), &layout)
    });
    assert!(evidence.bins.closes());
    assert_eq!(evidence.refs.len(), evidence.table.rows());
    assert!(evidence.refs.windows(2).all(|pair| pair[0].offset < pair[1].offset && pair[0].line < pair[1].line));
    for at in &evidence.refs {
        let before = &file[..at.offset as usize];
        let behind_line_end = before.last().is_none_or(|byte| *byte == b'\n') || before == b"\xEF\xBB\xBF";
        assert!(behind_line_end, "a row starts behind a line end");
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(at.line as usize, lines + 1);
    }
}
