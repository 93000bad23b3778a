//! The register and its mandates, from the centre's own files to [`Register`].
//!
//! Register rows end in bins like any department's: a row without household, programme or division goes back to whoever
//! keeps the register. A person without a usable id stays on it: coverage says 号码不可用. So does one whose role or state is a
//! word nobody knows, as a member, which never makes a household richer: coverage says 名册有误, and no record is looked for.

use std::hash::BuildHasher;
use std::path::Path;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet, HashTable};
use rayon::prelude::*;

use super::extracts::{Deliveries, files_of, key_over, tell_taken_over};
use super::mandates::{mandates_of, settle_mandates, take_filed};
use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Date, Digest, Division, Error, Message, Progress, Result, alike};
use crate::model::evidence::{Delivery, Evidence, Reject};
use crate::model::kind::{self, Kind};
use crate::model::register::{Households, Mandates, Person, Register, Role, State};
use crate::model::table::{Column, Table, Texts, Values};
use crate::standardise::ids::{self, IdReading};
use crate::store::{Extracts, KeptRegister, Stages};

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
    // Both are looked at, whatever is known of the first: they are read next if one is another.
    let persons = Deliveries::known(plan, &plan.persons, extracts);
    let mandates = plan.mandates.as_ref().map(|layout| Deliveries::known(plan, layout, extracts));
    let persons = persons?;
    let mandates = match mandates {
        Some(mandates) => Some(mandates?),
        None => None,
    };
    let files = persons.files().chain(mandates.iter().flat_map(Deliveries::files));
    let made_of = key_over(&[&plan.register_digest.0], files);
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
    // The mandates' rows are given up as soon as they said whom they cover.
    let read_mandates = |source: &ingest::Source| {
        let mut mandates = read("mandates", source, &kind::register_mandates())?;
        let filed = take_filed(&mut mandates);
        Ok((mandates, filed))
    };
    let (persons, mandates) = rayon::join(
        || read("register", &plan.persons, &kind::register_persons()),
        || plan.mandates.as_ref().map(read_mandates).transpose(),
    );
    let (mut persons, mandates) = (persons?, mandates?);
    let (mandates, filed) = mandates.unzip();
    refuse_unread(&persons, "run.no_register_file")?;
    if let Some(mandates) = &mandates {
        refuse_unread(mandates, "run.no_mandates_file")?;
    }
    let (mut register, Faults { refused, unclear }) = build(&persons, as_of);
    if register.persons.is_empty() {
        return Err(Error::input(Message::new("run.empty_register")).at(Path::new("register.toml")));
    }
    // Not somebody's typing errors, but words that the layout has no code for: a run would match nobody.
    if register.faulty.len() == register.persons.len() {
        let unclear = Error::input(Message::new("run.unclear_register")).at(Path::new("register.toml"));
        return Err(unclear.hint(Message::new("run.unclear_register_hint")));
    }
    tell(&mut persons, &unclear, false);
    set_aside(&mut persons, &refused);
    // The register takes the rows over: held twice, they were a third of a large run's memory.
    register.table = persons.take_rows();
    let (rows, people) = (&mut register.table, &register.persons);
    let tidy = || {
        leave_out(rows, &refused);
        blank_repeated(rows, people);
        rows.shrink_to_fit();
    };
    let ((), filed) = rayon::join(tidy, || mandates_of(people, &filed.unwrap_or_default()));
    Ok(KeptRegister { register, filed, persons, mandates })
}

fn refuse_unread(file: &Evidence, missing: &'static str) -> Result<()> {
    match &file.delivery {
        Delivery::Arrived { .. } => Ok(()),
        Delivery::Refused(fault) => Err(fault.clone()),
        Delivery::Missing => Err(Error::input(Message::new(missing)).at(Path::new("register.toml"))),
    }
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

/// A row that stands on the register. Household and programme of its person are numbered in register order, later.
struct Line<'a> {
    household: &'a str,
    /// Of the household's code.
    hash: u64,
    programme: &'a str,
    person: Person,
    /// What it says of the person that nobody knows.
    unclear: Option<Fault>,
}

/// The field at fault and the reason's wording key.
type Fault = (&'static str, &'static str);

/// A row, or why it cannot stand on the register.
type Read<'a> = std::result::Result<Line<'a>, Fault>;

/// A row at fault: its index, the field, the reason's wording key.
pub(super) type Faulty = (usize, &'static str, &'static str);

/// Rows at fault, in order.
#[derive(Default)]
struct Faults {
    /// They cannot stand on the register.
    refused: Vec<Faulty>,
    /// They stand on it, and nobody knows what they say of their person.
    unclear: Vec<Faulty>,
}

/// A register without its table yet.
fn build<'e>(evidence: &'e Evidence, as_of: Date) -> (Register, Faults) {
    let columns = Columns::new(&evidence.kind, &evidence.table);
    let rows = evidence.table.rows();
    let (mut persons, mut lines) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let (mut homes, mut programmes, mut faults) = (Homes::default(), Vec::new(), Faults::default());
    let mut faulty = Vec::new();
    homes.by_code.reserve(rows, |_| unreachable!("no household stands in it yet"));
    let mut enrol = |first: usize, read: &mut Vec<Read<'e>>| {
        for (nearby, rows) in read.chunks(NEARBY).zip((first..).step_by(NEARBY)) {
            homes.warm(nearby.iter().flatten());
            for (row, line) in (rows..).zip(nearby) {
                match line {
                    Ok(Line { household, hash, programme, person, unclear }) => {
                        if let Some((field, reason)) = unclear {
                            faults.unclear.push((row, *field, *reason));
                            faulty.push(persons.len() as u32);
                        }
                        let programme = programme_index(&mut programmes, programme);
                        let household = homes.number(household, *hash, programme, person.division);
                        persons.push(Person { household, programme, ..person.clone() });
                        lines.push(evidence.refs[row].line);
                    }
                    Err((field, reason)) => faults.refused.push((row, *field, *reason)),
                }
            }
        }
        read.clear();
    };
    const NEARBY: usize = 32;
    // What depends on one row alone is read on all cores, while the rows before it form households in register order.
    const AT_A_TIME: usize = 1 << 16;
    let (mut read, mut before) = (Vec::with_capacity(AT_A_TIME), Vec::with_capacity(AT_A_TIME));
    for first in (0..rows).step_by(AT_A_TIME) {
        let last = rows.min(first + AT_A_TIME);
        rayon::join(
            || (first..last).into_par_iter().map(|row| columns.line(row)).collect_into_vec(&mut read),
            || enrol(first - before.len(), &mut before),
        );
        std::mem::swap(&mut read, &mut before);
    }
    enrol(rows - before.len(), &mut before);
    let households = homes.with(&persons);
    let table = Table::new(evidence.kind.types());
    (Register { persons, households, programmes, table, lines, faulty, as_of }, faults)
}

/// Households as they come up: a household's first row says its programme and division.
#[derive(Default)]
struct Homes<'a> {
    /// Numbers by the hash of their code. There is room for as many as there are persons, so that it never grows.
    by_code: HashTable<u32>,
    codes: Texts,
    programmes: Vec<u16>,
    divisions: Vec<Division>,
    /// The household of the row before: most rows are of the same one.
    last: Option<(&'a str, u32)>,
}

impl<'a> Homes<'a> {
    /// Reads what numbering these lines will read, all at once: one by one each of these reads would wait for memory.
    fn warm<'l>(&self, lines: impl Iterator<Item = &'l Line<'l>>) {
        let mut touched = 0;
        lines.for_each(|line| {
            self.by_code.find(line.hash, |number| {
                touched ^= number;
                false
            });
        });
        std::hint::black_box(touched);
    }

    fn number(&mut self, code: &'a str, hash: u64, programme: u16, division: Division) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| alike(last.as_bytes(), code.as_bytes())) {
            return number;
        }
        let is_it = |number: &u32| alike(self.codes.get(*number as usize).as_bytes(), code.as_bytes());
        let known = self.by_code.find(hash, is_it).copied();
        let number = known.unwrap_or_else(|| {
            let number = self.codes.len() as u32;
            self.by_code.insert_unique(hash, number, |_| unreachable!("there is room for everybody"));
            self.codes.push(code);
            self.programmes.push(programme);
            self.divisions.push(division);
            number
        });
        self.last = Some((code, number));
        number
    }

    fn with(self, persons: &[Person]) -> Households {
        Households::new(self.codes, self.programmes, self.divisions, persons)
    }
}

/// Programmes are a handful, in order of first appearance.
fn programme_index(programmes: &mut Vec<String>, name: &str) -> u16 {
    let found = programmes.iter().position(|programme| programme == name);
    found.unwrap_or_else(|| {
        programmes.push(name.to_owned());
        programmes.len() - 1
    }) as u16
}

/// Takes refused rows, which come in order, out of a table.
fn leave_out(table: &mut Table, refused: &[Faulty]) {
    if refused.is_empty() {
        return;
    }
    let mut rest = refused.iter().map(|(row, ..)| *row).peekable();
    let kept: Vec<usize> = (0..table.rows()).filter(|row| rest.next_if_eq(row).is_none()).collect();
    table.keep(&kept);
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
    for &(row, field, reason) in faulty {
        let label =
            evidence.kind.field(field).map(|field| evidence.kind.fields[field].label.clone()).unwrap_or_default();
        *evidence.reject_counts.entry((label.clone(), reason, whole_row)).or_default() += 1;
        if evidence.rejects.len() < ingest::REJECTS_KEPT {
            let text = evidence.table.columns.iter().map(|column| column.text(row)).collect::<Vec<_>>().join(" | ");
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

/// The columns of the persons file that make a person, found once for all rows.
struct Columns<'a> {
    id: &'a Texts,
    household: &'a Texts,
    programme: &'a Texts,
    division: &'a Texts,
    role: &'a Texts,
    state: &'a Texts,
    birth: &'a Values<Date>,
}

impl<'a> Columns<'a> {
    fn new(kind: &Kind, table: &'a Table) -> Self {
        let column = |field| column_of(kind, table, field);
        Self {
            id: texts(column("person_id")),
            household: texts(column("household_id")),
            programme: texts(column("programme")),
            division: texts(column("division")),
            role: texts(column("role")),
            state: texts(column("state")),
            birth: dates(column("birth")),
        }
    }

    fn line(&self, row: usize) -> Read<'a> {
        let household = self.household.get(row);
        if household.is_empty() {
            return Err(("household_id", "run.reject_no_household"));
        }
        let programme = self.programme.get(row);
        if programme.is_empty() {
            return Err(("programme", "run.reject_no_programme"));
        }
        let division = Division::parse(self.division.get(row)).ok_or(("division", "run.reject_bad_division"))?;
        let mut unclear = None;
        let state = match self.state.get(row) {
            "applicant" => State::Applicant,
            given => {
                unclear = (!matches!(given, "" | "recipient")).then_some(("state", "run.reject_bad_state"));
                State::Recipient
            }
        };
        let role = match self.role.get(row) {
            "supporter" => Role::Supporter,
            given => {
                unclear = (!matches!(given, "" | "member")).then_some(("role", "run.reject_bad_role")).or(unclear);
                Role::Member
            }
        };
        let id = whole_id(self.id.get(row));
        let person = Person {
            id,
            division,
            birth: id.and_then(CitizenId::birth).or(self.birth.get(row)),
            household: 0,
            programme: 0,
            role,
            state,
            mandated: false, // settled for the day, later
        };
        let hash = FixedState::default().hash_one(household);
        Ok(Line { household, hash, programme, person, unclear })
    }
}
