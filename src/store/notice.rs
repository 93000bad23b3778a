//! The receiving households of a published run, as far as a notice asks: read from the register's snapshot, a row group at
//! a time, and of all its columns only those that a notice needs.

use hashbrown::HashMap;
use polars::prelude::*;

use super::frame::{GROUP, damaged, polars_error, read};
use super::pick::Snapshot;
use super::published::Published;
use super::workspace::Workspace;
use crate::kernel::{Date, Division, Fen, Result};
use crate::model::notice::{NoticeHousehold, NoticeMember};

const COLUMNS: [&str; 9] =
    ["household_id", "role", "state", "programme", "division", "birth", "name", "relation", "monthly_amount_fen"];
/// How registers write that somebody is the head or applied.
const HEADS: [&str; 3] = ["户主", "申请人", "本人"];

/// Households of `within` with a member who receives, in register order. Applicants are not in it: what is decided about
/// them has no amount yet.
///
/// # Errors
/// I/O: no such run, a damaged snapshot.
pub fn notice_households(workspace: &Workspace, run: &str, within: Division) -> Result<Vec<NoticeHousehold>> {
    let Snapshot { path, rows: count } = Published::open(workspace, run)?.table("register.parquet")?;
    let mut found = Households::default();
    for first in (0..count).step_by(GROUP) {
        let frame = read(&path, Some(&COLUMNS), first, GROUP)?;
        found.take(&frame, within).map_err(|error| polars_error(&path, &error))?.ok_or_else(|| damaged(&path))?;
    }
    Ok(found.households)
}

/// Households by code; a household's rows need not stand together. The first row says where it lives.
#[derive(Default)]
struct Households {
    places: HashMap<String, Option<usize>, foldhash::fast::FixedState>,
    households: Vec<NoticeHousehold>,
}

impl Households {
    /// `None`: a row that no register of this program holds.
    fn take(&mut self, frame: &DataFrame, within: Division) -> PolarsResult<Option<()>> {
        let text = |name: &str| frame.column(name)?.cast(&DataType::String)?.str().cloned();
        let [codes, roles, states, programmes, divisions, names, relations] = [
            text("household_id")?,
            text("role")?,
            text("state")?,
            text("programme")?,
            text("division")?,
            text("name")?,
            text("relation")?,
        ];
        let births = frame.column("birth")?.date()?.physical().clone();
        let amounts = frame.column("monthly_amount_fen")?.i64()?.clone();
        for row in 0..frame.height() {
            let is = |column: &StringChunked, value: &str| column.get(row) == Some(value);
            if !is(&roles, "member") || !is(&states, "recipient") {
                continue;
            }
            let (Some(code), Some(division)) = (codes.get(row), divisions.get(row).and_then(Division::parse)) else {
                return Ok(None);
            };
            let Some(place) = self.place(code, division, within, programmes.get(row)) else { continue };
            let household = &mut self.households[place];
            household.members.push(NoticeMember {
                name: names.get(row).unwrap_or_default().to_owned(),
                head: relations.get(row).is_some_and(|relation| HEADS.contains(&relation)),
                birth: births.get(row).map(Date::from_days),
            });
            if let Some(fen) = amounts.get(row) {
                household.amount = Some(Fen(household.amount.map_or(0, |sum| sum.0).saturating_add(fen)));
            }
        }
        Ok(Some(()))
    }

    /// Its place in the list, `None` outside the division that is asked for.
    fn place(&mut self, code: &str, division: Division, within: Division, programme: Option<&str>) -> Option<usize> {
        if let Some(known) = self.places.get(code) {
            return *known;
        }
        let place = within.covers(division).then_some(self.households.len());
        self.places.insert(code.to_owned(), place);
        if place.is_some() {
            let programme = programme.unwrap_or_default().to_owned();
            self.households.push(NoticeHousehold { division, programme, members: Vec::new(), amount: None });
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{RUN, published};
    use super::*;

    #[test]
    fn only_households_of_the_division_are_listed() {
        let (_folder, workspace) = published();
        let of = |code: &str| notice_households(&workspace, RUN, Division::parse(code).unwrap()).unwrap();
        let town = of("330203028");
        let members: usize = town.iter().map(|household| household.members.len()).sum();
        assert!(!town.is_empty() && members >= town.len(), "{town:?}");
        assert_eq!(town, of("330203"));
        assert!(of("659001").is_empty());
    }
}
