use reqwest::StatusCode;
use serde_json::Value;
use testkit::containers::ContainerBuilder;

use crate::world::{World, hub};

const DAY: &str = "from=2012-01-16T00:00:00Z&to=2012-01-17T00:00:00Z";

#[tokio::test]
async fn every_question_comes_through_with_what_it_asks() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let container = ContainerBuilder::new(hub()).build();
    world.store(&container).await;
    for (question, field) in [
        (format!("usage?{DAY}&group=room&compare=previous&cost=true"), "compare"),
        ("sockets".to_owned(), "sockets"),
        ("bills?months=2".to_owned(), "months"),
        (format!("duration?{DAY}"), "power_w"),
        ("today".to_owned(), "coverage"),
    ] {
        let answer = world.get(&world.path(&format!("/{question}")), &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{question}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(answer.body.get(field).is_some(), "{question}: {}", answer.body);
    }
    let bills = world.get(&world.path("/bills?months=2"), &cookie).await;
    assert_eq!(bills.body["months"].as_array().unwrap().len(), 2);
    let metrics = world.get(&world.path("/metrics"), &cookie).await;
    assert_eq!(metrics.status, StatusCode::OK);
    assert!(metrics.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
}

#[tokio::test]
async fn an_export_is_a_file_to_be_kept() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    world.store(&ContainerBuilder::new(hub()).build()).await;
    let file = world.get(&world.path(&format!("/export?{DAY}&bucket=1h&format=csv")), &cookie).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    let disposition = file.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename="), "{disposition}");
    assert!(file.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let Value::String(text) = &file.body else { panic!("{}", file.body) };
    assert!(text.lines().count() > 1 && text.contains(&hub().to_string()), "{text}");

    let refused = world.get(&world.path(&format!("/export?{DAY}&format=pdf")), &cookie).await;
    assert_eq!(
        (refused.status, &refused.body["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &"format".into())
    );
}

#[tokio::test]
async fn nobody_asks_without_a_session() {
    let world = World::start().await;
    for question in ["usage", "sockets", "bills", "duration", "today", "metrics", "export", "live"] {
        let answer = world.get(&world.path(&format!("/{question}")), "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{question}");
        assert!(answer.clears_the_cookie(), "{question}");
    }
}
