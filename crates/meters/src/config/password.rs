use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Is not shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Password(SecretString);

impl Password {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Password {}
