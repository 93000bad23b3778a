//! A link in sentences a clerk understands: what the id says, what the name says, what else agrees, and what follows.
//! Nothing personal is in them; the report prints id and name in their own columns.

use crate::kernel::Message;
use crate::model::link::{Grade, Link, NameLevel};

/// The whole explanation, one sentence each for id, name, further facts, weight and consequence.
pub fn explain(link: &Link) -> Vec<Message> {
    let mut sentences = vec![Message::new(id_key(link.code[0])), Message::new(name_key(link.name_level))];
    sentences.push(Message::new(else_key(link.code[2])));
    sentences.push(Message::new("linkage.weight").with("bits", link.weight_bits));
    sentences.push(explain_short(link));
    sentences
}

/// One clause for a cell: what the grade means. No centre's settings accept grades B and E, so such a link that is
/// accepted was judged.
pub fn explain_short(link: &Link) -> Message {
    let possible = link.code[2] == b'P';
    Message::new(match link.grade {
        Grade::A if link.name_level == NameLevel::Absent => "linkage.grade_a_no_name",
        Grade::A => "linkage.grade_a",
        Grade::B if link.accepted => "linkage.grade_b_judged",
        Grade::B if link.is_shared() => "linkage.grade_b_shared",
        Grade::B if link.name_level == NameLevel::Absent => "linkage.grade_b_no_name",
        Grade::B => "linkage.grade_b",
        Grade::C if matches!(link.code[2], b'F' | b'B') => "linkage.grade_c",
        Grade::C => "linkage.grade_c_no_birth",
        Grade::D => "linkage.grade_d",
        Grade::E if link.accepted => "linkage.possible_judged",
        Grade::E if possible => "linkage.possible",
        Grade::E => "linkage.grade_e",
    })
}

/// What cleaning and repair did to the id, one word each; empty for an id that was right as delivered.
pub fn repairs(link: &Link) -> Vec<Message> {
    link.repairs.names().map(|name| Message::new(repair_key(name))).collect()
}

fn repair_key(name: &str) -> &'static str {
    match name {
        "case" => "linkage.repair_case",
        "width" => "linkage.repair_width",
        "blanks" => "linkage.repair_blanks",
        "quotes" => "linkage.repair_quotes",
        "fifteen" => "linkage.repair_fifteen",
        "certificate" => "linkage.repair_certificate",
        "one_digit" => "linkage.repair_one_digit",
        "swap" => "linkage.repair_swap",
        "lookalike" => "linkage.repair_lookalike",
        "masked" => "linkage.repair_masked",
        "tail_lost" => "linkage.repair_tail_lost",
        other => unreachable!("no such repair: {other}"),
    }
}

fn id_key(letter: u8) -> &'static str {
    match letter {
        b'E' => "linkage.id_exact",
        b'C' => "linkage.id_cleaned",
        b'F' => "linkage.id_document",
        b'U' => "linkage.id_shared",
        b'1' => "linkage.id_one_digit",
        b'S' => "linkage.id_swap",
        b'L' => "linkage.id_lookalike",
        b'M' => "linkage.id_masked",
        b'T' => "linkage.id_tail_lost",
        b'N' => "linkage.id_missing",
        b'X' => "linkage.id_unusable",
        other => unreachable!("no such letter for an id: {other}"),
    }
}

fn name_key(level: NameLevel) -> &'static str {
    match level {
        NameLevel::Equal => "linkage.name_equal",
        NameLevel::Folded => "linkage.name_folded",
        NameLevel::Variant => "linkage.name_variant",
        NameLevel::Former => "linkage.name_former",
        NameLevel::Damaged => "linkage.name_damaged",
        NameLevel::Homophone => "linkage.name_homophone",
        NameLevel::Absent => "linkage.name_absent",
        NameLevel::Different => "linkage.name_different",
    }
}

fn else_key(letter: u8) -> &'static str {
    match letter {
        b'F' => "linkage.else_full",
        b'B' => "linkage.else_birth",
        b'T' => "linkage.else_fact",
        b'X' => "linkage.else_contradicts",
        b'P' => "linkage.else_possible",
        b'N' => "linkage.else_nothing",
        other => unreachable!("no such letter for further facts: {other}"),
    }
}
