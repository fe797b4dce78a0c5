//! HTTPS, with certificates made as the documentation says.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use reqwest::{Certificate, Client};
use service::Metrics;
use service::tls::TlsConfig;
use testkit::certificates::{Authority, Issued};
use testkit::wait;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

fn config(issued: &Issued) -> TlsConfig {
    TlsConfig {
        certificate: Some(issued.certificate.clone()),
        key: Some(issued.key.clone()),
        ..TlsConfig::default()
    }
}

async fn serve(issued: &Issued) -> Server {
    let listener = config(issued).listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let router = Router::new().route("/", get(|| async { "hello" }));
    let task = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { service::http::serve(listener, router, &Metrics::default(), shutdown).await }
    });
    Server { address, shutdown, task }
}

/// By a client that believes `ca` and nobody else, and remembers no session of before.
async fn ask(ca: &Path, url: &str) -> Result<String, String> {
    let ca = Certificate::from_pem(&fs::read(ca).unwrap()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
    match client.get(url).send().await {
        Ok(answer) => Ok(answer.text().await.unwrap()),
        Err(error) => Err(format!("{error:?}")),
    }
}

/// What `openssl s_client` says.
fn s_client(address: SocketAddr, arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(arguments).stdin(Stdio::null());
    let output = command.output().expect("apt-get install openssl");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn faults(config: &TlsConfig) -> Vec<String> {
    let mut faults = Vec::new();
    config.validate(&mut faults);
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_believes_the_authority_and_asks_by_a_certified_name_is_answered() {
    let authority = Authority::new().unwrap();
    let server = serve(&authority.issue("server", &["localhost"]).unwrap()).await;
    let url = format!("https://localhost:{}/", server.address.port());
    assert_eq!(ask(&authority.ca(), &url).await.unwrap(), "hello");

    let stranger = Authority::new().unwrap();
    let refused = ask(&stranger.ca(), &url).await.unwrap_err();
    assert!(refused.contains("UnknownIssuer") || refused.contains("BadSignature"), "{refused}");
    let by_address = ask(&authority.ca(), &format!("https://{}/", server.address)).await.unwrap_err();
    assert!(by_address.contains("NotValidForName"), "{by_address}");
    let plain = ask(&authority.ca(), &format!("http://{}/", server.address)).await;
    assert!(plain.is_err(), "{plain:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_warned_of_and_believed_by_nobody() {
    let authority = Authority::new().unwrap();
    let expired = authority.issue_for(0, "server", &["localhost"]).unwrap();
    let config = config(&expired);
    assert!(faults(&config).is_empty());
    wait::until(LIMIT, "it has expired", async || {
        let mut warnings = Vec::new();
        config.warnings(&mut warnings);
        (warnings.len() == 1 && warnings[0].contains("has expired on")).then_some(())
    })
    .await;
    let server = serve(&expired).await;
    let url = format!("https://localhost:{}/", server.address.port());
    // Clients count in whole seconds.
    let refused = wait::until(LIMIT, "it is refused", async || ask(&authority.ca(), &url).await.err()).await;
    assert!(refused.contains("Expired"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let authority = Authority::new().unwrap();
    let server = serve(&authority.issue("server", &["127.0.0.1"]).unwrap()).await;
    let address = server.address;
    let said = tokio::task::spawn_blocking(move || {
        // Security level 0, or the client itself would not try the old ones.
        let old = ["-cipher", "DEFAULT@SECLEVEL=0"];
        ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"]
            .map(|version| s_client(address, &[&[version, "-alpn", "h2,http/1.1"], &old[..]].concat()))
    })
    .await
    .unwrap();
    for old in &said[..2] {
        let refused =
            ["alert protocol version", "alert handshake failure"].iter().any(|alert| old.contains(alert));
        assert!(refused && old.contains("Cipher is (NONE)"), "{old}");
    }
    for (new, version) in said[2..].iter().zip(["TLSv1.2", "TLSv1.3"]) {
        assert!(new.contains(&format!("New, {version}, Cipher is")), "{new}");
        assert!(new.contains("ALPN protocol: http/1.1"), "{new}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_never() {
    let authority = Authority::new().unwrap();
    let issued = authority.issue("server", &["localhost"]).unwrap();
    let server = serve(&issued).await;
    let ca = authority.ca();
    let (by_name, by_address) =
        (format!("https://localhost:{}/", server.address.port()), format!("https://{}/", server.address));
    assert!(ask(&ca, &by_name).await.is_ok() && ask(&ca, &by_address).await.is_err());

    // The other name tells the new certificate from the old.
    authority.issue("server", &["127.0.0.1"]).unwrap();
    wait::until(LIMIT, "the new certificate is shown", async || ask(&ca, &by_address).await.ok()).await;
    assert!(ask(&ca, &by_name).await.is_err());

    // Then files that cannot be used, longer than it takes to notice.
    let good = (fs::read(&issued.certificate).unwrap(), fs::read(&issued.key).unwrap());
    let other = authority.issue("other", &["localhost"]).unwrap();
    for (certificate, key) in [
        (b"nonsense".to_vec(), good.1.clone()),
        (fs::read(&other.certificate).unwrap(), good.1.clone()),
        (good.0.clone(), Vec::new()),
    ] {
        fs::write(&issued.certificate, certificate).unwrap();
        fs::write(&issued.key, key).unwrap();
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(ask(&ca, &by_address).await.unwrap(), "hello");
    }
    fs::remove_file(&issued.certificate).unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(ask(&ca, &by_address).await.unwrap(), "hello");

    authority.issue("server", &["localhost"]).unwrap();
    wait::until(LIMIT, "it goes on after that", async || ask(&ca, &by_name).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_says_hello_is_cut_off_and_does_not_hold_up_the_end() {
    let authority = Authority::new().unwrap();
    let server = serve(&authority.issue("server", &["localhost"]).unwrap()).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut nothing = [0; 1];
    // Ten seconds for the handshake.
    let read = wait::within(LIMIT, "it is cut off", silent.read(&mut nothing)).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");

    let another = TcpStream::connect(server.address).await.unwrap();
    server.shutdown.cancel();
    let ended = wait::within(Duration::from_secs(3), "it ends at once", server.task).await;
    ended.unwrap().unwrap();
    drop(another);
}

#[test]
fn what_is_wrong_with_the_files_is_said_before_anything_starts() {
    let authority = Authority::new().unwrap();
    let good = authority.issue("server", &["localhost"]).unwrap();
    let other = authority.issue("other", &["localhost"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, parts: &[&Path]| {
        let path = folder.path().join(name);
        let text: Vec<u8> = parts.iter().flat_map(|part| fs::read(part).unwrap()).collect();
        fs::write(&path, text).unwrap();
        path
    };
    assert!(faults(&config(&good)).is_empty());
    let chain = file("chain.pem", &[&good.certificate, &good.ca]);
    assert!(faults(&TlsConfig { certificate: Some(chain), ..config(&good) }).is_empty());
    let backwards = file("backwards.pem", &[&good.ca, &good.certificate]);
    let garbled = file("garbled.pem", &[]);
    fs::write(&garbled, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let with = |certificate: &Path, key: &Path, ca: Option<&Path>| TlsConfig {
        certificate: Some(certificate.to_owned()),
        key: Some(key.to_owned()),
        ca: ca.map(Path::to_owned),
        ..TlsConfig::default()
    };
    for (wrong, begins, says) in [
        (with(&good.certificate, &other.key, None), "tls.key: ", "it is not the key of"),
        (with(&backwards, &good.key, None), "tls.certificate: ", "wrong order"),
        (with(&good.key, &good.key, None), "tls.certificate: ", "there is no certificate in it"),
        (with(&garbled, &good.key, None), "tls.certificate: ", "cannot be read"),
        (with(&good.certificate, &good.certificate, None), "tls.key: ", "there is no private key in it"),
        (with(&good.certificate, &good.key, Some(&good.key)), "tls.ca: ", "there is no certificate in it"),
        (with(&good.certificate, &good.key, Some(&garbled)), "tls.ca: ", "cannot be read"),
    ] {
        let said = faults(&wrong);
        assert!(said.len() == 1 && said[0].starts_with(begins) && said[0].contains(says), "{said:?}");
        assert!(!said[0].contains("BEGIN"), "{said:?}");
    }
}
