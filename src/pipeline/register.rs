//! The register and its mandates, from the centre's own files to [`Register`].
//!
//! Register rows end in bins like any department's: a row without household, programme or division goes back to whoever
//! keeps the register. A person without a usable id stays on it: coverage says 号码不可用.

use std::path::Path;

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Date, Division, Error, Fen, Message, Month, Progress, Result};
use crate::model::evidence::{Delivery, Evidence, Reject};
use crate::model::kind::{self, Kind};
use crate::model::register::{Household, Person, Register, Role, State};
use crate::model::table::{Column, Table, Texts};
use crate::standardise::ids::{self, IdReading};

pub(super) type FastMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

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
        ingest::read(&plan.root, code, source, kind, as_of, None, None, progress, cancel)
    };
    let (persons, mandates) = rayon::join(
        || read("register", &plan.persons, &kind::register_persons()),
        || plan.mandates.as_ref().map(|source| read("mandates", source, &kind::register_mandates())).transpose(),
    );
    let (mut persons, mut mandates) = (persons?, mandates?);
    refuse_unread(&persons)?;
    if let Some(mandates) = &mandates {
        refuse_unread(mandates)?;
    }
    let spans = mandates.as_mut().map(take_spans).unwrap_or_default();
    let Built { mut register, kept, refused } = build(&persons, &spans, as_of);
    set_aside(&mut persons, refused);
    // The register takes the rows over: held twice, they were a third of a large run's memory.
    let table = persons.take_rows();
    register.table = if kept.len() == table.rows() { table } else { table.select(&kept) };
    register.table.shrink_to_fit();
    if register.persons.is_empty() {
        return Err(Error::input(Message::new("run.empty_register")).at(Path::new("register.toml")));
    }
    Ok(RegisterRead { register, persons, mandates, lists: Vec::new() })
}

fn refuse_unread(file: &Evidence) -> Result<()> {
    match &file.delivery {
        Delivery::Arrived { .. } => Ok(()),
        Delivery::Refused(fault) => Err(fault.clone()),
        Delivery::Missing => Err(Error::input(Message::new("run.no_register_file")).at(Path::new("register.toml"))),
    }
}

/// Mandates filed apart from the register.
#[derive(Default)]
struct Spans {
    /// Citizen, first and last day; sorted.
    filed: Vec<(CitizenId, Date, Option<Date>)>,
    /// Where a citizen's begin.
    starts: FastMap<CitizenId, u32>,
}

impl Spans {
    fn new(mut filed: Vec<(CitizenId, Date, Option<Date>)>) -> Self {
        filed.par_sort_unstable();
        let mut starts = FastMap::with_capacity_and_hasher(filed.len(), foldhash::fast::FixedState::default());
        for (at, (id, ..)) in filed.iter().enumerate().rev() {
            starts.insert(*id, at as u32);
        }
        Self { filed, starts }
    }

    fn of(&self, id: CitizenId) -> impl Iterator<Item = (Date, Option<Date>)> + '_ {
        let first = self.starts.get(&id).map_or(self.filed.len(), |start| *start as usize);
        self.filed[first..].iter().take_while(move |span| span.0 == id).map(|&(_, from, to)| (from, to))
    }
}

/// The rows are given up: nothing asks for them again.
fn take_spans(mandates: &mut Evidence) -> Spans {
    let table = mandates.take_rows();
    let column = |field| column_of(&mandates.kind, &table, field);
    let (ids, from, to) = (texts(column("person_id")), dates(column("mandate_from")), dates(column("mandate_to")));
    let rows = (0..table.rows()).into_par_iter();
    Spans::new(rows.filter_map(|row| Some((whole_id(ids.get(row))?, from[row]?, to[row]))).collect())
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

/// What names the household and programme of a row; their indexes follow in register order.
struct Line<'a> {
    household: &'a str,
    programme: &'a str,
}

/// A row that cannot stand on the register: its index, the field at fault, the reason's wording key.
pub(super) type Refused = (usize, &'static str, &'static str);

/// A register without its table yet, the rows that stand on it, and those that cannot.
struct Built {
    register: Register,
    kept: Vec<usize>,
    refused: Vec<Refused>,
}

fn build(evidence: &Evidence, spans: &Spans, as_of: Date) -> Built {
    let columns = Columns::new(&evidence.kind, &evidence.table);
    let rows = evidence.table.rows();
    let mut register = Register {
        persons: Vec::with_capacity(rows),
        households: Vec::new(),
        programmes: Vec::new(),
        table: Table::new(evidence.kind.types()),
        lines: Vec::with_capacity(rows),
        as_of,
    };
    let mut by_code: FastMap<&str, u32> = FastMap::default();
    let mut refused = Vec::new();
    let mut kept = Vec::with_capacity(rows);
    // What depends on one row alone is read on all cores; households then form in register order.
    const AT_A_TIME: usize = 1 << 16;
    let mut read = Vec::with_capacity(AT_A_TIME);
    for first in (0..rows).step_by(AT_A_TIME) {
        let last = rows.min(first + AT_A_TIME);
        (first..last).into_par_iter().map(|row| columns.person(row, spans, as_of)).collect_into_vec(&mut read);
        for (row, line) in (first..).zip(read.drain(..)) {
            let (line, person) = match line {
                Ok(line) => line,
                Err((field, reason)) => {
                    refused.push((row, field, reason));
                    continue;
                }
            };
            let number = register.persons.len() as u32;
            let programme = programme_index(&mut register.programmes, line.programme);
            let household = *by_code.entry(line.household).or_insert_with(|| {
                register.households.push(Household {
                    code: line.household.to_owned(),
                    programme,
                    division: person.division,
                    persons: Vec::new(),
                    members: 0,
                });
                register.households.len() as u32 - 1
            });
            let home = &mut register.households[household as usize];
            home.persons.push(number);
            home.members += u32::from(person.role == Role::Member);
            register.persons.push(Person { household, programme, ..person });
            register.lines.push(evidence.refs[row].line);
            kept.push(row);
        }
    }
    Built { register, kept, refused }
}

/// Programmes are a handful, in order of first appearance.
fn programme_index(programmes: &mut Vec<String>, name: &str) -> u16 {
    let found = programmes.iter().position(|programme| programme == name);
    found.unwrap_or_else(|| {
        programmes.push(name.to_owned());
        programmes.len() - 1
    }) as u16
}

/// Moves refused rows from the kept to the rejected bin.
pub(super) fn set_aside(evidence: &mut Evidence, refused: Vec<Refused>) {
    let count = refused.len() as u64;
    for (row, field, reason) in refused {
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

pub(super) fn dates(column: &Column) -> &[Option<Date>] {
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
    birth: &'a [Option<Date>],
    mandate_from: &'a [Option<Date>],
    mandate_to: &'a [Option<Date>],
    monthly_amount: &'a [Option<Fen>],
    paid_through: &'a [Option<Month>],
}

impl<'a> Columns<'a> {
    fn new(kind: &Kind, table: &'a Table) -> Self {
        let column = |field| column_of(kind, table, field);
        let monthly_amount = match column("monthly_amount") {
            Column::Money(values) => values,
            _ => panic!("the column is not money"),
        };
        let paid_through = match column("paid_through") {
            Column::Month(values) => values,
            _ => panic!("the column holds no months"),
        };
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
            monthly_amount,
            paid_through,
        }
    }

    /// The person in a row, household and programme still to be numbered; or why the row cannot stand on the register.
    fn person(
        &self,
        row: usize,
        spans: &Spans,
        as_of: Date,
    ) -> std::result::Result<(Line<'a>, Person), (&'static str, &'static str)> {
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
        let covers = |from: Date, to: Option<Date>| from <= as_of && to.is_none_or(|to| as_of <= to);
        let own = self.mandate_from[row].is_some_and(|from| covers(from, self.mandate_to[row]));
        let filed = |id: CitizenId| spans.of(id).any(|(from, to)| covers(from, to));
        let person = Person {
            id,
            household: 0,
            role,
            state,
            programme: 0,
            division,
            birth: id.and_then(CitizenId::birth).or(self.birth[row]),
            mandated: own || id.is_some_and(filed),
            monthly_amount: self.monthly_amount[row],
            paid_through: self.paid_through[row],
        };
        Ok((Line { household, programme }, person))
    }
}
