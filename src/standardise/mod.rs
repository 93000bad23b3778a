//! Raw text → comparable values: one file per thing. No file is read here and nothing is looked up.

pub mod amounts;
pub mod dates;
