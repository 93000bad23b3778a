//! A source's rows about people on the register, and their links, as they were before anybody judged them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stages;
use super::columns::{put_table, put_texts, take_table, take_texts};
use super::image::{Image, ImageWriter, Sections};
use crate::kernel::{Digest, Result, wording};
use crate::model::evidence::{Bins, Evidence, ExtractFile, Newest, Parties, Reject, RowRef};
use crate::model::link::{CrowdedName, Grade, Link, NameLevel, Repairs, SharedId, SourceLinks};

/// Everything that is no column.
#[derive(Serialize, Deserialize)]
pub(super) struct Counted {
    newest: Option<Newest>,
    files: Vec<ExtractFile>,
    bins: Bins,
    rejects: Vec<RejectLine>,
    /// Column heading, reason key, whole row, count.
    reject_counts: Vec<(String, String, bool, u64)>,
}

/// A [`Reject`] whose reason is written out.
#[derive(Serialize, Deserialize)]
struct RejectLine {
    at: RowRef,
    column: String,
    reason: String,
    text: String,
    whole_row: bool,
}

#[derive(Serialize, Deserialize)]
struct Small {
    counted: Counted,
    shared: Vec<SharedId>,
    crowded: Vec<CrowdedName>,
    name_only: u64,
}

impl Counted {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let rejects = evidence.rejects.iter().map(|reject| RejectLine {
            at: reject.at,
            column: reject.column.clone(),
            reason: reject.reason.to_owned(),
            text: reject.text.clone(),
            whole_row: reject.whole_row,
        });
        let counts = evidence.reject_counts.iter();
        Self {
            newest: evidence.newest,
            files: evidence.files.clone(),
            bins: evidence.bins,
            rejects: rejects.collect(),
            reject_counts: counts
                .map(|((column, reason, whole_row), count)| (column.clone(), (*reason).to_owned(), *whole_row, *count))
                .collect(),
        }
    }

    /// Fills in a source of which nothing was read yet. `None` if a reason is none of this version's.
    pub(super) fn into_evidence(self, empty: Evidence) -> Option<Evidence> {
        let rejects = self.rejects.into_iter().map(|line| {
            let RejectLine { at, column, reason, text, whole_row } = line;
            Some(Reject { at, column, reason: wording::key(&reason)?, text, whole_row })
        });
        let counts = self
            .reject_counts
            .into_iter()
            .map(|(column, reason, whole_row, count)| Some(((column, wording::key(&reason)?, whole_row), count)));
        Some(Evidence {
            newest: self.newest,
            files: self.files,
            bins: self.bins,
            rejects: rejects.collect::<Option<_>>()?,
            reject_counts: counts.collect::<Option<BTreeMap<_, _>>>()?,
            ..empty
        })
    }
}

impl Stages {
    /// Keeps what a source gave, before links are judged and its bins settled.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_source(&self, key: Digest, evidence: &Evidence, found: &SourceLinks) -> Result<()> {
        let mut image = ImageWriter::create(&self.path(&stage(&evidence.source)), key)?;
        put_table(&mut image, &evidence.table)?;
        put_refs(&mut image, &evidence.refs)?;
        put_parties(&mut image, &evidence.parties)?;
        image.numbers(&evidence.unread.iter().map(|(row, _)| *row).collect::<Vec<u32>>())?;
        image.numbers(&evidence.unread.iter().map(|(_, field)| *field).collect::<Vec<u16>>())?;
        put_links(&mut image, &found.links)?;
        image.finish(&Small {
            counted: Counted::of(evidence),
            shared: found.shared.clone(),
            crowded: found.crowded.clone(),
            name_only: found.name_only,
        })
    }

    /// What was kept of a source under this key, filled into `empty`, whose delivery stays as it is. `source` is its
    /// index in the plan.
    pub fn source(&self, key: Digest, source: u16, empty: Evidence) -> Option<(Evidence, SourceLinks)> {
        let image = self.in_use.then(|| Image::open(&self.path(&stage(&empty.source)), key)).flatten()?;
        let Small { counted, shared, crowded, name_only } = image.small()?;
        let sections = image.sections();
        let table = take_table(&sections, &empty.kind)?;
        let refs = take_refs(&sections)?;
        let parties = take_parties(&sections)?;
        let (rows, fields) = (sections.numbers::<u32>()?, sections.numbers::<u16>()?);
        let unread: Vec<(u32, u16)> = rows.iter().copied().zip(fields.iter().copied()).collect();
        let links = take_links(&sections, source)?;
        let whole = refs.len() == table.rows()
            && parties.row.iter().chain(rows).all(|row| (*row as usize) < table.rows())
            && rows.len() == fields.len()
            && links.iter().all(|link| (link.party as usize) < parties.len() && (link.row as usize) < table.rows());
        let shared = shared.into_iter().map(|one| SharedId { source, ..one }).collect();
        let crowded = crowded.into_iter().map(|one| CrowdedName { source, ..one }).collect();
        let evidence = Evidence { table, refs, parties, unread, ..counted.into_evidence(empty)? };
        whole.then_some((evidence, SourceLinks { links, shared, crowded, name_only }))
    }

    /// Whether a source is kept under this key.
    pub fn has_source(&self, key: Digest, code: &str) -> bool {
        self.in_use && Image::open(&self.path(&stage(code)), key).is_some()
    }
}

fn stage(code: &str) -> String {
    format!("{}{code}", super::SOURCE)
}

fn put_refs(image: &mut ImageWriter, refs: &[RowRef]) -> Result<()> {
    image.numbers(&refs.iter().map(|at| at.file).collect::<Vec<u16>>())?;
    image.numbers(&refs.iter().map(|at| at.sheet).collect::<Vec<u16>>())?;
    image.numbers(&refs.iter().map(|at| at.line).collect::<Vec<u32>>())?;
    image.numbers(&refs.iter().map(|at| at.offset).collect::<Vec<u64>>())
}

fn take_refs(sections: &Sections) -> Option<Vec<RowRef>> {
    let (files, sheets) = (sections.numbers::<u16>()?, sections.numbers::<u16>()?);
    let (lines, offsets) = (sections.numbers::<u32>()?, sections.numbers::<u64>()?);
    let even = [sheets.len(), lines.len(), offsets.len()] == [files.len(); 3];
    let at = |row: usize| RowRef { file: files[row], sheet: sheets[row], line: lines[row], offset: offsets[row] };
    even.then(|| (0..files.len()).map(at).collect())
}

fn put_parties(image: &mut ImageWriter, parties: &Parties) -> Result<()> {
    image.numbers(&parties.row)?;
    image.numbers(&parties.slot)?;
    put_texts(image, &parties.id)?;
    put_texts(image, &parties.name)
}

fn take_parties(sections: &Sections) -> Option<Parties> {
    let (row, slot) = (sections.numbers()?.to_vec(), sections.numbers()?.to_vec());
    let parties = Parties { row, slot, id: take_texts(sections)?, name: take_texts(sections)? };
    let even = [parties.slot.len(), parties.id.len(), parties.name.len()] == [parties.row.len(); 3];
    even.then_some(parties)
}

/// The index of the source is left out: it is where the plan has it on the day.
fn put_links(image: &mut ImageWriter, links: &[Link]) -> Result<()> {
    image.numbers(&links.iter().map(|link| [link.person, link.row, link.party]).collect::<Vec<_>>())?;
    image.numbers(&links.iter().map(|link| link.weight_bits).collect::<Vec<f32>>())?;
    image.numbers(&links.iter().map(|link| link.repairs.0).collect::<Vec<u16>>())?;
    let bytes = |link: &Link| {
        let [a, b, c] = link.code;
        [a, b, c, link.slot, link.grade as u8, link.name_level as u8, u8::from(link.accepted), 0]
    };
    image.numbers(&links.iter().map(bytes).collect::<Vec<[u8; 8]>>())
}

fn take_links(sections: &Sections, source: u16) -> Option<Vec<Link>> {
    let places = sections.numbers::<[u32; 3]>()?;
    let (weights, repairs) = (sections.numbers::<f32>()?, sections.numbers::<u16>()?);
    let bytes = sections.numbers::<[u8; 8]>()?;
    if [weights.len(), repairs.len(), bytes.len()] != [places.len(); 3] {
        return None;
    }
    let link = |at: usize| {
        let ([person, row, party], [a, b, c, slot, grade, level, accepted, _]) = (places[at], bytes[at]);
        Some(Link {
            person,
            source,
            row,
            slot,
            party,
            grade: *Grade::ALL.get(usize::from(grade))?,
            code: [a, b, c].is_ascii().then_some([a, b, c])?,
            repairs: Repairs(repairs[at]),
            name_level: *NameLevel::ALL.get(usize::from(level))?,
            weight_bits: weights[at],
            accepted: accepted == 1,
        })
    };
    (0..places.len()).map(link).collect()
}
