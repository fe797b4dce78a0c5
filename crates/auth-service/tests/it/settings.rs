use domain::HouseholdId;
use domain::access::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{Answer, HUB, Server};

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn address(household: HouseholdId) -> String {
    format!("/v1/households/{household}/settings")
}

fn band(name: &str, from: &str, to: &str) -> Value {
    json!({ "name": name, "price_n": 312_500_000, "from": from, "to": to, "days": WEEK })
}

fn tariff(valid_from: &str) -> Value {
    json!({
        "valid_from": valid_from, "name": "Day and night",
        "bands": [band("Day", "06:00", "22:00"), band("Night", "22:00", "06:00")],
        "standing_n": 12_900_000_000_i64, "standing_per": "month", "feed_in_n": null,
    })
}

fn alerts() -> Value {
    json!({
        "hub_offline_mins": 5, "socket_silent_mins": null,
        "left_on": [{ "hub": HUB, "socket": 3, "above_w": 20_000, "mins": 45 }],
        "unusual": false, "budget": false,
        "mutes": [
            { "kind": "left_on", "hub": HUB, "socket": 3, "until": 1_790_000_100 },
            { "kind": null, "hub": null, "socket": null, "until": null },
        ],
        "by_email": true, "webhook": "https://example.org/alerts", "language": "de",
    })
}

/// As it is stored after the first change.
fn full() -> Value {
    json!({
        "revision": 1, "name": "Home", "zone": "Europe/Berlin", "currency": "CHF", "budget_n": 80_000_000_000_i64,
        "tariffs": [tariff("2026-01-01"), tariff("2026-07-01")],
        "successions": [{ "hub": HUB, "socket": 3, "into_hub": HUB, "into_socket": 7, "until": 1_790_000_100 }],
        "alerts": alerts(),
    })
}

/// [`full`] with another value at a JSON pointer, to be the first change.
fn with(pointer: &str, value: Value) -> Value {
    let mut settings = full();
    settings["revision"] = json!(0);
    *settings.pointer_mut(pointer).unwrap() = value;
    settings
}

fn first() -> Value {
    with("/revision", json!(0))
}

async fn member(server: &Server, home: HouseholdId, role: Role) -> String {
    server.settle("bob@example.org", false).await;
    server.accounts.put_member(home, server.person("bob@example.org").await, role).await.unwrap();
    server.secret_of("bob@example.org").await
}

fn assert_refused(answer: &Answer, status: StatusCode, field: &Value) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(&answer.body["field"], field, "{}", answer.body);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.starts_with(|first: char| !first.is_lowercase()) && detail.ends_with('.'), "{detail}");
    assert!(!detail.contains(" line "), "{detail}");
}

#[tokio::test]
async fn settings_are_the_defaults_until_somebody_sets_them() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    let shown = server.get(&address(home), &secret).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let defaults = json!({
        "revision": 0, "name": "Home", "zone": "Europe/Berlin", "currency": "EUR", "budget_n": null,
        "tariffs": [], "successions": [],
        "alerts": {
            "hub_offline_mins": 15, "socket_silent_mins": 60, "left_on": [], "unusual": true, "budget": true,
            "mutes": [], "by_email": false, "webhook": null, "language": "en",
        },
    });
    assert_eq!(shown.body, defaults);

    let put = server.put(&address(home), &secret, &first()).await;
    assert_eq!((put.status, &put.body), (StatusCode::OK, &full()));
    assert_eq!(server.get(&address(home), &secret).await.body, full());
    server.stop().await;
}

#[tokio::test]
async fn an_owner_renames_and_moves_the_household() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    let mut settings = with("/zone", json!("Australia/Lord_Howe"));
    settings["name"] = json!(" Island ");
    let put = server.put(&address(home), &secret, &settings).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    assert_eq!((&put.body["name"], &put.body["zone"]), (&json!("Island"), &json!("Australia/Lord_Howe")));
    assert_eq!(server.get(&address(home), &secret).await.body, put.body);
    let shown = server.get(&format!("/v1/households/{home}"), &secret).await;
    assert_eq!((&shown.body["name"], &shown.body["zone"]), (&json!("Island"), &json!("Australia/Lord_Howe")));
    server.stop().await;
}

#[tokio::test]
async fn a_member_sets_prices_but_neither_name_nor_zone() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let bob = member(&server, home, Role::Member).await;
    for (pointer, value) in [("/name", json!("Bob's")), ("/zone", json!("UTC"))] {
        let refused = server.put(&address(home), &bob, &with(pointer, value)).await;
        assert_refused(&refused, StatusCode::FORBIDDEN, &Value::Null);
    }
    assert_eq!(server.get(&address(home), &bob).await.body["revision"], 0);
    let put = server.put(&address(home), &bob, &first()).await;
    assert_eq!((put.status, &put.body), (StatusCode::OK, &full()));
    server.stop().await;
}

#[tokio::test]
async fn a_member_who_has_not_read_the_new_name_is_late() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let bob = member(&server, home, Role::Member).await;
    let read = server.get(&address(home), &bob).await.body;
    let renamed = server.put(&address(home), &ada, &with("/name", json!("Attic"))).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.body);
    assert_refused(&server.put(&address(home), &bob, &read).await, StatusCode::CONFLICT, &Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn guests_look_and_strangers_find_nothing() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("eve@example.org", false).await;
    let eve = server.secret_of("eve@example.org").await;
    let bob = member(&server, home, Role::Guest).await;
    assert_eq!(server.get(&address(home), &bob).await.status, StatusCode::OK);
    let refused = server.put(&address(home), &bob, &first()).await;
    assert_refused(&refused, StatusCode::FORBIDDEN, &Value::Null);
    for household in [home, HouseholdId::from_bytes([9; 16])] {
        assert_eq!(server.get(&address(household), &eve).await.status, StatusCode::NOT_FOUND);
        let refused = server.put(&address(household), &eve, &first()).await;
        assert_refused(&refused, StatusCode::NOT_FOUND, &Value::Null);
    }
    assert_eq!(server.get(&address(home), "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(&address(home), &bob).await.body["revision"], 0);
    server.stop().await;
}

#[tokio::test]
async fn where_alerts_are_sent_is_shown_to_those_who_may_change_it() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    assert_eq!(server.put(&address(home), &ada, &first()).await.status, StatusCode::OK);
    for (role, webhook) in [(Role::Member, json!("https://example.org/alerts")), (Role::Guest, Value::Null)] {
        let bob = member(&server, home, role).await;
        let shown = server.get(&address(home), &bob).await.body;
        assert_eq!(shown["alerts"]["webhook"], webhook, "{role:?}");
        assert_eq!(shown["alerts"]["left_on"], alerts()["left_on"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn of_two_who_change_the_same_the_slower_one_is_told() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    assert_eq!(server.put(&address(home), &secret, &first()).await.status, StatusCode::OK);
    let late = with("/name", json!("Late"));
    for revision in [0, 2, -1] {
        let mut late = late.clone();
        late["revision"] = json!(revision);
        assert_refused(&server.put(&address(home), &secret, &late).await, StatusCode::CONFLICT, &Value::Null);
    }
    assert_eq!(server.get(&address(home), &secret).await.body, full(), "the name too is as it was");
    let mut again = full();
    again["budget_n"] = Value::Null;
    let put = server.put(&address(home), &secret, &again).await;
    assert_eq!((put.status, &put.body["revision"]), (StatusCode::OK, &json!(2)));
    server.stop().await;
}

#[tokio::test]
async fn what_makes_no_sense_names_the_field_and_changes_nothing() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    let bands = |bands: Value| with("/tariffs/1/bands", bands);
    for (settings, field) in [
        // What `HomeSettings::check` finds.
        (with("/budget_n", json!(0)), "budget_n"),
        (with("/tariffs/1/valid_from", json!("2026-01-01")), "tariffs[1].valid_from"),
        (with("/tariffs/0/name", json!(" ")), "tariffs[0].name"),
        (with("/tariffs/1/standing_n", json!(-1)), "tariffs[1].standing_n"),
        (with("/tariffs/1/bands/0/price_n", json!(9_000_000_000_000_i64)), "tariffs[1].bands[0].price_n"),
        (with("/tariffs/1/bands/0/from", json!("06:10")), "tariffs[1].bands[0].from"),
        (with("/tariffs/1/bands/1/to", json!("07:00")), "tariffs[1].bands[1].from"),
        (bands(json!([band("Day", "06:00", "22:00")])), "tariffs[1].bands"),
        (bands(json!([])), "tariffs[1].bands"),
        (with("/successions/0/into_socket", json!(3)), "successions[0].into_socket"),
        (with("/successions/0/until", json!(17)), "successions[0].until"),
        (with("/alerts/hub_offline_mins", json!(4)), "alerts.hub_offline_mins"),
        (with("/alerts/socket_silent_mins", json!(1_441)), "alerts.socket_silent_mins"),
        (with("/alerts/left_on/0/above_w", json!(0)), "alerts.left_on[0].above_w"),
        (with("/alerts/left_on/0/mins", json!(50)), "alerts.left_on[0].mins"),
        (with("/alerts/mutes/0/hub", Value::Null), "alerts.mutes[0].hub"),
        (with("/alerts/webhook", json!("ftp://example.org")), "alerts.webhook"),
        (with("/alerts/language", json!("fr")), "alerts.language"),
        // What cannot be read at all.
        (with("/revision", json!("one")), "revision"),
        (with("/zone", json!("Europe/Nowhere")), "zone"),
        (with("/name", json!("")), "name"),
        (with("/currency", json!("euro")), "currency"),
        (with("/budget_n", json!(0.5)), "budget_n"),
        (with("/tariffs/1/valid_from", json!("2026-02-30")), "tariffs[1].valid_from"),
        (with("/tariffs/1/standing_per", json!("week")), "tariffs[1].standing_per"),
        (with("/tariffs/1/feed_in_n", json!("8 ct")), "tariffs[1].feed_in_n"),
        (with("/tariffs/1/bands/0/from", json!("6:00")), "tariffs[1].bands[0].from"),
        (with("/tariffs/1/bands/0/to", json!(22)), "tariffs[1].bands[0].to"),
        (with("/tariffs/1/bands/0/days/2", json!("Wednesday")), "tariffs[1].bands[0].days[2]"),
        (with("/tariffs/1/bands/0", json!({ "name": "x", "colour": "red" })), "tariffs[1].bands[0].colour"),
        (with("/tariffs/1", json!({ "name": "x" })), "tariffs[1]"),
        (with("/tariffs", json!({})), "tariffs"),
        (with("/successions/0/socket", json!(64)), "successions[0].socket"),
        (with("/successions/0/hub", json!("cellar")), "successions[0].hub"),
        (with("/alerts", Value::Null), "alerts"),
        (with("/alerts/unusual", json!("yes")), "alerts.unusual"),
        (with("/alerts/left_on/0/socket", json!(64)), "alerts.left_on[0].socket"),
        (with("/alerts/left_on/0/above_w", json!(-1)), "alerts.left_on[0].above_w"),
        (with("/alerts/mutes/1/kind", json!("fire")), "alerts.mutes[1].kind"),
        (with("/alerts/mutes/1", json!({ "colour": "red" })), "alerts.mutes[1].colour"),
        (with("/alerts/webhook", json!(["https://example.org"])), "alerts.webhook"),
    ] {
        let refused = server.put(&address(home), &secret, &settings).await;
        assert_refused(&refused, StatusCode::UNPROCESSABLE_ENTITY, &json!(field));
    }
    for field in ["tariffs", "alerts"] {
        let mut unsaid = first();
        unsaid.as_object_mut().unwrap().remove(field);
        let refused = server.put(&address(home), &secret, &unsaid).await;
        assert_refused(&refused, StatusCode::UNPROCESSABLE_ENTITY, &Value::Null);
    }
    assert_eq!(server.get(&address(home), &secret).await.body["revision"], 0);
    server.stop().await;
}

#[tokio::test]
async fn a_price_for_the_day_and_one_for_the_night_fit_in_for_many_years() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    let tariffs = |count: usize| -> Value {
        (0..count).map(|n| tariff(&format!("{}-{:02}-01", 2000 + n / 12, n % 12 + 1))).collect()
    };
    let many = with("/tariffs", tariffs(150));
    assert!(many.to_string().len() > 48 * 1_024);
    let put = server.put(&address(home), &secret, &many).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    assert_eq!(server.get(&address(home), &secret).await.body["tariffs"], many["tariffs"]);
    let refused = server.put(&address(home), &secret, &with("/tariffs", tariffs(300))).await;
    assert_refused(&refused, StatusCode::PAYLOAD_TOO_LARGE, &Value::Null);
    server.stop().await;
}
