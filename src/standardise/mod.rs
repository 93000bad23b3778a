//! Raw text → comparable values: one file per thing. Nothing here knows the register or a department's layout.

pub mod characters;
pub mod id_repair;
pub mod ids;
pub mod names;
