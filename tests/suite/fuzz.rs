//! What the fuzzer asks of the readers (`tests/fuzz/properties`), asked of a few hundred made-up inputs each time: the pieces
//! that files, ids and layouts are made of, and what breaks them, in any order. `tests/fuzz/Cargo.toml` says how to ask for
//! hours.

#[path = "../fuzz/properties/extract.rs"]
mod extract;
#[path = "../fuzz/properties/ids.rs"]
mod ids;
#[path = "../fuzz/properties/layout.rs"]
mod layout;

use proptest::prelude::*;

/// Pieces of extracts: cells in UTF-8 and GB18030 (one character of four bytes), separators, line ends, quotes alone and in
/// pairs, and bytes that are no text.
const OF_EXTRACTS: &[&[u8]] = &[
    b"11010519491231002X",
    b"440308199901101512",
    b"130503670401001",
    "张三".as_bytes(),
    b"\xD5\xC5\xC8\xFD",
    b"\x95\x32\x82\x36",
    b"2026-11-24",
    b"D",
    b",",
    b"|",
    b"\t",
    b";",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"\"",
    b"\0",
    b"\xFF",
    b"\xEF\xBB\xBF",
    b"ID,NAME,PLATE,DATE,OP\n",
    b" ",
];

const OF_IDS: &[&str] = &[
    "11010519491231002X",
    "110105",
    "1949",
    "1231",
    "002",
    "130503670401001",
    "810000199408230021",
    "9",
    "0000",
    "X",
    "x",
    "Ｘ",
    "１",
    " ",
    "\u{3000}",
    "'",
    "*",
    "-",
    "·",
    ",",
    "欧阳",
    "娜娜",
    "張",
    "Zhang San",
    "２０２６年１１月",
    "1,234.50元",
    "万",
    "\u{200B}",
];

const OF_LAYOUTS: &[&str] = &[
    "kind = \"vehicle\"\n",
    "kind = \"housing\"\n",
    "kind = 7\n",
    "department = \"公安交管\"\n",
    "connector = { type = \"csv\", path = \"v.csv\" }\n",
    "connector = { type = \"csv\", path = \"v.csv\", delimiter = \"||\", encoding = \"gbk\" }\n",
    "connector = { type = \"xlsx\", path = \"v.xlsx\", header_rows = 0 }\n",
    "columns = { owner_id = \"ID\", owner_name = \"NAME\", plate = \"PLATE\" }\n",
    "columns = { owner_id = [\"ID\", \"\"], state = \"ID\" }\n",
    "values = { delete = [\"D\"] }\n",
    "[values]\n",
    "unit = \"\"\n",
    "max_age_days = -1\n",
    "programmes = []\n",
    "= \n",
    "\"\n",
];

/// Some of the pieces one behind the other.
fn pieces<T: Clone + std::fmt::Debug + 'static>(of: &'static [T], most: usize) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(prop::sample::select(of), 0..most)
}

proptest! {
    #[test]
    fn extracts_are_read_or_refused(choice in any::<u8>(), body in pieces(OF_EXTRACTS, 80)) {
        extract::holds(&[&[choice][..], &body.concat()].concat());
    }

    #[test]
    fn ids_dates_amounts_and_names_are_read_or_not(parts in pieces(OF_IDS, 6), any in ".{0,24}") {
        ids::holds(&parts.concat());
        ids::holds(&any);
    }

    #[test]
    fn layouts_are_taken_or_refused(lines in pieces(OF_LAYOUTS, 8)) {
        layout::holds(&lines.concat());
    }
}
