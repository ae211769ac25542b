//! SHA-256 as it is stored: of secrets that must not be readable, and of contents that are compared.

use sha2::{Digest, Sha256};

/// The hash of `parts`, read as one text, in hexadecimal.
pub(crate) fn sha256_hex<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    parts.into_iter().for_each(|part| hash.update(part));
    hexadecimal(hash)
}

/// The hash of what `hash` has been given.
pub(crate) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_parts_is_that_of_the_whole() {
        // FIPS 180-4, the example "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(["abc"]), abc);
        assert_eq!(sha256_hex(["a", "", "bc"]), abc);
    }
}
