//! Putting an archive together.

use std::sync::Arc;

use axum::body::Body;
use domain::{HouseholdId, HubId, UtcMillis};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Method};
use reqwest::Response;
use serde::Deserialize;
use serde_json::Value;
use service::problem::Problem;
use tokio::sync::mpsc;

use super::file::File;
use super::measured::Months;
use super::under_way::UnderWay;
use super::{Broken, State};
use crate::upstream::{Length, Upstream, send};

const README: &str = include_str!("README.txt");
const PERMIT: &str = "x-wattline-permit";
/// Pieces that wait for the browser.
const WAITING: usize = 4;

/// Who asks the services, in whose name.
pub(crate) struct Maker {
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) secret: String,
    pub(crate) permit: HeaderValue,
}

/// What is known of the person, from which everything else follows.
pub(crate) struct Order {
    person: Value,
    households: Vec<HouseholdRow>,
}

#[derive(Deserialize)]
struct HouseholdRow {
    id: HouseholdId,
    name: String,
    whole: bool,
}

#[derive(Deserialize)]
struct Deeds {
    deeds: Vec<Deed>,
    more: bool,
}

#[derive(Deserialize)]
struct Deed {
    number: i64,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct HubRow {
    hub: HubId,
    name: String,
}

#[derive(Deserialize)]
struct MeasuredTimes {
    times: Vec<MeasuredTime>,
}

/// In ms since the Unix epoch.
#[derive(Clone, Copy, Deserialize)]
struct MeasuredTime {
    hub: HubId,
    from: i64,
    until: i64,
}

/// A home with what is known of it and of when its hubs measured.
struct Home {
    folder: String,
    id: HouseholdId,
    known: Value,
    hubs: Vec<HubRow>,
    times: Vec<MeasuredTime>,
}

impl Order {
    /// Of whom it is.
    pub(crate) fn person(&self) -> Option<uuid::Uuid> {
        self.person["id"].as_str()?.parse().ok()
    }
}

impl Maker {
    /// What is known of the person; `Err` has what the auth-service answered instead.
    pub(crate) async fn order(&self) -> Result<Result<Order, Response>, Problem> {
        let answer = send(self.auth("/v1/people/current/archive")).await?;
        if !answer.status().is_success() {
            return Ok(Err(answer));
        }
        let person: Value = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
        let households = serde_json::from_value(person["households"].clone());
        let households = households.map_err(|error| Problem::internal(&error))?;
        Ok(Ok(Order { person, households }))
    }

    /// The archive as a body. It is made as fast as somebody takes it.
    pub(crate) fn make(self, order: Order, under_way: UnderWay) -> Body {
        let (pieces, taken) = mpsc::channel(WAITING);
        let of_error = pieces.clone();
        tokio::spawn(async move {
            let cancelled = under_way.cancelled().clone();
            let outcome = tokio::select! {
                outcome = self.write(&order, File::new(pieces), &under_way) => outcome,
                () = cancelled.cancelled() => Err(Broken::Cancelled),
            };
            match outcome {
                Ok(()) => under_way.ended(State::Complete),
                Err(broken) => {
                    let is_wanted = matches!(broken, Broken::Cancelled | Broken::Gone);
                    under_way.ended(if is_wanted { State::Cancelled } else { State::Broken });
                    if !is_wanted {
                        tracing::warn!(error = %broken, "an archive has broken off");
                    }
                    // Without it the body would end as if it were whole. Nobody may be there to hear it.
                    drop(of_error.send(Err(std::io::Error::other("the archive is incomplete"))).await);
                }
            }
        });
        let pieces = stream::unfold(taken, async |mut taken| taken.recv().await.map(|piece| (piece, taken)));
        Body::from_stream(pieces)
    }

    async fn write(&self, order: &Order, mut file: File, under_way: &UnderWay) -> Result<(), Broken> {
        file.put("README.txt", README).await?;
        file.put("you.json", &pretty(&order.person)).await?;
        self.deeds(&mut file).await?;
        let mut homes = Vec::new();
        for (number, row) in (1..).zip(order.households.iter().filter(|row| row.whole)) {
            homes.push(self.home(number, row).await?);
        }
        let total: i64 = homes.iter().flat_map(|home| &home.times).map(|time| time.until - time.from).sum();
        let mut before = 0;
        for home in &homes {
            file.put(&format!("{}/home.json", home.folder), &pretty(&home.known)).await?;
            for (number, &time) in (1..).zip(&home.times) {
                let name = home.hubs.iter().find(|hub| hub.hub == time.hub).map_or("", |hub| &hub.name);
                let folder = format!("{}/measurements/{}", home.folder, file_name(number, name));
                let at = |done: i64| under_way.is_at(fraction(before + done, total));
                self.measured(&mut file, home.id, time, folder, &at).await?;
                before += time.until - time.from;
            }
        }
        Box::pin(file.finish()).await?;
        under_way.is_at(1.0);
        Ok(())
    }

    async fn deeds(&self, file: &mut File) -> Result<(), Broken> {
        file.begin("what-you-did.jsonl", false).await?;
        let mut after = String::new();
        loop {
            let path = format!("/v1/people/current/archive/deeds{after}");
            let page: Deeds = self.answer(&path).await?;
            for deed in &page.deeds {
                let line = serde_json::to_string(&deed.rest).unwrap_or_default();
                file.write(format!("{line}\n").as_bytes()).await?;
            }
            match page.deeds.last() {
                Some(last) if page.more => after = format!("?after={}", last.number),
                _ => return Ok(()),
            }
        }
    }

    async fn home(&self, number: usize, row: &HouseholdRow) -> Result<Home, Broken> {
        let id = row.id;
        let known: Value = self.answer(&format!("/v1/households/{id}/archive")).await?;
        let hubs = serde_json::from_value(known["hubs"].clone());
        let hubs: Vec<HubRow> = hubs.map_err(|_| Broken::Malformed("the hubs of a household"))?;
        let answer = self.read(id, "measured-times", None).await?;
        let times: MeasuredTimes = answer.json().await?;
        let folder = format!("homes/{}", file_name(number, &row.name));
        Ok(Home { folder, id, known, hubs, times: times.times })
    }

    /// `at` is told how much of the time is done.
    async fn measured(
        &self,
        file: &mut File,
        household: HouseholdId,
        time: MeasuredTime,
        folder: String,
        at: &(impl Fn(i64) + Sync),
    ) -> Result<(), Broken> {
        let MeasuredTime { hub, from, until } = time;
        let query = format!("hub={hub}&from={from}&until={until}");
        let mut rows = self.read(household, "measurements", Some(&query)).await?.bytes_stream();
        let mut months = Months::new(file, folder);
        while let Some(bytes) = rows.next().await {
            months.take(&bytes?).await?;
            if let Some(latest) = months.latest() {
                at(latest.millis_since(UtcMillis(from)).clamp(0, until - from));
            }
        }
        months.finish()
    }

    fn auth(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.upstream.auth(Method::GET, path).bearer_auth(&self.secret);
        request.header(PERMIT, self.permit.clone())
    }

    async fn answer<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Broken> {
        let answer = self.auth(path).send().await?;
        if !answer.status().is_success() {
            return Err(Broken::Refused(answer.status()));
        }
        Ok(answer.json().await?)
    }

    async fn read(
        &self,
        household: HouseholdId,
        name: &str,
        query: Option<&str>,
    ) -> Result<Response, Broken> {
        let path = format!("/v1/households/{household}/{name}");
        let answer = self.upstream.read(&self.secret, household, &path, query, Length::Long).await;
        let refused = |status: u16| {
            Broken::Refused(
                http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR),
            )
        };
        let answer = answer.map_err(|problem| refused(problem.status))?;
        if answer.status().is_success() { Ok(answer) } else { Err(Broken::Refused(answer.status())) }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// `1-Zuhause`: something that is a file's name everywhere, and nobody else's.
fn file_name(number: usize, name: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() { letter } else { '-' };
    let name: String = name.chars().map(plain).take(40).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { number.to_string() } else { format!("{number}-{name}") }
}

#[expect(clippy::cast_precision_loss, reason = "a bar on a page")]
fn fraction(done: i64, total: i64) -> f64 {
    if total <= 0 { 0.0 } else { done as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_but_into_the_archive() {
        for (name, expected) in [
            ("Zuhause", "3-Zuhause"),
            ("Küche links", "3-Küche-links"),
            ("../../etc/passwd", "3-etc-passwd"),
            ("C:\\", "3-C"),
            ("…", "3"),
            ("", "3"),
        ] {
            assert_eq!(file_name(3, name), expected);
        }
    }
}
