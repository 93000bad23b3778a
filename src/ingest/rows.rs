//! One row → one bin: kept with its persons and typed values, unlinked, rejected, or skipped (invariant I-3).
//!
//! Every row is checked as a row: cells, a person, withdrawn or not, a company or not. Single fields are read and
//! checked only in rows that are kept, so the counts of damaged fields speak about people on the register. Nothing is
//! decoded and nothing allocated for the rows of others, except where one cell names several owners.

use std::borrow::Cow;

use super::batch::{Batch, REJECT_CHARACTERS};
use super::dbf::Shape;
use super::encoding::{Encoding, trimmed};
use super::headings::Mapping;
use super::layout::{DELETE, INSERT};
use super::owners;
use super::reading::{Reading, readings};
use super::split::{Fault, Record, fits};
use super::withdrawn;
use super::words::{Operation, Words};
use super::{Job, Keys, PartyView, Wanted};
use crate::kernel::{Date, alike};
use crate::model::evidence::{Reject, RowRef};
use crate::model::extract_keys::RecordChange;
use crate::model::kind::{self, Kind};
use crate::model::table::Column;
use crate::standardise::dates;

/// What departments write for "not given", beside the layout's own words. Compared without regard to case.
pub(super) const NULLS: &[&str] = &["NULL", "(NULL)", "\\N", "N/A", "无", "暂无", "-", "--", "—", "——", "/"];

/// How rows that close a list begin, unless the layout says otherwise.
const FOOTERS: &[&str] = &["合计", "总计", "小计", "制表", "填表人", "审核人"];

/// The canonical id type of an owner that is no person.
const COMPANY: &str = "company";

/// How rows lie in a file.
#[derive(Debug, Clone, Copy)]
enum Laid<'a> {
    Lines,
    /// In cells by width.
    Ruled,
    /// A row's offset says where its text is kept, and means nothing to people.
    Sheet,
    /// Filled up to the width of their fields.
    Table(&'a Shape),
}

/// Reads the rows of one file into batches.
pub(super) struct RowReader<'a> {
    kind: &'a Kind,
    mapping: Mapping,
    encoding: Encoding,
    /// None: every row is kept.
    wanted: Option<&'a Wanted<'a>>,
    file: u16,
    sheet: u16,
    laid: Laid<'a>,
    /// Later row dates are typing errors; they must not make a stale extract look fresh.
    today: Date,
    /// As `raw_nulls`, for decoded text.
    nulls: Words,
    /// Words of the layout in the file's own bytes, compared before anything is decoded.
    raw_nulls: Words,
    raw_footers: Words,
    deletes: Operation,
    /// Where operations have meanings: what adds a record. Whatever else does not delete changes one.
    inserts: Option<Operation>,
    raw_companies: Words,
    footers: Vec<String>,
    operation: Option<usize>,
    record_id: Option<usize>,
    id_type: Option<usize>,
    as_of: Option<usize>,
    /// By field.
    readings: Vec<Reading<'a>>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(job: &Job<'a>, mapping: Mapping, encoding: Encoding, file: u16, sheet: u16) -> Self {
        let Job { source, kind, wanted, today, .. } = *job;
        let nulls: Vec<String> =
            NULLS.iter().map(|word| (*word).to_owned()).chain(source.values.null.iter().cloned()).collect();
        let footers = match &source.values.footer {
            Some(words) => words.clone(),
            None => FOOTERS.iter().map(|word| (*word).to_owned()).collect(),
        };
        let that_mean = |field: &str, meaning: &str| -> Vec<String> {
            let codes = source.codes.get(field).into_iter().flat_map(|codes| codes.get_ref());
            codes.filter(|(_, canonical)| *canonical == meaning).map(|(code, _)| code.clone()).collect()
        };
        let companies = that_mean("owner_id_type", COMPANY);
        let has_meanings = source.codes.contains_key("operation");
        let operations = |meaning: &str| {
            let mut words = that_mean("operation", meaning);
            if has_meanings {
                words.push(meaning.to_owned()); // a meaning means itself
            }
            words
        };
        let deletes = [source.values.delete.clone(), operations(DELETE)].concat();
        let raw = |words: &[String]| Words::new(words, encoding);
        let cell_of = |name: &str| kind.field(name).and_then(|field| mapping.cells[field]);
        let (operation, record_id) = (cell_of("operation"), cell_of(kind::RECORD_ID));
        let (id_type, as_of) = (cell_of("owner_id_type"), cell_of("as_of"));
        Self {
            kind,
            mapping,
            encoding,
            wanted,
            file,
            sheet,
            laid: Laid::Lines,
            today,
            raw_nulls: raw(&nulls),
            raw_footers: raw(&footers),
            deletes: Operation::new(&deletes, encoding),
            inserts: has_meanings.then(|| Operation::new(&operations(INSERT), encoding)),
            raw_companies: raw(&companies),
            nulls: Words::new(&nulls, Encoding::Utf8),
            footers,
            operation,
            record_id,
            id_type,
            as_of,
            readings: readings(source, kind),
        }
    }

    /// A reader of a spreadsheet's rows.
    pub(super) fn of_sheet(job: &Job<'a>, mapping: Mapping, file: u16, sheet: u16) -> Self {
        Self { laid: Laid::Sheet, ..Self::new(job, mapping, Encoding::Utf8, file, sheet) }
    }

    /// A reader of lines whose cells have widths.
    pub(super) fn of_ruled(job: &Job<'a>, mapping: Mapping, encoding: Encoding, file: u16) -> Self {
        Self { laid: Laid::Ruled, ..Self::new(job, mapping, encoding, file, 0) }
    }

    /// A reader of the records of a table.
    pub(super) fn of_table(job: &Job<'a>, mapping: Mapping, shape: &'a Shape, file: u16) -> Self {
        Self { laid: Laid::Table(shape), ..Self::new(job, mapping, shape.encoding, file, 0) }
    }

    /// Number of the file among those of its source.
    pub(super) fn file(&self) -> u16 {
        self.file
    }

    /// Cells of a row.
    pub(super) fn width(&self) -> usize {
        self.mapping.width
    }

    /// The headings found, by cell.
    pub(super) fn into_headings(self) -> Vec<String> {
        self.mapping.headings
    }

    /// Puts a row into its bin, and holds it to be read ([`RowReader::read_held`]) if one of its persons is wanted.
    pub(super) fn take(&self, row: &Record<'_>, batch: &mut Batch) {
        if self.is_good(row, batch) {
            if self.wanted.is_none() && self.has_one_id(row) {
                return self.keep(row, batch);
            }
            let (mut persons, mut wanted) = (0, self.wanted.is_none());
            self.each_party(row, &mut |_, party| {
                persons += 1;
                wanted = wanted || self.wanted.is_some_and(|wanted| wanted(party));
            });
            match persons {
                0 => self.reject_nobody(row, batch),
                _ if wanted => self.keep(row, batch),
                _ => batch.bins.unlinked += 1,
            }
        }
    }

    /// The first person's id cell holds one id and nothing else: the row is about somebody, whatever its name cell says.
    fn has_one_id(&self, row: &Record<'_>) -> bool {
        let id = self.value(row, self.kind.persons[0].id);
        !id.is_empty() && !owners::may_be_ids(id)
    }

    /// Puts a row into its bin, a good one into that of the unlinked, and keys it.
    pub(super) fn key(&self, row: &Record<'_>, keys: &Keys<'_>, batch: &mut Batch) {
        if self.is_good(row, batch) {
            let mut persons = 0;
            self.each_party(row, &mut |_, party| {
                persons += 1;
                (keys.of)(party, &mut |key| batch.key(key, row.offset, row.line));
            });
            match persons {
                0 => self.reject_nobody(row, batch),
                _ => batch.bins.unlinked += 1,
            }
        }
    }

    /// Whether a row says something about somebody, as far as its form tells; if not, it is in its bin.
    fn is_good(&self, row: &Record<'_>, batch: &mut Batch) -> bool {
        batch.bins.read += 1;
        if let Some(fault) = row.fault {
            let reason = match fault {
                Fault::StrayQuote => "ingest.reject_quote",
                Fault::TooLong if !row.last => "ingest.reject_long",
                Fault::TooLong | Fault::Truncated => "ingest.reject_truncated",
                Fault::NoRecord => "ingest.reject_mark",
            };
            self.reject_row(row, reason, batch);
            return false;
        }
        if row.last && is_filled_up(row.raw) {
            self.reject_row(row, "ingest.reject_truncated", batch);
            return false;
        }
        if self.is_blank_or_footer(row) {
            batch.bins.skipped += 1;
        } else if !fits(self.mapping.width, row.text, row.cells) {
            self.reject_misfit(row, batch);
        } else if self.is_withdrawn(row) {
            match self.note_withdrawn(row, batch) {
                true => batch.bins.skipped += 1,
                false => self.reject_row(row, withdrawn::WITHOUT_NUMBER, batch),
            }
        } else {
            self.note_change(row, batch);
            if !self.is_of_company(row) {
                self.note_as_of(row, batch);
                return true;
            }
            batch.bins.skipped += 1;
        }
        false
    }

    fn reject_nobody(&self, row: &Record<'_>, batch: &mut Batch) {
        if self.is_spaced_footer(row) {
            batch.bins.skipped += 1;
        } else {
            self.reject_row(row, "ingest.reject_nobody", batch);
        }
    }

    fn reject_misfit(&self, row: &Record<'_>, batch: &mut Batch) {
        if self.is_spaced_footer(row) {
            batch.bins.skipped += 1;
        } else if row.last && row.cells.len() < self.mapping.width {
            self.reject_row(row, "ingest.reject_truncated", batch);
        } else if matches!(self.laid, Laid::Ruled) {
            self.reject_row(row, "ingest.reject_width", batch);
        } else {
            self.reject_row(row, "ingest.reject_fields", batch);
        }
    }

    /// The cell at an index, trimmed, in the file's bytes.
    fn cell<'r>(&self, row: &Record<'r>, index: usize) -> &'r [u8] {
        self.encoding.trim(row.cell(index))
    }

    /// The cell of a field, trimmed; empty if the layout does not map it or it says "not given".
    fn value<'r>(&self, row: &Record<'r>, field: usize) -> &'r [u8] {
        let Some(index) = self.mapping.cells[field] else { return &[] };
        let cell = self.cell(row, index);
        if self.raw_nulls.hold(cell) { &[] } else { cell }
    }

    fn is_blank_or_footer(&self, row: &Record<'_>) -> bool {
        let first = (0..row.cells.len()).map(|index| self.cell(row, index)).find(|cell| !cell.is_empty());
        first.is_none_or(|cell| self.raw_footers.begin(cell))
    }

    /// `合  计`: looked for only in rows that would be rejected otherwise, since it needs decoding.
    fn is_spaced_footer(&self, row: &Record<'_>) -> bool {
        let first = (0..row.cells.len()).map(|index| self.cell(row, index)).find(|cell| !cell.is_empty());
        let text = self.encoding.decode(first.unwrap_or_default()).0;
        let joined: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        self.footers.iter().any(|footer| !footer.is_empty() && joined.starts_with(footer))
    }

    fn is_withdrawn(&self, row: &Record<'_>) -> bool {
        self.operation.is_some_and(|index| self.deletes.is_said(self.cell(row, index), self.encoding))
    }

    fn is_of_company(&self, row: &Record<'_>) -> bool {
        self.id_type.is_some_and(|index| self.raw_companies.hold(self.cell(row, index)))
            && !self.has_several_ids(row)
            // The type speaks about the owner; a second person in the row is still one.
            && self.kind.persons[1..]
                .iter()
                .all(|person| self.value(row, person.id).is_empty() && self.value(row, person.name).is_empty())
    }

    /// The type speaks about the first owner; a citizen may own a part.
    fn has_several_ids(&self, row: &Record<'_>) -> bool {
        let person = &self.kind.persons[0];
        let id = self.value(row, person.id);
        owners::may_be_ids(id) && {
            let (ids, names) = (self.encoding.text(id).0, self.encoding.text(self.value(row, person.name)).0);
            owners::pair(&ids, &names).iter().filter(|(id, _)| !id.is_empty()).count() > 1
        }
    }

    /// What was delivered of the record before has to go too: see [`super::withdrawn`]. `false` if the row does not say of which,
    /// though its source numbers records.
    fn note_withdrawn(&self, row: &Record<'_>, batch: &mut Batch) -> bool {
        let Some(index) = self.record_id else { return true };
        let change = self.record_change(row, index, true);
        batch.changes.push(change);
        change.record().is_some()
    }

    /// Whose a record is now, whoever that is: somebody unknown to the register, or a company, to whom it has passed from
    /// somebody on it.
    fn note_change(&self, row: &Record<'_>, batch: &mut Batch) {
        let (Some((operation, index)), Some(inserts)) = (self.operation.zip(self.record_id), &self.inserts) else {
            return;
        };
        let cell = self.cell(row, operation);
        if !cell.is_empty() && !inserts.is_said(cell, self.encoding) {
            let change = self.record_change(row, index, false);
            batch.changes.extend(change.record().map(|_| change));
        }
    }

    /// `index` is that of the number's cell.
    fn record_change(&self, row: &Record<'_>, index: usize, deleted: bool) -> RecordChange {
        let cell = self.cell(row, index);
        let (number, damaged) = self.encoding.text(if self.raw_nulls.hold(cell) { &[] } else { cell });
        let record = withdrawn::hash_of(&number).filter(|_| !damaged);
        let on = self.kind.field("as_of").and_then(|field| self.day(self.value(row, field)));
        let on = on.filter(|on| *on <= self.today);
        let person = &self.kind.persons[0];
        let hash_of = |field| withdrawn::hash_of(&self.encoding.text(self.value(row, field)).0);
        let person = [person.id, person.name].into_iter().find_map(hash_of);
        RecordChange::new(record, person, on, row.line, deleted)
    }

    fn day(&self, cell: &[u8]) -> Option<Date> {
        dates::date_plain(cell).or_else(|| dates::date(&self.encoding.text(cell).0).ok().flatten())
    }

    fn note_as_of(&self, row: &Record<'_>, batch: &mut Batch) {
        let Some(index) = self.as_of else { return };
        let cell = row.cell(index);
        if cell == batch.last_as_of {
            return;
        }
        batch.last_as_of.clear();
        batch.last_as_of.extend_from_slice(cell);
        if let Some(date) = self.day(cell) {
            if date <= self.today {
                batch.newest = batch.newest.max(Some(date));
            } else {
                batch.dated_later = true;
            }
        }
    }

    /// Calls `each` with the slot and the person, for every person in the row.
    fn each_party(&self, row: &Record<'_>, each: &mut dyn FnMut(u8, &PartyView<'_>)) {
        for (slot, person) in self.kind.persons.iter().enumerate() {
            let (id, name) = (self.value(row, person.id), self.value(row, person.name));
            if id.is_empty() && name.is_empty() {
                continue;
            }
            // Only owners come as lists; a marriage has one spouse.
            let holds_ids = id.is_empty() && owners::may_hold_ids(name);
            if slot > 0 || !(owners::may_be_ids(id) || owners::may_be_list(name) || holds_ids) {
                each(slot as u8, &PartyView { id, name, encoding: self.encoding });
                continue;
            }
            let (ids, names) = (self.encoding.text(id).0, self.encoding.text(name).0);
            for (id, name) in owners::pair(&ids, &names) {
                let view = PartyView { id: id.as_bytes(), name: name.as_bytes(), encoding: Encoding::Utf8 };
                each(slot as u8, &view);
            }
        }
    }

    fn keep(&self, row: &Record<'_>, batch: &mut Batch) {
        if self.wanted.is_some() {
            let number = batch.refs.len() as u32;
            self.each_party(row, &mut |slot, party| {
                batch.parties.push(number, slot, &party.id_text(), &party.name());
            });
        }
        batch.refs.push(self.place(row));
        batch.bins.linked += 1;
        batch.held.hold(row, self.mapping.width);
        if batch.held.is_full() {
            self.read_held(batch);
        }
    }

    /// Reads the fields of the rows that are held. Call once more when no row follows.
    pub(super) fn read_held(&self, batch: &mut Batch) {
        if batch.held.is_empty() {
            return;
        }
        let held = std::mem::take(&mut batch.held);
        let rows = held.len();
        // Checked as a whole: cell by cell, the checks of a kept row cost more than its values. A width may cut a character in two, and
        // what is whole in the row is none in its cells.
        let has_widths = matches!(self.laid, Laid::Ruled | Laid::Table(_));
        let utf8 = match self.encoding {
            Encoding::Utf8 => simdutf8::basic::from_utf8(held.text()).ok(),
            Encoding::Gb18030 => None,
        };
        let utf8 = utf8.filter(|text| !has_widths || held.cuts_no_character(text));
        let mut faults: Vec<(usize, usize, Option<&'static str>)> = Vec::new();
        for (field, (column, reading)) in batch.table.columns.iter_mut().zip(&self.readings).enumerate() {
            let Some(index) = self.mapping.cells[field] else {
                (0..rows).for_each(|_| column.push_none());
                continue;
            };
            if let (Some(utf8), Column::Text(texts), None) = (utf8, &mut *column, &reading.codes) {
                let given = |text| if self.nulls.hold(str::as_bytes(text)) { "" } else { text };
                texts.extend(held.cells(index).map(|place| given(trimmed(&utf8[place]))));
                continue;
            }
            // Neighbours are often alike: what the cell before said is not read twice.
            let mut before: Option<&[u8]> = None;
            for (row, place) in held.cells(index).enumerate() {
                let cell = &held.text()[place.clone()];
                if before.is_some_and(|before| alike(before, cell)) {
                    column.push_again();
                    continue;
                }
                let (text, damaged) = match utf8 {
                    Some(utf8) => (Cow::Borrowed(trimmed(&utf8[place])), false),
                    None => self.encoding.text(cell),
                };
                let filled = reading.fill(&text, damaged, &self.nulls, column);
                before = (filled == Ok(true)).then_some(cell);
                match filled {
                    Ok(true) => {}
                    Ok(false) => faults.push((row, field, None)),
                    Err(reason) => faults.push((row, field, Some(reason))),
                }
            }
        }
        batch.table.end_rows(rows);
        // By row, as if each had been read by itself; within one, by field.
        faults.sort_by_key(|(row, ..)| *row);
        let first = batch.refs.len() - rows;
        for (row, field, reason) in faults {
            let (at, cell) = (batch.refs[first + row], self.mapping.cells[field]);
            if let Some(reason) = reason {
                batch.reject(cell, reason, || self.make_reject(at, held.raw(row), cell, reason));
            }
            if !self.readings[field].of_person {
                batch.unread.push(((first + row) as u32, field as u16));
            }
        }
        batch.held = held;
        batch.held.clear();
    }

    fn reject_row(&self, row: &Record<'_>, reason: &'static str, batch: &mut Batch) {
        // Rejects come in the order of the rows.
        self.read_held(batch);
        batch.bins.rejected += 1;
        batch.reject(None, reason, || self.make_reject(self.place(row), row.raw, None, reason));
    }

    fn make_reject(&self, at: RowRef, raw: &[u8], cell: Option<usize>, reason: &'static str) -> Reject {
        let text: String = match self.laid {
            // Four bytes are the longest character in both encodings.
            Laid::Lines | Laid::Ruled | Laid::Sheet => {
                let shown = &raw[..raw.len().min(REJECT_CHARACTERS * 4)];
                self.encoding.decode(shown).0.chars().take(REJECT_CHARACTERS).collect()
            }
            Laid::Table(shape) => shape.shown(raw).chars().take(REJECT_CHARACTERS).collect(),
        };
        let column = cell.map(|cell| self.mapping.headings[cell].clone()).unwrap_or_default();
        Reject { at, column, reason, text, whole_row: cell.is_none() }
    }

    fn place(&self, row: &Record<'_>) -> RowRef {
        let offset = if matches!(self.laid, Laid::Sheet) { 0 } else { row.offset };
        RowRef { file: self.file, sheet: self.sheet, line: row.line, offset }
    }
}

/// Zeros to the end: the room that was made for a copy that did not finish.
fn is_filled_up(raw: &[u8]) -> bool {
    raw.contains(&0) && raw.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace())
}
