//! Raw text → comparable values: one file per thing. Nothing here knows the register or a department's layout.

pub mod amounts;
pub mod characters;
pub mod dates;
pub mod id_repair;
pub mod ids;
pub mod names;
pub mod numbers;
