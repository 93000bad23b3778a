//! Writes one feed's extract: rows about the register as planned, among the rows about other residents that most of a
//! department's file is, with false friends and the faults of real deliveries between them.

use std::path::Path;

use super::damage::{Damage, full_name_apart};
use super::dice::{Dice, Purpose};
use super::feeds::{Feed, Line, Row, Shape};
use super::ids;
use super::people::{Party, People};
use super::places::{MOST_COUNTIES, Place};
use super::plan::{Planned, enrolments};
use super::sheet::Sheet;
use super::truth::{FeedTruth, Pair};
use crate::kernel::{Cancel, Error, Progress, Result};

/// Rows between two reports to whoever watches.
const STRIDE: u64 = 50_000;
/// A sheet's limit, less heading and footer.
const MOST_SPREADSHEET_ROWS: u64 = 1_048_000;

/// Where a feed's extract goes, and its place in the table of feeds.
pub struct Task<'a> {
    pub feed: &'a Feed,
    pub number: u64,
    pub rows: u64,
    pub planned: &'a [Planned],
}

pub fn write(
    dir: &Path,
    people: &People,
    task: &Task<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<FeedTruth> {
    let feed = task.feed;
    let file = file_name(feed, people);
    let path = dir.join(&file);
    let folder = path.parent().unwrap_or(dir);
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    progress.begin(feed.code, 0);
    let mut rows = task.rows.max(task.planned.len() as u64);
    if feed.shape == Shape::Spreadsheet {
        rows = rows.min(MOST_SPREADSHEET_ROWS);
    }
    let mut writer = Writer {
        feed,
        people,
        dice: Dice::new(people.seed(), Purpose::Feed, task.number),
        sheet: Sheet::create(&path, feed.shape, people.as_of())?,
        line: Line::default(),
        pairs: Vec::with_capacity(task.planned.len()),
    };
    writer.heading()?;
    let mut planned = task.planned.iter();
    for row in 0..rows {
        // Planned rows are as likely here as anywhere among the rows that are left.
        match writer.dice.below(rows - row) < planned.len() as u64 {
            true => planned.next().map_or(Ok(()), |planned| writer.about_register(planned))?,
            false => writer.about_others()?,
        }
        if (row + 1) % STRIDE == 0 {
            progress.advance(feed.code, 0, STRIDE);
            cancel.check()?;
        }
    }
    writer.footer()?;
    writer.sheet.finish()?;
    progress.advance(feed.code, 0, rows % STRIDE);
    progress.end(feed.code, "");
    Ok(FeedTruth { source: feed.code, file, rows, pairs: writer.pairs })
}

/// `inbox/vehicle/vehicle_20261119.csv`: delivered some days before the centre's date.
fn file_name(feed: &Feed, people: &People) -> String {
    let (year, month, day) = crate::kernel::Date::from_days(people.as_of().days() - 3).ymd();
    let ending = match feed.shape {
        Shape::Spreadsheet => "xlsx",
        Shape::Text { separator: '\t' | '|', .. } => "txt",
        Shape::Text { .. } => "csv",
    };
    format!("inbox/{0}/{0}_{year:04}{month:02}{day:02}.{ending}", feed.code)
}

struct Writer<'a> {
    feed: &'a Feed,
    people: &'a People,
    dice: Dice,
    sheet: Sheet,
    line: Line,
    pairs: Vec<Pair>,
}

impl Writer<'_> {
    fn heading(&mut self) -> Result<()> {
        self.feed.heading.iter().for_each(|heading| self.line.put(heading));
        self.sheet.write(&self.line).map(|_| ())
    }

    fn footer(&mut self) -> Result<()> {
        for mark in self.feed.footer {
            self.line.clear();
            self.line.put(mark);
            (1..self.feed.heading.len()).for_each(|_| self.line.put(""));
            self.sheet.write(&self.line)?;
        }
        Ok(())
    }

    fn about_register(&mut self, planned: &Planned) -> Result<()> {
        let whole_address = self.dice.chance(70_000);
        let mut who = self.people.party(planned.person, whole_address);
        if planned.damage == Damage::WrongName {
            let id = who.id;
            who = self.somebody_named_otherwise(&who.name);
            who.id = id;
        }
        let former = self.people.former_name(planned.person);
        let befell = planned.damage.befall(&mut who, former.as_deref(), &mut self.dice);
        assert!(befell, "the plan only holds damages that can befall the person");
        let mut with = planned.fact.with.map(|other| self.people.party(other, true));
        let mut slot = 0;
        if self.feed.second_slot && with.is_none() && planned.damage == Damage::None && self.dice.chance(50_000) {
            with = Some(std::mem::replace(&mut who, self.people.resident(&mut self.dice)));
            slot = 1;
        }
        let line = self.write(planned.fact.what, who, with)?;
        self.pair(line, slot, planned.person, planned.damage);
        if let Some(other) = planned.fact.with {
            self.pair(line, u8::from(self.feed.second_slot), other, Damage::None);
        }
        Ok(())
    }

    /// The row belongs to every enrolment of the citizen.
    fn pair(&mut self, line: u32, slot: u8, citizen: u32, damage: Damage) {
        for (person, mandated) in enrolments(self.people, citizen) {
            // In slot 1 a row carries nothing but id and name.
            let carries = if slot == 0 { self.feed.carries } else { Default::default() };
            let entry = self.people.persons[person as usize].entry;
            let expected = damage.expected(entry, carries).filter(|_| mandated);
            // Somebody else's row under an id that cannot be asked for belongs to nobody here.
            if damage != Damage::WrongName || expected.is_some() {
                self.pairs.push(Pair { line, slot, person, damage, expected });
            }
        }
    }

    fn somebody_named_otherwise(&mut self, name: &str) -> Party {
        loop {
            let party = self.people.resident(&mut self.dice);
            if full_name_apart(&party.name, name) {
                return party;
            }
        }
    }

    fn about_others(&mut self) -> Result<()> {
        let who = match self.dice.below(1_000) {
            0 => self.namesake(),
            // Where the row does not tell the other city, nobody could know that it is another person.
            1 if self.feed.carries.birth && self.feed.carries.address => self.same_birthday(),
            2 => self.neighbour(),
            3 => self.placeholder(),
            _ => self.people.resident(&mut self.dice),
        };
        let what = self.feed.any_variety(&mut self.dice);
        match self.dice.below(20_000) {
            0 => self.cut_short(what, who),
            1 => self.torn(what, who),
            _ => self.write(what, who, None).map(|_| ()),
        }
    }

    fn somebody_on_register(&mut self) -> u32 {
        self.dice.below(self.people.persons.len() as u64) as u32
    }

    /// A register person's name, another person's id.
    fn namesake(&mut self) -> Party {
        let person = self.somebody_on_register();
        let name = self.people.name(person);
        Party { name, ..self.people.resident(&mut self.dice) }
    }

    /// A register person's name and birth date, no id, and another city: not the same person.
    fn same_birthday(&mut self) -> Party {
        let person = self.somebody_on_register();
        let (twin, county) = (self.people.party(person, true), self.people.place(person).county);
        // Counties follow each other through the cities: an odd step leads out of this one.
        let far = (county + 1 + 2 * self.dice.below(7) as u16) % MOST_COUNTIES;
        let address = Place::draw(&mut self.dice, far).address(true);
        Party { id: String::new(), address, phone: ids::phone(&mut self.dice), ..twin }
    }

    /// An id one digit beside a register person's, valid and another person's.
    fn neighbour(&mut self) -> Party {
        let person = self.somebody_on_register();
        let id = self.people.persons[person as usize].id;
        let beside = ids::neighbour(&mut self.dice, id);
        let resident = self.people.resident(&mut self.dice);
        match self.people.holds(beside) {
            true => resident,
            false => Party { id: beside.to_string(), birth: id.birth().unwrap_or(resident.birth), ..resident },
        }
    }

    /// What clerks type where they have no id; the same text under many names.
    fn placeholder(&mut self) -> Party {
        let id = self.dice.pick(&["111111111111111111", "000000000000000000", "123456789012345678"]);
        Party { id: id.to_owned(), ..self.people.resident(&mut self.dice) }
    }

    fn write(&mut self, what: u8, who: Party, with: Option<Party>) -> Result<u32> {
        self.fill(what, who, with);
        self.sheet.write(&self.line)
    }

    fn fill(&mut self, what: u8, who: Party, with: Option<Party>) {
        self.line.clear();
        let mut row = Row { what, who, with, people: self.people, dice: &mut self.dice };
        (self.feed.row)(&mut row, &mut self.line);
        debug_assert_eq!(self.line.len(), self.feed.heading.len(), "{}: a cell for each heading", self.feed.code);
    }

    /// A row that lost its last cells.
    fn cut_short(&mut self, what: u8, who: Party) -> Result<()> {
        self.fill(what, who, None);
        self.line.cut(self.feed.heading.len() / 2);
        self.sheet.write(&self.line).map(|_| ())
    }

    /// A row in which one cell was cut off in the middle of a character.
    fn torn(&mut self, what: u8, who: Party) -> Result<()> {
        self.fill(what, who, None);
        let middle = self.feed.heading.len() / 2;
        self.sheet.write_torn(&self.line, middle)
    }
}
