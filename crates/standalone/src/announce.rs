//! What a person, or a program, needs to know to come in.

use std::io::Write;

use domain::HouseholdId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

pub(crate) struct Announcement {
    pub(crate) url: String,
    pub(crate) email: String,
    pub(crate) password: SecretString,
    pub(crate) household: HouseholdId,
}

impl Announcement {
    /// One line for programs.
    pub(crate) fn as_json(&self) -> std::io::Result<()> {
        let line = json!({
            "url": self.url,
            "email": self.email,
            "password": self.password.expose_secret(),
            "household": self.household.to_string(),
        });
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// A few lines for people.
    pub(crate) fn as_text(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n  Wattline   {}", self.url)?;
        writeln!(out, "  e-mail     {}", self.email)?;
        writeln!(out, "  password   {}\n", self.password.expose_secret())?;
        writeln!(out, "  Ctrl-C ends it; the data stays.\n")?;
        out.flush()
    }
}
