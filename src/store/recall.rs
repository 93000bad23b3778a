//! A part of a published run, read back as the tables it was made of: one household, or one county's.
//!
//! Snapshots are read once, in slices of row groups, and only rows of the people asked for are kept: a county of a
//! register of 1.6 million needs the memory of a county. Indexes (person, household, row, link) are made anew for the
//! part; texts, values and order are the run's. What is not kept in snapshots stays empty: parties, rejects, outcome
//! counts. Personal values are inside: they go into reports and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::absent;
use super::frame::damaged;
use super::pick::{Picked, Snapshot};
use super::published::{Published, nobody};
use super::run_record::{RunRecord, SourceRecord, column_name, evidence_file};
use super::workspace::Workspace;
use crate::kernel::{CitizenId, Date, Digest, Division, Error, Fen, Message, Result};
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::{Delivery, Evidence, ExtractFile, RowRef};
use crate::model::judgement::{Answer, JudgementKey, Review};
use crate::model::kind::{Field, Kind, register_persons, with_common};
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::model::outcome::{Discrepancy, Ground, Outcomes, RuleCard, Severity};
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::standing::Absent;
use crate::model::table::{Column as Values, Table};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// The household of this code, as the register writes it.
    Household(&'a str),
    County(Division),
}

/// The part of a run, with indexes of its own.
pub struct Recalled {
    pub record: RunRecord,
    pub register: Register,
    /// By household: its place on its county's register, from 1.
    pub places: Vec<u32>,
    pub evidences: Vec<Evidence>,
    pub links: Vec<Link>,
    pub reviews: Vec<Review>,
    pub outcomes: Outcomes,
    pub coverage: Coverage,
    /// What an earlier run had found about these households and this one did not.
    pub absent: Vec<Absent>,
}

/// Reads a part of a published run.
///
/// # Errors
/// An input error if nobody on the run's register is of that part (the code asked for is not repeated: it may be an id);
/// I/O if a snapshot is missing or damaged.
pub fn recall(workspace: &Workspace, run: &str, part: Part<'_>) -> Result<Recalled> {
    let run = Published::open(workspace, run)?;
    let as_of = Date::parse_iso(&run.record.as_of).ok_or_else(|| run.damaged())?;
    let whole = run.table("coverage.parquet")?;
    let people = find(&whole, part)?;
    let coverage = coverage(&whole, &run.record, &people)?;
    let mut register = register(&run.table("register.parquet")?, &people, as_of)?;
    let faulty = |person: &u32| coverage.of(*person).contains(&CoverageState::RegisterFault);
    register.faulty = (0..people.rows.len() as u32).filter(faulty).collect();
    let (mut links, reviews, link_rows) = links(&run.table("links.parquet")?, &run.record, &people)?;
    let (mut outcomes, discrepancies) = outcomes(&run.table("outcomes.parquet")?, &register, &people)?;
    grounds(&run.table("grounds.parquet")?, &people, &link_rows, &discrepancies, &mut outcomes)?;
    if !rules_are_known(&run.record.rules, &outcomes) {
        return Err(run.damaged());
    }
    let evidences = evidences(&run, &mut links, &mut outcomes)?;
    let codes: BTreeSet<&str> = people.households.iter().map(|(code, _)| code.as_str()).collect();
    let mut absent = absent(&run)?;
    absent.retain(|one| codes.contains(one.earlier.household.as_str()));
    let (record, places) = (run.record, people.places);
    Ok(Recalled { record, register, places, evidences, links, reviews, outcomes, coverage, absent })
}

/// Who is of the part.
struct People {
    /// Rows of the register snapshot, ascending: the index in it is the person of the part.
    rows: Vec<usize>,
    /// By person of the part.
    household: Vec<u32>,
    /// By household of the part: code, division, and its place on the county's register.
    households: Vec<(String, Division)>,
    places: Vec<u32>,
}

impl People {
    /// The part's index of a person of the run.
    fn person(&self, of_run: u32) -> Option<u32> {
        self.rows.binary_search(&(of_run as usize)).ok().map(|person| person as u32)
    }
}

/// One pass over two columns: which persons, in which households, and how many households of the county stand before.
fn find(all: &Snapshot, part: Part<'_>) -> Result<People> {
    let whole = all.columns(&["household_id", "division"])?;
    let (codes, divisions) = (whole.texts("household_id")?, whole.texts("division")?);
    let county_of = |row: usize| divisions.get(row).and_then(Division::parse).map(Division::county);
    let county = match part {
        Part::County(county) => Some(county),
        Part::Household(code) => codes.iter().position(|known| known == Some(code)).and_then(county_of),
    };
    let mut people = People { rows: Vec::new(), household: Vec::new(), households: Vec::new(), places: Vec::new() };
    // Place on the county's register and, if it is of the part, the household's index there.
    let mut known: BTreeMap<&str, (u32, Option<u32>)> = BTreeMap::new();
    for row in (0..all.rows).filter(|row| county.is_some() && county_of(*row) == county) {
        let code = codes.get(row).ok_or_else(|| damaged(&all.path))?;
        let place = known.len() as u32 + 1;
        let wanted = match part {
            Part::County(_) => true,
            Part::Household(asked) => asked == code,
        };
        let (_, household) = known.entry(code).or_insert_with(|| {
            let division = divisions.get(row).and_then(Division::parse);
            let household = wanted.then(|| {
                people.households.push((code.to_owned(), division.expect("its county was read above")));
                people.places.push(place);
                people.households.len() as u32 - 1
            });
            (place, household)
        });
        if let Some(household) = household {
            people.rows.push(row);
            people.household.push(*household);
        }
    }
    if people.rows.is_empty() {
        let key =
            if matches!(part, Part::County(_)) { "household.no_such_county" } else { "household.no_such_household" };
        return Err(nobody(key));
    }
    Ok(people)
}

fn register(snapshot: &Snapshot, people: &People, as_of: Date) -> Result<Register> {
    let picked = snapshot.pick(None, &people.rows)?;
    let kind = register_persons();
    let table = table(&picked, &kind, |_| true)?;
    let column = |name: &str| kind.field(name).expect("a field of the register");
    let (ids, roles, states) = (picked.texts("person_id")?, picked.texts("role")?, picked.texts("state")?);
    let (programmes, divisions) = (picked.texts("programme")?, picked.texts("division")?);
    let (mandated, lines) = (picked.flags("mandated")?, picked.numbers("line")?);
    let mut register = Register {
        persons: Vec::with_capacity(people.rows.len()),
        households: Households::default(),
        programmes: Vec::new(),
        table,
        lines: (0..people.rows.len()).map(|row| lines.get(row).unwrap_or_default()).collect(),
        faulty: Vec::new(),
        as_of,
    };
    for row in 0..people.rows.len() {
        let programme = number_of(&mut register.programmes, programmes.get(row).unwrap_or_default());
        let role = if roles.get(row) == Some("supporter") { Role::Supporter } else { Role::Member };
        let birth = match &register.table.columns[column("birth")] {
            Values::Date(dates) => dates.get(row),
            _ => None,
        };
        register.persons.push(Person {
            id: ids.get(row).and_then(|id| CitizenId::from_ascii(id.as_bytes())),
            household: people.household[row],
            role,
            state: if states.get(row) == Some("applicant") { State::Applicant } else { State::Recipient },
            programme,
            division: divisions.get(row).and_then(Division::parse).ok_or_else(|| damaged(&snapshot.path))?,
            birth,
            mandated: mandated.get(row).unwrap_or_default(),
        });
    }
    let codes = people.households.iter().map(|(code, _)| code.as_str()).collect();
    let divisions = people.households.iter().map(|(_, division)| *division).collect();
    let programmes = programmes_of(people.households.len(), &register.persons);
    register.households = Households::new(codes, programmes, divisions, &register.persons);
    Ok(register)
}

/// The programme of each household's first member, else of its first person.
fn programmes_of(households: usize, persons: &[Person]) -> Vec<u16> {
    let mut first: Vec<Option<&Person>> = vec![None; households];
    for person in persons {
        let known = &mut first[person.household as usize];
        if known.is_none_or(|known| known.role == Role::Supporter && person.role == Role::Member) {
            *known = Some(person);
        }
    }
    first.into_iter().map(|first| first.map_or(0, |person| person.programme)).collect()
}

/// Index of a text in a short list, where it is put if it is new.
fn number_of(list: &mut Vec<String>, text: &str) -> u16 {
    let at = list.iter().position(|known| known == text).unwrap_or_else(|| {
        list.push(text.to_owned());
        list.len() - 1
    });
    at as u16
}

fn coverage(snapshot: &Snapshot, record: &RunRecord, people: &People) -> Result<Coverage> {
    let names: Vec<&str> = record.sources.iter().map(|source| source.source.as_str()).collect();
    let picked = snapshot.pick(Some(&names), &people.rows)?;
    let columns = names.iter().map(|name| picked.bytes(name)).collect::<Result<Vec<_>>>()?;
    let mut states = Vec::with_capacity(people.rows.len() * names.len());
    for row in 0..people.rows.len() {
        for column in &columns {
            let state = column.get(row).and_then(|code| CoverageState::ALL.get(usize::try_from(code).ok()?));
            states.push(*state.ok_or_else(|| damaged(&snapshot.path))?);
        }
    }
    Ok(Coverage::new(names.len(), states))
}

/// The links of the part's persons, what people were asked about them, and their rows in the snapshot. `Link::row` is
/// still the run's; `evidences` gives the part's.
fn links(snapshot: &Snapshot, record: &RunRecord, people: &People) -> Result<(Vec<Link>, Vec<Review>, Vec<usize>)> {
    let wanted = snapshot.rows_where("person", |person| people.person(person).is_some())?;
    let picked = snapshot.pick(None, &wanted)?;
    let (persons, rows, slots) = (picked.numbers("person")?, picked.numbers("row")?, picked.numbers("slot")?);
    let (sources, grades, codes) = (picked.texts("source")?, picked.texts("grade")?, picked.texts("code")?);
    let (levels, repairs) = (picked.texts("name_level")?, picked.texts("repairs")?);
    let weights = picked.floats("weight_bits")?;
    let accepted = picked.flags("accepted")?;
    let (keys, answers) = (picked.texts("judgement_key")?, picked.texts("judgement")?);
    let (mut links, mut reviews) = (Vec::with_capacity(wanted.len()), Vec::new());
    for at in 0..wanted.len() {
        let link = || -> Option<Link> {
            let mut mended = Repairs::default();
            for name in repairs.get(at).unwrap_or_default().split('+').filter(|name| !name.is_empty()) {
                mended.insert(Repairs::NAMES.into_iter().find(|(_, known)| *known == name)?.0);
            }
            Some(Link {
                person: people.person(persons.get(at)?)?,
                source: record.sources.iter().position(|source| Some(source.source.as_str()) == sources.get(at))?
                    as u16,
                row: rows.get(at)?,
                slot: u8::try_from(slots.get(at)?).ok()?,
                // Parties are not kept; a report does not ask for them.
                party: 0,
                grade: Grade::ALL.into_iter().find(|grade| Some(grade.letter()) == grades.get(at))?,
                code: codes.get(at)?.as_bytes().try_into().ok()?,
                repairs: mended,
                name_level: NameLevel::ALL
                    .into_iter()
                    .find(|level| levels.get(at) == Some(&*level.letter().to_string()))?,
                weight_bits: weights.get(at)?,
                accepted: accepted.get(at)?,
            })
        };
        links.push(link().ok_or_else(|| damaged(&snapshot.path))?);
        if let Some(key) = keys.get(at).and_then(JudgementKey::parse) {
            reviews.push(Review { link: at as u32, key, answer: answers.get(at).and_then(Answer::parse) });
        }
    }
    Ok((links, reviews, wanted))
}

/// Discrepancies of the part's households, and their rows in the snapshot, ascending.
fn outcomes(snapshot: &Snapshot, register: &Register, people: &People) -> Result<(Outcomes, Vec<usize>)> {
    let by_code: BTreeMap<&str, u32> =
        people.households.iter().zip(0..).map(|((code, _), household)| (code.as_str(), household)).collect();
    let codes = snapshot.columns(&["household_id"])?;
    let codes = codes.texts("household_id")?;
    let wanted: Vec<usize> =
        (0..snapshot.rows).filter(|row| codes.get(*row).is_some_and(|code| by_code.contains_key(code))).collect();
    let picked = snapshot.pick(None, &wanted)?;
    let (ids, severities, persons) = (picked.texts("id")?, picked.texts("severity")?, picked.texts("person_id")?);
    let (rules, dates) = (picked.numbers("rule_index")?, picked.dates("as_of")?);
    let (measures, limits, amounts) = (picked.whole("measure")?, picked.whole("limit")?, picked.whole("amount_fen")?);
    let households = picked.texts("household_id")?;
    let mut outcomes = Outcomes::default();
    for (at, as_of) in dates.into_iter().enumerate() {
        let one = || -> Option<Discrepancy> {
            let household = *by_code.get(households.get(at)?)?;
            let own = register.household(household).persons;
            Some(Discrepancy {
                id: ids.get(at)?.to_owned(),
                rule: u16::try_from(rules.get(at)?).ok()?,
                household,
                person: match persons.get(at) {
                    Some(id) => Some(own.iter().copied().find(|person| register.id_text(*person) == id)?),
                    None => None,
                },
                severity: [Severity::High, Severity::Medium, Severity::Low]
                    .into_iter()
                    .find(|severity| Some(severity.code()) == severities.get(at))?,
                measure: measures.get(at)?,
                limit: limits.get(at),
                amount: amounts.get(at).map(Fen),
                grounds: Vec::new(),
                as_of,
            })
        };
        outcomes.discrepancies.push(one().ok_or_else(|| damaged(&snapshot.path))?);
    }
    Ok((outcomes, wanted))
}

/// The grounds about the part's persons: of a citizen enrolled in two counties, each county's part holds its own row.
/// `Ground::row` of a source is still the run's; `discrepancies` are rows of the outcomes snapshot, ascending.
fn grounds(
    snapshot: &Snapshot,
    people: &People,
    link_rows: &[usize],
    discrepancies: &[usize],
    outcomes: &mut Outcomes,
) -> Result<()> {
    let wanted = snapshot.rows_where("person", |person| people.person(person).is_some())?;
    let picked = snapshot.pick(None, &wanted)?;
    let numbers = |name: &str| picked.numbers(name);
    let (found, rules, sources) = (numbers("discrepancy")?, numbers("rule_index")?, numbers("source")?);
    let (rows, links, persons) = (numbers("row")?, numbers("link")?, numbers("person")?);
    let innocents = numbers("innocent")?;
    for at in 0..wanted.len() {
        let ground = || -> Option<Ground> {
            let source = sources.get(at);
            let row = rows.get(at)?;
            let link = links.get(at).map(|link| link_rows.binary_search(&(link as usize)).ok());
            Some(Ground {
                source: source.map(u16::try_from).transpose().ok()?,
                row: if source.is_some() { row } else { people.person(row)? },
                link: match link {
                    Some(link) => Some(link? as u32),
                    None => None,
                },
                person: people.person(persons.get(at)?)?,
                innocent: innocents.get(at).map(u16::try_from).transpose().ok()?,
            })
        };
        let ground = ground().ok_or_else(|| damaged(&snapshot.path))?;
        match found.get(at) {
            // Two enrolments of one citizen are grounds of each other's household.
            Some(discrepancy) => {
                if let Ok(own) = discrepancies.binary_search(&(discrepancy as usize)) {
                    outcomes.discrepancies[own].grounds.push(ground);
                }
            }
            None => {
                let rule = rules.get(at).and_then(|rule| u16::try_from(rule).ok());
                outcomes.set_aside.push((rule.ok_or_else(|| damaged(&snapshot.path))?, ground));
            }
        }
    }
    Ok(())
}

/// Each source with the rows that links and grounds name; their row numbers become the part's.
fn evidences(run: &Published, links: &mut [Link], outcomes: &mut Outcomes) -> Result<Vec<Evidence>> {
    let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); run.record.sources.len()];
    links.iter().for_each(|link| wanted[usize::from(link.source)].push(link.row as usize));
    for ground in all_grounds(outcomes) {
        if let Some(source) = ground.source {
            let rows = wanted.get_mut(usize::from(source)).ok_or_else(|| run.damaged())?;
            rows.push(ground.row as usize);
        }
    }
    for rows in &mut wanted {
        rows.sort_unstable();
        rows.dedup();
    }
    let of_part = |source: u16, row: u32| {
        wanted[usize::from(source)].binary_search(&(row as usize)).expect("the row was asked for above") as u32
    };
    links.iter_mut().for_each(|link| link.row = of_part(link.source, link.row));
    for ground in all_grounds(outcomes) {
        if let Some(source) = ground.source {
            ground.row = of_part(source, ground.row);
        }
    }
    run.record.sources.iter().zip(&wanted).map(|(source, rows)| evidence(run, source, rows)).collect()
}

/// Whether every rule and every reason that is named stands in the record.
fn rules_are_known(rules: &[RuleCard], outcomes: &Outcomes) -> bool {
    let holds = |rule: u16, ground: &Ground| {
        let card = rules.get(usize::from(rule));
        card.is_some_and(|card| ground.innocent.is_none_or(|reason| usize::from(reason) < card.innocent.len()))
    };
    let found = |one: &Discrepancy| {
        usize::from(one.rule) < rules.len() && one.grounds.iter().all(|ground| holds(one.rule, ground))
    };
    outcomes.discrepancies.iter().all(found) && outcomes.set_aside.iter().all(|(rule, ground)| holds(*rule, ground))
}

fn all_grounds(outcomes: &mut Outcomes) -> impl Iterator<Item = &mut Ground> {
    let found = outcomes.discrepancies.iter_mut().flat_map(|one| &mut one.grounds);
    found.chain(outcomes.set_aside.iter_mut().map(|(_, ground)| ground))
}

fn evidence(run: &Published, source: &SourceRecord, rows: &[usize]) -> Result<Evidence> {
    let snapshot = run.table(&evidence_file(&source.source))?;
    let kind = kind_of(source);
    let delivery = match (source.delivery.as_str(), source.as_of.as_deref().and_then(Date::parse_iso)) {
        ("arrived", as_of) => Delivery::Arrived { as_of, stale: source.stale, short: source.short },
        ("missing", _) => Delivery::Missing,
        _ => Delivery::Refused(Error::input(Message::new("report.delivery_refused"))),
    };
    let mut evidence = Evidence::absent(&source.source, &source.department, kind, delivery);
    for file in &source.files {
        evidence.files.push(ExtractFile {
            path: file.path.clone(),
            digest: Digest::parse_hex(&file.digest).ok_or_else(|| run.damaged())?,
            bytes: file.bytes,
            format: file.format.clone(),
            rows: file.rows,
        });
    }
    evidence.bins = source.bins;
    let picked = snapshot.pick(None, rows)?;
    // A program of before may not have known every common field.
    let is_recorded = |name: &str| source.fields.iter().any(|field| field.name == name);
    evidence.table = table(&picked, &evidence.kind, is_recorded)?;
    let (files, sheets, lines) = (picked.numbers("at_file")?, picked.numbers("at_sheet")?, picked.numbers("at_line")?);
    let offsets = picked.offsets("at_offset")?;
    for at in 0..rows.len() {
        let place = || -> Option<RowRef> {
            Some(RowRef {
                file: u16::try_from(files.get(at)?).ok()?,
                sheet: u16::try_from(sheets.get(at)?).ok()?,
                line: lines.get(at)?,
                offset: offsets.get(at)?,
            })
        };
        evidence.refs.push(place().ok_or_else(|| damaged(&snapshot.path))?);
    }
    Ok(evidence)
}

/// The kind as its fields were recorded: the common ones, then its own.
fn kind_of(source: &SourceRecord) -> Kind {
    let common = with_common(&source.kind, &source.label, Vec::new(), &[]);
    let fields = source.fields.iter().filter(|field| common.field(&field.name).is_none());
    let own = fields.map(|field| Field { name: field.name.clone(), label: field.label.clone(), ty: field.ty });
    with_common(&source.kind, &source.label, own.collect(), &[])
}

/// The picked rows as a table of the kind's fields.
fn table(picked: &Picked, kind: &Kind, is_recorded: impl Fn(&str) -> bool) -> Result<Table> {
    let column = |field: &Field| match is_recorded(&field.name) {
        true => picked.values(&column_name(&field.name, field.ty), field.ty),
        false => Ok(Values::none(field.ty, picked.rows())),
    };
    Ok(Table::of_columns(kind.fields.iter().map(column).collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{IDS, RUN, published};
    use super::*;

    #[test]
    fn a_household_comes_back_as_it_was_saved() {
        let (_folder, workspace) = published();
        let part = recall(&workspace, RUN, Part::Household("H-1")).unwrap();
        assert_eq!(part.record.run, RUN);
        let ids: Vec<String> = (0..part.register.persons.len() as u32).map(|at| part.register.id_text(at)).collect();
        assert_eq!(ids, IDS);
        let household = part.register.household(0);
        assert_eq!((household.code(), household.persons), ("H-1", &[0, 1][..]));
        let roles: Vec<Role> = part.register.persons.iter().map(|person| person.role).collect();
        assert_eq!(roles, [Role::Member, Role::Supporter]);
        assert_eq!(part.places, [1]);
        let link = &part.links[0];
        assert_eq!((link.person, link.grade, link.accepted, link.weight_bits), (0, Grade::A, true, 12.5));
        assert_eq!(part.reviews[0].answer, Some(Answer::Same));
        let [vehicle, housing] = &part.evidences[..] else { panic!("two sources") };
        assert_eq!(vehicle.table.rows(), 2);
        let plate = vehicle.kind.field("plate").unwrap();
        assert_eq!(vehicle.table.columns[plate].text(link.row as usize), "鲁A10001");
        assert_eq!(housing.delivery, Delivery::Missing);
        assert_eq!(part.coverage.of(0), [CoverageState::Found, CoverageState::SourceMissing]);
        let [enrolled, one] = &part.outcomes.discrepancies[..] else { panic!("two discrepancies") };
        assert_eq!((enrolled.grounds[0].source, enrolled.grounds[0].person, enrolled.grounds[0].row), (None, 1, 1));
        assert_eq!((one.person, one.measure, one.limit, one.grounds.len()), (Some(0), 1, Some(0), 2));
        assert_eq!((one.grounds[0].link, one.grounds[1].innocent), (Some(0), Some(0)));
        assert_eq!(part.absent.iter().map(|one| one.earlier.id.as_str()).collect::<Vec<_>>(), ["V001-gone"]);
    }

    #[test]
    fn another_household_has_nothing_of_the_first() {
        let (_folder, workspace) = published();
        let county = recall(&workspace, RUN, Part::County(Division::parse("330203").unwrap())).unwrap();
        assert_eq!((county.register.households.len(), county.places.as_slice()), (2, &[1, 2][..]));
        let code = county.register.household(1).code();
        let other = recall(&workspace, RUN, Part::Household(code)).unwrap();
        assert_eq!((other.places.as_slice(), other.register.persons.len()), (&[2][..], 1));
        assert!(other.links.is_empty() && other.outcomes.discrepancies.is_empty() && other.absent.is_empty());
        assert!(other.evidences.iter().all(|evidence| evidence.table.rows() == 0));
        assert_eq!(other.coverage.of(0), county.coverage.of(2));
    }

    #[test]
    fn who_is_unknown_is_refused_without_the_code() {
        let (_folder, workspace) = published();
        let error = recall(&workspace, RUN, Part::Household(IDS[0])).err().unwrap();
        assert_eq!(error.message().key, "household.no_such_household");
        assert!(!format!("{error:?}").contains(IDS[0]));
        let county = recall(&workspace, RUN, Part::County(Division::parse("370102").unwrap())).err().unwrap();
        assert_eq!(county.message().key, "household.no_such_county");
    }
}
