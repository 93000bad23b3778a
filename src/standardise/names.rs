//! Names of people: folding for one spelling, comparing by levels. Printing always uses the name as delivered.
//!
//! Levels, not one number: each says what is different, so that linkage can ask for more where the id says less. Short
//! names fail closed: of two characters at most one may differ, and a homophone counts only beside a whole id.
//! Former names are two names, not one; comparing with them is linkage's.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::characters::{
    comparing_form, is_han, is_name_dot, is_unreadable, look_alike, readings, real_character, sound_alike,
};
use crate::model::link::NameLevel;

/// One spelling of a name: width and compatibility forms, private-use codes, blanks, brackets behind it, case, and the
/// name dot as U+00B7. Forms (traditional, variant) stay as they are. Borrowed if there was nothing to do.
pub fn fold(name: &str) -> Cow<'_, str> {
    let trimmed = name.trim();
    if is_usual(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    let compatible: String = trimmed.nfkc().map(real_character).collect();
    let characters = composed(without_remark(&compatible));
    let han = characters.iter().filter(|character| is_han(**character)).count();
    let mut folded = String::with_capacity(compatible.len());
    for (at, character) in characters.iter().enumerate() {
        let dot = is_name_dot(*character);
        if !dot && !character.is_whitespace() {
            folded.extend(character.to_uppercase());
            continue;
        }
        let before = folded.chars().next_back();
        let after = characters[at + 1..].iter().find(|next| !next.is_whitespace() && !is_name_dot(**next));
        match (before, after) {
            // A blank in a short name is padding (张 三); in a long one it stands for the dot.
            (Some(before), Some(after)) if is_han(before) && is_han(*after) && (dot || han > 3) => folded.push('·'),
            (Some(before), Some(after)) if before.is_ascii_alphabetic() && after.is_ascii_alphabetic() => {
                folded.push(' ')
            }
            _ => {}
        }
    }
    Cow::Owned(folded.nfc().collect())
}

/// The visible characters, marks joined to their letters. Nothing stands between the two but in compatibility forms ('z´'
/// is a letter, a blank and a mark), and later steps ask what a whole letter is.
fn composed(name: &str) -> Vec<char> {
    let mut letters = String::with_capacity(name.len());
    for character in name.chars().filter(|character| !is_invisible(*character)) {
        if is_combining_mark(character) {
            letters.truncate(letters.trim_end_matches(|last: char| last.is_whitespace() || is_name_dot(last)).len());
        }
        letters.push(character);
    }
    letters.nfc().collect()
}

/// What stands in brackets behind a name (张三（已故）) is a remark, unless it says that somebody else is meant (张三（之子）, 张三（代李四）).
fn without_remark(name: &str) -> &str {
    const OF_ANOTHER: &str = "之妻夫子女父母兄弟姐妹代";
    let cut = name.find(['(', '[', '【', '〔', '<']).filter(|at| *at > 0).unwrap_or(name.len());
    let remark: Vec<char> = name[cut..].chars().filter(|letter| is_han(*letter)).collect();
    let is_sex = matches!(remark[..], ['男'] | ['女']);
    let of_another = !is_sex && remark.iter().any(|letter| OF_ANOTHER.contains(*letter));
    if of_another { name } else { &name[..cut] }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\0'..='\u{1F}' | '\'' | '"' | '`')
        && !character.is_whitespace()
}

/// What equal, folded and variant spellings of one name share, and different names do not: for grouping and blocking.
/// Empty if the name has no readable letter. Words of Latin names are sorted, because their order is not agreed on.
pub fn key(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if is_usual(name) && comparing(name).eq(name.chars()) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(key_of_folded(&fold(name)))
}

fn key_of_folded(folded: &str) -> String {
    if folded.is_ascii() {
        let mut words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        return words.join(" ");
    }
    comparing(folded).collect()
}

/// Ideographs of the first block, single dots between them and nothing hidden, as in nearly every name: [`fold`] leaves
/// such a name as it is.
fn is_usual(trimmed: &str) -> bool {
    let mut dot_may_follow = false;
    for character in trimmed.chars() {
        match character {
            '某' => return false,
            '\u{4E00}'..='\u{9FFF}' => dot_may_follow = true,
            '·' if dot_may_follow => dot_may_follow = false,
            _ => return false,
        }
    }
    dot_may_follow
}

/// Letters without the dot.
fn bare(folded: &str) -> impl Iterator<Item = char> + '_ {
    folded.chars().filter(|character| *character != '·')
}

/// Letters without the dot, each in its comparing form.
fn comparing(folded: &str) -> impl Iterator<Item = char> + '_ {
    bare(folded).enumerate().map(|(at, character)| comparing_form(character, at == 0))
}

fn forms(folded: &str) -> Vec<char> {
    comparing(folded).collect()
}

/// A character of the name could not be read, or the name was cut in the middle of one: [`key`] will not find it.
pub fn is_damaged(name: &str) -> bool {
    let folded = fold(name);
    let mixed = folded.chars().any(is_han) && folded.chars().any(|character| character.is_ascii_alphabetic());
    mixed || folded.chars().any(is_unreadable)
}

/// How many letters the folded name has, the dot not counted.
pub fn letters(name: &str) -> usize {
    bare(&fold(name)).count()
}

/// Compares two names as delivered. Never [`NameLevel::Former`].
pub fn compare(a: &str, b: &str) -> NameLevel {
    let (a, b) = (a.trim(), b.trim());
    if a.is_empty() || b.is_empty() {
        return NameLevel::Absent;
    }
    if a == b && !is_hidden(a) {
        return NameLevel::Equal;
    }
    if differ_plainly(a, b) {
        return NameLevel::Different;
    }
    // A blank in a long name is folded into a dot, which says nothing of how long names are (李建国 之妻).
    let dotted = [a, b].iter().any(|name| name.chars().any(is_name_dot));
    compare_folded(&fold(a), &fold(b), dotted)
}

/// Usual names that differ in more letters than any level but the last allows, as two names nearly always do: told without
/// folding them.
fn differ_plainly(a: &str, b: &str) -> bool {
    if !is_usual(a) || !is_usual(b) {
        return false;
    }
    let (mut a, mut b) = (comparing(a), comparing(b));
    let (mut letters, mut differing) = (0, 0);
    loop {
        match (a.next(), b.next()) {
            (Some(x), Some(y)) => {
                letters += 1;
                differing += usize::from(x != y);
            }
            (None, None) => return differing > MOST_MISHEARD || differing == letters,
            _ => return differing > 0,
        }
    }
}

fn compare_folded(a: &str, b: &str, dotted: bool) -> NameLevel {
    let (forms_a, forms_b) = (forms(a), forms(b));
    if forms_a.is_empty() || forms_b.is_empty() {
        return NameLevel::Absent;
    }
    if is_hidden(a) || is_hidden(b) {
        return compare_hidden(&forms_a, &forms_b);
    }
    if bare(a).eq(bare(b)) {
        return NameLevel::Folded;
    }
    if forms_a == forms_b || a.is_ascii() && b.is_ascii() && key_of_folded(a) == key_of_folded(b) {
        return NameLevel::Variant;
    }
    if one_damaged(&forms_a, &forms_b, dotted) {
        NameLevel::Damaged
    } else if same_sound_or_look(&forms_a, &forms_b) || spelt_out(a, &forms_b) || spelt_out(b, &forms_a) {
        NameLevel::Homophone
    } else {
        NameLevel::Different
    }
}

/// Stars for more than one letter, or for the whole given name: hidden on purpose (张*, 王**, 李某某), not damaged.
fn is_hidden(name: &str) -> bool {
    let hidden = name.chars().filter(|character| hides(*character)).count();
    hidden > 0 && (hidden > 1 || name.chars().count() <= 2)
}

fn hides(character: char) -> bool {
    matches!(character, '*' | '＊' | '某')
}

/// A hidden name says nothing for a person; it can speak against one, if a letter left in its place is another.
/// Departments hide with a fixed number of stars as well, so that only the first and the last letter have a place.
fn compare_hidden(a: &[char], b: &[char]) -> NameLevel {
    let differ = |x: Option<&char>, y: Option<&char>| match (x, y) {
        (Some(x), Some(y)) => !hides(*x) && !hides(*y) && x != y,
        _ => false,
    };
    if differ(a.first(), b.first()) || differ(a.last(), b.last()) { NameLevel::Different } else { NameLevel::Absent }
}

/// One character is unreadable or spelt in pinyin, or the name was cut at a column's width; the rest is equal.
fn one_damaged(a: &[char], b: &[char], dotted: bool) -> bool {
    one_unreadable(a, b) || one_spelt(a, b) || one_spelt(b, a) || cut_off(a, b, dotted) || cut_off(b, a, dotted)
}

/// Two question marks may be one character of two bytes, and so may two U+FFFD.
fn one_unreadable(a: &[char], b: &[char]) -> bool {
    if !a.iter().chain(b).any(|character| is_unreadable(*character)) {
        return false;
    }
    let single = |name: &[char]| {
        let mut single = name.to_vec();
        single.dedup_by(|next, before| next == before && is_unreadable(*next));
        single
    };
    let aligned = |a: &[char], b: &[char]| {
        let unreadable = a.iter().zip(b).filter(|(x, y)| is_unreadable(**x) != is_unreadable(**y)).count();
        let both = a.iter().zip(b).filter(|(x, y)| is_unreadable(**x) && is_unreadable(**y)).count();
        let equal = a.iter().zip(b).filter(|(x, y)| x == y && !is_unreadable(**x)).count();
        a.len() == b.len() && unreadable + both == 1 && equal + 1 == a.len() && equal > 0
    };
    aligned(a, b) || aligned(&single(a), b) || aligned(a, &single(b))
}

/// `李YAN龙` for 李䶮龙: a run of Latin letters in a Han name that is the reading of the one character there.
fn one_spelt(spelt: &[char], whole: &[char]) -> bool {
    let Some(start) = spelt.iter().position(char::is_ascii_alphabetic) else { return false };
    let run = spelt[start..].iter().take_while(|character| character.is_ascii_alphabetic()).count();
    let (before, after) = (&spelt[..start], &spelt[start + run..]);
    if whole.len() != before.len() + 1 + after.len() || before.is_empty() && after.is_empty() {
        return false;
    }
    let latin: String = spelt[start..start + run].iter().map(char::to_ascii_lowercase).collect();
    let readable = readings(whole[start], start == 0).any(|reading| same_spelling(reading, &latin));
    readable && whole[..start] == *before && whole[start + 1..] == *after
}

/// ü is typed v, u or yu.
fn same_spelling(reading: &str, latin: &str) -> bool {
    let plain = |text: &str| text.replace('ü', "v");
    let (reading, latin) = (plain(reading), plain(latin));
    reading == latin || reading.replace('v', "u") == latin || reading.replace('v', "yu") == latin
}

/// Long names only: Latin ones, those with a dot, and those in which half a character still stands. Any other name of so many
/// letters is somebody else's (李建国之子李小明, 李建国商店), however it begins.
fn cut_off(short: &[char], long: &[char], dotted: bool) -> bool {
    let torn = short.last() == Some(&'\u{FFFD}');
    let left = if torn { &short[..short.len() - 1] } else { short };
    let latin = long.iter().all(char::is_ascii);
    let least = if latin { 8 } else { 3 };
    let is_long = latin || dotted || torn;
    is_long
        && long.len() >= 4
        && left.len() >= least
        && left.len() < long.len()
        && long.starts_with(left)
        && !long[left.len()..].iter().any(|letter| "之店厂社司".contains(*letter))
}

/// Letters of one name that may be written for others of the same sound.
const MOST_MISHEARD: usize = 2;

/// Same length, and what differs is read alike, or is one look-alike character. At least one character is the same.
fn same_sound_or_look(a: &[char], b: &[char]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let differing = || (0..a.len()).filter(|at| a[*at] != b[*at]);
    let count = differing().count();
    if count == a.len() || count > MOST_MISHEARD {
        return false;
    }
    differing().all(|at| sound_alike(a[at], b[at], at == 0))
        || count == 1 && differing().all(|at| look_alike(a[at], b[at]))
}

/// The whole name in pinyin (`ZHANG SAN` for 张三), surname first or last.
fn spelt_out(latin: &str, han: &[char]) -> bool {
    if !latin.is_ascii() || han.len() < 2 || !han.iter().all(|character| is_han(*character)) {
        return false;
    }
    let letters: String = latin.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let surname_last: Vec<char> = han[1..].iter().chain(&han[..1]).copied().collect();
    reads_as(&letters, han, 0) || reads_as(&letters, &surname_last, han.len() - 1)
}

/// Some choice of readings of all characters spells the text; `surname` is the place of the surname.
fn reads_as(text: &str, han: &[char], surname: usize) -> bool {
    let mut rests = vec![text];
    for (at, character) in han.iter().enumerate() {
        rests = rests
            .iter()
            .flat_map(|rest| {
                readings(*character, at == surname).filter_map(move |reading| {
                    let length = reading.chars().count();
                    let head = rest.get(..length)?;
                    same_spelling(reading, head).then(|| &rest[length..])
                })
            })
            .collect();
        rests.sort_unstable();
        rests.dedup();
    }
    rests.iter().any(|rest| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_has_one_shape() {
        for dot in ["·", "•", "・", "‧", "∙", "●", "．", ".", "、", " ", "\u{3000}", " · "] {
            assert_eq!(fold(&format!("买买提{dot}艾山")), "买买提·艾山", "{dot:?}");
        }
        assert_eq!(compare("买买提·艾山", "买买提艾山"), NameLevel::Folded);
        assert_eq!(fold("张 三"), "张三");
        assert_eq!(fold("ｊｏｈｎ  smith"), "JOHN SMITH");
        assert_eq!(fold("张三（已故）"), "张三");
    }

    #[test]
    fn levels() {
        use NameLevel::*;
        let cases = [
            ("张三", "张三 ", Equal),
            ("张三", "张　三", Folded),
            ("李\u{E863}", "李䶮", Folded),
            ("张伟", "張偉", Variant),
            ("萧红", "肖红", Variant),
            ("闫军", "阎军", Variant),
            ("John Smith", "SMITH JOHN", Variant),
            ("李䶮", "李?", Damaged),
            ("李䶮", "李??", Damaged),
            ("李䶮", "李□", Damaged),
            ("李䶮龙", "李YAN龙", Damaged),
            ("吕布", "LV布", Damaged),
            ("买买提·艾山江", "买买提·艾山", Damaged),
            ("买买提·艾山江", "买买提·艾\u{FFFD}", Damaged),
            ("王伟", "王玮", Homophone),
            ("单红", "山红", Homophone),
            ("张建国", "张健国", Homophone),
            ("李干", "李千", Homophone),
            ("于明", "於明", Homophone),
            ("张三", "ZHANG SAN", Homophone),
            ("单明", "Ming Shan", Homophone),
            ("张三", "", Absent),
            ("张*", "张三", Absent),
            ("王**", "王小明", Absent),
            ("李某某", "李小明", Absent),
            ("李*", "张三", Different),
            ("张三", "张三丰", Different),
            ("李乾", "李干", Homophone),
            ("王伟", "汪玮", Different),
            ("王伟", "王强", Different),
            ("欧阳修", "欧阳", Different),
            ("李建国", "李建国之子李小明", Different),
            ("欧阳明月", "欧阳明月有限公司", Different),
            ("张伟国", "张伟国华", Different),
            ("李建国", "李建国 之妻", Different),
            ("李建国", "李建国（之子）", Different),
            ("李建国", "李建国(代王丽)", Different),
            ("李建国", "李建国（女）", Folded),
            ("买买提·艾山江", "买买提·艾山江之妻", Different),
            ("欧阳明月", "欧阳明\u{FFFD}", Damaged),
        ];
        for (a, b, level) in cases {
            assert_eq!(compare(a, b), level, "{a} {b}");
            assert_eq!(compare(b, a), level, "{b} {a}");
        }
    }

    #[test]
    fn keys_meet_exactly_where_levels_up_to_variant_do() {
        for (a, b) in [("張偉", "张伟"), ("蕭紅", "肖红"), ("买买提·艾山", "買買提 艾山"), ("Smith John", "john smith")]
        {
            assert_eq!(key(a), key(b));
        }
        for (a, b) in [("王伟", "王玮"), ("于明", "於明"), ("李乾", "李干"), ("余华", "餘華")] {
            assert_ne!(key(a), key(b));
        }
    }

    #[test]
    fn a_mark_beside_its_letter_is_folded_at_once() {
        // NFKC makes ´ a blank and a mark; without the blank the mark belongs to the letter.
        assert_eq!(fold("z\u{b4}"), "\u{179}");
        assert_eq!(fold("\u{179}"), "\u{179}");
        // Whether a dot parts two plain letters is asked of the whole letter, not of the one its mark has yet to meet.
        assert_eq!(fold("a・Z\u{b4}"), "A\u{179}");
    }

    #[test]
    fn a_usual_name_is_its_own_fold() {
        for name in ["张三", "买买提·艾山", "王"] {
            assert!(is_usual(name) && fold(&format!("{name} ")) == name, "{name}");
        }
        for name in ["", "·艾山", "艾山·", "买买提··艾山", "李某", "張\u{E863}", "李 三", "A"] {
            assert!(!is_usual(name), "{name}");
        }
    }

    proptest::proptest! {
        /// The short cuts of [`compare`], [`key`] and [`fold`] against the way that every name could go.
        #[test]
        fn short_cuts_lead_to_the_same_answers(a in "[张三李四丰伟玮偉某·萧肖蕭]{1,5}", b in "[张三李四丰伟玮偉某·萧肖蕭]{1,5}") {
            let padded = |name: &str| fold(&format!("{name}\u{200B}")).into_owned();
            proptest::prop_assert_eq!(fold(&a).into_owned(), padded(&a));
            proptest::prop_assert_eq!(key(&a).into_owned(), key_of_folded(&padded(&a)));
            if a != b {
                let dotted = a.contains('·') || b.contains('·');
                proptest::prop_assert_eq!(compare(&a, &b), compare_folded(&padded(&a), &padded(&b), dotted));
            }
        }

        #[test]
        fn comparing_has_no_sides_and_folding_ends(a in "[张三李四丰伟偉?*·. aZ\u{E863}\\PC]{0,8}", b in "[张三李四丰伟偉?*·.・（( aZé´z\u{E863}\u{200B}\u{0301}]{0,8}") {
            proptest::prop_assert_eq!(compare(&a, &b), compare(&b, &a));
            let folded = fold(&b);
            proptest::prop_assert_eq!(fold(&folded), folded.as_ref());
        }
    }
}
