//! The register and its mandates, from the centre's own files to [`Register`].
//!
//! Register rows end in bins like any department's: a row without household, programme or division goes back to whoever
//! keeps the register. A person without a usable id stays on it: coverage says 号码不可用.

use std::path::Path;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Date, Division, Error, Message, Progress, Result};
use crate::model::evidence::{Delivery, Evidence, Reject};
use crate::model::kind::{self, Kind};
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::table::{Column, Table, Texts, Values};
use crate::standardise::ids::{self, IdReading};

pub(super) type FastMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

type FastSet<T> = HashSet<T, foldhash::fast::FixedState>;

/// The register for a date, and its files as evidence (bins, rejects, digests).
pub struct RegisterRead {
    pub register: Register,
    pub persons: Evidence,
    pub mandates: Option<Evidence>,
    /// The lists of the 备案 check, once `filings` has read them.
    pub lists: Vec<Evidence>,
}

impl RegisterRead {
    /// The register's own files as they were read: counts, rejects, digests.
    pub fn files(&self) -> Vec<&Evidence> {
        std::iter::once(&self.persons).chain(&self.mandates).chain(&self.lists).collect()
    }
}

/// Reads the register as of a date.
///
/// # Errors
/// Kind `Input` if the persons file is missing, refused or holds nobody: without a register there is no run.
pub fn read_register(plan: &Plan, as_of: Date, progress: &dyn Progress, cancel: &Cancel) -> Result<RegisterRead> {
    let read = |code: &str, source: &ingest::Source, kind: &Kind| {
        ingest::read(&plan.root, code, source, kind, as_of, &|_| true, None, progress, cancel)
    };
    // The mandates' rows are given up as soon as they said whom they cover.
    let read_mandates = |source: &ingest::Source| {
        let mut mandates = read("mandates", source, &kind::register_mandates())?;
        let covered = take_covered(&mut mandates, as_of);
        Ok((mandates, covered))
    };
    let (persons, mandates) = rayon::join(
        || read("register", &plan.persons, &kind::register_persons()),
        || plan.mandates.as_ref().map(read_mandates).transpose(),
    );
    let (mut persons, mandates) = (persons?, mandates?);
    let (mandates, covered) = mandates.unzip();
    refuse_unread(&persons)?;
    if let Some(mandates) = &mandates {
        refuse_unread(mandates)?;
    }
    let (mut register, refused) = build(&persons, as_of);
    if register.persons.is_empty() {
        return Err(Error::input(Message::new("run.empty_register")).at(Path::new("register.toml")));
    }
    if let Some(covered) = covered {
        // A pass of its own, so short that the probes of one person and the next wait for memory together.
        register
            .persons
            .par_iter_mut()
            .for_each(|person| person.mandated |= person.id.is_some_and(|id| covered.contains(&id)));
    }
    set_aside(&mut persons, &refused);
    // The register takes the rows over: held twice, they were a third of a large run's memory.
    register.table = persons.take_rows();
    leave_out(&mut register.table, &refused);
    register.table.shrink_to_fit();
    Ok(RegisterRead { register, persons, mandates, lists: Vec::new() })
}

fn refuse_unread(file: &Evidence) -> Result<()> {
    match &file.delivery {
        Delivery::Arrived { .. } => Ok(()),
        Delivery::Refused(fault) => Err(fault.clone()),
        Delivery::Missing => Err(Error::input(Message::new("run.no_register_file")).at(Path::new("register.toml"))),
    }
}

/// Citizens for whom a mandate filed apart from the register covers the day. The rows are given up: nothing asks for them
/// again.
fn take_covered(mandates: &mut Evidence, as_of: Date) -> FastSet<CitizenId> {
    let table = mandates.take_rows();
    let column = |field| column_of(&mandates.kind, &table, field);
    let (ids, from, to) = (texts(column("person_id")), dates(column("mandate_from")), dates(column("mandate_to")));
    let rows = (0..table.rows()).into_par_iter().filter(|row| covers(from.get(*row), to.get(*row), as_of));
    let covered: Vec<CitizenId> = rows.filter_map(|row| whole_id(ids.get(row))).collect();
    covered.into_iter().collect()
}

/// A mandate without a first day covers nothing, one without a last day does not end.
fn covers(from: Option<Date>, to: Option<Date>, day: Date) -> bool {
    from.is_some_and(|from| from <= day) && to.is_none_or(|to| day <= to)
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
    programme: &'a str,
    person: Person,
}

/// A row that cannot stand on the register: its index, the field at fault, the reason's wording key.
pub(super) type Refused = (usize, &'static str, &'static str);

/// A register without its table and the mandates filed apart, and the rows that cannot stand on it, in order.
fn build(evidence: &Evidence, as_of: Date) -> (Register, Vec<Refused>) {
    let columns = Columns::new(&evidence.kind, &evidence.table);
    let rows = evidence.table.rows();
    let (mut persons, mut lines) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let (mut homes, mut programmes, mut refused) = (Homes::default(), Vec::new(), Vec::new());
    // What depends on one row alone is read on all cores; households then form in register order.
    const AT_A_TIME: usize = 1 << 16;
    let mut read = Vec::with_capacity(AT_A_TIME);
    for first in (0..rows).step_by(AT_A_TIME) {
        let last = rows.min(first + AT_A_TIME);
        (first..last).into_par_iter().map(|row| columns.line(row, as_of)).collect_into_vec(&mut read);
        for (row, line) in (first..).zip(read.drain(..)) {
            match line {
                Ok(Line { household, programme, person }) => {
                    let programme = programme_index(&mut programmes, programme);
                    let household = homes.number(household, programme, person.division);
                    persons.push(Person { household, programme, ..person });
                    lines.push(evidence.refs[row].line);
                }
                Err((field, reason)) => refused.push((row, field, reason)),
            }
        }
    }
    let households = homes.with(&persons);
    let table = Table::new(evidence.kind.types());
    (Register { persons, households, programmes, table, lines, as_of }, refused)
}

/// Households as they come up: a household's first row says its programme and division.
#[derive(Default)]
struct Homes<'a> {
    by_code: FastMap<&'a str, u32>,
    codes: Texts,
    programmes: Vec<u16>,
    divisions: Vec<Division>,
    /// The household of the row before: most rows are of the same one.
    last: Option<(&'a str, u32)>,
}

impl<'a> Homes<'a> {
    fn number(&mut self, code: &'a str, programme: u16, division: Division) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == code) {
            return number;
        }
        let number = *self.by_code.entry(code).or_insert_with(|| {
            self.codes.push(code);
            self.programmes.push(programme);
            self.divisions.push(division);
            self.codes.len() as u32 - 1
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
fn leave_out(table: &mut Table, refused: &[Refused]) {
    if refused.is_empty() {
        return;
    }
    let mut rest = refused.iter().map(|(row, ..)| *row).peekable();
    let kept: Vec<usize> = (0..table.rows()).filter(|row| rest.next_if_eq(row).is_none()).collect();
    table.keep(&kept);
}

/// Moves refused rows from the kept to the rejected bin.
pub(super) fn set_aside(evidence: &mut Evidence, refused: &[Refused]) {
    let count = refused.len() as u64;
    for &(row, field, reason) in refused {
        let label =
            evidence.kind.field(field).map(|field| evidence.kind.fields[field].label.clone()).unwrap_or_default();
        *evidence.reject_counts.entry((label.clone(), reason, true)).or_default() += 1;
        if evidence.rejects.len() < ingest::REJECTS_KEPT {
            let text = evidence.table.columns.iter().map(|column| column.text(row)).collect::<Vec<_>>().join(" | ");
            evidence.rejects.push(Reject { at: evidence.refs[row], column: label, reason, text, whole_row: true });
        }
    }
    evidence.rejects.sort_by_key(|reject| reject.at);
    evidence.bins.linked -= count;
    evidence.bins.rejected += count;
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
    mandate_from: &'a Values<Date>,
    mandate_to: &'a Values<Date>,
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
            mandate_from: dates(column("mandate_from")),
            mandate_to: dates(column("mandate_to")),
        }
    }

    /// What a row says; or the field at fault and why the row cannot stand on the register.
    fn line(&self, row: usize, as_of: Date) -> std::result::Result<Line<'a>, (&'static str, &'static str)> {
        let household = self.household.get(row);
        if household.is_empty() {
            return Err(("household_id", "run.reject_no_household"));
        }
        let programme = self.programme.get(row);
        if programme.is_empty() {
            return Err(("programme", "run.reject_no_programme"));
        }
        let division = Division::parse(self.division.get(row)).ok_or(("division", "run.reject_bad_division"))?;
        let role = match self.role.get(row) {
            "" | "member" => Role::Member,
            "supporter" => Role::Supporter,
            _ => return Err(("role", "run.reject_bad_role")),
        };
        let state = match self.state.get(row) {
            "" | "recipient" => State::Recipient,
            "applicant" => State::Applicant,
            _ => return Err(("state", "run.reject_bad_state")),
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
            mandated: covers(self.mandate_from.get(row), self.mandate_to.get(row), as_of),
        };
        Ok(Line { household, programme, person })
    }
}
