use std::process::{Command, Output};

use auth_service::enrolment::{EnrolmentError, List, enrol, factory_list};
use auth_service::provision::ProvisionError;
use auth_service::provision_secret;
use domain::HouseholdId;
use domain::audit::Action;
use sha2::{Digest, Sha256};

use crate::server::{HUB, Server, home, hub};

#[tokio::test]
async fn thirty_hubs_of_a_list_come_at_once_or_none_does() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let other = server.settle("bob@example.org", false).await;
    let folder = tempfile::tempdir().unwrap();
    let mut text = factory_list(30, "WL-", 1, &folder.path().join("secrets.csv")).unwrap();
    let taken = text.lines().nth(4).unwrap().split(',').nth(1).unwrap().to_owned();
    let wrong = List::parse(&text.replace(&taken, HUB)).unwrap();
    let (accounts, hubs) = (&*server.accounts, &*server.hub_credentials);
    let clock = &*server.clock;
    let refused = enrol(accounts, hubs, clock, other, &wrong).await;
    assert!(
        matches!(&refused, Err(EnrolmentError::Faults(faults)) if faults.len() == 1
            && faults[0] == "line 5: the hub is in another household"),
        "{refused:?}"
    );
    assert_eq!(accounts.hubs(other).await.unwrap(), []);
    text.push('\n');
    let list = List::parse(&text).unwrap();
    for _ in 0..2 {
        enrol(accounts, hubs, clock, other, &list).await.unwrap();
        assert_eq!(accounts.hubs(other).await.unwrap().len(), 30);
    }
    // What an operator brings in its people see: each hub once, and of nobody among them.
    let entries = server.audit.entries(other, None, 100).await.unwrap();
    assert_eq!(entries.len(), 30);
    assert!(entries.iter().all(|one| one.deed.action == Action::HubAdded && one.deed.by.is_none()));
    assert_eq!(entries[29].deed.about, "Hub WL-00001");
    assert_eq!(accounts.hubs(home).await.unwrap().len(), 1);
    let nowhere = enrol(accounts, hubs, clock, HouseholdId::from_bytes([9; 16]), &list).await;
    assert!(matches!(nowhere, Err(EnrolmentError::NoHousehold(_))), "{nowhere:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_hub_of_a_described_home_gets_its_secret() {
    let server = Server::with_sqlite().await;
    let household = server.settle("ada@example.org", true).await;
    let (hubs, clock, home) = (&*server.hub_credentials, &*server.clock, home("ada@example.org"));
    for secret in ["0123456789abcdef0123456789abcdef", "another one that is long enough, too"] {
        for _ in 0..2 {
            provision_secret(hubs, clock, &home, household, &secret.into()).await.unwrap();
            let valid = hubs.valid_secret(hub(), server.now()).await.unwrap();
            assert_eq!(valid, Some(Sha256::digest(secret).into()));
        }
    }
    let short = provision_secret(hubs, clock, &home, household, &"guessable".into()).await;
    assert!(matches!(short, Err(ProvisionError::Secret)), "{short:?}");
    let spans = server.accounts.hubs(household).await.unwrap();
    assert_eq!((spans.len(), spans[0].since), (1, domain::UtcMillis(0)), "its past is still there");
    server.stop().await;
}

#[test]
fn the_commands_make_a_list_and_name_what_is_wrong_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-service"));
        command
            .args(arguments)
            .current_dir(folder.path())
            .env("WATTLINE__ACCOUNTS__SQLITE_FILE", "accounts.db");
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    };
    let (code, list, _) = run(&["factory-list", "--count", "3", "--secrets", "secrets.csv"]);
    assert_eq!((code, list.lines().count()), (Some(0), 4), "{list}");
    let (code, _, stderr) = run(&["factory-list", "--count", "3", "--secrets", "secrets.csv"]);
    assert_eq!(code, Some(1), "the secrets there are kept: {stderr}");
    std::fs::write(folder.path().join("list.csv"), list.replace("WL-00002,", "WL-00002,x")).unwrap();
    let (code, _, stderr) = run(&["enrol", "--household", HUB, "list.csv"]);
    assert!(code == Some(1) && stderr.contains("line 3: the hub id is no UUID"), "{stderr}");
    std::fs::write(folder.path().join("list.csv"), list).unwrap();
    let (code, _, stderr) = run(&["enrol", "--household", HUB, "list.csv"]);
    assert!(code == Some(1) && stderr.contains("there is no household"), "{stderr}");
}
