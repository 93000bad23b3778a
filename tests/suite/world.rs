//! A made-up centre in a folder of its own, and the binary run on it as its user would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The day every test world speaks for.
pub const AS_OF: &str = "2026-11-24";

pub struct World {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl World {
    /// `people` on the register and `rows` in the extracts, from the seed.
    pub fn made(people: u32, rows: u32, seed: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("centre");
        let (people, rows, seed) = (people.to_string(), rows.to_string(), seed.to_string());
        let root_text = root.to_str().unwrap();
        let arguments = [
            "synth",
            root_text,
            "--people",
            &people,
            "--rows",
            &rows,
            "--seed",
            &seed,
            "--as-of",
            AS_OF,
            "--no-progress",
        ];
        let output = hedui(folder.path(), &arguments);
        assert!(output.status.success(), "synth: {}", text(&output.stderr));
        Self { _folder: folder, root }
    }

    /// The same world again in another folder: for runs that must not see each other.
    pub fn copy(&self) -> Self {
        Self::of(&self.root)
    }

    /// A copy of a centre.
    pub fn of(centre: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("centre");
        copy_tree(centre, &root);
        Self { _folder: folder, root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The one delivered file of a source.
    pub fn extract(&self, source: &str) -> PathBuf {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(self.path("inbox").join(source)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.remove(0)
    }

    pub fn hedui(&self, arguments: &[&str]) -> Output {
        hedui(&self.root, arguments)
    }

    pub fn run(&self) -> Output {
        self.run_with(&[])
    }

    pub fn run_with(&self, more: &[&str]) -> Output {
        let mut arguments = vec!["run", "--as-of", AS_OF, "--no-progress", "--json"];
        arguments.extend(more);
        self.hedui(&arguments)
    }

    /// A run whose answer is for people.
    pub fn run_plain(&self) -> Output {
        self.hedui(&["run", "--as-of", AS_OF, "--no-progress"])
    }

    /// Runs and returns the summary; a run that needs attention (exit code 1) is a run.
    pub fn summary(&self) -> serde_json::Value {
        let output = self.run();
        assert!(matches!(output.status.code(), Some(0 | 1)), "run: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// `hedui export WHAT` as rows by heading.
    pub fn export(&self, what: &str) -> Vec<BTreeMap<String, String>> {
        let output = self.hedui(&["export", what, "--format", "csv"]);
        assert!(output.status.success(), "export: {}", text(&output.stderr));
        records(&output.stdout)
    }

    pub fn truth(&self) -> Vec<BTreeMap<String, String>> {
        records(&std::fs::read(self.path("truth.csv")).unwrap())
    }

    /// The report of a household out of the last run, as a page; `out` is a new folder of the centre.
    pub fn report_page(&self, household: &str, out: &str) -> String {
        let output =
            self.hedui(&["report", "--household", household, "--formats", "html", "--out", out, "--no-progress"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let page = std::fs::read_dir(self.path(out)).unwrap().next().unwrap().unwrap().path();
        std::fs::read_to_string(page).unwrap()
    }

    /// Every file below a folder of the centre, by relative path.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files_below(&self.path(folder))
    }
}

/// Every file below a folder, by relative path.
pub fn files_below(base: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![base.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(base).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Runs the binary in a folder, speaking English.
pub fn hedui(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hedui"))
        .current_dir(folder)
        .args(arguments)
        .args(["--lang", "en"])
        .env_remove("HEDUI_CENTRE")
        .output()
        .unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn records(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv));
    reader.deserialize().map(|record| record.unwrap()).collect()
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
