//! Made-up centres of any size, with the truth beside them: for trying the program out, for measuring how well it links and
//! flags, and for tests.
//!
//! Everything in them is invented and says 演示: people, places, numbers. Rates of facts, dirt and counter-cases follow what
//! is published of real verification (vehicle 0.3–0.6 % of people, pension 1–3 %, half of fund accounts sealed …); they
//! are no statistics. The same recipe gives the same bytes at any number of threads.
//!
//! | file | holds |
//! |---|---|
//! | `dice`, `names`, `ids`, `places` | what people and numbers look like |
//! | `people` | the register's households, and other residents |
//! | `damage` | what happens to ids and names, and the grade a link should still get |
//! | `feeds/` | one department's extract each: heading, facts, rows |
//! | `plan` | which facts, which damages, which findings |
//! | `sheet`, `extract`, `register` | the files |
//! | `filings` | officials, declared relatives, `truth_filings.csv` |
//! | `truth` | `truth.csv`, `truth_flags.csv` |
//! | `centre` | `hedui.toml`, `register.toml`, the layouts |

mod centre;
mod damage;
mod dice;
mod extract;
mod feeds;
mod filings;
mod ids;
mod names;
mod people;
mod places;
mod plan;
mod register;
mod sheet;
mod truth;

use std::path::Path;

use rayon::prelude::*;

pub use centre::{Setting, configuration};
pub use places::MOST_COUNTIES;

use crate::kernel::{Cancel, Date, Error, Message, Progress, Result};
use extract::Task;
use feeds::FEEDS;
use people::People;

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// On the register, supporters among them.
    pub people: u32,
    /// Rows of all extracts together. A feed is never shorter than what it tells of people on the register.
    pub rows: u64,
    /// 1 to [`MOST_COUNTIES`].
    pub counties: u16,
    pub seed: u64,
    /// The day the centre's run will speak for.
    pub as_of: Date,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub people: u64,
    pub households: u64,
    /// Rows by source, without heading and footer.
    pub rows: Vec<(String, u64)>,
    /// Lines of truth.csv.
    pub truth_rows: u64,
}

/// Fills `dir` with a centre: configuration, register, extracts, truth. The policy files are the caller's.
///
/// # Errors
/// Configuration: `dir` holds something already, or the recipe asks for nothing or for too many counties. After an error
/// or a stop `dir` is empty again.
pub fn make(dir: &Path, recipe: &Recipe, progress: &dyn Progress, cancel: &Cancel) -> Result<Made> {
    check(recipe)?;
    prepare(dir)?;
    fill(dir, recipe, progress, cancel).inspect_err(|_| clear(dir))
}

fn check(recipe: &Recipe) -> Result<()> {
    let fits = recipe.people > 0 && recipe.rows > 0 && (1..=MOST_COUNTIES).contains(&recipe.counties);
    if fits { Ok(()) } else { Err(Error::config(Message::new("synth.recipe").with("most", MOST_COUNTIES))) }
}

fn prepare(dir: &Path) -> Result<()> {
    let io = |error: std::io::Error| Error::io(dir, &error);
    std::fs::create_dir_all(dir).map_err(io)?;
    if std::fs::read_dir(dir).map_err(io)?.next().is_some() {
        return Err(Error::config(Message::new("synth.not_empty")).at(dir).hint(Message::new("synth.not_empty_hint")));
    }
    Ok(())
}

/// Removes what was begun: `dir` was empty before, so all in it is ours. That the rest cannot be removed is no news beside
/// the error that led here.
fn clear(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }
}

fn fill(dir: &Path, recipe: &Recipe, progress: &dyn Progress, cancel: &Cancel) -> Result<Made> {
    for (path, text) in configuration(&Setting::Demo { counties: recipe.counties }) {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
        std::fs::write(&path, text).map_err(|error| Error::io(&path, &error))?;
    }
    progress.begin("register", 0);
    let people = People::make(recipe);
    cancel.check()?;
    register::write(dir, &people, cancel)?;
    filings::write(dir, &people, cancel)?;
    progress.advance("register", 0, people.persons.len() as u64);
    progress.end("register", "");

    let mut plan = plan::plan(&people, cancel)?;
    let tasks: Vec<Task<'_>> = (0..)
        .zip(FEEDS.iter().zip(&plan.rows))
        .map(|(number, (feed, planned))| Task { feed, number, rows: recipe.rows * feed.share / 1_000, planned })
        .collect();
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    // The longest first, so that no thread is left with it at the end.
    order.sort_by_key(|task| std::cmp::Reverse(tasks[*task].rows));
    let mut feeds: Vec<(usize, truth::FeedTruth)> = order
        .par_iter()
        .with_max_len(1)
        .map(|task| Ok((*task, extract::write(dir, &people, &tasks[*task], progress, cancel)?)))
        .collect::<Result<_>>()?;
    feeds.sort_by_key(|(task, _)| *task);
    let feeds: Vec<truth::FeedTruth> = feeds.into_iter().map(|(_, feed)| feed).collect();

    let truth_rows = truth::write_pairs(&dir.join("truth.csv"), &people, &feeds)?;
    truth::write_flags(&dir.join("truth_flags.csv"), &people, &mut plan.flags)?;
    Ok(Made {
        people: people.persons.len() as u64,
        households: people.households.len() as u64,
        rows: feeds.iter().map(|feed| (feed.source.to_owned(), feed.rows)).collect(),
        truth_rows,
    })
}

#[cfg(test)]
mod tests;
