use reqwest::StatusCode;
use testkit::containers::hub;

use crate::server::{Server, always, household, utc};

const FROM: (&str, &str) = ("from", "2012-01-16T00:00:00Z");
const TO: (&str, &str) = ("to", "2012-01-16T01:00:00Z");

#[tokio::test]
async fn every_fault_of_a_question_is_named_by_its_field() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("from", &[TO]),
        ("to", &[FROM]),
        ("from", &[("from", "yesterday"), TO]),
        ("from", &[("from", "2012-01-16T00:00:00"), TO]),
        ("from", &[("from", ""), TO]),
        ("to", &[FROM, ("to", "2012-02-30T00:00:00Z")]),
        ("to", &[FROM, ("to", "2012-01-16T00:00:00Z")]),
        ("to", &[FROM, ("to", "2012-01-15T00:00:00Z")]),
        ("to", &[FROM, ("to", "2013-02-20T00:00:00Z")]),
        ("to", &[FROM, ("to", "2012-01-18T00:00:01Z"), ("bucket", "tick")]),
        ("bucket", &[FROM, TO, ("bucket", "5m")]),
        ("bucket", &[FROM, TO, ("bucket", "")]),
        ("to", &[FROM, ("to", "2022-01-18T00:00:00Z"), ("bucket", "1y")]),
        ("to", &[FROM, ("to", "2016-07-01T00:00:00Z"), ("bucket", "1h")]),
        ("group", &[FROM, TO, ("group", "floor")]),
        ("compare", &[FROM, TO, ("compare", "next")]),
        ("compare", &[FROM, TO, ("compare", "year"), ("bucket", "tick")]),
        ("cost", &[FROM, TO, ("cost", "1")]),
        ("cost", &[FROM, TO, ("cost", "true"), ("bucket", "tick")]),
        ("socket", &[FROM, TO, ("socket", "64")]),
        ("socket", &[FROM, TO, ("socket", "300")]),
        ("socket", &[FROM, TO, ("socket", "-1")]),
        ("socket", &[FROM, TO, ("socket", "kitchen")]),
        ("hub", &[FROM, TO, ("hub", "cellar")]),
        ("from", &[("from", "9999-12-30T20:00:00Z"), ("to", "9999-12-30T21:00:00Z"), ("bucket", "1d")]),
    ];
    for (field, query) in cases {
        let answer = server.ask(&token, query).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query:?} {}", answer.body);
        assert_eq!(answer.body["field"], *field, "{query:?} {}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().len() > 5);
    }
}

#[tokio::test]
async fn the_other_questions_name_their_faults_too() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let range = "from=2012-01-16T00:00:00Z&to=2012-01-16T01:00:00Z";
    for (field, question) in [
        ("months", "bills?months=0".to_owned()),
        ("months", "bills?months=121".to_owned()),
        ("months", "bills?months=all".to_owned()),
        ("from", "duration?to=2012-01-16T01:00:00Z".to_owned()),
        ("to", "duration?from=2012-01-16T00:00:00Z&to=2012-01-15T00:00:00Z".to_owned()),
        ("to", "duration?from=2012-01-16T00:00:00Z&to=2013-05-15T00:00:00Z".to_owned()),
        ("format", format!("export?{range}&format=xlsx")),
        ("bucket", format!("export?{range}&bucket=1mo")),
        ("to", "export?from=2012-01-16T00:00:00Z&to=2042-01-15T00:00:00Z".to_owned()),
        ("cost", format!("export?{range}&bucket=tick&cost=true")),
        ("cost", format!("export?{range}&cost=yes")),
        ("gaps", format!("export?{range}&gaps=1")),
        ("gaps", format!("export?{range}&bucket=tick&gaps=true")),
        ("hub", format!("export?{range}&hub=mine")),
        ("hub", format!("export?{range}&hub={}", hub(2))),
        ("socket", format!("export?{range}&socket=64")),
        ("socket", format!("export?{range}&socket=5")),
    ] {
        let answer = server.get(&format!("/v1/households/{}/{question}", household()), &token).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{question} {}", answer.body);
        assert_eq!(answer.body["field"], field, "{question} {}", answer.body);
    }
}

#[tokio::test]
async fn unknown_and_repeated_parameters_are_refused_by_name() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let token = server.token("UTC", &[]);
    for (name, query) in [("colour", vec![FROM, TO, ("colour", "red")]), ("from", vec![FROM, FROM, TO])] {
        let answer = server.ask(&token, &query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains(name), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_is_no_household_id_is_not_found() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let token = server.token("UTC", &[]);
    for path in ["/v1/households/me/usage", "/v1/households/me/live", "/v1/nothing", "/"] {
        assert_eq!(server.get(path, &token).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
