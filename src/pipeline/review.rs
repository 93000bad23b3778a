//! 人工判定 in a run: which links need a person, under which key, and what earlier judgements say about them.
//!
//! A key is a digest over the facts of both sides. Of the register: the citizen's id and name. Of the record: source,
//! place in the record (owner or spouse), id and name as delivered, and the fields that make the kind's fact (plate,
//! account …). Where the id does not carry the link by itself (grades C and D) also birth date, sex, address and phone as
//! delivered, for the judgement rested on them. File, line and date of the delivery are no part of it: the same record in
//! the next delivery is the same question, and records that differ in none of this are one question.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::kernel::Digest;
use crate::model::evidence::Evidence;
use crate::model::judgement::{Answer, Judgement, JudgementKey, Review};
use crate::model::link::{Grade, Link};
use crate::model::register::Register;

/// The answers in force: of each key the one imported last.
pub struct InForce(BTreeMap<JudgementKey, Answer>);

impl InForce {
    /// `judgements` in the order of their import.
    pub fn new(judgements: &[Judgement]) -> Self {
        Self(judgements.iter().map(|judgement| (judgement.key, judgement.answer)).collect())
    }

    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Of all keys and answers, for the ledger: two runs under the same digest respected the same judgements.
    pub fn digest(&self) -> Digest {
        let lines: Vec<String> = self.0.iter().map(|(key, answer)| format!("{key} {}", answer.code())).collect();
        Digest::of_parts(lines.iter().map(String::as_bytes))
    }
}

/// Finds the links of grades B to D, in link order, and lets judgements decide which of them are accepted: 同一人 makes a
/// link acceptable whatever its grade, 不是同一人 never, even where the centre accepts the grade unseen.
pub fn settle(register: &Register, evidences: &[Evidence], links: &mut [Link], in_force: &InForce) -> Vec<Review> {
    let names = register.texts("name");
    let review = |(index, link): (usize, &mut Link)| {
        if matches!(link.grade, Grade::A | Grade::E) {
            return None;
        }
        let name = names.get(link.person as usize);
        let key = key_of(&register.id_text(link.person), name, &evidences[usize::from(link.source)], link);
        let answer = in_force.0.get(&key).copied();
        match answer {
            Some(Answer::Same) => link.accepted = true,
            Some(Answer::Other) => link.accepted = false,
            Some(Answer::Unclear) | None => {}
        }
        Some(Review { link: index as u32, key, answer })
    };
    links.par_iter_mut().enumerate().filter_map(review).collect()
}

fn key_of(id: &str, name: &str, evidence: &Evidence, link: &Link) -> JudgementKey {
    let (row, party) = (link.row as usize, link.party as usize);
    let (kind, slot) = (&evidence.kind, usize::from(link.slot));
    let value = |column: usize| evidence.table.columns[column].text(row);
    let mut facts = vec![
        id.to_owned(),
        name.to_owned(),
        evidence.source.clone(),
        slot.to_string(),
        evidence.parties.id.get(party).to_owned(),
        evidence.parties.name.get(party).to_owned(),
    ];
    facts.extend(kind.fact.iter().map(|column| value(*column)));
    if link.grade != Grade::B {
        let person = &kind.persons[slot];
        let particulars = [person.birth, person.sex, person.address, person.phone];
        facts.extend(particulars.into_iter().map(|column| column.map(value).unwrap_or_default()));
    }
    JudgementKey::of(&Digest::of_parts(facts.iter().map(String::as_bytes)))
}
