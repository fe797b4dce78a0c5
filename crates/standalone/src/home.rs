//! The one home of this installation.

use std::io::Write;
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
    if let Ok(kept) = std::fs::read_to_string(&path) {
        return Ok(kept.trim().to_owned().into());
    }
    let made_up: SecretString = Uuid::new_v4().simple().to_string()[..20].to_owned().into();
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{}", made_up.expose_secret()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(made_up)
}
