//! The house's order, checked over the source text: layers, bans with their replacements, sizes, wording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Modules by layer, the table of `src/lib.rs`. A module names only modules of lower layers.
const LAYERS: &[(&str, u8)] = &[
    ("kernel", 0),
    ("model", 1),
    ("standardise", 2),
    ("ingest", 3),
    ("linkage", 3),
    ("policy", 3),
    ("store", 3),
    ("report", 3),
    ("synth", 3),
    ("config", 4),
    ("pipeline", 5),
    ("cli", 6),
];

/// Text that is banned outside the named modules, and what to write instead.
const BANS: &[(&str, &[&str], &str)] = &[
    ("println!", &["cli"], "return the value; cli alone prints"),
    ("eprint", &["cli"], "return an Error or report Progress; cli alone prints"),
    ("polars::", &["store", "policy", "report"], "model::table columns"),
    ("Local::now", &["cli"], "take the date or time as an argument"),
    ("SystemTime::now", &["cli"], "take the time as an argument"),
    ("Instant::now", &["cli"], "report Progress; the terminal measures"),
    ("env::var", &["cli"], "take the value as an argument"),
    ("collections::HashMap", &[], "BTreeMap, or hashbrown with foldhash where order cannot reach output"),
    ("collections::HashSet", &[], "BTreeSet, or hashbrown with foldhash where order cannot reach output"),
    // Elsewhere it is filled from constants or by the system, on one core.
    (
        "OnceLock",
        &["kernel", "model", "standardise", "report", "store"],
        "make it first: work on all cores under a lock can wait for itself",
    ),
    ("todo!(", &[], "the code"),
    ("unimplemented!(", &[], "the code"),
    ("#[ignore", &[], "a test that runs"),
];

/// Words that would make the program decide (invariant I-2).
const BANNED_WORDS: &[&str] =
    &["应退出", "应予退出", "骗保", "不符合条件", "符合条件", "fraud", "eligible", "ineligible", "must leave"];

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 80;

struct SourceFile {
    path: PathBuf,
    module: String,
    /// Without its tests: what stands before the first `#[cfg(test)]`.
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let relative = path.strip_prefix(root().join("src")).unwrap().to_owned();
                let module = relative.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                files.push(SourceFile { path: relative, module, code });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 30, "the walk found the source");
    files
}

/// A line without what follows `//`, so that comments may speak of anything.
fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

#[test]
fn imports_point_down() {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| !matches!(file.module.as_str(), "main" | "lib")) {
        let Some(&own) = layers.get(file.module.as_str()) else {
            faults.push(format!("{}: module {} is in no layer", file.path.display(), file.module));
            continue;
        };
        for (number, line) in file.code.lines().enumerate() {
            for named in without_comment(line).split("crate::").skip(1) {
                let named: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let lower = layers.get(named.as_str()).is_some_and(|&other| other < own);
                if !lower && named != file.module && !named.is_empty() {
                    faults.push(format!("{}:{}: {} names {named}", file.path.display(), number + 1, file.module));
                }
            }
        }
    }
    assert!(faults.is_empty(), "imports that do not point down:\n{}", faults.join("\n"));
}

#[test]
fn the_picture_in_lib_names_every_module() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for (module, layer) in LAYERS {
        assert!(lib.contains(&format!("//! | {layer} | [`{module}`] |")), "{module} is not in the table of lib.rs");
        assert!(lib.contains(&format!("pub mod {module};")), "{module} is not declared");
    }
}

#[test]
fn bans_hold() {
    let mut faults = Vec::new();
    for file in sources() {
        for (number, line) in file.code.lines().enumerate() {
            for (banned, allowed, instead) in BANS {
                if without_comment(line).contains(banned) && !allowed.contains(&file.module.as_str()) {
                    faults.push(format!("{}:{}: {banned} → {instead}", file.path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_stays_small() {
    let mut faults = Vec::new();
    for file in sources() {
        if !file.code.starts_with("//!") {
            faults.push(format!("{}: does not open with //!", file.path.display()));
        }
        let lines = file.code.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("{}: {lines} lines before its tests", file.path.display()));
        }
        let mut start = None;
        for (number, line) in file.code.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let text = line.trim_start();
            let opens = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "async fn ", "pub const fn "];
            if opens.iter().any(|open| text.starts_with(open)) && !text.ends_with(';') {
                start = Some((number, indent));
            }
            if let Some((from, depth)) = start
                && line.trim_end() == format!("{}}}", " ".repeat(depth))
            {
                if number - from + 1 > LONGEST_FUNCTION {
                    faults.push(format!(
                        "{}:{}: a function of {} lines",
                        file.path.display(),
                        from + 1,
                        number - from + 1
                    ));
                }
                start = None;
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

type Catalogue = BTreeMap<String, BTreeMap<String, String>>;

fn catalogue(name: &str) -> Catalogue {
    toml::from_str(&std::fs::read_to_string(root().join("src/wording").join(name)).unwrap()).unwrap()
}

fn places(sentence: &str) -> Vec<&str> {
    let mut places: Vec<&str> = sentence.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    places.sort_unstable();
    places.dedup();
    places
}

#[test]
fn both_catalogues_say_the_same_things() {
    let (zh, en) = (catalogue("zh-CN.toml"), catalogue("en.toml"));
    assert_eq!(zh.keys().collect::<Vec<_>>(), en.keys().collect::<Vec<_>>());
    for (section, sentences) in &zh {
        assert_eq!(sentences.keys().collect::<Vec<_>>(), en[section].keys().collect::<Vec<_>>(), "[{section}]");
        for (key, sentence) in sentences {
            assert_eq!(places(sentence), places(&en[section][key]), "{section}.{key}");
        }
    }
}

#[test]
fn every_key_the_source_names_exists() {
    let zh = catalogue("zh-CN.toml");
    let mut missing = Vec::new();
    for file in sources() {
        for literal in file.code.split('"').skip(1).step_by(2) {
            let Some((section, key)) = literal.split_once('.') else { continue };
            let word = |text: &str| {
                !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            };
            if let Some(sentences) = zh.get(section)
                && word(key)
                && !["toml", "json", "parquet", "csv"].contains(&key)
                && !sentences.contains_key(key)
            {
                missing.push(format!("{}: {literal}", file.path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "no wording for:\n{}", missing.join("\n"));
}

#[test]
fn no_sentence_decides() {
    for name in ["zh-CN.toml", "en.toml"] {
        for (section, sentences) in catalogue(name) {
            for (key, sentence) in sentences {
                for banned in BANNED_WORDS {
                    assert!(!sentence.contains(banned), "{section}.{key} says {banned}");
                }
            }
        }
    }
}
