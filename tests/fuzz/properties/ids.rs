//! Any text as an id, a date, an amount, a name: it is read or not, and what was read reads the same again.

use hedui::standardise::ids::{self, IdReading};
use hedui::standardise::{amounts, dates, id_repair, names};

pub fn holds(text: &str) {
    let reading = ids::read(text);
    if let Some(plain) = ids::read_plain(text.as_bytes()) {
        // The quick way takes a placeholder for an id: the register's index holds none, so that it meets nobody.
        let agree = match &reading {
            IdReading::Whole { id, .. } => *id == plain,
            other => matches!(other, IdReading::Placeholder),
        };
        assert!(agree, "the quick way and the thorough one: {reading:?}");
    }
    if let IdReading::Whole { id, .. } = &reading {
        let again = ids::read(&id.to_string());
        assert!(matches!(&again, IdReading::Whole { id: same, .. } if same == id), "{again:?}");
    }
    for (id, _) in id_repair::candidates(text.as_bytes()) {
        assert!(id.is_valid(), "a repair ends at a valid id");
    }
    let _ = (dates::date(text), dates::month(text), amounts::count(text), amounts::decimal(text));
    let _ = (amounts::money(text, amounts::Unit::default()), amounts::flag(text, &[], &[]));
    let folded = names::fold(text);
    assert_eq!(names::fold(&folded), folded, "a folded name is folded");
    assert_eq!(names::key(text), names::key(&folded), "folding does not change whom a name may be");
    let (a, b) = text.split_once(',').unwrap_or((text, text));
    assert_eq!(names::compare(a, b), names::compare(b, a), "a comparison has no direction");
}
