//! 公示名单 on paper: name, programme, number of persons and monthly amount, village by village. See `model::notice` for
//! whose name may stand there; nothing else of a household reaches this file.

use std::collections::BTreeMap;

use minijinja::{Environment, context};
use rust_xlsxwriter::{Format as Style, FormatBorder, Workbook, XlsxError};

use super::listing::CsvText;
use crate::kernel::{Date, Division, Error, ErrorKind, Lang, Message, Result, wording};
use crate::model::notice::NoticeHousehold;

const TEMPLATE: &str = include_str!("notice.html");
const WIDTHS: [f64; 7] = [18.0, 18.0, 8.0, 14.0, 14.0, 10.0, 16.0];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeFormat {
    Csv,
    Xlsx,
    Html,
}

/// A notice to be written.
pub struct Notice<'a> {
    pub division: Division,
    /// The day the register speaks for; ages are counted on it.
    pub as_of: Date,
    pub households: &'a [NoticeHousehold],
    pub places: &'a BTreeMap<Division, String>,
    pub demo: bool,
    pub lang: Lang,
}

impl Notice<'_> {
    /// The file's bytes: the same households in the same order in every format, sorted by village, programme and name.
    ///
    /// # Errors
    /// The workbook or the page could not be made.
    pub fn to_bytes(&self, format: NoticeFormat) -> Result<Vec<u8>> {
        let failed = |key: &'static str, reason: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Io, Message::new(key).with("reason", reason))
        };
        match format {
            NoticeFormat::Csv => Ok(self.csv()),
            NoticeFormat::Xlsx => self.xlsx().map_err(|error| failed("report.workbook_failed", &error)),
            NoticeFormat::Html => self.html().map_err(|error| failed("report.page_failed", &error)),
        }
    }

    fn word(&self, key: &str) -> &'static str {
        wording::say(self.lang, key)
    }

    fn title(&self) -> String {
        Message::new("oversight.notice_title").with("place", self.place(self.division)).say(self.lang)
    }

    /// A name, else the division's own code: it is printed on no one's card.
    fn place(&self, division: Division) -> String {
        self.places.get(&division).cloned().unwrap_or_else(|| division.to_string())
    }

    fn notes(&self) -> [String; 2] {
        let day = Message::new("oversight.notice_day").with("as_of", self.as_of).say(self.lang);
        [day, self.word("oversight.notice_note").to_owned()]
    }

    fn headings(&self) -> [&'static str; 7] {
        [
            "report.col_town",
            "report.col_village",
            "report.col_number",
            "report.col_name",
            "report.col_programme",
            "oversight.col_members",
            "oversight.col_amount",
        ]
        .map(|key| self.word(key))
    }

    /// Rows by division, in the order of the codes; numbered from one in each.
    fn rows(&self) -> BTreeMap<Division, Vec<[String; 7]>> {
        let mut order: Vec<(Division, &str, String, &NoticeHousehold)> = self
            .households
            .iter()
            .map(|one| (one.division, one.programme.as_str(), one.shown_name(self.as_of), one))
            .collect();
        order.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let mut rows: BTreeMap<Division, Vec<[String; 7]>> = BTreeMap::new();
        for (division, programme, name, household) in order {
            let list = rows.entry(division).or_default();
            let town = division.town().map(|town| self.place(town)).unwrap_or_default();
            let village = if division.digits() == 12 { self.place(division) } else { String::new() };
            list.push([
                town,
                village,
                (list.len() + 1).to_string(),
                name,
                programme.to_owned(),
                household.members.len().to_string(),
                household.amount.map(|fen| fen.to_string()).unwrap_or_default(),
            ]);
        }
        rows
    }

    fn csv(&self) -> Vec<u8> {
        let mut csv = CsvText::new(self.headings().into_iter());
        for row in self.rows().into_values().flatten() {
            row.iter().for_each(|cell| csv.cell(cell));
            csv.end_row();
        }
        csv.into_bytes()
    }

    fn xlsx(&self) -> std::result::Result<Vec<u8>, XlsxError> {
        let boxed = Style::new().set_font_name("宋体").set_border(FormatBorder::Thin);
        let heading = boxed.clone().set_bold();
        let title = Style::new().set_font_name("宋体").set_font_size(16).set_bold();
        let mut workbook = Workbook::new();
        let (year, month, day) = self.as_of.ymd();
        let created = rust_xlsxwriter::ExcelDateTime::from_ymd(year.max(1900) as u16, month as u8, day as u8)?;
        workbook.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&created));
        let sheet = workbook.add_worksheet();
        sheet.set_name(self.word("oversight.sheet_notice"))?;
        sheet.set_paper_size(9).set_print_fit_to_pages(1, 0);
        for (column, width) in WIDTHS.into_iter().enumerate() {
            sheet.set_column_width(column as u16, width)?;
        }
        sheet.write_string_with_format(0, 0, self.title(), &title)?;
        let demo = self.demo.then(|| self.word("report.demo_note").to_owned());
        let mut line = 1;
        for note in demo.into_iter().chain(self.notes()) {
            sheet.write_string(line, 0, note)?;
            line += 1;
        }
        let table = self.rows().into_values().flatten();
        let texts = std::iter::once(self.headings().map(str::to_owned)).chain(table);
        sheet.set_repeat_rows(line, line)?;
        for (place, row) in texts.enumerate() {
            let style = if place == 0 { &heading } else { &boxed };
            for (column, cell) in row.iter().enumerate() {
                sheet.write_string_with_format(line, column as u16, cell, style)?;
            }
            line += 1;
        }
        workbook.save_to_buffer()
    }

    fn html(&self) -> std::result::Result<Vec<u8>, minijinja::Error> {
        let mut environment = Environment::new();
        environment.add_template("notice.html", TEMPLATE)?;
        let places: Vec<_> = self
            .rows()
            .into_values()
            .map(|rows| {
                let [town, village, ..] = &rows[0];
                let name = if town.is_empty() { self.place(self.division) } else { format!("{town} {village}") };
                let rows: Vec<Vec<String>> = rows.iter().map(|row| row[2..].to_vec()).collect();
                context! { name => name, rows => rows }
            })
            .collect();
        let page = environment.get_template("notice.html")?.render(context! {
            language => match self.lang { Lang::Zh => "zh-CN", Lang::En => "en" },
            title => self.title(),
            demo => self.demo.then(|| self.word("report.demo_note")),
            notes => self.notes(),
            headings => self.headings()[2..].to_vec(),
            places => places,
        })?;
        Ok(page.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fen;
    use crate::model::notice::NoticeMember;

    fn household(village: &str, name: &str, birth: &str, fen: i64) -> NoticeHousehold {
        let member = NoticeMember { name: name.to_owned(), head: true, birth: Date::parse_iso(birth) };
        NoticeHousehold {
            division: Division::parse(village).unwrap(),
            programme: "低保".to_owned(),
            members: vec![member],
            amount: Some(Fen(fen)),
        }
    }

    #[test]
    fn names_and_amounts_by_village_and_nothing_else() {
        let households = [
            household("370102005004", "张小宝", "2015-05-05", 50_050),
            household("370102005003", "王强", "1970-01-01", 123_450),
        ];
        let places = BTreeMap::from([(Division::parse("370102005003").unwrap(), "东村".to_owned())]);
        let notice = Notice {
            division: Division::parse("370102").unwrap(),
            as_of: Date::from_ymd(2026, 11, 24).unwrap(),
            households: &households,
            places: &places,
            demo: false,
            lang: Lang::Zh,
        };
        let csv = String::from_utf8(notice.to_bytes(NoticeFormat::Csv).unwrap()).unwrap();
        let lines: Vec<&str> = csv.lines().skip(1).collect();
        assert_eq!(lines, ["370102005,东村,1,王强,低保,1,\"1,234.50\"", "370102005,370102005004,1,张**,低保,1,500.50"]);
        let html = String::from_utf8(notice.to_bytes(NoticeFormat::Html).unwrap()).unwrap();
        assert!(html.contains("王强") && html.contains("1,234.50") && !html.contains("张小宝"), "{html}");
        let xlsx = notice.to_bytes(NoticeFormat::Xlsx).unwrap();
        assert_eq!(xlsx, notice.to_bytes(NoticeFormat::Xlsx).unwrap());
    }
}
