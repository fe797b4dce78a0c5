use std::time::Duration;

use testkit::certificates::Authority;
use testkit::client::Client;
use testkit::system::{EMAIL, System, SystemSetup, test_binaries};
use testkit::wait;

/// From the hub to the browser with TLS on every way, certificates made as documented, and no exception allowed.
#[tokio::test(flavor = "multi_thread")]
async fn everything_works_over_tls_with_an_authority_of_ones_own() {
    let setup = SystemSetup {
        binaries: test_binaries(),
        folder: None,
        port: None,
        agent: "tick_secs = 1\n[agent.sensor.simulated]\nseed = 7\nsockets = 12\n".to_owned(),
        sockets: Vec::new(),
    };
    let (authority, system) = tokio::task::spawn_blocking(move || {
        let authority = Authority::new().unwrap_or_else(|error| panic!("{error}"));
        let issued = authority.issue("all", &["127.0.0.1"]).unwrap_or_else(|error| panic!("{error}"));
        let system = System::start_with_tls(&setup, &issued).unwrap_or_else(|error| panic!("{error}"));
        (authority, system)
    })
    .await
    .expect("starting does not panic");
    assert!(system.url.starts_with("https://"), "{}", system.url);

    let ca = std::fs::read(authority.ca()).expect("there is an authority");
    let ca = reqwest::Certificate::from_pem(&ca).expect("it is a certificate");
    let browser = || reqwest::Client::builder().no_proxy().tls_certs_only([ca.clone()]);
    let client = Client::log_in_by(browser(), &system.url, EMAIL, &system.password).await;
    let client = client.unwrap_or_else(|(status, problem)| {
        system.print_logs();
        panic!("the person cannot log in: {status} {problem}")
    });
    assert!(client.cookie().starts_with("__Host-wattline_session="), "the cookie is for HTTPS only");

    let page = browser().build().expect("a client").get(&system.url).send().await.expect("the page answers");
    let header = page.headers().get("strict-transport-security").map(|value| value.as_bytes().to_vec());
    assert_eq!(header.as_deref(), Some(b"max-age=31536000".as_slice()));

    // A tick that was measured at the hub is stored, and seen live and in the figures.
    let mut stream = client.live().await;
    assert_eq!(stream.status(), 200);
    let mut text = String::new();
    while !text.contains("event: tick") {
        let part = wait::within(Duration::from_mins(1), "a tick is seen", stream.chunk()).await;
        text.push_str(&String::from_utf8_lossy(&part.expect("it goes on").expect("it does not end")));
    }
    drop(stream);
    let path = format!("/households/{}/today", client.household);
    wait::until(Duration::from_mins(1), "what was measured is in the figures", async || {
        let (status, today) = client.json(&path).await;
        (status == 200 && today["energy_j"].as_i64().is_some_and(|joules| joules > 0)).then_some(())
    })
    .await;
}
