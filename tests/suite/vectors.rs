//! Other programs' test vectors against ours: the test suites of python-stdnum (`cn.ric`, `cn.uscc`) and of npm's
//! id-validator, and what both programs say of the same numbers. `scripts/vectors` fetches them; `scripts/test` does so
//! and names the folder in HEDUI_VECTORS. Where they disagree with us, [`reason`] says why; any other disagreement fails,
//! and so does a reason that no vector gives any more.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use hedui::kernel::credit_code::check_character;
use hedui::kernel::{CitizenId, Sex};
use hedui::standardise::ids::{self, IdReading};

struct Vector {
    /// `stdnum-tests`, `id-validator-spec`: their own suites. `…-asked`: what the program says. `…-made`: an id it made.
    origin: String,
    number: String,
    /// `valid`, `place` (python-stdnum: the county in the year of birth), `birth`, `sex`.
    question: String,
    /// `yes`, `no`, an error's name, or the value.
    answer: String,
}

impl Vector {
    fn accepts(&self) -> bool {
        matches!(self.answer.as_str(), "yes" | "known") || self.answer.len() == 18
    }
}

/// `None`, said on stderr, if nobody fetched them: a run without network.
fn vectors(file: &str) -> Option<Vec<Vector>> {
    let Some(folder) = std::env::var_os("HEDUI_VECTORS") else {
        let words =
            "HEDUI_VECTORS is not set: other programs' vectors were NOT compared, only the standards' examples\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap(); // not eprint: tests that pass hide that
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(file)).unwrap();
    let vector = |line: &str| {
        let cells: [String; 4] = line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
        let [origin, number, question, answer] = cells;
        Vector { origin, number, question, answer }
    };
    Some(text.lines().map(vector).collect())
}

fn ours(number: &str) -> Option<CitizenId> {
    match ids::read(number) {
        IdReading::Whole { id, .. } if id.is_valid() => Some(id),
        _ => None,
    }
}

/// Why another program may answer otherwise than we do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// python-stdnum refuses a county that its table does not have in the year of birth. An id carries the county of first
    /// registration, years after birth for whoever was born before ids were issued (1984), and no table has them all (one of
    /// GB 11643's own two examples is refused): here a division is a soft, dated sign and never makes an id invalid.
    /// id-validator asks only for a known province, and knows no residence permits (81, 82, 83).
    Division,
    /// python-stdnum knows ids of eighteen characters only. Departments still deliver the fifteen of before 1999.
    FifteenDigits,
    /// Neither takes out blanks and hyphens between the digits; that loses nothing, and we note that it was done.
    Separators,
    /// id-validator takes every month to have 31 days.
    NoSuchDay,
}

fn reason(vector: &Vector, ours: Option<CitizenId>) -> Option<Reason> {
    let stdnum = vector.origin.starts_with("stdnum");
    let digits = vector.number.bytes().filter(|byte| byte.is_ascii_alphanumeric()).count();
    match (ours, vector.answer.as_str()) {
        (Some(_), _) if digits < vector.number.len() => Some(Reason::Separators),
        (Some(_), "InvalidComponent" | "KeyError") if stdnum => Some(Reason::Division),
        (Some(_), "InvalidLength") if stdnum && digits == 15 => Some(Reason::FifteenDigits),
        (Some(_), "no") if !stdnum && ["81", "99"].contains(&&vector.number[..2]) => Some(Reason::Division),
        (None, "yes") if !stdnum => has_no_such_day(&vector.number).then_some(Reason::NoSuchDay),
        _ => None,
    }
}

/// The 30th of February, or the 29th in a year that has none.
fn has_no_such_day(number: &str) -> bool {
    let month_and_day = if number.len() == 15 { &number[8..12] } else { &number[10..14] };
    matches!(month_and_day, "0229" | "0230")
}

#[test]
fn ids_of_other_programs() {
    let Some(vectors) = vectors("ids.tsv") else { return };
    assert!(vectors.len() > 600, "{} vectors", vectors.len());
    let (mut reasons, mut faults): (BTreeMap<Reason, u32>, Vec<String>) = (BTreeMap::new(), Vec::new());
    for vector in &vectors {
        let ours = ours(&vector.number);
        let agrees = match vector.question.as_str() {
            "birth" => ours.and_then(CitizenId::birth).is_some_and(|birth| birth.to_string() == vector.answer),
            "sex" => ours.is_some_and(|id| (id.sex() == Sex::Male) == (vector.answer == "1")),
            _ if vector.answer.len() == 18 => ours.is_some_and(|id| id.to_string() == vector.answer),
            _ => ours.is_some() == vector.accepts(),
        };
        match reason(vector, ours) {
            _ if agrees => {}
            Some(reason) => *reasons.entry(reason).or_default() += 1,
            None => faults.push(format!("{} {}: {}", vector.origin, vector.number, vector.answer)),
        }
    }
    assert!(faults.is_empty(), "{} disagreements without a reason:\n{}", faults.len(), faults.join("\n"));
    let all = [Reason::Division, Reason::FifteenDigits, Reason::Separators, Reason::NoSuchDay];
    assert_eq!(reasons.keys().copied().collect::<Vec<_>>(), all, "a reason is no longer needed: {reasons:?}");
}

#[test]
fn credit_codes_of_other_programs() {
    let Some(vectors) = vectors("credit_codes.tsv") else { return };
    assert!(vectors.len() > 200, "{} vectors", vectors.len());
    for vector in &vectors {
        let code: Vec<u8> = vector.number.bytes().filter(|byte| *byte != b' ').collect();
        let holds = code.split_last().is_some_and(|(last, body)| {
            body.try_into().is_ok_and(|body: &[u8; 17]| check_character(body) == Some(*last))
        });
        assert_eq!(holds, vector.accepts(), "{}: {}", vector.number, vector.answer);
    }
}

/// The examples printed in the standards themselves: GB 11643-1999 section 4, GB 32100-2015.
#[test]
fn the_standards_own_examples() {
    for number in ["11010519491231002X", "440524188001010014"] {
        assert_eq!(ours(number).unwrap().to_string(), number);
    }
    assert_eq!(ours("110105194912310021"), None, "another check character");
    assert_eq!(check_character(b"91350100M000100Y4"), Some(b'3'));
}
