//! The accounts, by PostgreSQL's own tools: they know every table, also of a version that we do not know yet.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

pub(crate) const DUMP: &str = "accounts.dump";

/// Into `accounts.dump` of the folder, in PostgreSQL's own format.
pub(crate) fn save(url: &SecretString, folder: &Path) -> anyhow::Result<()> {
    let part = folder.join(format!("{DUMP}.part"));
    let mut command = tool("pg_dump", url)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(&part);
    run(command, "pg_dump")?;
    std::fs::rename(&part, folder.join(DUMP)).context("renaming the dump")?;
    Ok(())
}

/// In place of what is there, all or nothing.
pub(crate) fn restore(url: &SecretString, folder: &Path) -> anyhow::Result<()> {
    let mut command = tool("pg_restore", url)?;
    command
        .args(["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"])
        .args(["--exit-on-error"])
        .arg(folder.join(DUMP));
    run(command, "pg_restore")
}

/// The password goes by the environment: everybody on the machine can read a command line.
fn tool(name: &str, url: &SecretString) -> anyhow::Result<Command> {
    let mut address = Url::parse(url.expose_secret()).context("accounts.postgres_url")?;
    let password = address.password().map(percent_decoded).transpose()?;
    if address.set_password(None).is_err() {
        bail!("accounts.postgres_url: a password without a host");
    }
    let mut command = Command::new(name);
    command.arg(format!("--dbname={address}")).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

fn percent_decoded(text: &str) -> anyhow::Result<String> {
    let bytes = url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned());
    bytes.context("accounts.postgres_url: its password cannot be read")
}

fn run(mut command: Command, name: &str) -> anyhow::Result<()> {
    let output = command
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("{name} cannot be started; it comes with the package postgresql-client"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed: {}", said.trim().lines().next().unwrap_or("it does not say why"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_on_the_command_line() {
        let command = tool("pg_dump", &"postgres://me:a%40b+c@db/accounts".into()).unwrap();
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["--dbname=postgres://me@db/accounts"]);
        let password =
            command.get_envs().find(|(name, _)| *name == "PGPASSWORD").and_then(|(_, value)| value);
        assert_eq!(password.unwrap(), "a@b+c");
    }
}
