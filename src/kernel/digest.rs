//! SHA-256 digests of extracts, outputs and ledger entries.

use sha2::{Digest as _, Sha256};

/// The alphabet of [`Digest::base32`]: no 0, 1, 8 that a reader could take for O, I, B.
pub const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A SHA-256 digest; prints as 64 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest(pub [u8; 32]);

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse_hex(&text).ok_or("no SHA-256 digest in hexadecimal")
    }
}

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        let mut digesting = Digesting::default();
        digesting.update(bytes);
        digesting.finish()
    }

    /// Of several parts, each preceded by its length, so that no two lists of parts run into each other.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    pub fn parse_hex(text: &str) -> Option<Self> {
        let mut bytes = [0u8; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The first eight bytes as a number, for sets in which nobody would be hurt by one pair in trillions.
    pub fn head(&self) -> u64 {
        u64::from_be_bytes(*self.0.first_chunk().expect("thirty-two bytes"))
    }

    /// The first `characters` of the hexadecimal form, for places where people read it.
    pub fn short(&self, characters: usize) -> String {
        self.to_string()[..characters].to_owned()
    }

    /// The first bits in base 32 (RFC 4648), five to a character, at most 24: for numbers that people read and type.
    pub fn base32(&self, characters: usize) -> String {
        assert!(characters <= 24, "only the first 120 bits are written");
        let head = self.0[..16].iter().fold(0u128, |head, byte| head << 8 | u128::from(*byte));
        (0..characters).map(|place| char::from(BASE32[(head >> (123 - 5 * place) & 31) as usize])).collect()
    }
}

/// A digest in the making, of bytes that come in parts.
#[derive(Clone, Default)]
pub struct Digesting(Sha256);

impl Digesting {
    /// More bytes, behind those before.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything so far, as one piece.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(self.0) {
            *pair = [byte >> 4, byte & 15].map(|half| HEX[usize::from(half)]);
        }
        f.write_str(std::str::from_utf8(&text).expect("digits"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-2, appendix B.1.
    #[test]
    fn standard_vector() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::parse_hex(&digest.to_string()), Some(digest));
    }

    #[test]
    fn bytes_in_parts_are_one_piece() {
        let mut digesting = Digesting::default();
        [&b"a"[..], b"", b"bc"].iter().for_each(|part| digesting.update(part));
        assert_eq!(digesting.finish(), Digest::of(b"abc"));
    }

    // FIPS 180-2, appendix B.3: a million times "a".
    #[test]
    fn a_long_piece_is_hashed_page_by_page() {
        let text = vec![b'a'; 1_000_000];
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(Digest::of(&text).to_string(), digest);
        let mut digesting = Digesting::default();
        [&text[..4095], &text[4095..8193], &text[8193..]].iter().for_each(|part| digesting.update(part));
        assert_eq!(digesting.finish().to_string(), digest);
    }

    // RFC 4648, section 10: "fooba" is MZXW6YTB, "foobar" MZXW6YTBOI.
    #[test]
    fn base_32_is_the_standard_one() {
        let mut bytes = [0u8; 32];
        bytes[..6].copy_from_slice(b"foobar");
        assert_eq!(Digest(bytes).base32(10), "MZXW6YTBOI");
        assert_eq!(Digest(bytes).base32(16), "MZXW6YTBOIAAAAAA");
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(Digest::of_parts([&b"ab"[..], b"c"]), Digest::of_parts([&b"a"[..], b"bc"]));
    }
}
