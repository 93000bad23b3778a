//! Whether two short byte strings are the same.
//!
//! Columns ask this for every cell, and most cells are a few bytes long: the call that `==` makes for them takes longer than
//! the comparison. Up to 32 bytes are compared as two overlapping pieces, longer ones as `==` does.

/// As `a == b`.
#[inline]
pub fn alike(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match a.len() {
            0 => true,
            1..=3 => a[0] == b[0] && a[a.len() / 2] == b[a.len() / 2] && a[a.len() - 1] == b[a.len() - 1],
            4..=8 => ends_alike::<4>(a, b),
            9..=16 => ends_alike::<8>(a, b),
            17..=32 => ends_alike::<16>(a, b),
            _ => a == b,
        }
}

/// Of texts of one length, at least `N` and at most twice that.
#[inline]
fn ends_alike<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    a.first_chunk::<N>() == b.first_chunk::<N>() && a.last_chunk::<N>() == b.last_chunk::<N>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_byte_that_differs_is_seen_at_every_length() {
        for length in 0..80_usize {
            let text: Vec<u8> = (0..length).map(|at| at as u8 ^ 0x5a).collect();
            assert!(alike(&text, &text.clone()), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other[at] ^= 1;
                assert!(!alike(&text, &other), "byte {at} of {length}");
            }
            assert!(
                !alike(&text, &[&text[..], b"x"].concat()) && !alike(&[&text[..], b"x"].concat(), &text),
                "{length}"
            );
        }
    }
}
