//! manifest.sig: who made a package, so that a county can tell without asking the centre.
//!
//! Ed25519 (RFC 8032) over the bytes of manifest.json as they stand. The file names the public key, which proves that the
//! manifest is whole; that the key is the centre's is proved by comparing it (or its fingerprint) with the one the centre
//! gave out. Key files are two lines of text: what they are, and 64 hexadecimal characters.

use std::path::Path;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::kernel::{Digest, Error, Message, Result};

/// Name of the signature beside each manifest.
pub const SIGNATURE: &str = "manifest.sig";
const FORM: &str = "hedui-signature/1";
const PRIVATE_FORM: &str = "hedui-signing-key/1";
const PUBLIC_FORM: &str = "hedui-public-key/1";

/// The centre's private key. Prints nothing of it.
#[derive(Clone)]
pub struct Signer(SigningKey);

/// What a county holds: the centre's public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

#[derive(Debug, Serialize, Deserialize)]
struct SignatureFile {
    form: String,
    public_key: String,
    signature: String,
}

impl Signer {
    /// A new key from 32 random bytes, which the caller draws.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads a private key file.
    ///
    /// # Errors
    /// Kind `Config`: not a private key, or (on Unix) one that others may read.
    pub fn load(path: &Path) -> Result<Self> {
        let seed = read_key(path, PRIVATE_FORM)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let rights = std::fs::metadata(path).map_err(|error| Error::io(path, &error))?.permissions().mode();
            if rights & 0o077 != 0 {
                let hint = Message::new("package.key_open_hint").with("file", path.display());
                return Err(Error::config(Message::new("package.key_open")).at(path).hint(hint));
            }
        }
        Ok(Self::from_seed(&seed))
    }

    /// The text of the private key file.
    pub fn to_text(&self) -> String {
        format!("{PRIVATE_FORM}\n{}\n", hex(&self.0.to_bytes()))
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The bytes of manifest.sig for a manifest.
    pub(super) fn sign(&self, manifest: &[u8]) -> Vec<u8> {
        let file = SignatureFile {
            form: FORM.to_owned(),
            public_key: hex(self.0.verifying_key().as_bytes()),
            signature: hex(&self.0.sign(manifest).to_bytes()),
        };
        let mut bytes = serde_json::to_vec_pretty(&file).expect("texts are always JSON");
        bytes.push(b'\n');
        bytes
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public().fingerprint())
    }
}

impl PublicKey {
    /// Reads a public key file.
    ///
    /// # Errors
    /// Kind `Config`: not a public key (a private one, say).
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = read_key(path, PUBLIC_FORM)?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| not_a_key(path, PUBLIC_FORM))
    }

    /// The text of the public key file.
    pub fn to_text(&self) -> String {
        format!("{PUBLIC_FORM}\n{}\n", hex(self.0.as_bytes()))
    }

    /// 32 characters of the key's SHA-256 in groups of four: what two people compare over the telephone.
    pub fn fingerprint(&self) -> String {
        let short = Digest::of(self.0.as_bytes()).short(32);
        let groups: Vec<&str> = (0..short.len()).step_by(4).map(|at| &short[at..at + 4]).collect();
        groups.join(" ")
    }
}

/// Whose signature a manifest bears; `None` if it is not this manifest's, or no signature at all.
pub(super) fn signer_of(manifest: &[u8], signature: &[u8]) -> Option<PublicKey> {
    let file: SignatureFile =
        serde_json::from_slice(signature).ok().filter(|file: &SignatureFile| file.form == FORM)?;
    let key = VerifyingKey::from_bytes(&parse_hex(&file.public_key)?).ok()?;
    let signature = Signature::from_bytes(&parse_hex(&file.signature)?);
    key.verify_strict(manifest, &signature).ok().map(|()| PublicKey(key))
}

fn read_key(path: &Path, form: &'static str) -> Result<[u8; 32]> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => not_a_key(path, form),
        _ => Error::io(path, &error),
    })?;
    let mut lines = text.lines();
    let bytes = (lines.next() == Some(form)).then(|| lines.next().and_then(|line| parse_hex(line.trim())));
    bytes.flatten().ok_or_else(|| not_a_key(path, form))
}

fn not_a_key(path: &Path, form: &'static str) -> Error {
    Error::config(Message::new("package.not_a_key").with("form", form)).at(path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_8032_test_1() {
        let seed = parse_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let signer = Signer::from_seed(&seed);
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(signer.public().to_text(), format!("hedui-public-key/1\n{public}\n"));
        let signature: SignatureFile = serde_json::from_slice(&signer.sign(b"")).unwrap();
        assert_eq!(
            signature.signature,
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
        assert!(!format!("{signer:?}").contains("9d61"), "a private key is never printed");
    }

    #[test]
    fn a_signature_holds_for_its_manifest_only() {
        let signer = Signer::from_seed(&[7; 32]);
        let signature = signer.sign(b"manifest");
        assert_eq!(signer_of(b"manifest", &signature), Some(signer.public()));
        assert_eq!(signer_of(b"manifesT", &signature), None);
        assert_eq!(signer_of(b"manifest", b"{}"), None);
    }

    #[test]
    fn key_files_are_read_back_and_not_mixed_up() {
        let dir = tempfile::tempdir().unwrap();
        let (private, public) = (dir.path().join("signing.key"), dir.path().join("signing.pub"));
        let signer = Signer::from_seed(&[9; 32]);
        std::fs::write(&private, signer.to_text()).unwrap();
        std::fs::write(&public, signer.public().to_text()).unwrap();
        assert_eq!(PublicKey::load(&public).unwrap(), signer.public());
        assert_eq!(PublicKey::load(&private).unwrap_err().message().key, "package.not_a_key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(Signer::load(&private).unwrap_err().message().key, "package.key_open");
            std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(Signer::load(&private).unwrap().public(), signer.public());
    }
}
