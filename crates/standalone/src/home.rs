//! The one home of this installation.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use auth_service::provision::{Home, HomeHousehold, HomeHub, HomePerson};
use domain::accounts::SocketLabel;
use domain::{HubId, UtcMillis};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::settings::HomeSettings;

/// The home to be provisioned. Its hub was never anybody else's.
pub(crate) fn describe(
    settings: &HomeSettings,
    password: &SecretString,
    hub: HubId,
    sockets: Vec<SocketLabel>,
) -> anyhow::Result<Home> {
    Ok(Home {
        person: HomePerson {
            id: None,
            email: settings.email.clone(),
            name: settings.name.clone(),
            password: password.clone(),
        },
        household: HomeHousehold { id: None, name: settings.household.clone(), zone: settings.zone.parse()? },
        hubs: vec![HomeHub { id: hub, name: "This hub".to_owned(), since: Some(UtcMillis(0)), sockets }],
    })
}

/// The configured password, or the one that was made up at the first start.
pub(crate) fn password(settings: &HomeSettings, data_dir: &Path) -> anyhow::Result<SecretString> {
    if let Some(password) = &settings.password {
        return Ok(password.clone());
    }
    let path = data_dir.join("password");
    match std::fs::read_to_string(&path) {
        Ok(kept) if !kept.trim().is_empty() => return Ok(kept.trim().to_owned().into()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let made_up: SecretString = Uuid::new_v4().simple().to_string()[..20].to_owned().into();
    keep(&path, &made_up).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(made_up)
}

/// Whole or not at all, also when the power fails: without it nobody comes in.
fn keep(path: &Path, password: &SecretString) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(file, "{}", password.expose_secret())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_made_up_once_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let first = password(&HomeSettings::default(), folder.path()).unwrap();
        let again = password(&HomeSettings::default(), folder.path()).unwrap();
        assert_eq!(first.expose_secret().len(), 20);
        assert_eq!(first.expose_secret(), again.expose_secret());
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_empty_password_file_is_no_password() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "\n").unwrap();
        std::fs::write(folder.path().join("password.new"), "cut o").unwrap();
        let made_up = password(&HomeSettings::default(), folder.path()).unwrap();
        assert_eq!(made_up.expose_secret().len(), 20);
        let kept = std::fs::read_to_string(folder.path().join("password")).unwrap();
        assert_eq!(kept.trim(), made_up.expose_secret());
    }
}
