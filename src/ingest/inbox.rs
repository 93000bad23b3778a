//! Which files a source would read, and what their names say about their date.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::layout::{Source, Take};
use crate::kernel::{Date, Error, Message, Month, Result};

/// The files a source would read now, by name. None is no fault: the department has not delivered.
///
/// Where the layout takes the newest, these are the files whose names carry the newest date, if one carries any.
///
/// # Errors
/// Kind `Io` if the folder is there but cannot be listed.
pub fn deliveries(root: &Path, source: &Source) -> Result<Vec<PathBuf>> {
    let mut files = matching(root, source)?;
    let newest = newest_date_in_names(&files).filter(|_| source.connector.take == Some(Take::Newest));
    if newest.is_some() {
        files.retain(|path| date_of(path) == newest);
    }
    Ok(files)
}

/// All files that the layout names, in capitals or not. Hidden files and the lock files of office programs (`~$…`) are passed over.
fn matching(root: &Path, source: &Source) -> Result<Vec<PathBuf>> {
    let pattern = source.connector.path.get_ref();
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let folder = root.join(folder);
    let Some((before, after)) = name.split_once('*') else {
        let file = folder.join(name);
        return Ok(if file.is_file() { vec![file] } else { Vec::new() });
    };
    // Old systems write `.DBF` and `.CSV`.
    let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(&folder, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io(&folder, &error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let matches = name.len() >= before.len() + after.len() && name.starts_with(&before) && name.ends_with(&after);
        if matches && !name.starts_with(['.', '~']) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Refuses deliveries of which nobody can say which files count. `today`: the day of the run, if it is known.
///
/// # Errors
/// Kind `Input`; kind `Io` as [`deliveries`].
pub fn refuse_unclear(root: &Path, source: &Source, today: Option<Date>) -> Result<()> {
    let files = matching(root, source)?;
    let dates: BTreeSet<Date> = files.iter().filter_map(|path| date_of(path)).collect();
    let folder = || files[0].parent().unwrap_or(root).to_owned();
    match (source.connector.take, dates.first(), dates.last()) {
        (None, Some(first), Some(last)) if first < last => Err(several(&folder(), first, last)),
        (None, Some(date), _) if files.iter().any(|path| date_of(path).is_none() && month_alone(path).is_none()) => {
            let undated = Error::input(Message::new("ingest.refused_undated").with("date", date));
            Err(undated.hint(Message::new("ingest.refused_dates_hint")).at(&folder()))
        }
        (None, first, _) => {
            let months: BTreeSet<(String, u32)> = files.iter().filter_map(|path| month_alone(path)).collect();
            let said = |(before, month): &(String, u32)| format!("{before}{month}月");
            match (first, months.first(), months.last()) {
                (None, Some(one), Some(other)) if one != other => Err(several(&folder(), &said(one), &said(other))),
                (Some(date), Some(month), _) => Err(several(&folder(), date, &said(month))),
                _ => Ok(()),
            }
        }
        (Some(Take::Newest), _, Some(newest)) if today.is_some_and(|today| *newest > today) && files.len() > 1 => {
            let later = Message::new("ingest.refused_later").with("date", newest);
            Err(Error::input(later).hint(Message::new("ingest.refused_later_hint")).at(&folder()))
        }
        (Some(Take::Newest), ..) if files.len() > 1 => refuse_left_out(&files, dates.last().copied()),
        _ => Ok(()),
    }
}

fn several(folder: &Path, first: &dyn Display, last: &dyn Display) -> Error {
    let several = Message::new("ingest.refused_dates").with("first", first).with("last", last);
    Error::input(several).hint(Message::new("ingest.refused_dates_hint")).at(folder)
}

/// Every file that is left out because others are newer has to be an older issue of one of them, alike in name but for the date:
/// another county's list, a supplement or a mistyped day left out would clear whoever stands in it.
fn refuse_left_out(files: &[PathBuf], newest: Option<Date>) -> Result<()> {
    let stem = |path: &PathBuf| dated(path).map_or_else(|| name_of(path), |(_, stem)| stem);
    let is_read = |path: &&PathBuf| newest.is_some() && date_of(path) == newest;
    let read: BTreeSet<String> = files.iter().filter(is_read).map(stem).collect();
    let left = files.iter().find(|path| !is_read(path) && !read.contains(&stem(path)));
    let refuse = |left: &PathBuf| {
        let left_out = Error::input(Message::new("ingest.refused_left_out"));
        left_out.hint(Message::new("ingest.refused_left_out_hint")).at(left)
    };
    left.map_or(Ok(()), |left| Err(refuse(left)))
}

/// A file's path relative to the workspace, `/` between parts.
pub fn shown(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The newest date that the files' names carry.
pub(super) fn newest_date_in_names(paths: &[PathBuf]) -> Option<Date> {
    paths.iter().filter_map(|path| date_of(path)).max()
}

/// The date that a file's name carries.
pub fn date_of(path: &Path) -> Option<Date> {
    dated(path).map(|(date, _)| date)
}

fn name_of(path: &Path) -> String {
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The date in a file's name, and the name without it.
fn dated(path: &Path) -> Option<(Date, String)> {
    let name = name_of(path);
    let (date, place) = date_in_name(&name)?;
    Some((date, [&name[..place.start], &name[place.end..]].concat()))
}

/// `20261101`, `2026-11-01`, `2026_11`, `202611`, `261101` somewhere in a name, also behind a division's code, and where it stands. A
/// month stands for its first day: the extract is then taken for older than it may be, never for newer.
fn date_in_name(name: &str) -> Option<(Date, Range<usize>)> {
    let digits = |letter: char| letter.is_ascii_digit();
    let groups: Vec<(usize, &str)> = name
        .split(|letter| !digits(letter))
        .filter(|group| !group.is_empty())
        .map(|group| (group.as_ptr() as usize - name.as_ptr() as usize, group))
        .collect();
    let of_group = |(start, group): &(usize, &str)| {
        let part = |from: usize, to: usize| {
            let date = match to - from {
                8 => day(&group[from..from + 4], &group[from + 4..from + 6], &group[from + 6..to]),
                _ => month(&group[from..from + 4], &group[from + 4..to]),
            };
            date.map(|date| (date, start + from..start + to))
        };
        let whole = |(date, _): (Date, Range<usize>)| (date, *start..start + group.len());
        match group.len() {
            6 => part(0, 6),
            8 => part(0, 8),
            // Behind the date stands a time, or before it a division.
            12 => part(0, 8).map(whole).or_else(|| part(6, 12)),
            14 => part(0, 8).map(whole).or_else(|| part(6, 14)),
            _ => None,
        }
    };
    let parted = (0..groups.len()).filter_map(|index| match groups[index..] {
        [(start, year), (_, month_of), (last, day_of), ..] if year.len() == 4 && day_of.len() <= 2 => {
            day(year, month_of, day_of).map(|date| (date, start..last + day_of.len()))
        }
        [(start, year), (last, month_of), ..] if year.len() == 4 && month_of.len() <= 2 => {
            month(year, month_of).map(|date| (date, start..last + month_of.len()))
        }
        _ => None,
    });
    let short = groups.iter().filter_map(|(start, group)| Some((short_day(group)?, *start..start + group.len())));
    groups.iter().filter_map(of_group).chain(parted).chain(short).next()
}

fn day(year: &str, month: &str, day: &str) -> Option<Date> {
    plausible(Date::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?)
}

/// `261101`. No division's code begins with these years; from 2031 on, days in names need their century.
fn short_day(group: &str) -> Option<Date> {
    let (year, rest) = group.split_at_checked(2).filter(|_| group.len() == 6)?;
    let is_year = (24..=30).contains(&year.parse::<u32>().ok()?);
    is_year.then(|| day(&format!("20{year}"), &rest[..2], &rest[2..])).flatten()
}

/// `11月` of a name without a date, and the year before it as it is written: of several nobody can tell which is the newest.
fn month_alone(path: &Path) -> Option<(String, u32)> {
    let name = name_of(path);
    let of_place = |(place, _): (usize, &str)| {
        let before = &name[..place];
        let rest = before.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let month = before[rest.len()..].parse().ok().filter(|month| (1..=12).contains(month))?;
        let year = rest.strip_suffix('年').map_or("", |before| {
            let letters = before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
            &rest[letters..]
        });
        Some((year.to_owned(), month))
    };
    if date_of(path).is_some() { None } else { name.match_indices('月').find_map(of_place) }
}

fn month(year: &str, month: &str) -> Option<Date> {
    plausible(Month::from_ym(year.parse().ok()?, month.parse().ok()?)?.first_day())
}

/// Six digits in a name may be a division (370102) and no month; extracts are not older than the century.
fn plausible(date: Date) -> Option<Date> {
    (2000..=2099).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_names() {
        for (name, date) in [
            ("vehicle_20261101", Some("2026-11-01")),
            ("2026-11-01", Some("2026-11-01")),
            ("车辆2026年11月", Some("2026-11-01")),
            ("370102_2026-11", Some("2026-11-01")),
            ("202611", Some("2026-11-01")),
            ("20261124153000", Some("2026-11-24")),
            ("370102202611", Some("2026-11-01")),
            ("37010220261124", Some("2026-11-24")),
            ("370102", None),
            ("20261301", None),
            ("bank_261121", Some("2026-11-21")),
            ("bank_261321", None),
            ("bank_2026-11-21_250101", Some("2026-11-21")),
            ("310115", None),
            ("230103", None),
            ("车辆", None),
        ] {
            assert_eq!(date_in_name(name).map(|(date, _)| date.to_string()).as_deref(), date, "{name}");
        }
    }

    /// Parts and counties are one delivery; months and days are several.
    #[test]
    fn several_days_in_names_are_refused_until_the_layout_says_which_count() {
        let refused = |names: &[&str]| {
            let folder = tempfile::tempdir().unwrap();
            names.iter().for_each(|name| std::fs::write(folder.path().join(name), "x").unwrap());
            let layout = "kind = \"bank\"\ndepartment = \"银行\"\nconnector = { type = \"csv\", path = \"*.csv\" }\n\
                          columns = { owner_id = \"号\", owner_name = \"名\" }";
            let source = Source::parse(layout, Path::new("bank.toml")).unwrap();
            refuse_unclear(folder.path(), &source, None).is_err()
        };
        for names in
            [["a_261021.csv", "a_261121.csv"], ["银行10月.csv", "银行11月.csv"], ["银行9月(1).csv", "银行10月(1).csv"]]
        {
            assert!(refused(&names), "{names:?}");
        }
        for names in [
            ["a_1.csv", "a_2.csv"],
            ["济南11月.csv", "青岛11月.csv"],
            ["370102.csv", "370103.csv"],
            ["银行11月_1.csv", "银行11月_2.csv"],
        ] {
            assert!(!refused(&names), "{names:?}");
        }
    }
}
