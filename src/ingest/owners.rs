//! Several owners in one cell (不动产 共有人) → one id and name each.
//!
//! Lists are separated by `、` `，` `,` `；` `;` `/`, ids also by blanks where every piece is a whole id, so that an id
//! with a blank inside stays one. Ids and names are paired by position; what is left over on either side becomes an
//! owner without a name, or without an id. The form `name,id;name,id;` that real-estate systems build is read as pairs.
//! A blank or dot inside a name is no separator unless there are as many pieces as ids: it may be a foreign name.

/// Separators of lists, after which an owner may begin.
const SEPARATORS: &[char] = &['、', '，', ',', '；', ';', '/'];

/// Whether a cell's bytes may hold a list: a cheap look that is never wrong about "no". For GB18030 bytes it may say
/// "yes" where two characters happen to meet like a separator.
pub(super) fn may_be_list(bytes: &[u8]) -> bool {
    // 、，； in UTF-8 begin with E3 80, EF BC; in GB18030 they are A1 A2, A3 AC, A3 BB.
    let is_separator = |at: usize| {
        matches!(
            (bytes[at], bytes.get(at + 1)),
            (b',' | b';' | b'/', _)
                | (0xE3, Some(0x80))
                | (0xEF, Some(0xBC))
                | (0xA1, Some(0xA2))
                | (0xA3, Some(0xAC | 0xBB))
        )
    };
    (0..bytes.len()).any(is_separator)
}

/// Whether an id cell may hold several ids. An id of letters and digits alone is one id.
pub(super) fn may_be_ids(bytes: &[u8]) -> bool {
    // Nearly every cell is eighteen digits.
    let digits = |id: &[u8; 18]| id.iter().fold(true, |all, byte| all & byte.is_ascii_digit());
    !bytes.try_into().is_ok_and(digits) && !bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// The owners in an id cell and a name cell, as (id, name); either may be empty, never both.
pub(super) fn pair<'a>(ids: &'a str, names: &'a str) -> Vec<(&'a str, &'a str)> {
    if let Some(pairs) = written_as_pairs(ids).or_else(|| written_as_pairs(names).filter(|_| ids.is_empty())) {
        return pairs;
    }
    let ids = split_ids(ids);
    let mut names = split(names, SEPARATORS);
    if let (true, [only]) = (ids.len() > 1, names.as_slice()) {
        let pieces: Vec<&str> = only.split_whitespace().collect();
        if pieces.len() == ids.len() {
            names = pieces;
        }
    }
    let at = |list: &[&'a str], index: usize| list.get(index).copied().unwrap_or_default();
    (0..ids.len().max(names.len()))
        .map(|index| (at(&ids, index), at(&names, index)))
        .filter(|(id, name)| !id.is_empty() || !name.is_empty())
        .collect()
}

fn split_ids(text: &str) -> Vec<&str> {
    let pieces = split(text, SEPARATORS);
    let [only] = pieces.as_slice() else { return pieces };
    let parts: Vec<&str> = only.split_whitespace().collect();
    if parts.len() > 1 && parts.iter().all(|part| part.chars().count() >= 15) { parts } else { pieces }
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
        for separator in ["、", "，", ",", "；", ";", "/", " ; "] {
            assert_eq!(pair(&format!("{A}{separator}{B}"), &format!("张三{separator}李四")), two, "{separator}");
        }
        assert_eq!(pair(&format!("{A} {B}"), "张三 李四"), two);
        assert_eq!(pair(&format!("{A},{B},"), "张三、李四"), two, "a separator at the end");
    }

    #[test]
    fn what_is_left_over_stands_alone() {
        assert_eq!(pair(&format!("{A},{B}"), "张三"), [(A, "张三"), (B, "")]);
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
