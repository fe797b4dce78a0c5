//! The accounts, by PostgreSQL's own tools: they know every table, also of a version that we do not know yet.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use ctl::private;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::settings::Settings;

pub(crate) const DUMP: &str = "accounts.dump";

/// Into `accounts.dump` of the folder, in PostgreSQL's own format.
pub(crate) fn save(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let part = folder.join(format!("{DUMP}.part"));
    let mut command = tool("pg_dump", settings.accounts()?, settings.tls.ca.as_deref())?;
    // Made here, for our own user alone; pg_dump leaves a file's mode as it is.
    private::create(&part).with_context(|| format!("writing {}", part.display()))?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(&part);
    if let Err(error) = run(command, "pg_dump") {
        // The folder is to be empty for the next time.
        std::fs::remove_file(&part).ok();
        return Err(error);
    }
    std::fs::rename(&part, folder.join(DUMP)).context("renaming the dump")?;
    Ok(())
}

/// In place of what is there, all or nothing.
pub(crate) fn restore(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let mut command = tool("pg_restore", settings.accounts()?, settings.tls.ca.as_deref())?;
    command
        .args(["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"])
        .args(["--exit-on-error"])
        .arg(folder.join(DUMP));
    run(command, "pg_restore")
}

/// The password goes by the environment: everybody on the machine can read a command line.
fn tool(name: &str, url: &SecretString, ca: Option<&Path>) -> anyhow::Result<Command> {
    let mut address = Url::parse(url.expose_secret()).context("accounts.postgres_url")?;
    let password = address.password().map(percent_decoded).transpose()?;
    if address.set_password(None).is_err() {
        bail!("accounts.postgres_url: a password without a host");
    }
    let mut command = Command::new(name);
    if postgres::Config::new(url.clone()).plain_text_host().is_none() {
        verified(&mut address, &mut command, ca);
    }
    command.arg(format!("--dbname={address}")).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

/// As the services do it: the server's certificate and its name are looked at also where the URL asks for TLS only, and whom
/// `ca` or the system vouches for is believed. Without this libpq looks into a file of the user's home.
fn verified(address: &mut Url, command: &mut Command, ca: Option<&Path>) {
    // What the URL says counts for libpq, before the environment.
    let ours =
        |pair: &&str| !(pair.starts_with("sslmode=") || ca.is_some() && pair.starts_with("sslrootcert="));
    let rest: Vec<&str> = address.query().unwrap_or_default().split('&').filter(ours).collect();
    let rest = Some(rest.join("&")).filter(|rest| !rest.is_empty());
    address.set_query(rest.as_deref());
    command.env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", ca.unwrap_or(Path::new("system")));
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

    fn made(url: &str, ca: Option<&Path>) -> Command {
        tool("pg_dump", &url.into(), ca).unwrap()
    }

    fn argument(command: &Command) -> &str {
        command.get_args().next().unwrap().to_str().unwrap()
    }

    fn variable<'a>(command: &'a Command, wanted: &str) -> Option<&'a str> {
        command.get_envs().find(|(name, _)| *name == wanted)?.1?.to_str()
    }

    #[test]
    fn the_password_is_not_on_the_command_line() {
        let command = made("postgres://me:a%40b+c@db/accounts", None);
        assert_eq!(argument(&command), "--dbname=postgres://me@db/accounts");
        assert_eq!(variable(&command, "PGPASSWORD"), Some("a@b+c"));
    }

    #[test]
    fn tls_is_verified_as_the_services_do_it() {
        let ca = Path::new("/etc/wattline/ca.pem");
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://me:mine@db/accounts?connect_timeout=5&sslmode={mode}");
            for (ca, root) in [(Some(ca), "/etc/wattline/ca.pem"), (None, "system")] {
                let command = made(&url, ca);
                assert_eq!(argument(&command), "--dbname=postgres://me@db/accounts?connect_timeout=5");
                assert_eq!(variable(&command, "PGSSLMODE"), Some("verify-full"), "{mode}");
                assert_eq!(variable(&command, "PGSSLROOTCERT"), Some(root), "{mode}");
            }
        }
        // One of the URL's own is believed, unless there is one for all.
        let url = "postgres://me:mine@db/accounts?sslmode=verify-full&sslrootcert=/own.pem";
        assert_eq!(argument(&made(url, None)), "--dbname=postgres://me@db/accounts?sslrootcert=/own.pem");
        assert_eq!(argument(&made(url, Some(ca))), "--dbname=postgres://me@db/accounts");
    }

    #[test]
    fn plain_text_stays_plain_text() {
        let command = made("postgres://me:mine@127.0.0.1/accounts?sslmode=disable", None);
        assert_eq!(argument(&command), "--dbname=postgres://me@127.0.0.1/accounts?sslmode=disable");
        assert_eq!((variable(&command, "PGSSLMODE"), variable(&command, "PGSSLROOTCERT")), (None, None));
    }
}
