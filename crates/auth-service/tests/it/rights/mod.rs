//! Every endpoint against everybody who could ask. What is in the description of the API and not in the table fails.

mod cast;
mod foreign;
mod others;
mod permits;
mod table;

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use self::cast::{CALLERS, Caller, Cast};
use self::table::{Row, TABLE, Who};

fn described() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&auth_service::openapi_json()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    operations
        .filter(|(method, _)| method.parse::<Method>().is_ok_and(|method| method != "PARAMETERS"))
        .collect()
}

#[test]
fn every_endpoint_is_classified_once() {
    let classified: Vec<(String, String)> =
        TABLE.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    let set: BTreeSet<_> = classified.iter().cloned().collect();
    assert_eq!(set.len(), classified.len(), "an endpoint is there twice");
    let (described, unknown): (Vec<_>, Vec<_>) = described().into_iter().partition(|one| set.contains(one));
    assert_eq!(unknown, [], "not classified: see the table of rights");
    assert_eq!(described.len(), set.len(), "the table has endpoints that are not described");
}

/// What somebody is to be answered.
fn expected(row: &Row, caller: Caller) -> u16 {
    let is_nobody = matches!(
        caller,
        Caller::Nobody
            | Caller::Closed
            | Caller::Expired
            | Caller::RevokedToken
            | Caller::ExpiredToken
            | Caller::Foreign
    );
    match row.who {
        Who::Anybody => row.done,
        Who::NobodyOrSomebody => match caller {
            Caller::Nobody => row.done,
            _ if is_nobody => 401,
            Caller::UsageToken | Caller::ManageToken => 403,
            _ => row.done,
        },
        _ if is_nobody => 401,
        Who::Session => match caller {
            Caller::UsageToken | Caller::ManageToken => 403,
            _ => row.done,
        },
        Who::Household { role, scope, stranger } => {
            let is_enough = match caller {
                Caller::Stranger => return stranger,
                Caller::Guest => role == "guest",
                Caller::Member => role != "owner",
                Caller::UsageToken => scope == "usage" || scope == "any",
                Caller::ManageToken => scope == "manage" || scope == "any",
                _ => true,
            };
            if is_enough { row.done } else { 403 }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for row in TABLE {
        let cast = Cast::gather().await;
        // Those who may do most come last: what they do may be done once.
        for &caller in CALLERS {
            let answer = cast.ask(row, caller).await;
            let (status, expected) = (answer.status.as_u16(), expected(row, caller));
            asked += 1;
            if status != expected {
                wrong.push(format!(
                    "{} {} as {caller:?}: {status} in place of {expected}: {}",
                    row.method, row.path, answer.body
                ));
            }
        }
        cast.server.stop().await;
    }
    assert!(wrong.is_empty(), "{} of {asked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
