//! What the rules that read one kind of evidence found, before the rules of a run are joined.
//!
//! A ground names its link by the place among all links of the run, which moves when another source brings more or fewer;
//! kept is the place among the links of its own source.

use serde::{Deserialize, Serialize};

use super::Stages;
use super::columns::{put_texts, take_texts};
use super::image::{Image, ImageWriter, Sections};
use crate::kernel::{Date, Digest, Fen, Result};
use crate::model::outcome::{Discrepancy, Ground, OutcomeCounts, RuleFindings, Severity};
use crate::model::values::{Pack, Values};

/// Stands for a person, a source, a link or an explanation that is none.
const NONE: u32 = u32::MAX;
const NONE_SHORT: u16 = u16::MAX;

#[derive(Serialize, Deserialize)]
struct Small {
    /// Indexes of the rules, in the order they lie in the file.
    rules: Vec<u16>,
}

impl Stages {
    /// Keeps what the rules reading one kind of evidence found. `first_links`: the first link of each source.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_rule_findings(
        &self,
        key: Digest,
        evidence: &str,
        found: &[RuleFindings],
        first_links: &[u32],
    ) -> Result<()> {
        let mut image = ImageWriter::create(&self.path(&stage(evidence)), key)?;
        for of_rule in found {
            put_discrepancies(&mut image, &of_rule.discrepancies, first_links)?;
            image.numbers(&of_rule.set_aside.iter().map(|(household, _)| *household).collect::<Vec<u32>>())?;
            put_grounds(&mut image, of_rule.set_aside.iter().map(|(_, ground)| ground), first_links)?;
            let counts = of_rule.counts.iter().map(|counts| [counts.clear, counts.flagged, counts.not_checked]);
            image.numbers(&counts.collect::<Vec<[u64; 3]>>())?;
        }
        image.finish(&Small { rules: found.iter().map(|found| found.rule).collect() })
    }

    /// What was kept under this key; `first_links` as they lie now.
    pub fn rule_findings(&self, key: Digest, evidence: &str, first_links: &[u32]) -> Option<Vec<RuleFindings>> {
        let image = self.in_use.then(|| Image::open(&self.path(&stage(evidence)), key)).flatten()?;
        let Small { rules } = image.small()?;
        let sections = image.sections();
        let of_rule = |rule: u16| {
            let discrepancies = take_discrepancies(&sections, rule, first_links)?;
            let households: &[u32] = sections.numbers()?;
            let grounds = take_grounds(&sections, first_links)?;
            let counts = sections.numbers::<[u64; 3]>()?.iter();
            let counts = counts.map(|&[clear, flagged, not_checked]| OutcomeCounts { clear, flagged, not_checked });
            let even = households.len() == grounds.len();
            let set_aside = households.iter().copied().zip(grounds).collect();
            even.then(|| RuleFindings { rule, discrepancies, set_aside, counts: counts.collect() })
        };
        rules.into_iter().map(of_rule).collect()
    }
}

fn stage(evidence: &str) -> String {
    format!("{}{evidence}", super::RULES)
}

fn put_discrepancies(image: &mut ImageWriter, found: &[Discrepancy], first_links: &[u32]) -> Result<()> {
    put_texts(image, &found.iter().map(|one| one.id.as_str()).collect())?;
    let whom = found.iter().map(|one| [one.household, one.person.unwrap_or(NONE), one.grounds.len() as u32]);
    image.numbers(&whom.collect::<Vec<[u32; 3]>>())?;
    image.numbers(&found.iter().map(|one| one.severity as u8).collect::<Vec<u8>>())?;
    let sums = found.iter().map(|one| [one.measure, i64::pack(one.limit), Fen::pack(one.amount)]);
    image.numbers(&sums.collect::<Vec<[i64; 3]>>())?;
    image.numbers(found.iter().map(|one| one.as_of).collect::<Values<Date>>().as_raw())?;
    put_grounds(image, found.iter().flat_map(|one| &one.grounds), first_links)
}

fn take_discrepancies(sections: &Sections, rule: u16, first_links: &[u32]) -> Option<Vec<Discrepancy>> {
    let ids = take_texts(sections)?;
    let (whom, severities) = (sections.numbers::<[u32; 3]>()?, sections.numbers::<u8>()?);
    let (sums, days) = (sections.numbers::<[i64; 3]>()?, sections.numbers::<i32>()?);
    let grounds = take_grounds(sections, first_links)?;
    let mut rest = grounds.as_slice();
    if [whom.len(), severities.len(), sums.len(), days.len()] != [ids.len(); 4] {
        return None;
    }
    let mut discrepancies = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let ([household, person, count], [measure, limit, amount]) = (whom[at], sums[at]);
        let (own, others) = rest.split_at_checked(count as usize)?;
        rest = others;
        discrepancies.push(Discrepancy {
            id: id.to_owned(),
            rule,
            household,
            person: (person != NONE).then_some(person),
            severity: *Severity::ALL.get(usize::from(severities[at]))?,
            measure,
            limit: i64::unpack(limit),
            amount: Fen::unpack(amount),
            grounds: own.to_vec(),
            as_of: Date::unpack(days[at]),
        });
    }
    rest.is_empty().then_some(discrepancies)
}

fn put_grounds<'a>(
    image: &mut ImageWriter,
    grounds: impl Iterator<Item = &'a Ground> + Clone,
    first_links: &[u32],
) -> Result<()> {
    let places = grounds.clone().map(|ground| {
        let first = ground.source.map_or(0, |source| first_links[usize::from(source)]);
        [ground.row, ground.link.map_or(NONE, |link| link - first), ground.person]
    });
    image.numbers(&places.collect::<Vec<[u32; 3]>>())?;
    let words = grounds.map(|ground| [ground.source, ground.innocent].map(|word| word.unwrap_or(NONE_SHORT)));
    image.numbers(&words.collect::<Vec<[u16; 2]>>())
}

fn take_grounds(sections: &Sections, first_links: &[u32]) -> Option<Vec<Ground>> {
    let (places, words) = (sections.numbers::<[u32; 3]>()?, sections.numbers::<[u16; 2]>()?);
    let ground = |(&[row, link, person], words): (&[u32; 3], &[u16; 2])| {
        let [source, innocent] = words.map(|word| (word != NONE_SHORT).then_some(word));
        let first = source.map_or(Some(0), |source| first_links.get(usize::from(source)).copied())?;
        Some(Ground { source, row, link: (link != NONE).then_some(link.wrapping_add(first)), person, innocent })
    };
    (places.len() == words.len()).then(|| places.iter().zip(words).map(ground).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground(source: Option<u16>, link: Option<u32>, innocent: Option<u16>) -> Ground {
        Ground { source, row: 7, link, person: 3, innocent }
    }

    fn found(first: u32) -> Vec<RuleFindings> {
        let discrepancy = |id: &str, person, grounds| Discrepancy {
            id: id.to_owned(),
            rule: 4,
            household: 9,
            person,
            severity: Severity::Low,
            measure: -5,
            limit: None,
            amount: Some(Fen(0)),
            grounds,
            as_of: Date::from_ymd(2026, 11, 1),
        };
        let grounds = vec![ground(Some(1), Some(first + 2), None), ground(Some(1), Some(first), Some(0))];
        let counts = vec![OutcomeCounts { clear: 1, flagged: 2, not_checked: 3 }, OutcomeCounts::default()];
        let one = RuleFindings {
            rule: 4,
            discrepancies: vec![
                discrepancy("V001-AAAA", None, grounds),
                Discrepancy { as_of: None, limit: Some(0), amount: None, ..discrepancy("V001-B", Some(0), vec![]) },
            ],
            set_aside: vec![(8, ground(Some(0), Some(1), Some(3))), (9, ground(None, None, Some(0)))],
            counts,
        };
        vec![one, RuleFindings { rule: 6, discrepancies: vec![], set_aside: vec![], counts: vec![] }]
    }

    #[test]
    fn findings_come_back_with_links_where_they_lie_now() {
        let folder = tempfile::tempdir().unwrap();
        let stages = Stages { folder: folder.path().to_owned(), in_use: true };
        let key = Digest([5; 32]);
        stages.keep_rule_findings(key, "vehicle", &found(100), &[0, 100]).unwrap();
        assert_eq!(stages.rule_findings(key, "vehicle", &[0, 100]), Some(found(100)));
        assert_eq!(
            stages.rule_findings(key, "vehicle", &[0, 250]),
            Some(found(250)),
            "source 0 brought 150 links more"
        );
        assert_eq!(stages.rule_findings(key, "vehicle", &[0]), None, "there is no such source");
        assert_eq!(stages.rule_findings(key, "housing", &[0, 100]), None);
        assert_eq!(stages.rule_findings(Digest([6; 32]), "vehicle", &[0, 100]), None, "made of something else");
    }
}
