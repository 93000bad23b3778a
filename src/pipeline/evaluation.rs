//! Links against a truth file: precision, recall and F1 by grade, by source and by kind of damage, and the worst mistakes.
//!
//! The truth lists every person × row that belong together (`source,file,line,slot,person_id,household_id,damage,expected`);
//! rows with `expected` B name the owner of an id under which another person's name stands: a link there is a mistake unless
//! its grade is B. Pairs that are not listed are non-links. People without a live mandate are left out on both sides: nobody
//! may be matched without one (invariant I-1).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::register::{FastMap, FastSet};
use crate::kernel::{Error, Message, Result, masked};

/// True links found, true links missed, false links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Score {
    pub found: u64,
    pub missed: u64,
    pub wrong: u64,
}

impl Score {
    /// Share of links that are true; `None` without links.
    pub fn precision(self) -> Option<f64> {
        ratio(self.found, self.found + self.wrong)
    }

    /// Share of true links that were found; `None` without true links.
    pub fn recall(self) -> Option<f64> {
        ratio(self.found, self.found + self.missed)
    }

    /// Harmonic mean of the two.
    pub fn f1(self) -> Option<f64> {
        ratio(2 * self.found, 2 * self.found + self.missed + self.wrong)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A link that should not be, or one that should.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Mistake {
    pub source: String,
    pub file: String,
    pub line: u32,
    /// Masked.
    pub person: String,
    /// Damage planted in the row, where the truth tells.
    pub damage: String,
    /// Grade given; empty for a missed link.
    pub grade: String,
    pub weight_bits: f32,
}

/// What `hedui eval` prints.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// Grades A, C and D.
    pub overall: Score,
    pub by_grade: BTreeMap<String, Score>,
    pub by_source: BTreeMap<String, Score>,
    /// Missed and found by damage; false links stand under the damage of the row they hit, or `unlisted`.
    pub by_damage: BTreeMap<String, Score>,
    /// Ids with another person's name: in grade B (found), elsewhere (wrong), nowhere (missed).
    pub another_name: Score,
    /// False links by weight, heaviest first, then missed ones: at most `WORST`.
    pub worst: Vec<Mistake>,
}

/// Mistakes listed; the counts are complete.
const WORST: usize = 40;

#[derive(Debug, Deserialize)]
struct TruthRow {
    source: String,
    file: String,
    line: u32,
    person_id: String,
    damage: String,
    expected: String,
}

#[derive(Debug, Deserialize)]
struct LinkRow {
    person_id: String,
    source: String,
    file: String,
    line: u32,
    grade: String,
    weight_bits: f32,
}

#[derive(Debug, Deserialize)]
struct RegisterRow {
    person_id: String,
    mandated: bool,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pair {
    place: (String, String, u32),
    person: String,
}

/// Compares a run's links with the truth. `links` and `register` are what `hedui export` writes.
///
/// # Errors
/// Kind `Input` if the truth file is not of the shape above.
pub fn evaluate(truth_file: &Path, truth: impl Read, links: impl Read, register: impl Read) -> Result<Evaluation> {
    let mandated = mandated_people(register);
    let mut expected: FastMap<Pair, TruthRow> = FastMap::default();
    for (number, row) in csv::Reader::from_reader(truth).into_deserialize::<TruthRow>().enumerate() {
        let row =
            row.map_err(|_| Error::input(Message::new("run.bad_truth")).at(truth_file).line(number as u64 + 2))?;
        if mandated.contains(&row.person_id) {
            let pair = Pair { place: (row.source.clone(), row.file.clone(), row.line), person: row.person_id.clone() };
            expected.insert(pair, row);
        }
    }
    let mut evaluation = Evaluation::default();
    let mut met: FastSet<Pair> = FastSet::default();
    for link in csv::Reader::from_reader(links).into_deserialize::<LinkRow>() {
        let link = link.expect("hedui wrote this export");
        let pair = Pair { place: (link.source.clone(), link.file.clone(), link.line), person: link.person_id.clone() };
        evaluation.count_link(&link, expected.get(&pair));
        met.insert(pair);
    }
    evaluation.count_missed(&expected, &met);
    evaluation.worst.sort_by(|a, b| {
        let key = |m: &Mistake| (m.grade.is_empty(), std::cmp::Reverse((m.weight_bits * 1000.0) as i64));
        (key(a), &a.source, a.line).cmp(&(key(b), &b.source, b.line))
    });
    evaluation.worst.truncate(WORST);
    Ok(evaluation)
}

fn mandated_people(register: impl Read) -> FastSet<String> {
    csv::Reader::from_reader(register)
        .into_deserialize::<RegisterRow>()
        .map(|row| row.expect("hedui wrote this export"))
        .filter(|row| row.mandated)
        .map(|row| row.person_id)
        .collect()
}

impl Evaluation {
    fn count_link(&mut self, link: &LinkRow, truth: Option<&TruthRow>) {
        let asserted = matches!(link.grade.as_str(), "A" | "C" | "D");
        let another_name = truth.is_some_and(|row| row.expected == "B");
        if another_name {
            let score = &mut self.another_name;
            if asserted { score.wrong += 1 } else { score.found += 1 }
        }
        let is_true = truth.is_some_and(|row| !matches!(row.expected.as_str(), "B" | "none"));
        if !asserted || (!is_true && truth.is_some_and(|row| row.expected == "none")) {
            return;
        }
        let damage = truth.map_or("unlisted", |row| row.damage.as_str()).to_owned();
        let scores = [
            &mut self.overall,
            self.by_grade.entry(link.grade.clone()).or_default(),
            self.by_source.entry(link.source.clone()).or_default(),
            self.by_damage.entry(damage.clone()).or_default(),
        ];
        for score in scores {
            if is_true { score.found += 1 } else { score.wrong += 1 }
        }
        if !is_true {
            self.worst.push(Mistake {
                source: link.source.clone(),
                file: link.file.clone(),
                line: link.line,
                person: masked::mask_id(&link.person_id),
                damage,
                grade: link.grade.clone(),
                weight_bits: link.weight_bits,
            });
        }
    }

    fn count_missed(&mut self, expected: &FastMap<Pair, TruthRow>, met: &FastSet<Pair>) {
        let mut missed: Vec<&TruthRow> =
            expected.iter().filter(|(pair, _)| !met.contains(*pair)).map(|(_, row)| row).collect();
        missed.sort_by(|a, b| (&a.source, a.line, &a.person_id).cmp(&(&b.source, b.line, &b.person_id)));
        for row in missed {
            match row.expected.as_str() {
                "B" => self.another_name.missed += 1,
                "none" => {}
                grade => {
                    self.overall.missed += 1;
                    self.by_grade.entry(grade.to_owned()).or_default().missed += 1;
                    self.by_source.entry(row.source.clone()).or_default().missed += 1;
                    self.by_damage.entry(row.damage.clone()).or_default().missed += 1;
                    self.worst.push(Mistake {
                        source: row.source.clone(),
                        file: row.file.clone(),
                        line: row.line,
                        person: masked::mask_id(&row.person_id),
                        damage: row.damage.clone(),
                        grade: String::new(),
                        weight_bits: 0.0,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTER: &str = "person_id,mandated\np1,true\np2,true\np3,false\n";
    const TRUTH: &str = "source,file,line,slot,person_id,household_id,damage,expected\n\
        v,f,2,0,p1,h,none,A\nv,f,3,0,p1,h,swap,C\nv,f,4,0,p2,h,wrong_name,B\nv,f,5,0,p3,h,none,A\n";

    fn scored(links: &str) -> Evaluation {
        let links = format!("person_id,household_id,source,file,line,grade,code,weight_bits\n{links}");
        evaluate(Path::new("truth.csv"), TRUTH.as_bytes(), links.as_bytes(), REGISTER.as_bytes()).unwrap()
    }

    #[test]
    fn found_missed_and_wrong() {
        let evaluation = scored("p1,h,v,f,2,A,EEB,50\np2,h,v,f,4,B,EXB,20\np1,h,v,f,9,A,EEB,50\n");
        assert_eq!(evaluation.overall, Score { found: 1, missed: 1, wrong: 1 });
        assert_eq!(evaluation.by_damage["swap"], Score { found: 0, missed: 1, wrong: 0 });
        assert_eq!(evaluation.another_name, Score { found: 1, missed: 0, wrong: 0 });
        assert_eq!(evaluation.worst.len(), 2, "the unmandated person is nobody's mistake");
        assert_eq!(evaluation.worst[0].line, 9);
    }

    #[test]
    fn a_case_link_under_another_name_is_wrong() {
        let evaluation = scored("p2,h,v,f,4,A,EEB,50\n");
        assert_eq!(evaluation.another_name.wrong, 1);
        assert_eq!(evaluation.overall.wrong, 1);
    }

    #[test]
    fn a_truth_file_of_another_shape_is_refused_with_its_line() {
        let fault = evaluate(Path::new("t.csv"), &b"a,b\n1,2\n"[..], &b""[..], REGISTER.as_bytes()).unwrap_err();
        assert!(fault.say(crate::kernel::Lang::En).contains("t.csv:2"));
    }
}
