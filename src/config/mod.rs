//! The workspace's configuration → a [`Plan`]: hedui.toml, register.toml, sources/*.toml, policy/.
//!
//! All faults are reported at once, each with file and line; a plan that loads can run. The configuration's digest is part
//! of the ledger, so that an auditor can tell under which files a run was made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::ingest::Source;
use crate::kernel::{Digest, Division, Error, Lang, Message, Result};
use crate::linkage::LinkSettings;
use crate::model::kind::{self, Kind};
use crate::model::link::Grade;
use crate::policy::{self, Policy};

/// Everything a run needs to know, checked.
#[derive(Debug)]
pub struct Plan {
    pub root: PathBuf,
    pub centre: Centre,
    pub run: RunSettings,
    pub report: ReportSettings,
    /// Names of divisions for reports, where the centre gives them.
    pub places: BTreeMap<Division, String>,
    pub persons: Source,
    pub mandates: Option<Source>,
    /// 经办人员名册, and declared relatives with their filings; the second never without the first.
    pub officials: Option<Source>,
    pub filings: Option<Source>,
    /// By source code, ascending: the index here is the source's index everywhere.
    pub sources: Vec<PlannedSource>,
    pub policy: Policy,
    /// Of register.toml and the program's version: what decides how the register is read.
    pub register_digest: Digest,
    /// Of all configuration files, names and texts.
    pub digest: Digest,
}

impl Plan {
    /// Codes of the sources, in their order.
    pub fn source_codes(&self) -> Vec<&str> {
        self.sources.iter().map(|source| source.code.as_str()).collect()
    }

    /// Made-up people or parameters: every page says 演示.
    pub fn is_demo(&self) -> bool {
        self.centre.demo || self.policy.demo
    }

    /// The lists of the 备案 check that the centre keeps, by the code under which a run counts their rows.
    pub fn filing_lists(&self) -> Vec<(&'static str, &Source, Kind)> {
        let officials = self.officials.as_ref().map(|source| ("officials", source, kind::register_officials()));
        let filings = self.filings.as_ref().map(|source| ("filings", source, kind::register_filings()));
        officials.into_iter().chain(filings).collect()
    }

    /// All files the centre keeps itself, the persons first.
    pub fn register_files(&self) -> Vec<(&'static str, &Source, Kind)> {
        let persons = ("register", &self.persons, kind::register_persons());
        let mandates = self.mandates.as_ref().map(|source| ("mandates", source, kind::register_mandates()));
        std::iter::once(persons).chain(mandates).chain(self.filing_lists()).collect()
    }

    /// Programmes each source applies to, in source order; empty means all.
    pub fn programmes_by_source(&self) -> Vec<Vec<String>> {
        self.sources.iter().map(|source| source.layout.programmes.clone()).collect()
    }
}

/// A source with its code (the file's name) and kind.
#[derive(Debug)]
pub struct PlannedSource {
    pub code: String,
    pub layout: Source,
    pub kind: Kind,
    /// Of the layout's text and the program's version: what decides how its files are read.
    pub digest: Digest,
}

/// The language of a workspace whose other settings may be anything, before they are read; `None` if it is none.
pub fn language_of(folder: &Path) -> Option<Lang> {
    let settings: toml::Table = std::fs::read_to_string(folder.join("hedui.toml")).ok()?.parse().ok()?;
    let language = settings.get("centre").and_then(|centre| centre.get("language")).and_then(toml::Value::as_str);
    Some(language.and_then(Lang::parse).unwrap_or_default())
}

/// `[centre]` of hedui.toml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Centre {
    pub name: String,
    division: String,
    #[serde(default)]
    language: Option<String>,
    /// Made-up people: 演示 stands on every page.
    #[serde(default)]
    pub demo: bool,
}

impl Centre {
    pub fn division(&self) -> Division {
        Division::parse(&self.division).expect("checked when the plan was loaded")
    }

    /// Language of the reports.
    pub fn language(&self) -> Lang {
        self.language.as_deref().and_then(Lang::parse).unwrap_or_default()
    }
}

/// `[run]` of hedui.toml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// Grades that enter a case without review.
    accept: Vec<Grade>,
    /// More rejected rows than this share of a source, in percent: the run ends with exit code 1.
    pub reject_percent: f64,
    /// A delivery of so much fewer usable rows than the whole one before it, in percent, is not whole.
    pub fewer_rows_percent: f64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { accept: vec![Grade::A, Grade::C], reject_percent: 5.0, fewer_rows_percent: 20.0 }
    }
}

impl RunSettings {
    pub fn link_settings(&self) -> LinkSettings {
        LinkSettings { accept: self.accept.clone(), ..LinkSettings::default() }
    }
}

/// `[report]` of hedui.toml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSettings {
    /// Ids as first 6 + last 4 and names as 张*三 in everything that leaves the centre.
    pub masked: bool,
    review_masked: Option<bool>,
    pub formats: Vec<Format>,
    /// A password-protected archive with full ids beside the open files of each county.
    pub sealed: bool,
    /// Its password's file, relative to the workspace; the environment comes first.
    pub password_file: Option<PathBuf>,
    /// The private key that signs manifests, relative to the workspace.
    pub signing_key: Option<PathBuf>,
}

impl ReportSettings {
    /// The same for the review list, which the centre's own staff judge from; as `masked` unless the centre says otherwise.
    pub fn review_masked(&self) -> bool {
        self.review_masked.unwrap_or(self.masked)
    }
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            masked: true,
            review_masked: None,
            formats: Format::USUAL.to_vec(),
            sealed: false,
            password_file: None,
            signing_key: None,
        }
    }
}

/// What a county package is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    Xlsx,
    Html,
    /// The 核对报告 of each household with discrepancies, in one file a county.
    Pdf,
}

impl Format {
    /// What a package holds unless the centre says otherwise.
    pub const USUAL: [Format; 3] = [Format::Csv, Format::Xlsx, Format::Html];
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CentreFile {
    centre: Centre,
    #[serde(default)]
    run: RunSettings,
    #[serde(default)]
    report: ReportSettings,
    #[serde(default)]
    places: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterFile {
    persons: Source,
    mandates: Option<Source>,
    officials: Option<Source>,
    filings: Option<Source>,
}

/// Reads and checks the whole configuration.
///
/// # Errors
/// Kind `Config`, holding every fault found; `Io` if a file cannot be read.
pub fn load(root: &Path) -> Result<Plan> {
    policy::warm();
    let texts = read_files(root)?;
    let mut faults = Vec::new();
    let centre = texts.parse::<CentreFile>("hedui.toml").and_then(check_centre).map_err(|e| faults.push(e)).ok();
    let register = texts
        .parse::<RegisterFile>("register.toml")
        .and_then(|file| check_register(file, &texts))
        .map_err(|e| faults.push(e))
        .ok();
    let sources = load_sources(&texts, &mut faults);
    // Also kinds without a source: their rules then say 未核对, which is better than to be refused.
    let builtin = kind::builtin_codes().filter_map(kind::builtin);
    let kinds: BTreeMap<String, Kind> =
        builtin.chain(sources.iter().map(|source| source.kind.clone())).map(|kind| (kind.code.clone(), kind)).collect();
    let policy_files: Vec<(PathBuf, String)> =
        texts.below("policy").map(|(path, text)| (PathBuf::from(path), text.to_owned())).collect();
    let policy = Policy::load(&policy_files, &kinds).map_err(|e| faults.push(e)).ok();
    if let Some(policy) = &policy {
        faults.extend(sources.iter().filter_map(|source| check_own_values(source, policy, &texts).err()));
    }
    Error::all(faults)?;
    let (Some((centre, places)), Some(register), Some(policy)) = (centre, register, policy) else {
        unreachable!("a part that did not load left a fault")
    };
    Ok(Plan {
        root: root.to_owned(),
        centre: centre.centre,
        run: centre.run,
        report: centre.report,
        places,
        persons: register.persons,
        mandates: register.mandates,
        officials: register.officials,
        filings: register.filings,
        sources,
        policy,
        register_digest: reading_digest(&texts.0["register.toml"]),
        digest: texts.digest(),
    })
}

fn check_register(file: RegisterFile, texts: &Texts) -> Result<RegisterFile> {
    let (path, text) = (Path::new("register.toml"), texts.0["register.toml"].as_str());
    let mut faults = Vec::from_iter(file.persons.check(&kind::register_persons(), text, path).err());
    let needed = ["person_id", "name", "household_id", "programme", "division"];
    for field in needed.into_iter().filter(|field| !file.persons.maps(field)) {
        faults.push(Error::config(Message::new("config.register_column").with("field", field)).at(path));
    }
    let lists = [
        (&file.mandates, kind::register_mandates()),
        (&file.officials, kind::register_officials()),
        (&file.filings, kind::register_filings()),
    ];
    for (source, kind) in lists {
        faults.extend(source.as_ref().and_then(|source| source.check(&kind, text, path).err()));
    }
    if file.filings.is_some() && file.officials.is_none() {
        faults.push(Error::config(Message::new("filing.without_officials")).at(path));
    }
    Error::all(faults)?;
    Ok(file)
}

type Places = BTreeMap<Division, String>;

fn check_centre(file: CentreFile) -> Result<(CentreFile, Places)> {
    let mut faults = Vec::new();
    let at = Path::new("hedui.toml");
    let bad_division = |code: &str| Error::config(Message::new("config.bad_division").with("value", code)).at(at);
    if Division::parse(&file.centre.division).is_none() {
        faults.push(bad_division(&file.centre.division));
    }
    if let Some(language) = file.centre.language.as_deref().filter(|text| Lang::parse(text).is_none()) {
        faults.push(Error::config(Message::new("config.bad_language").with("value", language)).at(at));
    }
    let shares = [("reject_percent", file.run.reject_percent), ("fewer_rows_percent", file.run.fewer_rows_percent)];
    for (key, value) in shares.into_iter().filter(|(_, value)| !(0.0..=100.0).contains(value)) {
        faults.push(Error::config(Message::new("config.bad_percent").with("key", key).with("value", value)).at(at));
    }
    if let Some(grade) = file.run.accept.iter().find(|grade| matches!(grade, Grade::B | Grade::E)) {
        // Another person's name, or a name alone: no centre may accept these unseen (invariant I-5).
        faults.push(Error::config(Message::new("config.bad_grade").with("value", grade.letter())).at(at));
    }
    let mut places = Places::new();
    for (code, name) in &file.places {
        match Division::parse(code) {
            Some(division) => drop(places.insert(division, name.clone())),
            None => faults.push(bad_division(code)),
        }
    }
    Error::all(faults)?;
    Ok((file, places))
}

fn load_sources(texts: &Texts, faults: &mut Vec<Error>) -> Vec<PlannedSource> {
    let mut sources = Vec::new();
    for (path, text) in texts.below("sources") {
        let file = Path::new(path);
        let code = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let planned = Source::parse(text, file).and_then(|layout| {
            let kind = layout.kind()?;
            Ok(PlannedSource { code, layout, kind, digest: reading_digest(text) })
        });
        match planned {
            Ok(source) => sources.push(source),
            Err(fault) => faults.push(fault),
        }
    }
    if sources.is_empty() && faults.is_empty() {
        faults.push(Error::config(Message::new("config.no_sources")).at(Path::new("sources")));
    }
    sources
}

/// Texts that a layout's codes mean are values of the program's own or stand in some rule.
fn check_own_values(source: &PlannedSource, policy: &Policy, texts: &Texts) -> Result<()> {
    let path = format!("sources/{}.toml", source.code);
    let asked = policy.fields_asked(&source.kind);
    let asks = |field: &str| asked.contains_key(field);
    source.layout.check_own_values(asks, |value| policy.heeds(value), &texts.0[&path], Path::new(&path))
}

/// Of a layout's text and the program's version: files of one digest are read alike.
fn reading_digest(text: &str) -> Digest {
    Digest::of_parts([env!("CARGO_PKG_VERSION").as_bytes(), text.as_bytes()])
}

/// The configuration's files: path relative to the workspace (`/` between parts) and text, by path.
struct Texts(BTreeMap<String, String>);

impl Texts {
    fn parse<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        let text = self.0.get(path).map(String::as_str).unwrap_or_default();
        toml::from_str(text).map_err(|fault| Error::toml(Path::new(path), text, &fault))
    }

    fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = format!("{folder}/");
        self.0
            .iter()
            .filter(move |(path, _)| path.starts_with(&prefix))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn digest(&self) -> Digest {
        Digest::of_parts(self.0.iter().flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()]))
    }
}

fn unread(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        // An editor of this country saved it in its own encoding.
        std::io::ErrorKind::InvalidData => Error::config(Message::new("config.not_utf8")).at(path),
        _ => Error::io(path, error),
    }
}

fn read_files(root: &Path) -> Result<Texts> {
    let mut texts = BTreeMap::new();
    for name in ["hedui.toml", "register.toml"] {
        let path = root.join(name);
        let text = std::fs::read_to_string(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => unread(&path, &e).hint(Message::new("config.init_hint")),
            _ => unread(&path, &e),
        })?;
        texts.insert(name.to_owned(), text);
    }
    for folder in ["sources", "policy", "policy/rules"] {
        let directory = root.join(folder);
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(Error::io(&directory, &e)),
        };
        for entry in entries {
            let path = entry.map_err(|e| Error::io(&directory, &e))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(|e| unread(&path, &e))?;
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                texts.insert(format!("{folder}/{name}"), text);
            }
        }
    }
    Ok(Texts(texts))
}
