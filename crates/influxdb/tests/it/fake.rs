//! An HTTP server that answers what a test tells it to, and remembers what it was asked.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use flate2::read::GzDecoder;
use influxdb::Config;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) authorization: Option<String>,
    pub(crate) encoding: Option<String>,
    /// Unpacked.
    pub(crate) body: String,
}

pub(crate) enum Reply {
    Say {
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    },
    /// By the length of the request's body.
    SayTooLargeAbove(usize),
    Hang,
}

impl Reply {
    pub(crate) const fn new(status: u16, body: &'static str) -> Self {
        Self::Say { status, headers: &[("content-type", "application/json")], body }
    }
}

#[derive(Default)]
struct Script {
    /// The last one stays.
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
}

type Shared = Arc<Mutex<Script>>;

pub(crate) struct Fake {
    script: Shared,
    url: String,
    server: JoinHandle<()>,
}

impl Fake {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Shared::default();
        script.lock().unwrap().replies.extend(replies);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { script, url, server }
    }

    pub(crate) fn config(&self) -> Config {
        Config { url: self.url.clone(), token: Some("hush".into()), ..Config::default() }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// `METHOD path?query` of every request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.uri)).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(script): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = {
        let mut script = script.lock().unwrap();
        let header = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let (authorization, encoding) = (header("authorization"), header("content-encoding"));
        let mut text = String::new();
        match encoding.as_deref() {
            Some("gzip") => drop(GzDecoder::new(&*body).read_to_string(&mut text).unwrap()),
            _ => text.push_str(std::str::from_utf8(&body).unwrap()),
        }
        let length = text.len();
        script.asked.push(Asked { method, uri, authorization, encoding, body: text });
        let reply = match script.replies.front().unwrap() {
            Reply::Say { status, headers, body } => Some((*status, *headers, *body)),
            Reply::SayTooLargeAbove(limit) if length > *limit => Some((413, &[][..], "")),
            Reply::SayTooLargeAbove(_) => Some((204, &[][..], "")),
            Reply::Hang => None,
        };
        if script.replies.len() > 1 {
            script.replies.pop_front();
        }
        reply
    };
    let Some((status, headers, body)) = reply else {
        tokio::time::sleep(Duration::from_hours(1)).await;
        return StatusCode::NO_CONTENT.into_response();
    };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().remove("content-type");
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}
