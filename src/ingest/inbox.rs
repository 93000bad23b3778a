//! Which files a source would read, and what their names say about their date.

use std::path::{Path, PathBuf};

use super::layout::{Source, Take};
use crate::kernel::{Date, Error, Message, Month, Result};

/// The files a source would read now, by name. None is no fault: the department has not delivered.
///
/// Where the layout takes the newest, these are the files whose names carry the newest date, and only they if one carries any.
/// Hidden files and the lock files of office programs (`~$…`) are passed over.
///
/// # Errors
/// Kind `Io` if the folder is there but cannot be listed.
pub fn deliveries(root: &Path, source: &Source) -> Result<Vec<PathBuf>> {
    let pattern = source.connector.path.get_ref();
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let folder = root.join(folder);
    let Some((before, after)) = name.split_once('*') else {
        let file = folder.join(name);
        return Ok(if file.is_file() { vec![file] } else { Vec::new() });
    };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(&folder, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io(&folder, &error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let matches = name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after);
        if matches && !name.starts_with(['.', '~']) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if source.connector.take == Some(Take::Newest) {
        let newest = newest_date_in_names(&files);
        files.retain(|path| date_of(path) == newest);
    }
    Ok(files)
}

/// Refuses deliveries of several dates of which the layout does not say whether the later replaces the earlier or adds to
/// it: read together, what was true last month would accuse; the newest alone, half of it might clear.
///
/// # Errors
/// Kind `Input`.
pub(super) fn refuse_several_dates(paths: &[PathBuf], source: &Source) -> Result<()> {
    let mut dates: Vec<Date> = paths.iter().filter_map(|path| date_of(path)).collect();
    dates.sort();
    dates.dedup();
    match (dates.as_slice(), source.connector.take) {
        ([first, .., last], None) => {
            let several = Message::new("ingest.refused_dates").with("first", first).with("last", last);
            Err(Error::input(several).hint(Message::new("ingest.refused_dates_hint")))
        }
        _ => Ok(()),
    }
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

fn date_of(path: &Path) -> Option<Date> {
    date_in_name(&path.file_stem()?.to_string_lossy())
}

/// `20261101`, `2026-11-01`, `2026_11`, `202611` somewhere in a name. A month stands for its first day: the extract is
/// then taken for older than it may be, never for newer.
fn date_in_name(name: &str) -> Option<Date> {
    let groups: Vec<&str> =
        name.split(|letter: char| !letter.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let whole = groups.iter().filter_map(|group| match group.len() {
        8 | 12 | 14 => day(&group[..4], &group[4..6], &group[6..8]),
        6 => month(&group[..4], &group[4..]),
        _ => None,
    });
    let parted = (0..groups.len()).filter_map(|index| match groups[index..] {
        [year, month_of, day_of, ..] if year.len() == 4 && day_of.len() <= 2 => day(year, month_of, day_of),
        [year, month_of, ..] if year.len() == 4 && month_of.len() <= 2 => month(year, month_of),
        _ => None,
    });
    whole.chain(parted).next()
}

fn day(year: &str, month: &str, day: &str) -> Option<Date> {
    plausible(Date::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?)
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
            ("370102", None),
            ("20261301", None),
            ("车辆", None),
        ] {
            assert_eq!(date_in_name(name).map(|date| date.to_string()).as_deref(), date, "{name}");
        }
    }
}
