//! What a browser does, without the browser: log in, ask, watch.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

/// Energy in buckets, as the API answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Usage {
    pub from: String,
    pub to: String,
    pub starts: Vec<i64>,
    pub sockets: Vec<SocketUsage>,
    pub total: Total,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SocketUsage {
    pub hub: String,
    pub socket: u8,
    pub energy_j: Vec<Option<i64>>,
    pub coverage: Vec<f64>,
    pub total_j: i64,
    pub total_coverage: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Total {
    pub energy_j: Vec<Option<i64>>,
    pub total_j: i64,
    pub total_coverage: f64,
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    cookie: String,
    /// The first household of the person.
    pub household: String,
}

impl Client {
    /// Logs in on the page at `url`; the status and the problem when that fails.
    pub async fn log_in(url: &str, email: &str, password: &str) -> Result<Self, (u16, Value)> {
        Self::log_in_by(reqwest::Client::builder(), url, email, password).await
    }

    /// The same, by a client that is prepared for that page.
    pub async fn log_in_by(
        http: reqwest::ClientBuilder,
        url: &str,
        email: &str,
        password: &str,
    ) -> Result<Self, (u16, Value)> {
        let http = http.timeout(Duration::from_secs(30)).build().expect("an HTTP client can be built");
        let url = url.trim_end_matches('/').to_owned();
        let answer = http
            .post(format!("{url}/api/session"))
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await
            .map_err(|error| (0, Value::String(error.to_string())))?;
        let status = answer.status().as_u16();
        let cookie = answer
            .headers()
            .get(reqwest::header::SET_COOKIE)
            .and_then(|value| value.to_str().ok()?.split(';').next())
            .unwrap_or_default()
            .to_owned();
        let body: Value = answer.json().await.unwrap_or_default();
        if status != 201 {
            return Err((status, body));
        }
        let household = body["households"][0]["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { http, url, cookie, household })
    }

    /// Name and value.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// `path` below `/api`.
    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}/api{path}", self.url)).header(reqwest::header::COOKIE, &self.cookie)
    }

    /// `path` below `/api`; a body in JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Result<reqwest::Response, reqwest::Error> {
        let request = self.http.put(format!("{}/api{path}", self.url));
        request.header(reqwest::header::COOKIE, &self.cookie).json(body).send().await
    }

    /// `path` below `/api`; without a body.
    pub async fn post(&self, path: &str) -> Result<reqwest::Response, reqwest::Error> {
        let request = self.http.post(format!("{}/api{path}", self.url));
        request.header(reqwest::header::COOKIE, &self.cookie).send().await
    }

    /// Status and body.
    pub async fn json(&self, path: &str) -> (u16, Value) {
        let answer = self.get(path).send().await.expect("the page answers");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// The household, its hubs and sockets.
    pub async fn home(&self) -> Value {
        self.json(&format!("/households/{}", self.household)).await.1
    }

    /// `from` and `to` in RFC 3339.
    pub async fn usage(&self, from: &str, to: &str, bucket: &str) -> Result<Usage, String> {
        let answer = self
            .get(&format!("/households/{}/usage", self.household))
            .query(&[("from", from), ("to", to), ("bucket", bucket)])
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))
    }

    /// The live stream: the answer to read events from.
    pub async fn live(&self) -> reqwest::Response {
        let path = format!("/households/{}/live", self.household);
        self.get(&path).timeout(Duration::from_mins(10)).send().await.expect("the page answers")
    }
}

/// What a server answers with, parsed.
pub async fn get_json(url: &str) -> Result<Value, reqwest::Error> {
    reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?.get(url).send().await?.json().await
}

/// Bytes of the page and of every file that it or its files name, compressed as they come: as much as a first
/// visit can take, whatever it opens.
pub async fn page_bytes(url: &str) -> Result<usize, reqwest::Error> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let get = async |path: &str, encoding: &'static str| {
        let request = http.get(format!("{url}/{path}")).header(reqwest::header::ACCEPT_ENCODING, encoding);
        request.send().await?.error_for_status()?.bytes().await
    };
    let mut total = 0;
    let mut paths = vec![String::new()];
    let mut next = 0;
    while let Some(path) = paths.get(next).cloned() {
        next += 1;
        total += get(&path, "gzip").await?.len();
        let text = get(&path, "identity").await?;
        for name in named_assets(&String::from_utf8_lossy(&text)) {
            if !paths.contains(&name) {
                paths.push(name);
            }
        }
    }
    Ok(total)
}

/// Files of Vite's folder that a text names, with the folder or beside it (`./chart-1a2b.js`).
fn named_assets(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let named = ["assets/", "\"./", "`./", "'./"].into_iter().flat_map(|mark| {
        text.match_indices(mark).map(move |(at, mark)| text[at + mark.len()..].split(|c| !is_name(c)).next())
    });
    named
        .flatten()
        .filter(|name| [".js", ".css", ".woff2"].iter().any(|end| name.ends_with(end)))
        .map(|name| format!("assets/{name}"))
        .collect()
}
