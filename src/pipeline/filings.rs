//! Reads the two lists of the 备案 check, officials (`[officials]`) and declared relatives (`[filings]` of register.toml), and
//! finds the people on the register whom they name. What follows from them is [`super::ties`]; purpose and basis stand at
//! [`crate::model::filing`].
//!
//! Somebody is found by a whole, valid id and a consistent name, as grade A asks; a name alone finds nobody. Rows end in bins
//! like any department's: *linked* names somebody on the register, *unlinked* does not, *rejected* goes back to whoever keeps
//! the list (`rejects/officials.csv`, `rejects/filings.csv`). A list that did not come or could not be read is a state of
//! that source; then there is no check at all, because half of it would call people unfiled who are not.

use std::collections::BTreeMap;

use super::completeness;
use super::enrolment::Faulty;
use super::register::{FastMap, RegisterRead, column_of, dates, goes_by, set_aside, texts, whole_id};
use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Division, Progress, Result};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::filing::{Filing, ListRow, Official};
use crate::model::register::Register;
use crate::model::table::Texts;

/// Both lists as far as they were given.
pub(super) struct Lists {
    /// Ascending by id, each citizen once.
    pub(super) officials: Vec<Official>,
    /// Of people on the register only. `None`: the centre keeps no such list.
    pub(super) filings: Option<Vec<Filing>>,
}

/// Reads the lists; their evidence (bins, rejects, digests) goes to the register's own files. `None`: no roster is
/// configured, or a list is missing, refused or not whole.
///
/// # Errors
/// Kind `Cancelled` only.
pub(super) fn read_lists(
    plan: &Plan,
    read: &mut RegisterRead,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Option<Lists>> {
    let register = &read.register;
    let mut lists = Vec::new();
    for (code, source, kind) in plan.filing_lists() {
        let mut list = ingest::read(&plan.root, code, source, &kind, register.as_of, None, None, progress, cancel)?;
        completeness::settle_list(source, &mut list);
        lists.push(list);
    }
    // A filing may stand in what is missing.
    let whole = lists.iter().all(|list| matches!(list.delivery, Delivery::Arrived { short: None, .. }));
    let found = match lists.as_mut_slice() {
        [officials, filings @ ..] if whole => {
            let officials = officials_of(officials, register);
            let filings = filings.first_mut().map(|list| filings_of(list, register, &officials));
            Some(Lists { officials, filings })
        }
        _ => None,
    };
    for list in &mut lists {
        drop(list.take_rows());
    }
    read.lists = lists;
    Ok(found)
}

fn officials_of(list: &mut Evidence, register: &Register) -> Vec<Official> {
    let named = Named::new(list, register);
    let column = |field| texts(column_of(&list.kind, &list.table, field));
    let (units, posts, divisions) = (column("unit"), column("post"), column("division"));
    let mut officials = Vec::new();
    let mut bins = Settled::default();
    for row in 0..list.table.rows() {
        let (id, persons) = match named.of_row(row) {
            Ok(found) => found,
            Err((field, reason)) => {
                bins.refused.push((row, field, reason));
                continue;
            }
        };
        bins.unlinked += u64::from(persons.is_empty());
        let post: Vec<&str> = [units.get(row), posts.get(row)].into_iter().filter(|part| !part.is_empty()).collect();
        officials.push(Official {
            id,
            name: named.names.get(row).to_owned(),
            posts: Vec::from_iter((!post.is_empty()).then(|| post.join(" "))),
            division: Division::parse(divisions.get(row)),
            persons,
            at: place(list, row),
        });
    }
    bins.settle(list);
    one_by_citizen(officials)
}

/// Who holds two posts stands on a roster twice.
fn one_by_citizen(mut officials: Vec<Official>) -> Vec<Official> {
    officials.sort_by_key(|official| official.id.packed());
    officials.dedup_by(|later, first| {
        let same = later.id == first.id;
        if same {
            first.posts.append(&mut later.posts);
        }
        same
    });
    officials
}

fn filings_of(list: &mut Evidence, register: &Register, officials: &[Official]) -> Vec<Filing> {
    let by_id: BTreeMap<u64, u32> = officials.iter().map(|official| official.id.packed()).zip(0..).collect();
    let named = Named::new(list, register);
    let column = |field| texts(column_of(&list.kind, &list.table, field));
    let (relations, official_ids, numbers) = (column("relation"), column("official_id"), column("number"));
    let days = dates(column_of(&list.kind, &list.table, "filed_on"));
    let mut filings = Vec::new();
    let mut bins = Settled::default();
    for (row, filed_on) in days.iter().enumerate() {
        let official = valid_id(official_ids.get(row)).and_then(|id| by_id.get(&id.packed()).copied());
        let found = named.of_row(row);
        let found = found.and_then(|(_, persons)| {
            official.map(|official| (official, persons)).ok_or(("official_id", "filing.reject_official"))
        });
        match found {
            Ok((_, persons)) if persons.is_empty() => bins.unlinked += 1,
            Ok((official, persons)) => filings.push(Filing {
                persons,
                relation: relations.get(row).to_owned(),
                official,
                number: numbers.get(row).to_owned(),
                filed_on,
                at: place(list, row),
            }),
            Err((field, reason)) => bins.refused.push((row, field, reason)),
        }
    }
    bins.settle(list);
    filings
}

/// The register keeps people whose check character fails; as another list's key such an id may be a slip of the pen that
/// names somebody else.
pub(super) fn valid_id(text: &str) -> Option<CitizenId> {
    whole_id(text).filter(|id| id.is_valid())
}

fn place(list: &Evidence, row: usize) -> ListRow {
    let at = list.refs[row];
    ListRow { file: list.files[usize::from(at.file)].path.clone(), sheet: at.sheet, line: at.line }
}

/// Where the rows of a list end, beside those that name somebody on the register.
#[derive(Default)]
struct Settled {
    unlinked: u64,
    refused: Vec<Faulty>,
}

impl Settled {
    fn settle(self, list: &mut Evidence) {
        set_aside(list, &self.refused);
        list.bins.linked -= self.unlinked;
        list.bins.unlinked += self.unlinked;
        assert!(list.bins.closes(), "rows of {} do not add up: {:?}", list.source, list.bins);
    }
}

/// The first person of each row of a list, looked up on the register.
struct Named<'a> {
    register: &'a Register,
    ids: Vec<Option<CitizenId>>,
    names: &'a Texts,
    /// Persons by id, only of the ids that the list holds: the register is the large side.
    persons: FastMap<CitizenId, Vec<u32>>,
}

impl<'a> Named<'a> {
    fn new(list: &'a Evidence, register: &'a Register) -> Self {
        let column = |field| texts(column_of(&list.kind, &list.table, field));
        let ids: Vec<Option<CitizenId>> = column("person_id").iter().map(valid_id).collect();
        let mut persons: FastMap<CitizenId, Vec<u32>> = ids.iter().flatten().map(|id| (*id, Vec::new())).collect();
        for (person, id) in (0..).zip(register.persons.iter().map(|person| person.id)) {
            if let Some(enrolments) = id.and_then(|id| persons.get_mut(&id)) {
                enrolments.push(person);
            }
        }
        Self { register, ids, names: column("name"), persons }
    }

    /// The citizen and everybody on the register who is this citizen; or the field at fault and the reason.
    fn of_row(&self, row: usize) -> std::result::Result<(CitizenId, Vec<u32>), (&'static str, &'static str)> {
        let id = self.ids[row].ok_or(("person_id", "ingest.reject_id"))?;
        let name = self.names.get(row);
        if name.is_empty() {
            return Err(("name", "filing.reject_no_name"));
        }
        let of_id = &self.persons[&id];
        let persons: Vec<u32> = of_id.iter().copied().filter(|person| goes_by(self.register, *person, name)).collect();
        // One of the two papers is wrong: whoever keeps this one looks first.
        if persons.is_empty() && !of_id.is_empty() {
            return Err(("name", "filing.reject_other_name"));
        }
        Ok((id, persons))
    }
}
