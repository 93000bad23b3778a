//! Values every part of the program shares: ids, dates, money, divisions, digests, errors, wording, progress.
//!
//! Nothing here reads a file or knows what a household is. Each type keeps one promise of its own (a date is a real
//! date, money is whole 分, a masked value never prints whole) so that no other module has to check it again.

mod alike;
pub mod citizen_id;
pub mod credit_code;
pub mod date;
pub mod dbf;
pub mod digest;
pub mod digits;
pub mod division;
pub mod error;
pub mod masked;
pub mod money;
pub mod progress;
pub mod sieve;
pub mod wording;

pub use alike::alike;
pub use citizen_id::{CitizenId, Sex};
pub use date::{Date, Month, iso_date};
pub use digest::{Digest, Digesting};
pub use division::Division;
pub use error::{Error, ErrorKind, Result};
pub use money::Fen;
pub use progress::{Cancel, Progress, Silent};
pub use sieve::{Sieve, spread};
pub use wording::{Lang, Message};
