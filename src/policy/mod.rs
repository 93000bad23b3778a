//! 核对规则与政策参数: rules as data, dated parameters by place, coverage, and the evaluation of all households at once.
//!
//! A rule is a TOML entry; its conditions are SQL expressions over the columns listed in [`columns`]. A parameter is a
//! value by place and period, with its unit, its document and the day somebody verified it (invariant I-10). No limit
//! stands in this code. Nothing here decides: a flag is 疑似信息，供审核参考 (invariant I-2).
//!
//! ```toml
//! [profile]
//! name = "演示"
//! demo = true
//!
//! [[parameter]]
//! name = "vehicle_max"
//! unit = "辆"                 # 元: the value is in yuan, rules see it in 分
//! document = "演示参数"
//! verified_on = "2026-01-01"
//! [[parameter.value]]
//! place = "370000"            # province, city or county; the longest that covers the household's county wins
//! from = "2026-01-01"
//! to = "2026-12-31"           # optional, that day included
//! value = 0
//!
//! [[rule]]
//! code = "V001"
//! title = "家庭成员名下有机动车"
//! programmes = ["低保"]       # of the household; left out: all
//! severity = "high"           # high, medium, low
//! evidence = "vehicle"        # a kind, or `enrolment`: register rows of citizens who stand on it more than once
//! per = "household"           # or `person`
//! supporters = false          # rows of supporters (赡养人) count too
//! latest = "registered_on"    # optional: of each person only the newest rows by this field
//! rows = "…"                  # which rows count: yes or no, for each row
//! measure = "…"               # an aggregate over the rows that count: a whole number
//! flag = "measure > vehicle_max"   # over measure, household (or person) columns and parameters
//! amount = "…"                # optional, in 分: over the rows that count, or from measure
//! unit = "辆"
//! money_unit = false          # the measure is in 分
//! basis = "…"
//! advice = "…"
//! innocent = [{ when = "…", say = "…" }]   # why a row that fails `rows` is harmless; the first that holds is printed
//! ```
//!
//! Not here: reading files (`config` hands over their texts), finding links (`linkage`), writing reports (`report`).

mod check;
mod citizens;
pub mod columns;
mod counts;
mod coverage;
mod dwellings;
mod evaluate;
mod frame;
mod parameters;
mod repeats;
mod rules;
mod shipped;
mod text;

#[cfg(test)]
mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use check::warm;
pub use coverage::{coverage, faulty_rows};
pub use evaluate::{evaluate, find, join};
pub use frame::fact_text;
pub use shipped::shipped;

use crate::kernel::{Date, Digest, Division, Error, Message, Result};
use crate::model::kind::Kind;
use crate::model::outcome::RuleCard;
use parameters::Parameter;
use rules::Rule;

/// All rules and parameters of a centre, checked: expressions parse, columns exist, types fit.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Name of the profile as the centre wrote it.
    pub profile: String,
    /// Numbers are made up: every page says 演示.
    pub demo: bool,
    /// By name.
    parameters: BTreeMap<String, Parameter>,
    /// In order of code.
    rules: Vec<Rule>,
    /// Of the files as written and of the program's version.
    digest: Digest,
}

impl Policy {
    /// Reads and checks all policy files; every fault found is reported at once, with its file and line.
    ///
    /// `files`: path for messages, and text. `kinds`: all kinds in use by code, built-in and custom.
    pub fn load(files: &[(PathBuf, String)], kinds: &BTreeMap<String, Kind>) -> Result<Policy> {
        let mut faults = Vec::new();
        let mut texts = Vec::new();
        for (path, content) in files {
            match text::read(path, content) {
                Ok(read) => texts.push(read),
                Err(fault) => faults.push(fault),
            }
        }
        let unread = !faults.is_empty();
        let parameters = parameters::from_texts(&texts, &mut faults);
        // With a file unread, every column it would have declared as a parameter would be reported as unknown.
        let rules = if unread { Vec::new() } else { rules::from_texts(&texts, kinds, &parameters, &mut faults) };
        let profile = texts.iter().find_map(|text| text.file.profile.as_ref());
        if profile.is_none() && !unread {
            faults.push(Error::config(Message::new("policy.no_profile")));
        }
        // Without rules everything found before would be gone, and everybody clear.
        faults.extend(
            texts.iter().filter(|text| text.is_empty()).map(|text| text.fault(0, Message::new("policy.empty"))),
        );
        if rules.is_empty() && faults.is_empty() {
            faults.push(Error::config(Message::new("policy.no_rules")));
        }
        Error::all(faults)?;
        let profile = profile.expect("its absence is a fault above");
        let written = files.iter().map(|(_, content)| content.as_bytes());
        let digest = Digest::of_parts([env!("CARGO_PKG_VERSION").as_bytes()].into_iter().chain(written));
        Ok(Policy { profile: profile.name.clone(), demo: profile.demo, parameters, rules, digest })
    }

    /// What people read about each rule, in the order of rule indexes.
    pub fn cards(&self) -> Vec<RuleCard> {
        self.rules.iter().map(|rule| rule.card.clone()).collect()
    }

    /// A whole number that no rule reads (a deadline that reports print), as it holds in a county on a day; `None` if nobody
    /// gave one for it.
    pub fn whole(&self, name: &str, county: Division, on: Date) -> Option<i64> {
        match self.parameters.get(name)?.value(county, on)? {
            parameters::Value::Whole(whole) => Some(*whole),
            _ => None,
        }
    }

    /// Every parameter that a rule names has a value in force on `as_of` in each of `counties`.
    ///
    /// Each missing one is a configuration fault that names the parameter and the counties.
    pub fn check_places(&self, counties: &[Division], as_of: Date) -> Result<()> {
        let faults = self.needed().filter_map(|parameter| parameter.missing_in(counties, as_of)).collect();
        Error::all(faults)
    }

    /// The same policy with one parameter set to one value everywhere: what `hedui simulate --set` asks.
    ///
    /// `value` is written as in the parameter file (money in 元). An unknown name or a value of another type is refused.
    pub fn with(&self, name: &str, value: &str) -> Result<Policy> {
        let mut changed = self.clone();
        let known = || self.parameters.keys().cloned().collect::<Vec<_>>().join(" ");
        match changed.parameters.get_mut(name) {
            Some(parameter) => parameter.set_everywhere(value)?,
            None => {
                let message = Message::new("policy.unknown_parameter").with("name", name).with("known", known());
                return Err(Error::config(message));
            }
        }
        Ok(changed)
    }

    /// A known parameter's unit and its values in force in some counties on a day, each once, as people write them (money in 元).
    pub fn stated(&self, name: &str, counties: &[Division], on: Date) -> (String, Vec<String>) {
        let parameter = &self.parameters[name];
        let mut values: Vec<String> = Vec::new();
        for value in counties.iter().filter_map(|county| parameter.stated(*county, on)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        (parameter.unit.clone(), values)
    }

    /// The parameters that rules read, as they hold in the counties on `as_of`: by name, an object with unit, document and
    /// value, or value by county where counties differ.
    pub fn values(&self, counties: &[Division], as_of: Date) -> serde_json::Value {
        in_force(self.needed(), counties, as_of)
    }

    /// Programmes to which rules are limited, ascending.
    pub fn programmes(&self) -> BTreeSet<&str> {
        self.rules.iter().flat_map(|rule| &rule.card.programmes).map(String::as_str).collect()
    }

    /// Those of some programmes that it does not know ([`Policy::knows_programme`]).
    pub fn unnamed<'p>(&self, programmes: impl IntoIterator<Item = &'p String>) -> Vec<String> {
        programmes.into_iter().filter(|programme| !self.knows_programme(programme)).cloned().collect()
    }

    /// Whether whoever wrote the rules thought of a programme: one is limited to it or compares with it, or none is limited to
    /// any. A register that writes 最低生活保障 for 低保 would be asked half the rules, and look clear.
    pub fn knows_programme(&self, programme: &str) -> bool {
        let limited = self.programmes();
        limited.is_empty()
            || limited.contains(programme)
            || self.rules.iter().any(|rule| rule.words.contains(programme))
    }

    /// Whether some rule compares with a text, with a part of it or with a parameter that is it.
    pub fn heeds(&self, text: &str) -> bool {
        let is_about = |word: &String| {
            let word = word.trim_matches(['%', '_', '^', '$', '.', '*']);
            !word.is_empty() && (word.contains(text) || text.contains(word))
        };
        let in_rules = || self.rules.iter().any(|rule| rule.words.iter().any(is_about));
        !text.trim().is_empty() && (in_rules() || self.parameters.values().any(|parameter| parameter.takes(text)))
    }

    /// The kinds of evidence that rules read, `enrolment` among them where one reads the register itself; ascending.
    pub fn evidence_read(&self) -> Vec<&str> {
        let read: BTreeSet<&str> = self.rules.iter().map(|rule| rule.card.evidence.as_str()).collect();
        read.into_iter().collect()
    }

    /// The rules that read one kind of evidence, with their indexes.
    fn rules_reading(&self, evidence: &str) -> impl Iterator<Item = (u16, &Rule)> {
        (0..).zip(&self.rules).filter(move |(_, rule)| rule.card.evidence == evidence)
    }

    /// Fields of a kind of evidence that rules ask for, each with these rules' codes.
    pub fn fields_asked(&self, kind: &Kind) -> BTreeMap<String, Vec<&str>> {
        let mut asked: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (_, rule) in self.rules_reading(&kind.code) {
            for name in rule.fields(kind).map(|field| &kind.fields[field].name) {
                let codes = asked.entry(name.clone()).or_default();
                if codes.last() != Some(&rule.card.code.as_str()) {
                    codes.push(&rule.card.code);
                }
            }
        }
        asked
    }

    /// Of all that the rules reading one kind of evidence look at beside register and rows: what they say, their parameters
    /// as these hold in the counties on a day, and the day itself where one of them asks for it.
    pub fn digest_for(&self, evidence: &str, counties: &[Division], as_of: Date) -> Digest {
        let rules = || self.rules_reading(evidence).map(|(_, rule)| rule);
        let values = in_force(self.named_by(rules()), counties, as_of).to_string();
        let day = if rules().any(Rule::reads_the_day) { as_of.to_string() } else { String::new() };
        Digest::of_parts([&self.digest.0[..], evidence.as_bytes(), values.as_bytes(), day.as_bytes()])
    }

    /// Parameters that some rule names.
    fn needed(&self) -> impl Iterator<Item = &Parameter> {
        self.named_by(self.rules.iter())
    }

    /// Parameters that one of these rules names, by name.
    fn named_by<'p>(&'p self, rules: impl Iterator<Item = &'p Rule>) -> impl Iterator<Item = &'p Parameter> {
        let names: BTreeSet<&String> = rules.flat_map(|rule| &rule.card.parameters).collect();
        names.into_iter().map(|name| &self.parameters[name])
    }
}

/// Parameters by name as they hold in the counties on a day.
fn in_force<'p>(
    parameters: impl Iterator<Item = &'p Parameter>,
    counties: &[Division],
    as_of: Date,
) -> serde_json::Value {
    let named = parameters.map(|parameter| (parameter.name.clone(), parameter.in_force(counties, as_of)));
    named.collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::cases::{demo, files, kinds};
    use super::rules::ENROLMENT;
    use super::*;
    use crate::kernel::Lang;

    /// A valid file of one parameter and one rule, with one text replaced by another.
    fn with_fault(from: &str, to: &str) -> Error {
        let text = r#"[profile]
name = "演示"
[[parameter]]
name = "vehicle_max"
unit = "辆"
document = "演示"
verified_on = 2026-01-01
[[parameter.value]]
place = "370000"
from = "2026-01-01"
value = 0
[[rule]]
code = "V001"
title = "机动车"
severity = "high"
evidence = "vehicle"
rows = "state = 'normal'"
measure = "count(distinct plate)"
flag = "measure > vehicle_max"
unit = "辆"
basis = "演示"
advice = "核实"
"#;
        assert!(text.contains(from), "the file holds no {from}");
        Policy::load(&[("p.toml".into(), text.to_owned())], &kinds()).expect("right as written");
        Policy::load(&[("p.toml".into(), text.replace(from, to))], &kinds()).expect_err(to)
    }

    #[test]
    fn faults_name_file_line_and_the_columns_that_exist() {
        let said = with_fault("state = 'normal'", "status = 'normal'").say(Lang::En);
        assert!(said.starts_with("p.toml:17: "), "{said}");
        assert!(said.contains("status") && said.contains("plate_type") && said.contains("vehicle_max"), "{said}");
    }

    #[test]
    fn each_fault_is_found_before_anything_is_computed() {
        for (from, to, key) in [
            ("evidence = \"vehicle\"", "evidence = \"boat\"", "policy.unknown_evidence"),
            ("\"state = 'normal'\"", "\"state = \"", "policy.bad_expression"),
            ("\"state = 'normal'\"", "\"registered_on\"", "policy.not_yes_no"),
            ("\"state = 'normal'\"", "\"count(*) > 1\"", "policy.aggregate_here"),
            ("count(distinct plate)", "plate", "policy.not_whole"),
            ("count(distinct plate)", "avg(age)", "policy.float_sum"),
            ("measure > vehicle_max", "plate = 'x'", "policy.column_not_here"),
            ("measure > vehicle_max", "age > 60", "policy.column_not_here"),
            ("unit = \"辆\"\nbasis = \"演示\"", "unit = \"辆\"", "policy.rule_unfilled"),
            ("unit = \"辆\"\nbasis", "unit = \"辆\"\nlatest = \"plate\"\nbasis", "policy.bad_latest"),
            ("verified_on = 2026-01-01", "verified_on = \"\"", "policy.parameter_unfilled"),
            ("place = \"370000\"", "place = \"37010200\"", "policy.value_place"),
            ("unit = \"辆\"\ndocument", "unit = \"万元\"\ndocument", "policy.parameter_money"),
            ("unit = \"辆\"\ndocument", "unit = \"元\"\ndocument", "policy.limit_money"),
            ("unit = \"辆\"\nbasis", "unit = \"元\"\nmoney_unit = true\nbasis", "policy.limit_not_money"),
            ("value = 0", "value = [0]", "policy.value_refused_count"),
            ("value = 0", "value = true", "policy.value_refused_count"),
            ("value = 0", "value = -1", "policy.value_refused_count"),
            ("value = 0", "value = 1.5", "policy.value_refused_count"),
            ("value = 0", "value = \"1\"", "policy.value_refused_count"),
            ("value = 0", "value = 1000001", "policy.value_refused_count"),
            ("name = \"vehicle_max\"", "name = \"plate\"", "policy.parameter_shadows"),
            ("title = ", "titel = ", "policy.syntax"),
            ("[profile]\nname = \"演示\"", "", "policy.no_profile"),
        ] {
            let error = with_fault(from, to);
            let keys: Vec<&str> =
                std::iter::once(&error).chain(error.also()).map(|error| error.message().key).collect();
            assert!(keys.contains(&key), "{to}: {keys:?}");
        }
    }

    /// The expressions of a rule are computed together; a pattern that cannot be read must not hide what else is wrong.
    #[test]
    fn two_faults_of_one_rule_are_both_told_where_they_stand() {
        let from = "\"state = 'normal'\"\nmeasure = \"count(distinct plate)\"";
        let error = with_fault(from, "\"regexp_like(state, '(')\"\nmeasure = \"max(plate)\"");
        let told: Vec<(String, &str)> = std::iter::once(&error)
            .chain(error.also())
            .map(|error| (error.say(Lang::En).chars().take(10).collect(), error.message().key))
            .collect();
        assert!(told.contains(&("p.toml:17:".into(), "policy.bad_expression")), "{told:?}");
        assert!(told.contains(&("p.toml:18:".into(), "policy.not_whole")), "{told:?}");
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn the_shandong_profile_names_what_must_be_filled_and_holds_no_number() {
        let error = Policy::load(&files("shandong"), &kinds()).unwrap_err();
        let said = error.say(Lang::Zh);
        for parameter in demo().parameters.keys() {
            assert!(said.contains(parameter.as_str()), "{parameter} is not named");
        }
        // Each once, where it is to be filled in, and not again at every rule that reads it.
        assert_eq!(said.matches("尚未填写").count(), demo().parameters.len());
        assert!(!said.contains("不存在"), "{said}");
        let text = &files("shandong")[0].1;
        assert!(!text.lines().any(|line| line.starts_with("value")), "a value was invented");
    }

    #[test]
    fn a_programme_that_no_rule_names_is_not_known() {
        let policy = demo();
        assert!(policy.programmes().into_iter().eq(["低保", "低保边缘", "刚性支出", "特困"]));
        assert!(policy.knows_programme("特困"));
        assert!(policy.knows_programme("临时救助"), "explanations compare with it");
        assert!(!policy.knows_programme("最低生活保障"));
    }

    #[test]
    fn a_needed_parameter_without_a_value_names_the_county_and_the_day() {
        let (here, elsewhere) = (Division::parse("370102").unwrap(), Division::parse("330203").unwrap());
        let day = Date::from_ymd(2026, 11, 24).unwrap();
        assert!(demo().check_places(&[here], day).is_ok());
        let said = demo().check_places(&[here, elsewhere], day).unwrap_err().say(Lang::Zh);
        assert!(said.contains("330203") && said.contains("vehicle_max") && !said.contains("370102"), "{said}");
        assert!(demo().check_places(&[here], Date::from_ymd(2019, 12, 31).unwrap()).is_err());
    }

    #[test]
    fn simulation_sets_a_parameter_in_its_own_unit() {
        let county = Division::parse("370102").unwrap();
        let day = Date::from_ymd(2026, 11, 24).unwrap();
        let policy = demo().with("monthly_standard", "1200.50").unwrap();
        let value = policy.parameters["monthly_standard"].value(county, day);
        assert_eq!(value, Some(&parameters::Value::Whole(120_050)), "元 are held in 分");
        assert!(demo().with("monthly_standard", "many").is_err());
        assert!(demo().with("vehicle_max", "1.5").is_err());
        assert!(demo().with("no_such", "1").is_err());
    }

    #[test]
    fn a_digest_changes_with_all_that_its_rules_look_at_and_with_nothing_else() {
        let county = [Division::parse("370102").unwrap()];
        let [day, later, before] =
            [(2026, 11, 24), (2026, 11, 25), (2019, 12, 31)].map(|(y, m, d)| Date::from_ymd(y, m, d).unwrap());
        let (policy, other) = (demo(), demo().with("vehicle_max", "3").unwrap());
        let of = |policy: &Policy, kind: &str, on| policy.digest_for(kind, &county, on);
        let day_matters = |kind: &&str| of(&policy, kind, day) != of(&policy, kind, later);
        let mut read = policy.evidence_read();
        assert!(read.contains(&ENROLMENT) && read.contains(&"bank"));
        read.retain(day_matters);
        assert!(read.contains(&"provident_fund") && read.contains(&ENROLMENT), "{read:?}");
        assert!(["vehicle", "housing", "business", "bank"].iter().all(|kind| !read.contains(kind)), "{read:?}");
        assert_ne!(of(&policy, "vehicle", day), of(&other, "vehicle", day), "V001 reads the limit");
        assert_eq!(of(&policy, "housing", day), of(&other, "housing", day), "H001 does not");
        assert_ne!(of(&policy, "vehicle", day), of(&policy, "vehicle", before), "no value was in force");
        assert_ne!(of(&policy, "vehicle", day), of(&policy, "housing", day));
    }

    /// Invariant I-2: nobody's entitlement is decided in a rule's words.
    #[test]
    fn no_rule_decides() {
        const BANNED: [&str; 10] =
            ["应退出", "应当退出", "清退", "骗保", "骗取", "不符合", "符合条件", "取消", "违规", "欺诈"];
        for (path, text) in files("demo").into_iter().chain(files("shandong")) {
            for word in BANNED {
                assert!(!text.contains(word), "{} says {word}", path.display());
            }
        }
    }
}
