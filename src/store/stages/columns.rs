//! Columns of a table in an image, as they are held: codes stay codes, and nothing is given another form on the way.

use rayon::prelude::*;

use super::image::{ImageWriter, Section, Sections};
use crate::kernel::Result;
use crate::model::kind::Kind;
use crate::model::table::{Column, FieldType, Table, Texts, Values};
use crate::model::texts::{Held, Joined};

/// First section of a column of texts: how it is held.
const JOINED: u8 = 0;
const CODED: u8 = 1;

pub(super) fn put_table(image: &mut ImageWriter, table: &Table) -> Result<()> {
    table.columns.iter().try_for_each(|column| match column {
        Column::Text(texts) => put_texts(image, texts),
        Column::Date(values) => image.numbers(values.as_raw()),
        Column::Month(values) => image.numbers(values.as_raw()),
        Column::Money(values) => image.numbers(values.as_raw()),
        Column::Count(values) => image.numbers(values.as_raw()),
        Column::Decimal(values) => image.numbers(values.as_raw()),
        Column::Flag(values) => image.numbers(values.as_raw()),
    })
}

/// How many sections a table of this kind is.
pub(super) fn sections_of(kind: &Kind) -> usize {
    sections_before(kind, kind.fields.len())
}

/// How many sections the columns before one of a table are.
pub(super) fn sections_before(kind: &Kind, field: usize) -> usize {
    kind.types().take(field).map(|ty| if matches!(ty, FieldType::Text | FieldType::Code) { 3 } else { 1 }).sum()
}

/// `None` if the columns are not those of the kind, or of two lengths.
pub(super) fn take_table(sections: &Sections, kind: &Kind) -> Option<Table> {
    let parts: Option<Vec<Part>> = kind.types().map(|ty| Part::next(sections, ty)).collect();
    let columns: Option<Vec<Column>> = parts?.into_par_iter().map(Part::column).collect();
    let columns = columns?;
    let rows = columns.first().map_or(0, Column::len);
    columns.iter().all(|column| column.len() == rows).then(|| Table::of_columns(columns))
}

/// Sections of one column, to be read on any thread.
struct Part<'a> {
    ty: FieldType,
    first: Section<'a>,
    texts: Option<[Section<'a>; 2]>,
}

impl<'a> Part<'a> {
    fn next(sections: &Sections<'a>, ty: FieldType) -> Option<Self> {
        let first = sections.next()?;
        let texts = match ty {
            FieldType::Text | FieldType::Code => Some([sections.next()?, sections.next()?]),
            _ => None,
        };
        Some(Self { ty, first, texts })
    }

    fn column(self) -> Option<Column> {
        Some(match self.ty {
            FieldType::Text | FieldType::Code => Column::Text(texts(self.first, self.texts?)?),
            FieldType::Date => Column::Date(Values::from_raw(self.first.lasting_numbers()?.into())),
            FieldType::Month => Column::Month(Values::from_raw(self.first.lasting_numbers()?.into())),
            FieldType::Money => Column::Money(Values::from_raw(self.first.lasting_numbers()?.into())),
            FieldType::Count => Column::Count(Values::from_raw(self.first.lasting_numbers()?.into())),
            FieldType::Decimal => Column::Decimal(Values::from_raw(self.first.lasting_numbers()?.into())),
            FieldType::Flag => Column::Flag(Values::from_raw(self.first.lasting_numbers()?.into())),
        })
    }
}

/// Three sections: how they are held with the codes behind it, the characters, where each text ends in them.
pub(super) fn put_texts(image: &mut ImageWriter, texts: &Texts) -> Result<()> {
    let (codes, joined) = match texts.held() {
        Held::Joined(joined) => (vec![u16::from(JOINED)], joined),
        Held::Coded { codes, distinct } => ([&[u16::from(CODED)], codes].concat(), distinct),
    };
    let (characters, ends) = joined.as_raw();
    image.numbers(&codes)?;
    image.numbers(characters.as_bytes())?;
    image.numbers(ends)
}

pub(super) fn take_texts(sections: &Sections) -> Option<Texts> {
    let part = Part::next(sections, FieldType::Text)?;
    texts(part.first, part.texts?)
}

/// The texts of some rows, without a look at the others.
pub(super) fn take_some(sections: &Sections, rows: &[usize]) -> Option<Vec<String>> {
    let part = Part::next(sections, FieldType::Text)?;
    let [characters, ends] = part.texts?;
    let (held, characters): (&[u16], &[u8]) = (part.first.numbers()?, characters.numbers()?);
    let ends: &[u32] = ends.numbers()?;
    let (how, codes) = held.split_first()?;
    let text = |row: &usize| {
        let place = if *how == u16::from(CODED) { usize::from(*codes.get(*row)?) } else { *row };
        let start = if place == 0 { 0 } else { *ends.get(place - 1)? as usize };
        let text = characters.get(start..*ends.get(place)? as usize)?;
        std::str::from_utf8(text).ok().map(str::to_owned)
    };
    rows.iter().map(text).collect()
}

fn texts(held: Section, [characters, ends]: [Section; 2]) -> Option<Texts> {
    let held: &[u16] = held.lasting_numbers()?;
    let joined = Joined::from_raw(characters.lasting_text()?.into(), ends.lasting_numbers()?.into())?;
    match held.split_first()? {
        (&how, []) if how == u16::from(JOINED) => Some(joined.into()),
        (&how, codes) if how == u16::from(CODED) => Texts::from_codes(codes.into(), &joined),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::image::Image;
    use super::*;
    use crate::kernel::{Date, Digest, Fen, Month};
    use crate::model::kind::builtin;

    #[test]
    fn a_table_comes_back_as_it_was() {
        let kind = builtin("vehicle").unwrap();
        let mut table = Table::new(kind.types());
        for row in 0..100i64 {
            for (at, column) in table.columns.iter_mut().enumerate() {
                let given = !(row as usize + at).is_multiple_of(3);
                match column {
                    // Some columns of few texts, some of many.
                    Column::Text(texts) if at % 2 == 0 => texts.push(["鲁A", "", "京"][row as usize % 3]),
                    Column::Text(texts) => texts.push(&format!("文{row}")),
                    Column::Date(values) => values.push(given.then(|| Date::from_days(row as i32 * 700))),
                    Column::Month(values) => values.push(given.then(|| Month::from_ym(2020, 5).unwrap())),
                    Column::Money(values) => values.push(given.then_some(Fen(-row))),
                    Column::Count(values) => values.push(given.then_some(row)),
                    Column::Decimal(values) => values.push(given.then_some(row as f64 / 7.0)),
                    Column::Flag(values) => values.push(given.then_some(row % 2 == 0)),
                }
            }
            table.end_row();
        }
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("a.stage"), Digest([1; 32]));
        let mut image = ImageWriter::create(&path, key).unwrap();
        put_table(&mut image, &table).unwrap();
        image.finish(&()).unwrap();
        let image = Image::open(&path, key).unwrap();
        for (at, column) in table.columns.iter().enumerate() {
            if let Column::Text(texts) = column {
                let some = take_some(&image.sections_after(sections_before(&kind, at)), &[99, 0, 50]);
                assert_eq!(some.unwrap(), [99, 0, 50].map(|row| texts.get(row).to_owned()));
            }
        }
        assert_eq!(take_table(&image.sections(), &kind), Some(table));
        assert!(
            take_table(&image.sections(), &builtin("housing").unwrap()).is_none(),
            "another kind has other columns"
        );
    }
}
