//! Policy files as written: TOML with the place of every part that can be wrong. No meaning yet.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::kernel::{Error, Message, Result};
use crate::model::outcome::Severity;

/// One policy file, with what is needed to name a line of it.
pub struct PolicyText {
    pub path: PathBuf,
    pub file: PolicyFile,
    /// Byte offsets of line starts.
    lines: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    pub profile: Option<ProfileText>,
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Spanned<ParameterText>>,
    #[serde(default, rename = "rule")]
    pub rules: Vec<Spanned<RuleText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileText {
    pub name: String,
    #[serde(default)]
    pub demo: bool,
}

/// Everything is optional here, so that all that is missing is reported at once and not one key per try.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterText {
    pub name: Option<String>,
    pub unit: Option<String>,
    pub document: Option<String>,
    pub verified_on: Option<toml::Value>,
    #[serde(default, rename = "value")]
    pub values: Vec<Spanned<ValueText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueText {
    pub place: Option<String>,
    pub from: Option<toml::Value>,
    pub to: Option<toml::Value>,
    pub value: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    pub code: Option<String>,
    pub title: Option<String>,
    #[serde(default)]
    pub programmes: Vec<String>,
    pub severity: Option<Severity>,
    pub evidence: Option<Spanned<String>>,
    #[serde(default)]
    pub per: Per,
    #[serde(default)]
    pub supporters: bool,
    pub latest: Option<Spanned<String>>,
    pub rows: Option<Spanned<String>>,
    pub measure: Option<Spanned<String>>,
    pub flag: Option<Spanned<String>>,
    pub amount: Option<Spanned<String>>,
    pub unit: Option<String>,
    #[serde(default)]
    pub money_unit: bool,
    pub basis: Option<String>,
    pub advice: Option<String>,
    #[serde(default)]
    pub innocent: Vec<InnocentText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnocentText {
    pub when: Spanned<String>,
    pub say: String,
}

/// What a measure is taken over and a discrepancy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    #[default]
    Household,
    Person,
}

/// Reads one file; a fault names the line the reader stopped at.
pub fn read(path: &Path, content: &str) -> Result<PolicyText> {
    let lines = std::iter::once(0).chain(content.match_indices('\n').map(|(at, _)| at + 1)).collect();
    match toml::from_str::<PolicyFile>(content) {
        Ok(file) => Ok(PolicyText { path: path.to_owned(), file, lines }),
        Err(error) => {
            let message = Message::new("policy.syntax").with("reason", error.message());
            let offset = error.span().map_or(0, |span| span.start);
            Err(Error::config(message).at(path).line(line_of(&lines, offset)))
        }
    }
}

impl PolicyText {
    /// Says nothing at all: emptied by mistake, or comments only.
    pub fn is_empty(&self) -> bool {
        self.file.profile.is_none() && self.file.parameters.is_empty() && self.file.rules.is_empty()
    }

    /// A fault at a byte offset of this file.
    pub fn fault(&self, offset: usize, message: Message) -> Error {
        Error::config(message).at(&self.path).line(line_of(&self.lines, offset))
    }

    pub fn line(&self, offset: usize) -> u64 {
        line_of(&self.lines, offset)
    }
}

fn line_of(lines: &[usize], offset: usize) -> u64 {
    lines.partition_point(|start| *start <= offset) as u64
}
