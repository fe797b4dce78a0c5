use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use domain::UtcMillis;
use domain::transport::{ContainerPublisher, ContainerSource, SourceError};
use inprocess::transport;
use serde_json::{Value, json};
use testkit::FakeClock;
use testkit::containers::hub;

const BODY: Bytes = Bytes::from_static(b"not a container");

#[tokio::test]
async fn a_dead_letter_follows_half_a_line_on_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dead-letters.jsonl");
    fs::write(&file, "{\"at\":1,\"hub\":nu").unwrap();
    let (publisher, source, _live) = transport(4, folder.path(), Arc::new(FakeClock::at(UtcMillis(7))));
    let refuse = async {
        let deliveries = source.receive(1).await.unwrap();
        source.dead_letter(&deliveries[0], "a \"reason\"\nof two lines").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(publisher.publish(hub(1), BODY), refuse);
    outcome.unwrap();

    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    let letter: Value = serde_json::from_str(lines[1]).unwrap();
    let reason = "a \"reason\"\nof two lines";
    assert_eq!(letter, json!({ "at": 7, "hub": hub(1), "reason": reason, "body": "bm90IGEgY29udGFpbmVy" }));
}

#[tokio::test]
async fn without_a_place_for_dead_letters_nothing_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let (publisher, source, _live) = transport(4, &missing, Arc::new(FakeClock::at(UtcMillis(7))));
    let refuse = async {
        let deliveries = source.receive(1).await.unwrap();
        let refused = source.dead_letter(&deliveries[0], "odd").await;
        assert!(matches!(refused, Err(SourceError::Unavailable { .. })), "{refused:?}");
        fs::create_dir(&missing).unwrap();
        source.dead_letter(&deliveries[0], "odd").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(publisher.publish(hub(1), BODY), refuse);
    outcome.unwrap();
    assert!(missing.join("dead-letters.jsonl").exists());
}
