//! 人工判定 in a run: which links need a person, under which key, and what earlier judgements say about them.
//!
//! A key is a digest over the facts of both sides. Of the register: the citizen's id and name. Of the record: source,
//! place in the record (owner or spouse), id and name as delivered, and the fields that make the kind's fact (plate,
//! account …). Where the id does not carry the link by itself (grades C to E) also birth date, sex, address and phone as
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

/// Finds the links of grades B to E, in link order, and lets judgements decide which of them are accepted: 同一人 makes a
/// link acceptable whatever its grade, 不是同一人 never, even where the centre accepts the grade unseen.
pub fn settle(register: &Register, evidences: &[Evidence], links: &mut [Link], in_force: &InForce) -> Vec<Review> {
    let names = register.texts("name");
    let review = |(index, link): (usize, &mut Link)| {
        if link.grade == Grade::A {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{CitizenId, Date, Division};
    use crate::model::evidence::Delivery;
    use crate::model::kind::{Kind, builtin, register_persons};
    use crate::model::link::{NameLevel, Repairs};
    use crate::model::register::{Households, Person, Role, State};
    use crate::model::table::{Column, Table};

    fn push(kind: &Kind, table: &mut Table, values: &[(&str, &str)]) {
        for (field, column) in kind.fields.iter().zip(&mut table.columns) {
            let value = values.iter().find(|(name, _)| *name == field.name).map_or("", |(_, value)| value);
            match column {
                Column::Text(texts) => texts.push(value),
                other => other.push_none(),
            }
        }
        table.end_row();
    }

    /// One person of this name under the standard's example id.
    fn register(name: &str) -> Register {
        let kind = register_persons();
        let mut table = Table::new(kind.types());
        push(&kind, &mut table, &[("name", name)]);
        let division = Division::parse("370102").unwrap();
        let person = Person {
            id: CitizenId::from_ascii(b"11010519491231002X"),
            household: 0,
            role: Role::Member,
            state: State::Recipient,
            programme: 0,
            division,
            birth: None,
            mandated: true,
        };
        let persons = vec![person];
        let codes = ["H1"].into_iter().collect();
        Register {
            households: Households::new(codes, vec![0], vec![division], &persons),
            persons,
            programmes: vec!["低保".into()],
            table,
            lines: vec![2],
            faulty: Vec::new(),
            as_of: Date::from_ymd(2026, 11, 24).unwrap(),
        }
    }

    fn vehicle(rows: &[&[(&str, &str)]]) -> Evidence {
        let kind = builtin("vehicle").unwrap();
        let mut evidence = Evidence::absent("vehicle", "公安交管", kind.clone(), Delivery::Missing);
        for (row, values) in rows.iter().enumerate() {
            push(&kind, &mut evidence.table, values);
            let owner = evidence.table.texts(1).get(row).to_owned();
            evidence.parties.push(row as u32, 0, "", &owner);
        }
        evidence
    }

    fn link(row: u32, grade: Grade) -> Link {
        Link {
            person: 0,
            source: 0,
            row,
            slot: 0,
            party: row,
            grade,
            code: *b"NEF",
            repairs: Repairs::default(),
            name_level: NameLevel::Equal,
            weight_bits: 30.0,
            accepted: grade == Grade::C,
        }
    }

    fn keys(name: &str, rows: &[&[(&str, &str)]], grade: Grade) -> Vec<JudgementKey> {
        let mut links: Vec<Link> = (0..rows.len() as u32).map(|row| link(row, grade)).collect();
        let reviews = settle(&register(name), &[vehicle(rows)], &mut links, &InForce::new(&[]));
        reviews.iter().map(|review| review.key).collect()
    }

    #[test]
    fn a_key_stays_while_the_facts_of_both_sides_stay() {
        let row: &[(&str, &str)] = &[("owner_name", "张三"), ("plate", "鲁A1"), ("owner_address", "甲路1号")];
        let later: &[(&str, &str)] = &[("state", "normal"), row[0], row[1], row[2]];
        let moved: &[(&str, &str)] = &[row[0], row[1], ("owner_address", "乙路2号")];
        let other_car: &[(&str, &str)] = &[row[0], ("plate", "鲁A2"), row[2]];
        let renamed: &[(&str, &str)] = &[("owner_name", "张四"), row[1], row[2]];
        let d = keys("张三", &[row, later, moved, other_car, renamed], Grade::D);
        assert_eq!(d[0], d[1], "the state of a car is no part of who owns it");
        assert!(!d[2..].contains(&d[0]), "another address, car or name is another question");
        assert_ne!(d[3], d[4]);
        let b = keys("张三", &[row, moved], Grade::B);
        assert_eq!(b[0], b[1], "beside a whole id the address carries nothing");
        assert_ne!(keys("张珊", &[row], Grade::D)[0], d[0], "another name on the register is another question");
    }

    #[test]
    fn an_answer_decides_and_the_latest_import_wins() {
        let rows: Vec<&[(&str, &str)]> =
            vec![&[("plate", "1")], &[("plate", "2")], &[("plate", "3")], &[("plate", "4")], &[("plate", "5")]];
        let grades = [Grade::B, Grade::C, Grade::D, Grade::E, Grade::A];
        let evidences = [vehicle(&rows)];
        let links = || (0..5).map(|row| link(row, grades[row as usize])).collect::<Vec<_>>();
        let mut unjudged = links();
        let asked = settle(&register("张三"), &evidences, &mut unjudged, &InForce::new(&[]));
        assert_eq!(asked.iter().map(|review| review.link).collect::<Vec<_>>(), [0, 1, 2, 3], "grade A is no question");
        let on = Date::from_ymd(2026, 11, 25).unwrap();
        let said =
            |at: usize, answer| Judgement { key: asked[at].key, answer, judge: "王".into(), on, note: "".into() };
        let judgements =
            [said(0, Answer::Other), said(0, Answer::Same), said(1, Answer::Other), said(2, Answer::Unclear)];
        let in_force = InForce::new(&judgements);
        let mut judged = links();
        let reviews = settle(&register("张三"), &evidences, &mut judged, &in_force);
        assert_eq!(judged.iter().map(|link| link.accepted).collect::<Vec<_>>(), [true, false, false, false, false]);
        let open: Vec<bool> = reviews.iter().map(|review| review.is_open(&judged[review.link as usize])).collect();
        assert_eq!(open, [false, false, true, true], "unclear and unanswered are asked again");
        assert_eq!(in_force.count(), 3);
        assert_eq!(in_force.digest(), InForce::new(&judgements[1..]).digest(), "what was overruled is not in force");
    }
}
