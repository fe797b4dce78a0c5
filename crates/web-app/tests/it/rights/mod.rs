//! Every endpoint of the page's API against everybody who could ask. What the router has and the table has not fails.

mod cast;
mod table;

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;

use self::cast::{CALLERS, Caller, Cast};
use self::table::{Row, TABLE, Who};

#[test]
fn every_endpoint_is_classified_once() {
    let classified: Vec<(&str, String)> = TABLE.iter().map(|row| (row.method, row.path.to_owned())).collect();
    let set: BTreeSet<_> = classified.iter().cloned().collect();
    assert_eq!(set.len(), classified.len(), "an endpoint is there twice");
    let (known, unknown): (Vec<_>, Vec<_>) =
        web_app::endpoints().into_iter().partition(|one| set.contains(one));
    assert_eq!(unknown, [], "not classified: see the table of rights");
    assert_eq!(known.len(), set.len(), "the table has endpoints that are not there");
}

const FROM_ANOTHER_SITE: &str = "This request comes from another site.";

/// What somebody is to be answered.
fn expected(row: &Row, caller: Caller) -> u16 {
    let is_nobody = matches!(caller, Caller::Nobody | Caller::Closed);
    let is_program = matches!(caller, Caller::UsageToken | Caller::LiveToken | Caller::ManageToken);
    if caller == Caller::AnotherSite && row.method != "GET" {
        return 403;
    }
    match row.who {
        Who::Anybody => row.done,
        Who::NobodyOrSomebody if caller == Caller::Nobody => row.done,
        Who::Holder => {
            if caller == Caller::Nobody {
                401
            } else {
                row.done
            }
        }
        Who::NoProgram => {
            if is_program {
                403
            } else {
                row.done
            }
        }
        _ if is_nobody => 401,
        Who::NobodyOrSomebody | Who::Session => {
            if is_program {
                403
            } else {
                row.done
            }
        }
        Who::Household { role, scope, stranger } => {
            let is_enough = match caller {
                Caller::Stranger => return stranger,
                Caller::Guest => role == "guest",
                Caller::Member => role != "owner",
                Caller::UsageToken => scope == "usage",
                Caller::LiveToken => scope == "live",
                Caller::ManageToken => scope == "manage",
                _ => true,
            };
            if is_enough { row.done } else { 403 }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let cast = Cast::gather().await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for row in TABLE {
        // Those who may do most come last: what they do may be done once.
        for &caller in CALLERS {
            let answer = cast.ask(row, caller).await;
            let (status, expected) = (answer.status().as_u16(), expected(row, caller));
            asked += 1;
            // A live stream has no end.
            let body =
                if answer.status() == StatusCode::OK { String::new() } else { answer.text().await.unwrap() };
            let is_told_why = caller != Caller::AnotherSite || row.method == "GET" || {
                let problem: Value = serde_json::from_str(&body).unwrap_or_default();
                problem["detail"] == FROM_ANOTHER_SITE
            };
            if status != expected || !is_told_why {
                wrong.push(format!(
                    "{} {} as {caller:?}: {status} in place of {expected}: {body}",
                    row.method, row.path
                ));
            }
        }
        // Nobody is to have tried too often.
        cast.world.clock.advance_millis(60_000);
    }
    assert!(wrong.is_empty(), "{} of {asked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
