//! A conforming OpenID Connect provider on a port of its own, which lies when it is told to.
//!
//! It logs in whoever asks, as the account that the test has set, without a page in between. What a client has to do right
//! is held against the standard: the redirect URI, PKCE, the client's secret, a code once.

mod endpoints;
mod key;
mod tokens;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Clock;
use tokio::task::JoinHandle;

use self::key::Key;

pub const CLIENT_ID: &str = "wattline";
/// With letters that have to be encoded on the way.
pub const CLIENT_SECRET: &str = "a secret: 100% +&=";

/// Who is logged in at the provider.
#[derive(Clone, Debug)]
pub struct Account {
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: String,
}

impl Account {
    /// With a verified address.
    pub fn new(subject: &str, email: &str) -> Self {
        let (subject, email) = (subject.to_owned(), Some(email.to_owned()));
        Self { subject, email, email_verified: true, name: "Ada Lovelace".to_owned() }
    }
}

/// What is wrong with an ID token, or with the answer that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Of another log-in.
    Nonce,
    NoNonce,
    /// For another client.
    Audience,
    /// For us among others, and nobody knows who asked.
    SeveralAudiences,
    /// For us, asked for by another client.
    AuthorizedParty,
    Issuer,
    Expired,
    /// Of another day, with an end that is far away.
    Stale,
    FromTheFuture,
    NoSubject,
    /// `alg: none`, without a signature.
    NoAlgorithm,
    /// HS256 with the public key as the secret.
    PublicKeyAsSecret,
    /// With a key that is not published.
    UnknownKey,
    /// With a key that is not published, under the name of one that is.
    ForgedKey,
    /// Changed after it was signed.
    Changed,
    /// The answer itself says that it is from another provider.
    Iss,
    /// The answer does not say whom it is from.
    NoIss,
    /// What is asked for about the account is of another one.
    Userinfo,
}

/// What may be set of it.
#[derive(Clone, Debug)]
struct Script {
    account: Account,
    lie: Option<Lie>,
    /// The error in the place of a code.
    denial: Option<&'static str>,
    is_down: bool,
    /// Whether the address is told only when asked for.
    is_terse: bool,
}

/// What a code stands for.
#[derive(Clone)]
struct Grant {
    redirect_uri: String,
    challenge: String,
    nonce: String,
    account: Account,
}

struct Shared {
    issuer: String,
    redirect_uri: String,
    clock: Arc<dyn Clock>,
    script: Mutex<Script>,
    codes: Mutex<HashMap<String, Grant>>,
    access_tokens: Mutex<HashMap<String, Account>>,
    keys: Mutex<Vec<Key>>,
    key_sets: Mutex<usize>,
    seen_nonces: Mutex<HashSet<String>>,
}

/// The running provider; it ends when dropped.
pub struct Provider {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Provider {
    /// For the client [`CLIENT_ID`], who may be answered at this one address.
    pub async fn start(clock: Arc<dyn Clock>, redirect_uri: &str, account: Account) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let script = Script { account, lie: None, denial: None, is_down: false, is_terse: false };
        let shared = Arc::new(Shared {
            issuer: format!("http://127.0.0.1:{port}/realms/home"),
            redirect_uri: redirect_uri.to_owned(),
            clock,
            script: Mutex::new(script),
            codes: Mutex::default(),
            access_tokens: Mutex::default(),
            keys: Mutex::new(vec![Key::generate("first")]),
            key_sets: Mutex::default(),
            seen_nonces: Mutex::default(),
        });
        let router = endpoints::router(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the provider serves until it is dropped");
        });
        Self { shared, task }
    }

    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// From now on somebody else is logged in there.
    pub fn is(&self, account: Account) {
        lock(&self.shared.script).account = account;
    }

    /// From now on it lies like this, or not at all.
    pub fn lies(&self, lie: Option<Lie>) {
        lock(&self.shared.script).lie = lie;
    }

    /// From now on nobody gets a code, but this error.
    pub fn denies(&self, error: Option<&'static str>) {
        lock(&self.shared.script).denial = error;
    }

    /// From now on every answer is a 503, or none is.
    pub fn is_down(&self, is_down: bool) {
        lock(&self.shared.script).is_down = is_down;
    }

    /// From now on the token does not say the address: one has to ask for it.
    pub fn is_terse(&self, is_terse: bool) {
        lock(&self.shared.script).is_terse = is_terse;
    }

    /// Signs with a new key from now on, and publishes only that.
    pub fn rotate(&self, name: &str) {
        *lock(&self.shared.keys) = vec![Key::generate(name)];
    }

    /// How often the keys were asked for.
    pub fn key_sets(&self) -> usize {
        *lock(&self.shared.key_sets)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
