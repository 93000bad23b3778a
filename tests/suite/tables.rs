//! A source delivered as a DBF table, written by another program: a night finds in it what it finds in the same rows as CSV.

use dbase::encoding_rs::GB18030;
use dbase::{FieldName, FieldValue, Record, TableWriterBuilder};

use super::known::runs_as_if_read_anew;
use super::world::{AS_OF, World, text};

/// The vehicles' heading and its whole rows, decoded.
fn rows(world: &World) -> Vec<Vec<String>> {
    let bytes = std::fs::read(world.extract("vehicle")).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let decoded = |cell: &[u8]| GB18030.decode_without_bom_handling(cell).0.trim().to_owned();
    let rows = reader.byte_records().map(|row| row.unwrap().iter().map(decoded).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = rows.collect();
    let width = rows[0].len();
    rows.into_iter().filter(|row| row.len() == width).collect()
}

fn write_csv(world: &World, rows: &[Vec<String>]) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    std::fs::write(world.extract("vehicle"), writer.into_inner().unwrap()).unwrap();
    let layout = std::fs::read_to_string(world.path("sources/vehicle.toml")).unwrap();
    std::fs::write(world.path("sources/vehicle.toml"), layout.replace("\"gb18030\"", "\"utf-8\"")).unwrap();
}

fn write_table(world: &World, rows: &[Vec<String>]) {
    let csv = world.extract("vehicle");
    let name = |heading: &String| FieldName::try_from(heading.as_str()).unwrap();
    let builder = TableWriterBuilder::with_encoding(dbase::encoding::EncodingRs::from(GB18030));
    let builder = rows[0].iter().fold(builder, |builder, heading| builder.add_character_field(name(heading), 120));
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = builder.build_with_dest(&mut bytes);
    for row in &rows[1..] {
        let mut record = Record::default();
        for (heading, cell) in rows[0].iter().zip(row) {
            record.insert(heading.clone(), FieldValue::Character(Some(cell.clone())));
        }
        writer.write_record(&record).unwrap();
    }
    writer.finalize().unwrap();
    drop(writer);
    // Old systems write their names in capitals.
    let stem = csv.file_stem().unwrap().to_str().unwrap().to_uppercase();
    std::fs::write(csv.with_file_name(format!("{stem}.DBF")), bytes.get_ref()).unwrap();
    std::fs::remove_file(csv).unwrap();
    let layout = std::fs::read_to_string(world.path("sources/vehicle.toml")).unwrap();
    let layout = layout.replace("type = \"csv\"", "type = \"dbf\"").replace("vehicle/*.csv", "vehicle/*.dbf");
    std::fs::write(world.path("sources/vehicle.toml"), layout).unwrap();
}

#[test]
fn a_table_says_what_the_same_rows_say_as_text() {
    let (as_text, as_table) = (World::made(2_000, 16_000, 53), World::made(2_000, 16_000, 53));
    let rows = rows(&as_text);
    write_csv(&as_text, &rows);
    write_table(&as_table, &rows);
    let plan = as_table.hedui(&["run", "--plan", "--json", "--as-of", AS_OF]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    let planned =
        plan["estimate"]["expected"].as_array().unwrap().iter().find(|one| one["source"] == "vehicle").unwrap();
    assert_eq!(planned["rows"], rows.len() - 1);
    let (first, second) = (as_text.summary(), as_table.summary());
    assert_eq!((&first["flagged"], &first["grades"]), (&second["flagged"], &second["grades"]));
    // A row's line is the same in both: the heading is line 1, and no cell of these holds a line end.
    let links = |world: &World| {
        let mut links = world.export("links");
        links.iter_mut().for_each(|link| assert!(link.remove("file").is_some()));
        links
    };
    let (links, of_table) = (links(&as_text), links(&as_table));
    assert!(links.iter().filter(|link| link["source"] == "vehicle").count() > 50);
    assert!(links == of_table, "a table's links differ");
    // What was kept of it serves the next night.
    runs_as_if_read_anew(&as_table, "2026-11-25");
    let outcomes = as_table.export("outcomes");
    let vehicle = outcomes.iter().find(|one| one["rule"] == "V001").unwrap();
    let traced = text(&as_table.hedui(&["trace", &vehicle["id"], "--no-progress"]).stdout);
    let line: usize = traced.split("VEHICLE_20261121.DBF:").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!(traced.contains(&format!("│ {}\n", rows[line - 1].join("|"))), "{traced}");
}

#[test]
fn probe_drafts_a_layout_of_a_table() {
    let world = World::made(500, 4_000, 53);
    write_table(&world, &rows(&world));
    let output = world.hedui(&["probe", "inbox/vehicle/VEHICLE_20261121.DBF"]);
    let (draft, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("DBF, GB18030"), "{said}");
    let drafted: toml::Table = draft.parse().unwrap();
    let shipped: toml::Table = std::fs::read_to_string(world.path("sources/vehicle.toml")).unwrap().parse().unwrap();
    assert_eq!(drafted["columns"], shipped["columns"]);
    assert_eq!(
        (drafted["connector"]["type"].as_str(), drafted["connector"]["encoding"].as_str()),
        (Some("dbf"), Some("gb18030"))
    );
}
