use postgres::SchemaError;

use super::*;
use crate::accounts_at;

#[tokio::test(flavor = "multi_thread")]
async fn one_version_back_is_what_it_was_and_forward_again_has_what_it_had() {
    let server = server().await;
    let previous = newest() - 1;
    let (was, is) =
        (dump(&made_at(&server, "was", previous).await), dump(&made_at(&server, "is", newest()).await));
    let url = lived_until(&server, "lived", previous).await;
    let columns = columns(&url).await;
    let before = rows(&url, &columns).await;
    let schema = schema_at(&url);
    let all_there = async |when: &str| {
        let now = rows(&url, &columns).await;
        for row in &before {
            assert!(now.contains(row), "{when}: {row}");
        }
    };

    schema.up().await.unwrap();
    suites(&accounts_at(url.clone())).await;
    assert!(schema.status().await.unwrap().way_back.is_some());
    let status = schema.down().await.unwrap();
    assert_eq!((status.database, status.pending.len()), (previous, 1));
    assert_eq!(dump(&url), was);
    all_there("one back").await;

    assert_eq!(schema.up().await.unwrap().database, newest());
    assert_eq!(dump(&url), is);
    all_there("forward again").await;
    suites(&accounts_at(url.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_version_before_could_not_read_keeps_the_schema_where_it_is() {
    let server = server().await;
    let url = lived_until(&server, "sealed", 9).await;
    let (columns, schema) = (columns(&url).await, dump(&url));
    let before = rows(&url, &columns).await;
    let refused = schema_at(&url).down().await.unwrap_err();
    assert!(matches!(refused, SchemaError::WayBackRefused { from: 9, .. }), "{refused:?}");
    let sentence = refused.to_string();
    assert!(sentence.contains("nothing has changed") && sentence.contains("sealed"), "{sentence}");
    assert_eq!((rows(&url, &columns).await, dump(&url)), (before, schema));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_way_back_it_is_said() {
    let server = server().await;
    let empty = server.database("empty").unwrap();
    assert!(matches!(schema_at(&empty).down().await, Err(SchemaError::Empty)));
    let url = made_at(&server, "old", 8).await;
    assert!(matches!(schema_at(&url).down().await, Err(SchemaError::NoWayBack(8))));
    assert_eq!(schema_at(&url).status().await.unwrap().database, 8);
}
