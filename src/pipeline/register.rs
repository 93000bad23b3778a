//! The register and its mandates, from the centre's own files to [`Register`].
//!
//! Register rows end in bins like any department's; which of them enrol whom is `enrolment`'s to say. A person without a
//! usable id stays on it: coverage says 号码不可用.

use std::path::Path;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::enrolment::{Enrolment, Faulty, REPEATED, arrange, cells, enrol};
use super::extracts::{Deliveries, files_of, key_over, tell_taken_over};
use super::mandates::{filed_in, mandates_of, of_same_id, settle_mandates};
use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Date, Digest, Error, Message, Progress, Result};
use crate::model::evidence::{Delivery, Evidence, Reject, Shortfall};
use crate::model::kind::{self, Kind};
use crate::model::register::{Mandates, Person, Register};
use crate::model::table::{Column, Table, Texts, Values};
use crate::standardise::ids::{self, IdReading};
use crate::standardise::names;
use crate::store::{Extracts, KeptRegister, OnRegister, Stages};

pub(super) type FastMap<K, V> = HashMap<K, V, FixedState>;

pub(super) type FastSet<T> = HashSet<T, FixedState>;

/// The register for a date, and its files as evidence (bins, rejects, digests).
pub struct RegisterRead {
    pub register: Register,
    pub persons: Evidence,
    pub mandates: Option<Evidence>,
    /// The lists of the 备案 check, once `filings` has read them.
    pub lists: Vec<Evidence>,
    /// Of all it was made of, and of who has a mandate on the day: what depends on the register alone depends on this.
    pub(super) key: Digest,
    /// If it was read now: under which key it is kept, and the mandates filed apart, which nothing else asks for.
    fresh: Option<(Digest, Mandates)>,
}

impl RegisterRead {
    /// Keeps a register that was read now for later runs.
    ///
    /// # Errors
    /// The disk.
    pub(super) fn keep(&self, stages: &Stages) -> Result<()> {
        let Some((key, filed)) = &self.fresh else { return Ok(()) };
        stages.keep_register(*key, &self.register, filed, &self.persons, self.mandates.as_ref())
    }

    /// The register's own files as they were read: counts, rejects, digests.
    pub fn files(&self) -> Vec<&Evidence> {
        std::iter::once(&self.persons).chain(&self.mandates).chain(&self.lists).collect()
    }

    /// What rows at fault name, as a whole or in a field: ids of persons, codes of households. Of these nothing is gone because
    /// something could not be read.
    pub(super) fn named_at_fault(&self) -> FastSet<String> {
        let at_fault = self.persons.rejects.iter().filter(|reject| ![REPEATED, WITHOUT_ID].contains(&reject.reason));
        let named = at_fault.flat_map(|reject| cells(&reject.text)).map(str::to_owned);
        named.chain(self.register.faulty.iter().map(|person| self.register.id_text(*person))).collect()
    }

    /// Of files read under `made_of`, with the mandates of the day settled; beside it the mandates filed apart.
    fn settled(made_of: Digest, read: KeptRegister) -> (Self, Mandates) {
        let KeptRegister { mut register, filed, persons, mandates } = read;
        settle_mandates(&mut register, &filed);
        let mandated: Vec<u8> = register.persons.iter().map(|person| u8::from(person.mandated)).collect();
        let key = Digest::of_parts([&made_of.0[..], &mandated]);
        (Self { register, persons, mandates, lists: Vec::new(), key, fresh: None }, filed)
    }
}

/// The register for a date: as an earlier run read it if its files are the same, else read now.
///
/// # Errors
/// As [`read_register`].
pub(super) fn register_for(
    plan: &Plan,
    as_of: Date,
    extracts: &Extracts,
    stages: &Stages,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<RegisterRead> {
    if let Some(read) = kept_register(plan, as_of, extracts, stages) {
        read.files().into_iter().for_each(|file| tell_taken_over(file, progress));
        return Ok(read);
    }
    let read = read_files(plan, as_of, progress, cancel)?;
    let own = || std::iter::once(&read.persons).chain(&read.mandates);
    own().flat_map(|evidence| &evidence.files).for_each(|file| extracts.saw(file));
    let made_of = key_over(&[&plan.register_digest.0], own().flat_map(files_of));
    let (settled, filed) = RegisterRead::settled(made_of, read);
    Ok(RegisterRead { fresh: Some((made_of, filed)), ..settled })
}

/// The register as an earlier run read it, settled for the day; `None` if a file or its layout is another, or if a reading
/// on this day would say something else of its dates.
pub(super) fn kept_register(plan: &Plan, as_of: Date, extracts: &Extracts, stages: &Stages) -> Option<RegisterRead> {
    let (persons, mandates) = known_files(plan, extracts)?;
    let made_of = key_of(plan, &persons, mandates.as_ref());
    let unread = |code: &str, layout: &ingest::Source, kind: Kind| {
        Evidence::absent(code, &layout.department, kind, Delivery::Missing)
    };
    let mut kept = stages.register(
        made_of,
        as_of,
        unread("register", &plan.persons, kind::register_persons()),
        plan.mandates.as_ref().map(|layout| unread("mandates", layout, kind::register_mandates())),
    )?;
    kept.persons = persons.deliver(&plan.persons, kept.persons, as_of)?;
    if let (Some(layout), Some(files)) = (&plan.mandates, &mandates) {
        kept.mandates = Some(files.deliver(layout, kept.mandates?, as_of)?);
    }
    Some(RegisterRead::settled(made_of, kept).0)
}

/// The register's files, if all were read before as they lie.
fn known_files(plan: &Plan, extracts: &Extracts) -> Option<(Deliveries, Option<Deliveries>)> {
    // Both are looked at, whatever is known of the first: they are read next if one is another.
    let persons = Deliveries::known(plan, &plan.persons, extracts);
    let mandates = plan.mandates.as_ref().map(|layout| Deliveries::known(plan, layout, extracts));
    let persons = persons?;
    match mandates {
        Some(mandates) => Some((persons, Some(mandates?))),
        None => Some((persons, None)),
    }
}

fn key_of(plan: &Plan, persons: &Deliveries, mandates: Option<&Deliveries>) -> Digest {
    key_over(&[&plan.register_digest.0], persons.files().chain(mandates.into_iter().flat_map(Deliveries::files)))
}

/// Where citizens stand on the register as it lies, if it is the one that was read last.
pub(super) fn on_register(
    plan: &Plan,
    extracts: &Extracts,
    stages: &Stages,
    ids: &[CitizenId],
) -> Option<Vec<OnRegister>> {
    let (persons, mandates) = known_files(plan, extracts)?;
    stages.on_register(key_of(plan, &persons, mandates.as_ref()), &kind::register_persons(), ids)
}

/// Reads the register as of a date, whatever is known of it.
///
/// # Errors
/// Kind `Input` if the persons file is missing, refused or holds nobody, or if what it says of everybody is unknown: without a
/// register there is no run.
pub fn read_register(plan: &Plan, as_of: Date, progress: &dyn Progress, cancel: &Cancel) -> Result<RegisterRead> {
    let read = read_files(plan, as_of, progress, cancel)?;
    Ok(RegisterRead::settled(plan.register_digest, read).0)
}

fn read_files(plan: &Plan, as_of: Date, progress: &dyn Progress, cancel: &Cancel) -> Result<KeptRegister> {
    let read = |code: &str, source: &ingest::Source, kind: &Kind| {
        ingest::read(&plan.root, code, source, kind, as_of, None, None, progress, cancel)
    };
    let read_mandates = |source: &ingest::Source| {
        let mandates = read("mandates", source, &kind::register_mandates())?;
        let filed = filed_in(&mandates);
        Ok((mandates, filed))
    };
    let (persons, mandates) = rayon::join(
        || read("register", &plan.persons, &kind::register_persons()),
        || plan.mandates.as_ref().map(read_mandates).transpose(),
    );
    let (mut persons, mandates) = (persons?, mandates?);
    let (mut mandates, filed) = mandates.unzip();
    refuse_unread(&persons, "run.no_register_file")?;
    if let Some(mandates) = &mandates {
        refuse_unread(mandates, "run.no_mandates_file")?;
    }
    refuse_unreadable(&persons)?;
    let Enrolment { mut register, rows: order, refused, unclear } = enrol(&persons, as_of);
    if register.persons.is_empty() {
        return Err(Error::input(Message::new("run.empty_register")).at(Path::new("register.toml")));
    }
    // Not somebody's typing errors, but words that the layout has no code for: a run would match nobody.
    if register.faulty.len() == register.persons.len() {
        let unclear = Error::input(Message::new("run.unclear_register")).at(Path::new("register.toml"));
        return Err(unclear.hint(Message::new("run.unclear_register_hint")));
    }
    tell(&mut persons, &unclear, false);
    let numberless = without_id(&register, &order, persons.table.rows());
    tell(&mut persons, &numberless, false);
    set_aside(&mut persons, &refused);
    // The register takes the rows over: held twice, they were a third of a large run's memory.
    register.table = persons.take_rows();
    let (rows, people) = (&mut register.table, &register.persons);
    let tidy = || {
        arrange(rows, &order);
        blank_repeated(rows, people);
        rows.shrink_to_fit();
    };
    let filed = filed.unwrap_or_default();
    let ((), of_same_id) = rayon::join(tidy, || of_same_id(people, &filed));
    let covered = mandates.as_mut().map(|mandates| {
        let names = texts(column_of(&mandates.kind, &mandates.table, "name"));
        let (covered, of_another) = mandates_of(&register, &filed, names, of_same_id);
        tell(mandates, &of_another, false);
        drop(mandates.take_rows());
        covered
    });
    Ok(KeptRegister { register, filed: covered.unwrap_or_default(), persons, mandates })
}

/// Whether a person goes by this name: the register's, or a former one.
pub(super) fn goes_by(register: &Register, person: u32, name: &str) -> bool {
    [register.name(person), register.text(person, "former_name")]
        .into_iter()
        .any(|own| names::compare(own, name).is_consistent())
}

fn refuse_unread(file: &Evidence, missing: &'static str) -> Result<()> {
    match &file.delivery {
        Delivery::Arrived { .. } => Ok(()),
        Delivery::Refused(fault) if fault.message().key == "ingest.refused_headings" => {
            Err(fault.clone().hint(Message::new("run.register_headings_hint")))
        }
        Delivery::Refused(fault) => Err(fault.clone()),
        Delivery::Missing => Err(Error::input(Message::new(missing)).at(Path::new("register.toml"))),
    }
}

/// A household is judged by all its members. Records that cannot be read are looked through for whose they are, as far as
/// they were kept.
fn refuse_unreadable(persons: &Evidence) -> Result<()> {
    // Whoever stood behind the place where it breaks off would have left the register.
    if persons.files_fall_short() == Some(Shortfall::BrokenOff) {
        let broken_off = Error::input(Message::new("run.broken_off_register"));
        let file = persons.files.last().map_or("register.toml", |file| &file.path);
        return Err(broken_off.at(Path::new(file)).hint(Message::new("run.broken_off_register_hint")));
    }
    let unread = persons.bins.rejected;
    if unread > persons.rejects.iter().filter(|reject| reject.whole_row).count() as u64 {
        let unreadable = Error::input(Message::new("run.unreadable_register").with("count", unread));
        return Err(unreadable.at(Path::new("register.toml")).hint(Message::new("run.unreadable_register_hint")));
    }
    Ok(())
}

/// A register's id that ends in three zeros and whose check character holds is taken as it stands: it stands beside its
/// owner's name, and a link still asks for that name.
pub(super) fn whole_id(text: &str) -> Option<CitizenId> {
    let plain = ids::read_plain(text.as_bytes()).filter(|id| id.is_valid() && !ids::is_placeholder(text.as_bytes()));
    if plain.is_some() {
        return plain;
    }
    match ids::read(text) {
        IdReading::Whole { id, .. } => Some(id),
        IdReading::TailLost { .. } => CitizenId::from_ascii(text.trim().as_bytes()).filter(|id| id.is_valid()),
        _ => None,
    }
}

/// The reason of a row without a usable id. Coverage says 号码不可用 of its person, who may still be found by name.
const WITHOUT_ID: &str = "ingest.reject_id";

/// Rows whose person can be looked for by name alone, in order: whoever keeps the register is the one who can ask for the id.
fn without_id(register: &Register, rows: &[u32], in_file: usize) -> Vec<Faulty> {
    let told: FastSet<u32> = register.faulty.iter().copied().collect();
    let persons = (0..).zip(&register.persons).zip(rows);
    let numberless = persons.filter(|((number, person), row)| {
        !person.id.is_some_and(CitizenId::is_valid) && (**row as usize) < in_file && !told.contains(number)
    });
    let mut rows: Vec<Faulty> = numberless.map(|(_, row)| (*row as usize, "person_id", WITHOUT_ID)).collect();
    rows.sort_unstable();
    rows
}

/// Persons and households say usable ids, divisions and household codes themselves; a second time they were a sixth of the
/// register.
fn blank_repeated(table: &mut Table, persons: &[Person]) {
    let kind = kind::register_persons();
    let ids = texts(column_of(&kind, table, "person_id")).iter().zip(persons);
    let unusable: Texts = ids.map(|(text, person)| if person.id.is_none() { text } else { "" }).collect();
    let blank: Texts = std::iter::repeat_n("", persons.len()).collect();
    for (field, texts) in [("person_id", unusable), ("household_id", blank.clone()), ("division", blank)] {
        let field = kind.field(field).expect("a field of the register's own kinds");
        table.columns[field] = Column::Text(texts);
    }
}

/// Moves refused rows from the kept to the rejected bin.
pub(super) fn set_aside(evidence: &mut Evidence, refused: &[Faulty]) {
    tell(evidence, refused, true);
    evidence.bins.linked -= refused.len() as u64;
    evidence.bins.rejected += refused.len() as u64;
}

/// Counts rows at fault, as a whole or in one field, for whoever keeps the file.
fn tell(evidence: &mut Evidence, faulty: &[Faulty], whole_row: bool) {
    let mut kept = evidence.rejects.iter().filter(|reject| reject.whole_row == whole_row).count();
    for &(row, field, reason) in faulty {
        let label =
            evidence.kind.field(field).map(|field| evidence.kind.fields[field].label.clone()).unwrap_or_default();
        *evidence.reject_counts.entry((label.clone(), reason, whole_row)).or_default() += 1;
        if kept < ingest::REJECTS_KEPT {
            kept += 1;
            let text = evidence.table.row_text(row);
            evidence.rejects.push(Reject { at: evidence.refs[row], column: label, reason, text, whole_row });
        }
    }
    evidence.rejects.sort_by_key(|reject| reject.at);
}

pub(super) fn column_of<'a>(kind: &Kind, table: &'a Table, field: &str) -> &'a Column {
    &table.columns[kind.field(field).expect("a field of the register's own kinds")]
}

pub(super) fn texts(column: &Column) -> &Texts {
    match column {
        Column::Text(texts) => texts,
        _ => panic!("the column is not text"),
    }
}

pub(super) fn dates(column: &Column) -> &Values<Date> {
    match column {
        Column::Date(values) => values,
        _ => panic!("the column holds no dates"),
    }
}
