//! Accounts: e-mail addresses, passwords, and tokens that work once.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::PasswordCost;
use crate::digest::sha256_hex;

/// Hashing takes memory; so many at once are enough for two cores and too few to fill it.
static HASHING: Semaphore = Semaphore::const_new(4);

/// Passwords that are tried first; all have the length that is asked for.
const COMMON_PASSWORDS: [&str; 24] = [
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "11111111",
    "00000000",
    "qwertyui",
    "qwerty123",
    "qwertyuiop",
    "1q2w3e4r",
    "1qaz2wsx",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "letmein1",
    "welcome1",
];

/// A secret of 256 random bits. What is stored is its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(clock: &dyn Clock) -> Self {
        Self(URL_SAFE_NO_PAD.encode(clock.random_bytes()))
    }

    /// `None` when the text has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored, in hexadecimal.
    pub fn hash(&self) -> String {
        sha256_hex([&self.0])
    }
}

/// An address in the form in which accounts are found by it; `None` when it is none.
pub fn normalized_email(text: &str) -> Option<String> {
    let text = text.trim();
    let options =
        email_address::Options::default().with_required_tld().without_domain_literal().without_display_text();
    email_address::EmailAddress::parse_with_options(text, options)
        .ok()
        // Quoted names are RFC 5321 and nobody's; few mail programs take them.
        .filter(|address| !address.local_part().starts_with('"'))
        .map(|address| address.as_str().to_lowercase())
}

/// Whether `password` is among those that are tried first.
pub fn is_common(password: &str) -> bool {
    COMMON_PASSWORDS.contains(&password.to_lowercase().as_str())
}

/// The server cannot hash.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

fn argon2(cost: PasswordCost) -> Result<Argon2<'static>, HashError> {
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None)
        .map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The argon2id hash of a password, as a PHC string.
pub async fn hash_password(
    password: String,
    cost: PasswordCost,
    clock: &dyn Clock,
) -> Result<String, HashError> {
    let salt = STANDARD_NO_PAD.encode(&clock.random_bytes()[..16]);
    let turn = HASHING.acquire().await;
    let hashing = tokio::task::spawn_blocking(move || {
        // Held by the hashing itself, which goes on when the request is gone.
        let _turn = turn;
        let salt = SaltString::from_b64(&salt).map_err(|error| HashError(error.to_string()))?;
        let hash = argon2(cost)?.hash_password(password.as_bytes(), &salt);
        Ok(hash.map_err(|error| HashError(error.to_string()))?.to_string())
    });
    hashing.await.map_err(|error| HashError(error.to_string()))?
}

/// Of a password that nobody has: an unknown account takes as long to refuse as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        .to_owned()
});

/// Compares in constant time; `hash` is `None` for an account that does not exist.
pub async fn verify_password(password: String, hash: Option<String>) -> bool {
    let turn = HASHING.acquire().await;
    let exists = hash.is_some();
    let verified = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    verified.await.unwrap_or(false) && exists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, iterations: 1, parallelism: 1 };

    #[tokio::test]
    async fn a_password_opens_its_own_account_and_no_other() {
        let hash = hash_password("correct horse".to_owned(), CHEAP, &SystemClock).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse".to_owned(), Some(hash.clone())).await);
        assert!(!verify_password("wrong horse".to_owned(), Some(hash)).await);
        assert!(!verify_password("correct horse".to_owned(), None).await);
    }

    #[test]
    fn an_address_is_found_again_however_it_is_written() {
        assert_eq!(normalized_email(" Ada@Example.COM "), Some("ada@example.com".to_owned()));
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "Ada <ada@example.com>",
            "a b@example.com",
            "\"a b\"@example.com",
        ] {
            assert_eq!(normalized_email(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_stored_as_its_hash() {
        let token = Token::new(&SystemClock);
        assert!(Token::parse(token.as_str()).is_some_and(|parsed| parsed == token));
        assert_eq!(token.hash().len(), 64);
        assert!(Token::parse("short").is_none());
    }
}
