//! The report as one HTML file that opens without a network and prints on A4.

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

use crate::kernel::{Error, ErrorKind, Lang, Message, Result};
use crate::report::RunView;
use crate::report::document::Document;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

pub(super) fn to_bytes(view: &RunView, document: &Document) -> Result<Vec<u8>> {
    let mut environment = Environment::new();
    environment.add_template("page.html", TEMPLATE).map_err(failed)?;
    let page = environment.get_template("page.html").and_then(|template| {
        template.render(context! {
            language => match view.lang { Lang::Zh => "zh-CN", Lang::En => "en" },
            document => Value::from(Serde(document)),
            style => Value::from_safe_string(STYLE.to_owned()),
        })
    });
    page.map(String::into_bytes).map_err(failed)
}

fn failed(error: minijinja::Error) -> Error {
    Error::new(ErrorKind::Io, Message::new("report.page_failed").with("reason", error))
}
