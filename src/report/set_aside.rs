//! Ids and names that cannot tell people apart: placeholder ids, one id under many names, names too common to compare
//! without id and birth date. For the centre, by source, so that nothing is dropped in silence; never in a county's package.

use super::RunView;
use super::listing::CsvText;
use crate::kernel::masked::{mask_id, mask_name};

/// The list as CSV; `None` if there is nothing to say.
pub(super) fn csv(view: &RunView) -> Option<Vec<u8>> {
    if view.shared.is_empty() && view.crowded.is_empty() {
        return None;
    }
    let headings = [
        "report.col_source",
        "report.aside_what",
        "report.aside_value",
        "report.aside_rows",
        "report.aside_names",
        "report.aside_persons",
    ];
    let mut csv = CsvText::new(headings.iter().map(|key| view.word(key)));
    let source = |index: u16| view.evidences[usize::from(index)].source.as_str();
    for shared in view.shared {
        csv.cell(source(shared.source));
        csv.cell(view.word("report.aside_shared_id"));
        csv.cell(&if view.masked { mask_id(&shared.id) } else { shared.id.clone() });
        csv.cell(&shared.rows.to_string());
        csv.cell(&shared.names.to_string());
        csv.cell("");
        csv.end_row();
    }
    for crowded in view.crowded {
        csv.cell(source(crowded.source));
        csv.cell(view.word("report.aside_crowded_name"));
        csv.cell(&if view.masked { mask_name(&crowded.name) } else { crowded.name.clone() });
        csv.cell(&crowded.parties.to_string());
        csv.cell("1");
        csv.cell(&crowded.persons.to_string());
        csv.end_row();
    }
    Some(csv.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Centre;
    use super::*;
    use crate::model::link::{CrowdedName, SharedId};

    #[test]
    fn both_lists_are_named_and_masked() {
        let centre = Centre::new();
        let shared = [SharedId { source: 1, id: "11010519491231002X".into(), rows: 40, names: 12 }];
        let crowded = [CrowdedName { source: 0, name: "张三丰".into(), persons: 900, parties: 700 }];
        let view = RunView { shared: &shared, crowded: &crowded, ..centre.view() };
        let text = String::from_utf8(csv(&view).unwrap()).unwrap();
        assert!(text.contains("110105********002X,40,12") && !text.contains("11010519491231002X"), "{text}");
        assert!(text.contains("张*丰,700,1,900"), "{text}");
        assert_eq!(csv(&centre.view()), None, "nothing to say");
    }
}
