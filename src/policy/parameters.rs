//! 政策参数: values by place and period. Money is written in 元 and held in 分.
//!
//! Which value holds: of those whose place covers the county and whose period covers the day, the longest place.

use std::collections::BTreeMap;

use super::text::{ParameterText, PolicyText, ValueText};
use crate::kernel::{Date, Division, Error, Fen, Message, Result};

/// A parameter with all its values; all of one type.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: String,
    pub unit: String,
    /// The document that sets it.
    document: String,
    /// At least one.
    values: Vec<Dated>,
}

/// Unit of money.
const YUAN: &str = "元";

/// Unit of what holds or does not.
const YES_OR_NO: &str = "是否";

/// Units of what comes whole.
const COUNTED: [&str; 10] = ["辆", "套", "户", "个", "人", "条", "次", "个月", "年", "天"];

/// A parameter beyond these is a typing error.
const MOST: i64 = 1_000_000;
const MOST_FEN: i64 = 1_000_000_000_000;

/// One value, for a place and a period.
#[derive(Debug, Clone)]
struct Dated {
    place: Division,
    from: Date,
    to: Option<Date>,
    value: Value,
}

/// A value as rules see it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Counts, months; 分 where the unit is 元.
    Whole(i64),
    Decimal(f64),
    Flag(bool),
    Text(String),
}

impl Parameter {
    /// The value in force in a county on a day.
    pub fn value(&self, county: Division, on: Date) -> Option<&Value> {
        self.values
            .iter()
            .filter(|dated| dated.place.covers(county) && dated.from <= on && dated.to.is_none_or(|to| on <= to))
            .max_by_key(|dated| dated.place.digits())
            .map(|dated| &dated.value)
    }

    /// That value as people write it, money in 元.
    pub fn stated(&self, county: Division, on: Date) -> Option<String> {
        Some(match self.value(county, on)? {
            Value::Whole(fen) if self.is_money() => Fen(*fen).to_string(),
            Value::Whole(whole) => whole.to_string(),
            Value::Decimal(decimal) => decimal.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Text(text) => text.clone(),
        })
    }

    /// For the record of a run: unit, document, and the value in force in each county (one value where all agree). Money is
    /// recorded as it is computed with, in 分.
    pub fn in_force(&self, counties: &[Division], on: Date) -> serde_json::Value {
        let mut values: Vec<(String, serde_json::Value)> = counties
            .iter()
            .filter_map(|county| self.value(*county, on).map(|value| (county.to_string(), value.to_json())))
            .collect();
        let uniform = values.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let value = if uniform {
            values.pop().map_or(serde_json::Value::Null, |(_, value)| value)
        } else {
            values.into_iter().collect::<serde_json::Map<_, _>>().into()
        };
        let unit = if self.is_money() { "分" } else { &self.unit };
        serde_json::json!({ "unit": unit, "document": self.document, "value": value })
    }

    /// Given in 元.
    pub fn is_money(&self) -> bool {
        self.unit == YUAN
    }

    /// One of its values is this text.
    pub fn takes(&self, text: &str) -> bool {
        self.values.iter().any(|dated| matches!(&dated.value, Value::Text(own) if own == text))
    }

    /// Any of its values, for its type.
    pub fn example(&self) -> &Value {
        &self.values[0].value
    }

    /// A fault that names the counties without a value in force; at most five by code.
    pub fn missing_in(&self, counties: &[Division], on: Date) -> Option<Error> {
        let missing: Vec<_> = counties.iter().filter(|county| self.value(**county, on).is_none()).collect();
        if missing.is_empty() {
            return None;
        }
        let named: Vec<String> = missing.iter().take(5).map(|county| county.to_string()).collect();
        let message = Message::new("policy.no_value")
            .with("name", &self.name)
            .with("date", on)
            .with("count", missing.len())
            .with("places", named.join(" "));
        Some(Error::config(message).hint(Message::new("policy.no_value_hint")))
    }

    /// One value for all places and days.
    pub fn set_everywhere(&mut self, text: &str) -> Result<()> {
        let refused = || Error::config(bad_value(&self.name, &self.unit));
        let written = match self.example() {
            Value::Text(_) => toml::Value::String(text.to_owned()),
            Value::Flag(_) => toml::Value::Boolean(text.parse().map_err(|_| refused())?),
            Value::Decimal(_) => toml::Value::Float(text.parse().map_err(|_| refused())?),
            Value::Whole(_) => match text.parse() {
                Ok(whole) => toml::Value::Integer(whole),
                Err(_) => toml::Value::Float(text.parse().map_err(|_| refused())?),
            },
        };
        let value = typed(&written, &self.unit).ok_or_else(refused)?;
        if !value.same_type(self.example()) {
            return Err(refused());
        }
        self.values.iter_mut().for_each(|dated| dated.value = value.clone());
        Ok(())
    }
}

impl Value {
    fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Whole(whole) => (*whole).into(),
            Value::Decimal(decimal) => (*decimal).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::Text(text) => text.as_str().into(),
        }
    }

    fn same_type(&self, other: &Value) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// All parameters by name; what is wrong goes to `faults`.
pub fn from_texts(texts: &[PolicyText], faults: &mut Vec<Error>) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for text in texts {
        for entry in &text.file.parameters {
            let at = entry.span().start;
            let Some(parameter) = one(text, at, entry.get_ref(), faults) else { continue };
            if parameters.contains_key(&parameter.name) {
                let message = Message::new("policy.parameter_twice").with("name", &parameter.name);
                faults.push(text.fault(at, message));
            } else {
                parameters.insert(parameter.name.clone(), parameter);
            }
        }
    }
    parameters
}

fn one(text: &PolicyText, at: usize, entry: &ParameterText, faults: &mut Vec<Error>) -> Option<Parameter> {
    let name = entry.name.clone().unwrap_or_default();
    let unit = entry.unit.clone().unwrap_or_default();
    let mut lacking: Vec<&str> = Vec::new();
    let blank = |given: &Option<String>| given.as_deref().is_none_or(|given| given.trim().is_empty());
    for (key, absent) in [
        ("name", blank(&entry.name)),
        ("unit", blank(&entry.unit)),
        ("document", blank(&entry.document)),
        ("verified_on", entry.verified_on.as_ref().and_then(date).is_none()),
        ("[[parameter.value]]", entry.values.is_empty()),
    ] {
        if absent {
            lacking.push(key);
        }
    }
    if !lacking.is_empty() {
        let message = Message::new("policy.parameter_unfilled")
            .with("name", &name)
            .with("unit", &unit)
            .with("keys", lacking.join(" "));
        faults.push(text.fault(at, message).hint(Message::new("policy.parameter_unfilled_hint")));
        return None;
    }
    if unit.contains(YUAN) && unit != YUAN {
        faults.push(text.fault(at, Message::new("policy.parameter_money").with("name", &name).with("unit", &unit)));
        return None;
    }
    let mut values = Vec::new();
    for value in &entry.values {
        match dated(value.get_ref(), &name, &unit) {
            Ok(dated) => values.push(dated),
            Err(message) => faults.push(text.fault(value.span().start, message)),
        }
    }
    if values.len() < entry.values.len() {
        return None;
    }
    if !values.iter().all(|dated| dated.value.same_type(&values[0].value)) {
        faults.push(text.fault(at, Message::new("policy.parameter_mixed").with("name", &name)));
        return None;
    }
    if let Some(place) = overlap(&values) {
        faults.push(text.fault(at, Message::new("policy.parameter_overlap").with("name", &name).with("place", place)));
        return None;
    }
    let document = entry.document.clone().unwrap_or_default();
    Some(Parameter { name, unit, document, values })
}

fn dated(entry: &ValueText, name: &str, unit: &str) -> std::result::Result<Dated, Message> {
    let incomplete = |keys: &str| Message::new("policy.value_unfilled").with("name", name).with("keys", keys);
    let place = entry.place.as_deref().ok_or_else(|| incomplete("place"))?;
    let place = Division::parse(place)
        .filter(|place| place.digits() <= 6)
        .ok_or_else(|| Message::new("policy.value_place").with("name", name))?;
    let from = entry.from.as_ref().and_then(date).ok_or_else(|| incomplete("from"))?;
    let to = match &entry.to {
        Some(written) => Some(date(written).filter(|to| *to >= from).ok_or_else(|| incomplete("to"))?),
        None => None,
    };
    let written = entry.value.as_ref().ok_or_else(|| incomplete("value"))?;
    let value = typed(written, unit).ok_or_else(|| bad_value(name, unit))?;
    Ok(Dated { place, from, to, value })
}

fn bad_value(name: &str, unit: &str) -> Message {
    let key = match unit {
        YUAN => "policy.value_refused",
        YES_OR_NO => "policy.value_refused_flag",
        _ if COUNTED.contains(&unit) => "policy.value_refused_count",
        _ => "policy.value_refused_other",
    };
    Message::new(key).with("name", name).with("unit", unit)
}

/// The value as rules see it; `None` for what its unit does not take. Nothing is less than zero, and no number so large that the
/// product of two of them would turn over: a limit beyond all bounds once accused everybody.
fn typed(written: &toml::Value, unit: &str) -> Option<Value> {
    match (unit, written) {
        (YES_OR_NO, toml::Value::Boolean(flag)) => Some(Value::Flag(*flag)),
        (YES_OR_NO, _) => None,
        (YUAN, toml::Value::Integer(yuan)) => {
            yuan.checked_mul(100).filter(|fen| (0..=MOST_FEN).contains(fen)).map(Value::Whole)
        }
        (YUAN, toml::Value::Float(yuan)) => {
            let fen = (yuan * 100.0).round();
            let exact = (0.0..=MOST_FEN as f64).contains(&fen) && (yuan * 100.0 - fen).abs() < 1e-6;
            exact.then_some(Value::Whole(fen as i64))
        }
        (YUAN, _) => None,
        (_, toml::Value::Integer(whole)) => (0..=MOST).contains(whole).then_some(Value::Whole(*whole)),
        (unit, toml::Value::Float(decimal)) if COUNTED.contains(&unit) && decimal.fract() == 0.0 => {
            (0.0..=MOST as f64).contains(decimal).then_some(Value::Whole(*decimal as i64))
        }
        (unit, _) if COUNTED.contains(&unit) => None,
        (_, toml::Value::Float(decimal)) => (0.0..=MOST as f64).contains(decimal).then_some(Value::Decimal(*decimal)),
        (_, toml::Value::Boolean(flag)) => Some(Value::Flag(*flag)),
        (_, toml::Value::String(text)) => (!text.trim().is_empty()).then(|| Value::Text(text.clone())),
        _ => None,
    }
}

/// A date written as TOML date or as quoted text.
fn date(written: &toml::Value) -> Option<Date> {
    match written {
        toml::Value::String(text) => Date::parse_iso(text),
        toml::Value::Datetime(moment) => Date::parse_iso(&moment.to_string()),
        _ => None,
    }
}

/// A place that has two values in force on one day.
fn overlap(values: &[Dated]) -> Option<Division> {
    let mut order: Vec<&Dated> = values.iter().collect();
    order.sort_by_key(|dated| (dated.place.code(), dated.from));
    order
        .windows(2)
        .find(|pair| pair[0].place == pair[1].place && pair[0].to.is_none_or(|to| to >= pair[1].from))
        .map(|pair| pair[0].place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(values: &[(&str, &str, Option<&str>, i64)]) -> Parameter {
        let day = |text: &str| Date::parse_iso(text).unwrap();
        let dated = |(place, from, to, value): &(&str, &str, Option<&str>, i64)| Dated {
            place: Division::parse(place).unwrap(),
            from: day(from),
            to: to.map(day),
            value: Value::Whole(*value),
        };
        Parameter {
            name: "n".into(),
            unit: "套".into(),
            document: "演示".into(),
            values: values.iter().map(dated).collect(),
        }
    }

    #[test]
    fn the_longest_place_in_force_wins() {
        let parameter = parameter(&[
            ("370000", "2020-01-01", None, 1),
            ("370100", "2026-01-01", Some("2026-06-30"), 2),
            ("370102", "2026-03-01", Some("2026-03-31"), 3),
        ]);
        let value = |county: &str, day: &str| {
            parameter.value(Division::parse(county).unwrap(), Date::parse_iso(day).unwrap()).cloned()
        };
        assert_eq!(value("370102", "2026-03-31"), Some(Value::Whole(3)), "the last day is included");
        assert_eq!(value("370102", "2026-04-01"), Some(Value::Whole(2)));
        assert_eq!(value("370102", "2026-07-01"), Some(Value::Whole(1)));
        assert_eq!(value("370202", "2026-03-31"), Some(Value::Whole(1)));
        assert_eq!(value("370102", "2019-12-31"), None);
        assert_eq!(value("330102", "2026-03-31"), None);
    }

    #[test]
    fn two_values_for_one_day_and_place_are_seen() {
        let twice = parameter(&[("370000", "2026-01-01", Some("2026-06-30"), 1), ("370000", "2026-06-30", None, 2)]);
        assert!(overlap(&twice.values).is_some());
        let following =
            parameter(&[("370000", "2026-01-01", Some("2026-06-30"), 1), ("370000", "2026-07-01", None, 2)]);
        assert!(overlap(&following.values).is_none());
    }

    #[test]
    fn money_is_whole_fen() {
        assert_eq!(typed(&toml::Value::Float(1060.55), "元"), Some(Value::Whole(106_055)));
        assert_eq!(typed(&toml::Value::Integer(1000), "元"), Some(Value::Whole(100_000)));
        assert_eq!(typed(&toml::Value::Float(0.001), "元"), None);
        assert_eq!(typed(&toml::Value::Integer(3), "套"), Some(Value::Whole(3)));
    }
}
