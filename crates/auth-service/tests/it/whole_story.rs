use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::servers::PostgreSql;

use crate::server::{HUB, Server};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_logs_in_looks_around_and_logs_out_with_sqlite() {
    tell(Server::with_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_logs_in_looks_around_and_logs_out_with_postgresql() {
    let postgres = tokio::task::spawn_blocking(|| PostgreSql::start().unwrap()).await.unwrap();
    let config = postgres::Config::new(postgres.database("accounts").unwrap().into());
    let accounts = Arc::new(postgres::Accounts::connect(&config).unwrap());
    tell(Server::with_stores(accounts).await).await;
}

async fn tell(server: Server) {
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(server.send(server.request(Method::GET, path)).await.status, StatusCode::OK, "{path}");
    }
    let household = server.settle("ada@example.org", true).await;

    let session = server.log_in("  ADA@Example.org ", crate::server::PASSWORD).await;
    assert_eq!(session.status, StatusCode::CREATED, "{}", session.body);
    assert_eq!(session.headers["cache-control"], "no-store");
    let secret = session.body["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("wls_"));
    assert_eq!(session.body["person"]["email"], "ada@example.org");
    assert_eq!(session.body["person"]["name"], "Ada");
    let reference = json!({ "id": household.to_string(), "name": "Home", "zone": "Europe/Berlin", "role": "owner", "until": null });
    assert_eq!(session.body["households"], json!([reference]));

    let current = server.get("/v1/sessions/current", &secret).await;
    assert_eq!(current.status, StatusCode::OK);
    let mut expected = session.body.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(current.body, expected);

    let home = server.get(&format!("/v1/households/{household}"), &secret).await;
    assert_eq!(home.status, StatusCode::OK, "{}", home.body);
    let mut expected = reference;
    expected["hubs"] = json!([{
        "id": HUB,
        "name": "Cellar",
        "sockets": [
            { "number": 0, "name": "Lamp", "room": null, "icon": null, "hidden": false },
            { "number": 3, "name": "Fridge", "room": "Kitchen", "icon": "fridge", "hidden": false },
        ],
    }]);
    assert_eq!(home.body, expected);

    let token = server.post("/v1/tokens", &secret, &json!({ "household": household.to_string() })).await;
    assert_eq!(token.status, StatusCode::OK, "{}", token.body);

    let labels = json!({ "name": "Attic", "sockets": [{ "number": 63, "name": "Heater" }] });
    let put = server.put(&format!("/v1/households/{household}/hubs/{HUB}"), &secret, &labels).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);

    assert_eq!(server.delete("/v1/sessions/current", &secret).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.delete("/v1/sessions/current", &secret).await.status, StatusCode::UNAUTHORIZED);
    for path in ["/v1/sessions/current".to_owned(), format!("/v1/households/{household}")] {
        let refused = server.get(&path, &secret).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
    }
    server.stop().await;
}
