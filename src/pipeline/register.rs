//! The register and its mandates, from the centre's own files to [`Register`].
//!
//! Register rows end in bins like any department's: a row without household, programme or division goes back to whoever
//! keeps the register. A person without a usable id stays on it: coverage says 号码不可用.

use std::path::Path;

use hashbrown::HashMap;

use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Cancel, CitizenId, Date, Division, Error, Message, Progress, Result};
use crate::model::evidence::{Delivery, Evidence, Reject};
use crate::model::kind::{self, Kind};
use crate::model::register::{Household, Person, Register, Role, State};
use crate::model::table::{Column, Table};
use crate::standardise::ids::{self, IdReading};

type FastMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// The register for a date, and its two files as evidence (bins, rejects, digests).
pub struct RegisterRead {
    pub register: Register,
    pub persons: Evidence,
    pub mandates: Option<Evidence>,
}

impl RegisterRead {
    /// The register's own files as they were read: counts, rejects, digests.
    pub fn files(&self) -> Vec<&Evidence> {
        std::iter::once(&self.persons).chain(&self.mandates).collect()
    }
}

/// Reads the register as of a date.
///
/// # Errors
/// Kind `Input` if the persons file is missing, refused or holds nobody: without a register there is no run.
pub fn read_register(plan: &Plan, as_of: Date, progress: &dyn Progress, cancel: &Cancel) -> Result<RegisterRead> {
    let read = |code: &str, source: &ingest::Source, kind: &Kind| {
        ingest::read(&plan.root, code, source, kind, as_of, &|_| true, progress, cancel)
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
    Ok(RegisterRead { register, persons, mandates })
}

fn refuse_unread(file: &Evidence) -> Result<()> {
    match &file.delivery {
        Delivery::Arrived { .. } => Ok(()),
        Delivery::Refused(fault) => Err(fault.clone()),
        Delivery::Missing => Err(Error::input(Message::new("run.no_register_file")).at(Path::new("register.toml"))),
    }
}

/// Mandates by citizen, each with first and last day.
type Spans = FastMap<CitizenId, Vec<(Date, Option<Date>)>>;

/// The rows are given up: nothing asks for them again.
fn take_spans(mandates: &mut Evidence) -> Spans {
    let table = mandates.take_rows();
    let columns = Columns::new(&mandates.kind, &table);
    let mut spans = Spans::default();
    for row in 0..table.rows() {
        if let (Some(id), Some(from)) = (whole_id(columns.text("person_id", row)), columns.date("mandate_from", row)) {
            spans.entry(id).or_default().push((from, columns.date("mandate_to", row)));
        }
    }
    spans
}

/// A register's id that ends in three zeros and whose check character holds is taken as it stands: it stands beside its
/// owner's name, and a link still asks for that name.
fn whole_id(text: &str) -> Option<CitizenId> {
    match ids::read(text) {
        IdReading::Whole { id, .. } => Some(id),
        IdReading::TailLost { .. } => CitizenId::from_ascii(text.trim().as_bytes()).filter(|id| id.is_valid()),
        _ => None,
    }
}

/// One row of the persons file that can stand on the register.
struct Row<'a> {
    household: &'a str,
    programme: &'a str,
    division: Division,
    role: Role,
    state: State,
}

/// A row that cannot stand on the register: its index, the field at fault, the reason's wording key.
type Refused = (usize, &'static str, &'static str);

/// A register without its table yet, the rows that stand on it, and those that cannot.
struct Built {
    register: Register,
    kept: Vec<usize>,
    refused: Vec<Refused>,
}

fn build(evidence: &Evidence, spans: &Spans, as_of: Date) -> Built {
    let columns = Columns::new(&evidence.kind, &evidence.table);
    let mut register = Register {
        persons: Vec::with_capacity(evidence.table.rows()),
        households: Vec::new(),
        programmes: Vec::new(),
        table: Table::new(evidence.kind.types()),
        lines: Vec::with_capacity(evidence.table.rows()),
        as_of,
    };
    let mut by_code: FastMap<&str, u32> = FastMap::default();
    let mut refused = Vec::new();
    let mut kept = Vec::with_capacity(evidence.table.rows());
    for row in 0..evidence.table.rows() {
        let line = match read_row(&columns, row) {
            Ok(line) => line,
            Err((field, reason)) => {
                refused.push((row, field, reason));
                continue;
            }
        };
        let person = register.persons.len() as u32;
        let programme = programme_index(&mut register.programmes, line.programme);
        let household = *by_code.entry(line.household).or_insert_with(|| {
            register.households.push(Household {
                code: line.household.to_owned(),
                programme,
                division: line.division,
                persons: Vec::new(),
                members: 0,
            });
            register.households.len() as u32 - 1
        });
        let home = &mut register.households[household as usize];
        home.persons.push(person);
        home.members += u32::from(line.role == Role::Member);
        register.persons.push(person_of(&columns, row, &line, household, programme, spans, as_of));
        register.lines.push(evidence.refs[row].line);
        kept.push(row);
    }
    Built { register, kept, refused }
}

fn read_row<'a>(columns: &Columns<'a>, row: usize) -> std::result::Result<Row<'a>, (&'static str, &'static str)> {
    let household = columns.text("household_id", row);
    if household.is_empty() {
        return Err(("household_id", "run.reject_no_household"));
    }
    let programme = columns.text("programme", row);
    if programme.is_empty() {
        return Err(("programme", "run.reject_no_programme"));
    }
    let division = Division::parse(columns.text("division", row)).ok_or(("division", "run.reject_bad_division"))?;
    let role = match columns.text("role", row) {
        "" | "member" => Role::Member,
        "supporter" => Role::Supporter,
        _ => return Err(("role", "run.reject_bad_role")),
    };
    let state = match columns.text("state", row) {
        "" | "recipient" => State::Recipient,
        "applicant" => State::Applicant,
        _ => return Err(("state", "run.reject_bad_state")),
    };
    Ok(Row { household, programme, division, role, state })
}

fn person_of(
    columns: &Columns,
    row: usize,
    line: &Row,
    household: u32,
    programme: u16,
    spans: &Spans,
    as_of: Date,
) -> Person {
    let id = whole_id(columns.text("person_id", row));
    let covers = |from: Date, to: Option<Date>| from <= as_of && to.is_none_or(|to| as_of <= to);
    let own = columns.date("mandate_from", row).is_some_and(|from| covers(from, columns.date("mandate_to", row)));
    let filed = id.and_then(|id| spans.get(&id)).is_some_and(|list| list.iter().any(|&(from, to)| covers(from, to)));
    Person {
        id,
        household,
        role: line.role,
        state: line.state,
        programme,
        division: line.division,
        birth: id.and_then(CitizenId::birth).or_else(|| columns.date("birth", row)),
        mandated: own || filed,
        monthly_amount: columns.money("monthly_amount", row),
        paid_through: columns.month("paid_through", row),
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

/// Moves refused rows from the kept to the rejected bin.
fn set_aside(evidence: &mut Evidence, refused: Vec<Refused>) {
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

/// A table's columns by field name. Asking for a field of another type is a bug.
struct Columns<'a> {
    by_name: FastMap<&'a str, &'a Column>,
}

impl<'a> Columns<'a> {
    fn new(kind: &'a Kind, table: &'a Table) -> Self {
        let by_name = kind.fields.iter().map(|field| field.name.as_str()).zip(&table.columns).collect();
        Self { by_name }
    }

    fn text(&self, field: &str, row: usize) -> &'a str {
        match self.by_name[field] {
            Column::Text(texts) => texts.get(row),
            _ => panic!("{field} is not text"),
        }
    }

    fn date(&self, field: &str, row: usize) -> Option<Date> {
        match self.by_name[field] {
            Column::Date(values) => values[row],
            _ => panic!("{field} is not a date"),
        }
    }

    fn month(&self, field: &str, row: usize) -> Option<crate::kernel::Month> {
        match self.by_name[field] {
            Column::Month(values) => values[row],
            _ => panic!("{field} is not a month"),
        }
    }

    fn money(&self, field: &str, row: usize) -> Option<crate::kernel::Fen> {
        match self.by_name[field] {
            Column::Money(values) => values[row],
            _ => panic!("{field} is not money"),
        }
    }
}
