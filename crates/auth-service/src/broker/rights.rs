//! What a hub may do at the broker: log in with its secret, and publish what it measured and how it is, each under its own
//! key. Nothing else.

use domain::HubId;

const EXCHANGE: &str = "telemetry";

/// What RabbitMQ asks about a user. Names are as it writes them.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// SHA-256 of the password.
    LogIn {
        password_hash: [u8; 32],
    },
    Enter {
        vhost: String,
    },
    Use {
        vhost: String,
        resource: String,
        name: String,
        permission: String,
    },
    Publish {
        vhost: String,
        resource: String,
        name: String,
        permission: String,
        routing_key: String,
    },
}

/// Whose user name it is. Only the form in which we write it: connections are closed by name, so nobody may have two.
pub(super) fn hub_named(user: &str) -> Option<HubId> {
    user.parse::<HubId>().ok().filter(|hub| hub.to_string() == user)
}

/// Whether `hub`, which is to log in with the secret of this hash, may do what it wishes. `None`: it may not log in.
pub(super) fn may(hub: HubId, secret_hash: Option<&[u8; 32]>, vhost: &str, wish: &Wish) -> bool {
    let Some(secret_hash) = secret_hash else { return false };
    match wish {
        Wish::LogIn { password_hash } => same(password_hash, secret_hash),
        Wish::Enter { vhost: wished } => wished == vhost,
        Wish::Use { vhost: wished, resource, name, permission } => {
            wished == vhost && resource == "exchange" && name == EXCHANGE && permission == "write"
        }
        Wish::Publish { vhost: wished, resource, name, permission, routing_key } => {
            wished == vhost
                && resource == "topic"
                && name == EXCHANGE
                && permission == "write"
                && ["hub", "presence"].iter().any(|what| *routing_key == format!("{what}.{hub}"))
        }
    }
}

/// In a time that does not tell where they differ.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    const HUB: &str = "0197a3c2-0000-7000-8000-000000000001";
    const OTHER: &str = "0197a3c2-0000-7000-8000-000000000002";
    const SECRET: &str = "wlh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn allowed(wish: &Wish) -> bool {
        let hash: [u8; 32] = Sha256::digest(SECRET).into();
        let hub = hub_named(HUB).unwrap();
        assert!(!may(hub, None, "/", wish), "without a credential: {wish:?}");
        may(hub, Some(&hash), "/", wish)
    }

    fn log_in(password: &str) -> Wish {
        Wish::LogIn { password_hash: Sha256::digest(password).into() }
    }

    fn enter(vhost: &str) -> Wish {
        Wish::Enter { vhost: vhost.to_owned() }
    }

    fn using(vhost: &str, resource: &str, name: &str, permission: &str) -> Wish {
        let [vhost, resource, name, permission] = [vhost, resource, name, permission].map(str::to_owned);
        Wish::Use { vhost, resource, name, permission }
    }

    fn publish(vhost: &str, resource: &str, name: &str, permission: &str, routing_key: String) -> Wish {
        let [vhost, resource, name, permission] = [vhost, resource, name, permission].map(str::to_owned);
        Wish::Publish { vhost, resource, name, permission, routing_key }
    }

    #[test]
    fn a_hub_may_log_in_and_publish_under_its_own_key() {
        for wish in [
            log_in(SECRET),
            enter("/"),
            using("/", "exchange", "telemetry", "write"),
            publish("/", "topic", "telemetry", "write", format!("hub.{HUB}")),
            publish("/", "topic", "telemetry", "write", format!("presence.{HUB}")),
        ] {
            assert!(allowed(&wish), "{wish:?}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let own = || format!("hub.{HUB}");
        let wishes = [
            log_in(""),
            log_in(&SECRET.to_lowercase()),
            log_in(&SECRET[..46]),
            log_in(&format!("{SECRET} ")),
            enter(""),
            enter("//"),
            enter("other"),
            using("other", "exchange", "telemetry", "write"),
            using("/", "exchange", "telemetry", "read"),
            using("/", "exchange", "telemetry", "configure"),
            using("/", "exchange", "telemetry", "Write"),
            using("/", "exchange", "telemetry.dead", "write"),
            using("/", "exchange", "telemetry.shards", "write"),
            using("/", "exchange", "amq.default", "write"),
            using("/", "exchange", "", "write"),
            using("/", "queue", "telemetry", "write"),
            using("/", "queue", "telemetry.0", "read"),
            using("/", "queue", "telemetry.0", "configure"),
            using("/", "topic", "telemetry", "write"),
            publish("/", "topic", "telemetry", "read", own()),
            publish("/", "topic", "telemetry", "write", format!("hub.{OTHER}")),
            publish("/", "topic", "telemetry", "write", format!("presence.{OTHER}")),
            publish("/", "topic", "telemetry", "write", format!("presence.{HUB}.more")),
            publish("/", "topic", "telemetry", "write", "presence.*".to_owned()),
            publish("/", "topic", "telemetry", "read", format!("presence.{HUB}")),
            publish("/", "topic", "telemetry", "write", HUB.to_owned()),
            publish("/", "topic", "telemetry", "write", format!("hub.{HUB}.more")),
            publish("/", "topic", "telemetry", "write", "hub.*".to_owned()),
            publish("/", "topic", "telemetry", "write", own().to_uppercase()),
            publish("/", "topic", "telemetry", "write", String::new()),
            publish("/", "topic", "amq.topic", "write", own()),
            publish("/", "exchange", "telemetry", "write", own()),
            publish("other", "topic", "telemetry", "write", own()),
        ];
        for wish in wishes {
            assert!(!allowed(&wish), "{wish:?}");
        }
    }

    #[test]
    fn a_hub_has_one_name() {
        assert!(hub_named(HUB).is_some());
        let upper = HUB.to_uppercase();
        let bare = HUB.replace('-', "");
        for name in
            ["", "guest", "wattline", &upper, &bare, &format!("{{{HUB}}}"), &format!("urn:uuid:{HUB}")]
        {
            assert_eq!(hub_named(name), None, "{name}");
        }
    }
}
