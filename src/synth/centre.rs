//! The configuration of a made-up or a new centre: `hedui.toml`, `register.toml` and a layout for each feed.
//!
//! The layouts stand as text in `centre/`, with comments for the technician who will edit them.

use std::collections::BTreeMap;

use super::places;

/// Whose configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Made-up counties, every page marked 演示.
    Demo { counties: u16 },
    /// A centre to be filled in.
    New,
}

const CENTRE: &str = include_str!("centre/hedui.toml");
const REGISTER: &str = include_str!("centre/register.toml");
/// The lists of the 备案 check: part of register.toml, which a new centre uncomments once it has them.
const FILINGS: &str = include_str!("centre/filings.toml");

/// Layouts by source code.
const SOURCES: [(&str, &str); 11] = [
    ("bank", include_str!("centre/sources/bank.toml")),
    ("business", include_str!("centre/sources/business.toml")),
    ("death", include_str!("centre/sources/death.toml")),
    ("housing", include_str!("centre/sources/housing.toml")),
    ("marriage", include_str!("centre/sources/marriage.toml")),
    ("payroll", include_str!("centre/sources/payroll.toml")),
    ("pension", include_str!("centre/sources/pension.toml")),
    ("provident_fund", include_str!("centre/sources/provident_fund.toml")),
    ("social_insurance", include_str!("centre/sources/social_insurance.toml")),
    ("tax", include_str!("centre/sources/tax.toml")),
    ("vehicle", include_str!("centre/sources/vehicle.toml")),
];

/// The files as (path relative to the centre, text).
pub fn configuration(setting: &Setting) -> Vec<(String, String)> {
    let mut files = vec![("hedui.toml".to_owned(), centre(setting)), ("register.toml".to_owned(), register(setting))];
    files.extend(SOURCES.iter().map(|(code, text)| (format!("sources/{code}.toml"), (*text).to_owned())));
    files
}

fn register(setting: &Setting) -> String {
    let commented = |line: &str| match line.is_empty() || line.starts_with('#') {
        true => format!("{line}\n"),
        false => format!("# {line}\n"),
    };
    match setting {
        Setting::Demo { .. } => format!("{REGISTER}{FILINGS}"),
        Setting::New => REGISTER.to_owned() + &FILINGS.lines().map(commented).collect::<String>(),
    }
}

fn centre(setting: &Setting) -> String {
    let (name, demo, places) = match setting {
        Setting::Demo { counties } => ("演示核对中心", "true", places_of(*counties)),
        Setting::New => ("（请填写）核对中心", "false", String::new()),
    };
    CENTRE.replace("{name}", name).replace("{demo}", demo).replace("{places}", &places)
}

/// The province, then the cities and counties, by code.
fn places_of(counties: u16) -> String {
    let mut named = BTreeMap::from([(places::county(0) / 10_000 * 10_000, places::PROVINCE.to_owned())]);
    for index in 0..counties {
        named.insert(places::county(index) / 100 * 100, places::city_name(index));
        named.insert(places::county(index), places::county_name(index));
    }
    named.into_iter().map(|(code, name)| format!("{code} = \"{name}\"\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::feeds::FEEDS;
    use super::*;
    use crate::model::kind;

    fn table(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    #[test]
    fn every_feed_has_a_layout_that_names_fields_and_headings_that_exist() {
        assert!(FEEDS.iter().map(|feed| feed.code).eq(SOURCES.iter().map(|(code, _)| *code)));
        for (feed, (code, text)) in FEEDS.iter().zip(SOURCES) {
            let layout = table(text);
            let kind = kind::builtin(layout["kind"].as_str().unwrap()).unwrap();
            for (field, heading) in layout["columns"].as_table().unwrap() {
                assert!(kind.field(field).is_some(), "{code}: {field}");
                assert!(feed.heading.contains(&heading.as_str().unwrap()), "{code}: {field}");
            }
            for field in
                layout.get("codes").and_then(|codes| codes.as_table()).into_iter().flat_map(|codes| codes.keys())
            {
                assert!(layout["columns"].get(field).is_some(), "{code}: {field} has codes and no column");
            }
        }
    }

    #[test]
    fn register_and_centre_are_toml() {
        let register = table(&register(&Setting::Demo { counties: 1 }));
        let kinds = [
            ("persons", kind::register_persons()),
            ("mandates", kind::register_mandates()),
            ("officials", kind::register_officials()),
            ("filings", kind::register_filings()),
        ];
        for (name, kind) in kinds {
            let columns = register[name]["columns"].as_table().unwrap();
            assert!(columns.keys().all(|field| kind.field(field).is_some()), "{name}");
        }
        let new = super::register(&Setting::New);
        assert!(table(&new).get("officials").is_none() && new.contains("# [officials.connector]"));
        let files = configuration(&Setting::Demo { counties: 3 });
        let centre = table(&files[0].1);
        let named = ["370000", "370100", "370141"].map(|code| centre["places"][code].as_str().unwrap());
        assert_eq!(named, ["演示省", "演甲市", "演示一县"]);
        assert_eq!(centre["centre"]["demo"].as_bool(), Some(true));
        assert_eq!(table(&configuration(&Setting::New)[0].1)["centre"]["demo"].as_bool(), Some(false));
    }
}
