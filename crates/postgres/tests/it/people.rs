//! Tickets, members, second factors and the audit.

use domain::access::Role;
use domain::accounts::{Accounts as _, AccountsError, Credentials, Household, Person, Session};
use domain::audit::Audit as _;
use domain::members::Members as _;
use domain::second_factor::SecondFactors as _;
use domain::tickets::{Purpose, Ticket, Tickets as _};
use domain::{HouseholdId, PersonId, UtcMillis};
use postgres::Accounts;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use testkit::servers::PostgreSql;

use crate::{accounts_at, start};

const ADA: PersonId = PersonId::from_bytes([1; 16]);
const HOME: HouseholdId = HouseholdId::from_bytes([2; 16]);
const NOW: UtcMillis = UtcMillis(10);

async fn server() -> PostgreSql {
    tokio::task::spawn_blocking(start).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_keep_the_contract() {
    let server = server().await;
    let accounts = accounts_at(server.database("accounts").unwrap());
    testkit::suites::tickets::run_all(&accounts).await;
    testkit::suites::footholds::run_all(&accounts).await;
    testkit::suites::members::run_all(&accounts).await;
    testkit::suites::second_factors::run_all(&accounts).await;
    testkit::suites::identities::run_all(&accounts).await;
    testkit::suites::audit::run_all(&accounts).await;
    testkit::suites::deletions::run_all(&accounts).await;
}

fn ticket(n: u8, purpose: Purpose) -> Ticket {
    let email = "ada@example.org".to_owned();
    Ticket { secret_hash: [n; 32], email, purpose, created: UtcMillis(0), expires: UtcMillis(100) }
}

/// Ada and her home, with one of everything, two deeds among it; and somebody who does the rest behind our back.
async fn everything(url: &str) -> (Accounts, PgConnection) {
    let accounts = accounts_at(url.to_owned());
    let person = Person { id: ADA, email: "ada@example.org".to_owned(), name: "Ada".to_owned() };
    accounts.create_person(&Credentials { person, password_hash: "hash".to_owned() }).await.unwrap();
    let home = Household { id: HOME, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
    assert!(accounts.found_household(&home, ADA, 1, NOW).await.unwrap());
    let invitation = Purpose::Invitation { household: HOME, role: Role::Guest, until: None, by: ADA };
    let purposes = [Purpose::Reset { person: ADA }, Purpose::SignUp { name: "Ada".to_owned() }, invitation];
    for (n, purpose) in (0..).zip(purposes) {
        accounts.put_ticket(&ticket(n, purpose), None).await.unwrap();
    }
    assert!(accounts.begin_second_factor(ADA, &[7; 20]).await.unwrap());
    assert!(accounts.confirm_second_factor(ADA, &[7; 20], 1, &[[8; 32]]).await.unwrap());
    (accounts, PgConnection::connect(url).await.unwrap())
}

async fn run(connection: &mut PgConnection, statement: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(connection).await;
    done.map(|done| done.rows_affected())
}

/// Which of the tickets, whether the second factor, how many deeds by whom.
async fn seen(accounts: &Accounts) -> (Vec<u8>, bool, Vec<Option<PersonId>>) {
    let mut tickets = Vec::new();
    for n in 0..3 {
        if accounts.ticket(&[n; 32], NOW).await.unwrap().is_some() {
            tickets.push(n);
        }
    }
    let factor = accounts.second_factor(ADA).await.unwrap().is_some();
    let entries = accounts.entries(HOME, None, 10).await.unwrap();
    (tickets, factor, entries.into_iter().map(|entry| entry.deed.by).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_a_person_ends_with_the_person_but_not_the_deeds() {
    let server = server().await;
    let (accounts, mut connection) = everything(&server.database("accounts").unwrap()).await;
    assert_eq!(seen(&accounts).await, (vec![0, 1, 2], true, vec![Some(ADA); 2]));
    run(&mut connection, "DELETE FROM person").await.unwrap();
    assert_eq!(seen(&accounts).await, (vec![1, 2], false, vec![Some(ADA); 2]));
    assert_eq!(run(&mut connection, "DELETE FROM recovery_code").await.unwrap(), 0);
    assert_eq!(accounts.members(HOME, NOW).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_a_household_ends_with_the_household() {
    let server = server().await;
    let (accounts, mut connection) = everything(&server.database("accounts").unwrap()).await;
    run(&mut connection, "DELETE FROM household").await.unwrap();
    assert_eq!(seen(&accounts).await, (vec![0, 1], true, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_down_stays_as_it_is() {
    let server = server().await;
    let (accounts, mut connection) = everything(&server.database("accounts").unwrap()).await;
    let before = accounts.entries(HOME, None, 10).await.unwrap();
    for attempt in [
        "UPDATE audit_entry SET about = 'something else'",
        "UPDATE audit_entry SET by = NULL",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE number = 1",
        "TRUNCATE audit_entry",
        "TRUNCATE household CASCADE",
    ] {
        let refused = run(&mut connection, attempt).await.unwrap_err();
        assert!(refused.to_string().contains("audit_stays"), "{attempt}: {refused}");
    }
    assert_eq!(accounts.entries(HOME, None, 10).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_not_taken_for_nothing() {
    let server = server().await;
    let (accounts, mut connection) = everything(&server.database("accounts").unwrap()).await;
    for (n, damage) in [
        (0, "UPDATE ticket SET person = NULL WHERE kind = 'reset'"),
        (1, "UPDATE ticket SET name = NULL WHERE kind = 'sign-up'"),
        (2, "UPDATE ticket SET role = NULL WHERE kind = 'invitation'"),
        (2, "UPDATE ticket SET role = 'guest', by = NULL WHERE kind = 'invitation'"),
    ] {
        assert_eq!(run(&mut connection, damage).await.unwrap(), 1);
        let read = accounts.ticket(&[n; 32], NOW).await;
        assert!(matches!(read, Err(AccountsError::Unavailable { .. })), "{damage}: {read:?}");
    }
    let foreign =
        "INSERT INTO audit_entry (household, at, action, about) SELECT id, 0, 'burnt', '' FROM household";
    run(&mut connection, foreign).await.unwrap();
    let read = accounts.entries(HOME, None, 10).await;
    assert!(matches!(read, Err(AccountsError::Unavailable { .. })), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_goes_on() {
    let server = server().await;
    let url = server.database("accounts").unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::migrate!("./migrations").run_to(4, &mut connection).await.unwrap();
    for statement in [
        "INSERT INTO person VALUES ('01010101-0101-0101-0101-010101010101', 'ada@example.org', 'Ada', 'hash')",
        "INSERT INTO household VALUES ('02020202-0202-0202-0202-020202020202', 'Home', 'UTC')",
        "INSERT INTO membership SELECT p.id, h.id, 'owner' FROM person p, household h",
        "INSERT INTO session SELECT decode(repeat('03', 32), 'hex'), id, 5, 100 FROM person",
    ] {
        run(&mut connection, statement).await.unwrap();
    }
    let accounts = accounts_at(url);
    let session = Session {
        secret_hash: [3; 32],
        person: ADA,
        created: UtcMillis(5),
        expires: UtcMillis(100),
        client: String::new(),
        last_used: UtcMillis(5),
    };
    assert_eq!(accounts.sessions(ADA, NOW).await.unwrap(), [session]);
    let membership = &accounts.memberships(ADA, NOW).await.unwrap()[0];
    assert_eq!((membership.household.id, membership.role, membership.until), (HOME, Role::Owner, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_not_done() {
    let server = server().await;
    let url = server.database("accounts").unwrap();
    let accounts = accounts_at(url.clone());
    accounts.ready().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let function = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$";
    run(&mut connection, function).await.unwrap();
    let refuse = async |does: bool| {
        let statement = if does {
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse()"
        } else {
            "DROP TRIGGER refuse ON audit_entry"
        };
        run(&mut PgConnection::connect(&url).await.unwrap(), statement).await.unwrap();
    };
    testkit::suites::deeds::run_all(&accounts, refuse).await;
}

/// Of who was invited, as releases before wrote it.
const INVITED: &str = "INSERT INTO audit_entry (household, at, action, about) SELECT id, n, action, about FROM household,
    (VALUES (1, 'member_invited', 'bob@example.org: guest'), (2, 'invitation_withdrawn', 'bob@example.org'),
            (3, 'member_invited', 'zoë@example.org: owner'), (4, 'hub_added', 'me@home: guest')) AS deed (n, action, about)";

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_those_who_were_invited_go_and_no_release_before_brings_any_back() {
    let server = server().await;
    let url = server.database("accounts").unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::migrate!("./migrations").run_to(9, &mut connection).await.unwrap();
    let home = "INSERT INTO household VALUES ('02020202-0202-0202-0202-020202020202', 'Home', 'UTC')";
    run(&mut connection, home).await.unwrap();
    run(&mut connection, INVITED).await.unwrap();
    let accounts = accounts_at(url);
    accounts.ready().await.unwrap();
    // As the version before does meanwhile.
    run(&mut connection, INVITED).await.unwrap();
    let entries = accounts.entries(HOME, None, 10).await.unwrap().into_iter().rev();
    let about: Vec<String> = entries.map(|entry| entry.deed.about).collect();
    assert_eq!(about, [[": guest", "", ": owner", "me@home: guest"]; 2].concat());
    let change = run(&mut connection, "UPDATE audit_entry SET about = 'something else'").await.unwrap_err();
    assert!(change.to_string().contains("audit_stays"), "{change}");
}
