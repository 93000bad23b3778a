//! Several owners in one cell (不动产 共有人) → one id and name each.
//!
//! Lists are separated by `、` `，` `,` `；` `;` `/` `|` `&` and line ends, ids also by blanks where every piece is a whole id, so
//! that an id with a blank inside stays one, and by nothing where good ids stand one behind the other. Ids and names are paired by
//! position. A name that is left over becomes an owner without an id. An id that is left over keeps the whole cell of names: it has
//! no name of its own there, and must not look as if nobody had been named (共有人未配对); only without any name it has none. The
//! forms `name,id;name,id;` and `name（id）、name（id）` that real-estate systems build are read as pairs. A blank or dot inside a
//! name is no separator unless there are as many pieces as ids: it may be a foreign name.

use crate::kernel::CitizenId;

/// Separators of lists, after which an owner may begin.
const SEPARATORS: &[char] = &['、', '，', ',', '；', ';', '/', '／', '|', '｜', '&', '＆', '\n'];

/// Whether a cell's bytes may hold a list: a cheap look that is never wrong about "no". For GB18030 bytes it may say
/// "yes" where two characters happen to meet like a separator.
pub(super) fn may_be_list(bytes: &[u8]) -> bool {
    // 、，；＆／｜ in UTF-8 begin with E3 80, EF BC, EF BD; in GB18030 they are A1 A2, A3 AC, A3 BB, A3 A6, A3 AF, A3 FC.
    let is_separator = |at: usize| {
        matches!(
            (bytes[at], bytes.get(at + 1)),
            (b',' | b';' | b'/' | b'|' | b'&' | b'\n', _)
                | (0xE3, Some(0x80))
                | (0xEF, Some(0xBC | 0xBD))
                | (0xA1, Some(0xA2))
                | (0xA3, Some(0xAC | 0xBB | 0xA6 | 0xAF | 0xFC))
        )
    };
    bytes.iter().any(|byte| BEGINS_SEPARATOR[usize::from(*byte)]) && (0..bytes.len()).any(is_separator)
}

/// Bytes with which a separator may begin, in either encoding. Nearly no name holds one.
static BEGINS_SEPARATOR: [bool; 256] = {
    let bytes = b",;/|&\n\xE3\xEF\xA1\xA3";
    let (mut begins, mut at) = ([false; 256], 0);
    while at < bytes.len() {
        begins[bytes[at] as usize] = true;
        at += 1;
    }
    begins
};

/// Whether an id cell may hold several ids. An id of letters and digits alone is one id, if it is no longer than one.
pub(super) fn may_be_ids(bytes: &[u8]) -> bool {
    // Nearly every cell is eighteen digits.
    let digits = |id: &[u8; 18]| id.iter().fold(true, |all, byte| all & byte.is_ascii_digit());
    !bytes.try_into().is_ok_and(digits) && (bytes.len() > LONGEST_ID || !bytes.iter().all(u8::is_ascii_alphanumeric))
}

/// The owners in an id cell and a name cell, as (id, name); either may be empty, never both.
pub(super) fn pair<'a>(ids: &'a str, names: &'a str) -> Vec<(&'a str, &'a str)> {
    let of_names = || written_as_pairs(names).or_else(|| written_in_brackets(names)).filter(|_| ids.is_empty());
    if let Some(pairs) = written_as_pairs(ids).or_else(|| written_in_brackets(ids)).or_else(of_names) {
        return pairs;
    }
    let all_names = names.trim();
    let pieces = split_ids(ids);
    let within = match pieces.len() {
        0 => several_within(names),
        1 => several_within(ids),
        _ => None,
    };
    if let Some(found) = within {
        return found.into_iter().map(|id| (id, all_names)).collect();
    }
    let ids = pieces;
    let mut names = split(names, SEPARATORS);
    if let (true, [only]) = (ids.len() > 1, names.as_slice()) {
        let pieces: Vec<&str> = only.split_whitespace().collect();
        if pieces.len() == ids.len() {
            names = pieces;
        }
    }
    let at = |list: &[&'a str], index: usize| list.get(index).copied().unwrap_or_default();
    let owner = |index: usize| match (at(&ids, index), at(&names, index)) {
        (id, "") if !id.is_empty() => (id, all_names),
        paired => paired,
    };
    let owners = (0..ids.len().max(names.len())).map(owner);
    owners.filter(|(id, name)| !id.is_empty() || !name.is_empty()).collect()
}

fn split_ids(text: &str) -> Vec<&str> {
    let pieces = split(text, SEPARATORS);
    let [only] = pieces.as_slice() else { return pieces };
    let parts: Vec<&str> = only.split_whitespace().collect();
    if parts.len() > 1 && parts.iter().all(|part| part.chars().count() >= 15) {
        return parts;
    }
    run_together(only).unwrap_or(pieces)
}

/// Characters of an id; with what a certificate of disability adds.
const ID: usize = 18;
const LONGEST_ID: usize = 22;

/// Whether a cell of names may hold ids too.
pub(super) fn may_hold_ids(name: &[u8]) -> bool {
    name.len() > 2 * ID
}

/// Good ids in a text that no separator takes apart: two at least, or one that something else runs into. Whose they are, nobody
/// can say.
fn several_within(text: &str) -> Option<Vec<&str>> {
    if text.len() <= LONGEST_ID {
        return None;
    }
    let is_good = |id: &str| born(id).is_some_and(CitizenId::is_valid);
    let (mut found, mut run_into, mut at) = (Vec::new(), false, 0);
    for run in text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let letters = run.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let mut from = 0;
        while from + ID <= letters.len() {
            let id = &text[at + from..at + from + ID];
            if is_good(id) {
                found.push(id);
                run_into = run_into || letters.len() > LONGEST_ID;
                from += ID;
            } else {
                from += 1;
            }
        }
        at += run.len();
    }
    (found.len() > 1 || run_into).then_some(found)
}

/// Several ids with nothing between them, one of them good.
fn run_together(text: &str) -> Option<Vec<&str>> {
    if !text.is_ascii() || text.len() <= ID || !text.len().is_multiple_of(ID) {
        return None;
    }
    let ids: Vec<&str> = (0..text.len()).step_by(ID).map(|at| &text[at..at + ID]).collect();
    let read: Option<Vec<CitizenId>> = ids.iter().map(|id| born(id)).collect();
    read?.into_iter().any(CitizenId::is_valid).then_some(ids)
}

/// The id in as many characters, if it says when its owner was born.
fn born(id: &str) -> Option<CitizenId> {
    CitizenId::from_ascii(id.to_ascii_uppercase().as_bytes()).filter(|id| id.birth().is_some())
}

/// `张三（3701…）、李四(3701…)`: a name with an id in brackets, or a name alone; at least one id must be there.
fn written_in_brackets(text: &str) -> Option<Vec<(&str, &str)>> {
    if !text.contains(['(', '（']) {
        return None;
    }
    let mut pairs = Vec::new();
    for piece in split(text, SEPARATORS).into_iter().filter(|piece| !piece.is_empty()) {
        let bracketed = piece.strip_suffix([')', '）']).and_then(|open| open.split_once(['(', '（']));
        let name_and_id = bracketed.map(|(name, id)| (name.trim(), id.trim_start_matches(['(', '（']).trim()));
        match name_and_id {
            Some((name, id)) if is_id_like(id) && id.chars().count() <= LONGEST_ID && !is_id_like(name) => {
                pairs.push((id, name));
            }
            _ if is_id_like(piece) => return None,
            _ => pairs.push(("", piece)),
        }
    }
    pairs.iter().any(|(id, _)| !id.is_empty()).then_some(pairs)
}

/// Pieces, trimmed. A blank one keeps its place (`,0205…` is a second person's id), but not at the end.
fn split<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    let mut pieces: Vec<&str> = text.split(separators).map(str::trim).collect();
    while pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    pieces
}

/// `张三,3701…;李四,3701…;`: groups of a name and an id, or a name alone; at least one id must be there.
fn written_as_pairs(text: &str) -> Option<Vec<(&str, &str)>> {
    if !text.contains([',', '，']) {
        return None;
    }
    let groups = split(text, &[';', '；']);
    let mut pairs = Vec::with_capacity(groups.len());
    let mut ids = 0;
    for group in groups.into_iter().filter(|group| !group.is_empty()) {
        let parts = split(group, &[',', '，']);
        match parts.as_slice() {
            [name, id] if !name.is_empty() && !is_id_like(name) && is_id_like(id) => {
                pairs.push((*id, *name));
                ids += 1;
            }
            [name] if !is_id_like(name) => pairs.push(("", *name)),
            _ => return None,
        }
    }
    (ids > 0).then_some(pairs)
}

/// Mostly digits (or stars) and at least six characters: an id, however damaged, and no name.
fn is_id_like(text: &str) -> bool {
    let digits =
        text.chars().filter(|letter| letter.is_ascii_digit() || ('０'..='９').contains(letter) || *letter == '*');
    let count = text.chars().count();
    count >= 6 && digits.count() * 2 > count
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "110105194912310021";
    const B: &str = "44052418800101001X";

    #[test]
    fn paired_by_position() {
        let two = vec![(A, "张三"), (B, "李四")];
        for separator in ["、", "，", ",", "；", ";", "/", " ; ", "|", "｜", "&", "＆", "\n"] {
            assert_eq!(pair(&format!("{A}{separator}{B}"), &format!("张三{separator}李四")), two, "{separator}");
        }
        assert_eq!(pair(&format!("{A} {B}"), "张三 李四"), two);
        assert_eq!(pair(&format!("{A},{B},"), "张三、李四"), two, "a separator at the end");
    }

    #[test]
    fn what_is_left_over_stands_alone() {
        assert_eq!(pair(&format!("{A},{B}"), "张三"), [(A, "张三"), (B, "张三")], "whose name it is nobody says");
        assert_eq!(pair(&format!("{A},{B}"), ",李四"), [(A, ",李四"), (B, "李四")]);
        assert_eq!(pair(&format!("{A},{B},{A}"), "张三、李四")[2], (A, "张三、李四"));
        assert_eq!(pair(&format!("{A},{B}"), " "), [(A, ""), (B, "")], "nobody is named");
        assert_eq!(pair(A, "张三、李四"), [(A, "张三"), ("", "李四")]);
        assert_eq!(pair("", "张三、李四"), [("", "张三"), ("", "李四")]);
    }

    #[test]
    fn a_leading_separator_keeps_the_first_place() {
        assert_eq!(pair(&format!(",{B}"), "张三,李四"), [("", "张三"), (B, "李四")]);
        assert_eq!(pair(&format!(",{B}"), ""), [(B, "")]);
    }

    #[test]
    fn pairs_in_one_cell() {
        let text = format!("张三,{A};李四,{B};");
        assert_eq!(pair("", &text), [(A, "张三"), (B, "李四")]);
        assert_eq!(pair(&text, "张三、李四"), [(A, "张三"), (B, "李四")]);
        assert_eq!(pair("", &format!("张三,;李四,{B}")), [("", "张三"), (B, "李四")]);
    }

    #[test]
    fn ids_one_behind_the_other_and_ids_in_brackets() {
        const WHOLE: &str = "11010519491231002X";
        let both = format!("{A}{WHOLE}");
        assert_eq!(pair(&both, "张三、李四"), [(A, "张三"), (WHOLE, "李四")]);
        assert!(may_be_ids(both.as_bytes()) && !may_be_ids(WHOLE.as_bytes()));
        let damaged = format!("{A}{A}");
        assert_eq!(pair(&damaged, "张三"), [(damaged.as_str(), "张三")], "not ids, whatever it is");
        assert_eq!(pair("", &format!("张三（{A}）、李四({B})、王五")), [(A, "张三"), (B, "李四"), ("", "王五")]);
        assert_eq!(pair("", "张三（已故）、李四"), [("", "张三（已故）"), ("", "李四")]);
        assert_eq!(pair(A, &format!("张三({A})")), [(A, &*format!("张三({A})"))], "a name with a remark");
    }

    #[test]
    fn good_ids_that_nothing_takes_apart_are_owners_whose_names_nobody_knows() {
        const C: &str = "11010519491231002X";
        const D: &str = "440524188001010014";
        for (ids, names, found) in [
            ("91370141MA4076340Q11010519491231002X", "某公司、张三", &[C][..]),
            ("E1234567811010519491231002X", "张三", &[C]),
            ("甲（11010519491231002X）乙（11010519491231002X）", "", &[C, C]),
            ("", "甲（11010519491231002X）乙（11010519491231002X）", &[C, C]),
            ("", "（11010519491231002X）甲、（11010519491231002X）乙", &[C, C]),
            ("11010519491231002X和11010519491231002X", "甲和乙", &[C, C]),
        ] {
            let expected: Vec<(&str, &str)> = found.iter().map(|id| (*id, names)).collect();
            assert_eq!(pair(ids, names), expected, "{ids}");
        }
        assert_eq!(pair("身份证号码：11010519491231002X", "张三"), [("身份证号码：11010519491231002X", "张三")]);
        assert_eq!(pair(&format!("{C}／{D}"), "甲／乙"), [(C, "甲"), (D, "乙")]);
        assert!(may_be_ids(b"E1234567811010519491231002X") && !may_be_ids(b"11010519491231002x43B1"));
    }

    #[test]
    fn one_person_stays_one() {
        assert_eq!(pair(A, "John Smith"), [(A, "John Smith")]);
        assert_eq!(pair(A, "买买提·艾力"), [(A, "买买提·艾力")]);
        assert_eq!(pair("110105 19491231 0021", "张三"), [("110105 19491231 0021", "张三")], "blanks inside an id");
        assert_eq!(pair("3701**********1234", "张三"), [("3701**********1234", "张三")]);
        assert!(pair("", "").is_empty());
        assert!(pair(",", "、").is_empty());
    }

    #[test]
    fn the_cheap_look_is_never_wrong_about_no() {
        for list in ["甲、乙", "甲，乙", "甲；乙", "甲,乙", "甲;乙", "甲/乙"] {
            assert!(may_be_list(list.as_bytes()), "{list}");
            assert!(may_be_list(&encoding_rs::GB18030.encode(list).0), "{list} in GB18030");
        }
        assert!(!may_be_list("买买提·艾力".as_bytes()));
        assert!(!may_be_ids(A.as_bytes()));
        assert!(may_be_ids(format!("{A} {B}").as_bytes()));
    }
}
