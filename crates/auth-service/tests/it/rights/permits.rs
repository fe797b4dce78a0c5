//! Archives, for those who have a permit: what the table cannot say.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::cast::{CALLERS, Caller, Cast};
use super::foreign;
use crate::server::{Answer, PASSWORD};

const OWN: [&str; 2] = ["/v1/people/current/archive", "/v1/people/current/archive/deeds"];

impl Cast {
    /// For the person of the session.
    async fn permit(&self, caller: Caller) -> String {
        let made = self.server.post(OWN[0], &self.secrets[&caller], &json!({ "password": PASSWORD })).await;
        made.body["permit"].as_str().unwrap_or_else(|| panic!("{caller:?}: {}", made.body)).to_owned()
    }

    async fn get_with(&self, path: &str, caller: Caller, permit: &str) -> Answer {
        let mut request = self.server.request(Method::GET, path).header("x-wattline-permit", permit);
        if let Some(secret) = self.secrets.get(&caller) {
            request = request.bearer_auth(secret);
        }
        self.server.send(request).await
    }
}

#[tokio::test]
async fn with_a_permit_everybody_takes_along_what_they_may_and_nothing_else() {
    let cast = Cast::gather().await;
    let home = format!("/v1/households/{}/archive", cast.household);
    let of_owner = cast.permit(Caller::Owner).await;
    for &caller in CALLERS {
        let (own, its) = match caller {
            Caller::UsageToken | Caller::ManageToken => (403, 403),
            Caller::Stranger => (200, 404),
            Caller::Guest => (200, 403),
            Caller::Member | Caller::Owner => (200, 200),
            _ => (401, 401),
        };
        let permit = if own == 200 { cast.permit(caller).await } else { of_owner.clone() };
        for (path, expected) in [(OWN[0], own), (OWN[1], own), (&home, its)] {
            let answer = cast.get_with(path, caller, &permit).await;
            assert_eq!(answer.status.as_u16(), expected, "{path} as {caller:?}: {}", answer.body);
        }
    }
    cast.server.stop().await;
}

#[tokio::test]
async fn a_permit_is_its_persons_and_ours() {
    let cast = Cast::gather().await;
    let of_owner = cast.permit(Caller::Owner).await;
    let home = format!("/v1/households/{}/archive", cast.household);
    let now = cast.server.now().secs();
    let claims = json!({
        "iss": "wattline-auth", "aud": "wattline-archive", "sub": cast.owner, "iat": now, "exp": now + 120,
    });
    let our_key = jsonwebtoken::decode_header(&of_owner).unwrap().kid.unwrap();
    // They say what ours says, to the letter.
    let ours: Value = jsonwebtoken::dangerous::insecure_decode(&of_owner).unwrap().claims;
    assert_eq!(ours, claims);
    let foreign = [foreign::signed(&claims, &our_key), foreign::signed(&claims, "theirs")];
    for path in [OWN[0], OWN[1], &home] {
        for caller in [Caller::Stranger, Caller::Guest, Caller::Member] {
            let refused = cast.get_with(path, caller, &of_owner).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} as {caller:?}: {}", refused.body);
        }
        for permit in &foreign {
            let refused = cast.get_with(path, Caller::Owner, permit).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.body);
        }
        assert_eq!(cast.get_with(path, Caller::Owner, &of_owner).await.status, StatusCode::OK, "{path}");
    }
    cast.server.stop().await;
}
