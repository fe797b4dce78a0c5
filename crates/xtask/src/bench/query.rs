//! Every view of the page, for a home of 30 sockets with a year of ticks behind it.
//!
//! A view is one request. It is timed where the page asks: through the web-app, so the read-service alone is quicker.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::Serialize;
use serde_json::Value;
use testkit::client::Client;
use testkit::servers::Program;
use testkit::system::{EMAIL, System};

use super::day;
use super::home::{self, SOCKETS, ZONE};
use super::quiet;
use super::report::{Column, Report};
use super::standalone::{self, Sensor};

#[derive(Args)]
pub(super) struct Query {
    /// Which store.
    #[arg(long, value_enum, default_value_t = Store::Both)]
    store: Store,
    /// Days of ticks of 10 s that the home has behind it.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(2..=800))]
    days: u32,
    /// How often each view is asked for.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    questions: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Influxdb,
    Both,
}

/// The socket that is looked at by itself.
const ONE: u8 = 7;
const POLL: Duration = Duration::from_secs(1);
/// After an answer that did not come.
const REST: Duration = Duration::from_mins(1);
const START_LIMIT: Duration = Duration::from_mins(1);
/// For the year to be stored and rolled up.
const PATIENCE: Duration = Duration::from_mins(40);
/// InfluxDB holds a day in memory until ten minutes after the last write into it (`cache-snapshot-write-cold-duration`),
/// then puts it into files, and collects the garbage of that. A year that came within a minute is 3 GiB there, through all
/// of which its collector goes for seconds each time; no home has that.
const PUT_AWAY: Duration = Duration::from_mins(14);
/// For a store that puts a year in order after it has taken it in.
const CALM: Duration = Duration::from_mins(5);
/// How often the read-service is started anew for each view, which it then answers without remembering anything.
const COLD_STARTS: usize = 10;
/// So many answers in a row that took about as long say that nothing is being rolled up any more.
const STEADY: usize = 5;
/// By which they may differ anyway.
const JITTER: Duration = Duration::from_millis(25);

#[derive(Serialize)]
struct Timing {
    store: &'static str,
    view: &'static str,
    p50_ms: f64,
    p99_ms: f64,
    /// The first question after a start of the read-service.
    #[serde(skip_serializing_if = "Option::is_none")]
    cold: Option<Cold>,
    /// Numbers in the answer.
    points: usize,
    bytes: usize,
}

#[derive(Serialize)]
struct Cold {
    p50_ms: f64,
    slowest_ms: f64,
}

const COLUMNS: &[Column] = &[
    ("store", "store"),
    ("view", "view"),
    ("p50 ms", "p50_ms"),
    ("p99 ms (target: 50)", "p99_ms"),
    ("cold p50 ms", "cold/p50_ms"),
    ("cold slowest ms", "cold/slowest_ms"),
    ("points", "points"),
    ("bytes", "bytes"),
];

impl Query {
    pub(super) async fn measure(&self, binaries: &Path) -> anyhow::Result<Report> {
        let mut report = Report::default();
        report.add("sockets", "sockets", SOCKETS, "", None);
        report.add("days of ticks of 10 s", "days", self.days, "", None);
        let mut views = Vec::new();
        if self.store != Store::Influxdb {
            views.extend(self.sqlite(binaries, &mut report).await?);
        }
        if self.store != Store::Sqlite {
            views.extend(self.influxdb(binaries, &mut report).await?);
        }
        let slowest = views.iter().map(|view| view.p99_ms).fold(0.0, f64::max);
        report.add("slowest view, p99", "slowest_p99_ms", slowest, "ms", Some("under 50 ms"));
        report.add_table("views", COLUMNS, &views)?;
        Ok(report)
    }

    async fn sqlite(&self, binaries: &Path, report: &mut Report) -> anyhow::Result<Vec<Timing>> {
        let folder = tempfile::tempdir()?;
        eprintln!("  standalone: making up {} days of {SOCKETS} sockets", self.days);
        let sensor = Sensor::MadeUp { sockets: SOCKETS, hours: self.days * 24, zone: ZONE };
        let (_running, ready, intake) = standalone::start(binaries, &folder.path().join("data"), &sensor)?;
        report.add("SQLite: all stored after", "sqlite_intake_s", intake.as_secs_f64(), "s", None);
        let client = day::log_in(&ready.url, &ready.email, &ready.password).await?;
        self.views("SQLite", &client).await
    }

    async fn influxdb(&self, binaries: &Path, report: &mut Report) -> anyhow::Result<Vec<Timing>> {
        eprintln!("  RabbitMQ and InfluxDB: making up {} days of {SOCKETS} sockets", self.days);
        let setup = home::setup(binaries, self.days);
        let mut system = tokio::task::spawn_blocking(move || {
            let mut system = System::start(&setup)?;
            for worker in [&mut system.rollup, &mut system.alerts] {
                *worker = at_its_own_pace(worker)?;
            }
            anyhow::Ok(system)
        })
        .await??;
        let began = Instant::now();
        let client = day::log_in(&system.url, EMAIL, &system.password).await?;
        let yesterday = Days::now()?.yesterday();
        // At first there is not even a bucket, and that is no answer.
        let is_stored = |answer: anyhow::Result<Value>| {
            let coverage = answer.ok()?["total"]["total_coverage"].as_f64()?;
            Some(coverage >= 0.999)
        };
        while is_stored(ask(&client, &yesterday).await) != Some(true) {
            if began.elapsed() > PATIENCE {
                bail!("the past is not stored after {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
        report.add(
            "InfluxDB: all stored after",
            "influxdb_intake_s",
            began.elapsed().as_secs_f64(),
            "s",
            None,
        );
        eprintln!("  waiting {} s until InfluxDB has put it away", PUT_AWAY.as_secs());
        tokio::time::sleep(PUT_AWAY).await;
        let mut views = self.views("InfluxDB", &client).await?;
        for (view, (_, question)) in views.iter_mut().zip(Days::now()?.views()) {
            view.cold = Some(cold(&mut system.read, &client, &question).await?);
        }
        // Blocking: the servers are waited for.
        tokio::task::spawn_blocking(move || drop(system)).await?;
        Ok(views)
    }

    async fn views(&self, store: &'static str, client: &Client) -> anyhow::Result<Vec<Timing>> {
        set_tariff(client).await?;
        let days = Days::now()?;
        settled(client, &days.year()).await?;
        let calm = tokio::task::block_in_place(|| quiet::until_calm(CALM))?;
        eprintln!("  {store} was at rest {:.0} s later", calm.as_secs_f64());
        let mut all = Vec::new();
        for (view, question) in days.views() {
            all.push(self.time(store, view, client, &question).await?);
        }
        Ok(all)
    }

    async fn time(
        &self,
        store: &'static str,
        view: &'static str,
        client: &Client,
        question: &str,
    ) -> anyhow::Result<Timing> {
        let mut times = Vec::new();
        let mut body = Vec::new();
        for _ in 0..self.questions {
            let took;
            (took, body) = timed(client, question).await?;
            times.push(took);
        }
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
        let answer: Value = serde_json::from_slice(&body).context("an answer is no JSON")?;
        Ok(Timing {
            store,
            view,
            p50_ms: at(50),
            p99_ms: at(99),
            cold: None,
            points: numbers(&answer),
            bytes: body.len(),
        })
    }
}

/// A system under test looks for work every second, so that nobody waits long. At home it does not.
fn at_its_own_pace(worker: &mut Program) -> anyhow::Result<Program> {
    worker.stop();
    let mut setup = worker.setup().clone();
    setup.environment.retain(|(name, _)| !name.ends_with("EVERY_SECS"));
    Ok(Program::start(setup)?)
}

/// How many ms the answer took, and its body.
async fn timed(client: &Client, question: &str) -> anyhow::Result<(f64, Vec<u8>)> {
    let path = format!("/households/{}/{question}", client.household);
    let began = Instant::now();
    let answer = client.get(&path).send().await?;
    if !answer.status().is_success() {
        bail!("{question}: {}", answer.text().await?);
    }
    let body = answer.bytes().await?.to_vec();
    Ok((began.elapsed().as_secs_f64() * 1_000.0, body))
}

/// The keys and every connection are new to it too.
async fn cold(read: &mut Program, client: &Client, question: &str) -> anyhow::Result<Cold> {
    let mut times = Vec::new();
    for _ in 0..COLD_STARTS {
        tokio::task::block_in_place(|| {
            read.restart()?;
            read.wait_until_ready(START_LIMIT)
        })?;
        times.push(timed(client, question).await?.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(Cold { p50_ms: times[COLD_STARTS / 2], slowest_ms: times[COLD_STARTS - 1] })
}

/// Today in the home.
struct Days(Zoned);

impl Days {
    fn now() -> anyhow::Result<Self> {
        let now = std::time::UNIX_EPOCH.elapsed()?;
        let now = Timestamp::from_second(i64::try_from(now.as_secs())?)?;
        Ok(Self(now.to_zoned(TimeZone::get(ZONE)?)))
    }

    /// The questions of the page's screens.
    fn views(&self) -> [(&'static str, String); 13] {
        let today = self.0.date();
        let week = self.usage(today.saturating_sub(7.days()), today, "1h");
        let month = self.usage(today.saturating_sub(30.days()), today, "1d");
        let year = today.saturating_sub(364.days());
        [
            ("now", "today".to_owned()),
            ("now: the last hour, tick by tick", self.last_hour()),
            ("now: today by quarter hour", self.plain(today, today.saturating_add(1.day()), "15m")),
            ("history: day", format!("{}&compare=year", self.yesterday())),
            ("history: week", format!("{week}&compare=previous")),
            ("history: month", format!("{month}&compare=previous")),
            ("history: year", self.year()),
            ("history: a year by day", self.usage(year, today, "1d")),
            ("history: a socket's month", format!("{month}&compare=previous&socket={ONE}")),
            ("history: a socket's day, tick by tick", self.ticks_of_one()),
            ("sockets", "sockets".to_owned()),
            ("costs", "bills?months=13".to_owned()),
            ("load duration of a year", format!("duration?{}", self.range(year, today))),
        ]
    }

    fn last_hour(&self) -> String {
        let now = self.0.timestamp();
        format!("usage?from={}&to={now}&bucket=tick", now.saturating_sub(1.hour()).unwrap_or(now))
    }

    fn ticks_of_one(&self) -> String {
        let today = self.0.date();
        format!("{}&socket={ONE}", self.plain(today.saturating_sub(1.day()), today, "tick"))
    }

    fn yesterday(&self) -> String {
        let today = self.0.date();
        self.usage(today.saturating_sub(1.day()), today, "15m")
    }

    fn year(&self) -> String {
        let today = self.0.date();
        format!("{}&compare=previous", self.usage(today.saturating_sub(364.days()), today, "1mo"))
    }

    /// With costs.
    fn usage(&self, from: Date, to: Date, bucket: &str) -> String {
        format!("{}&cost=true", self.plain(from, to, bucket))
    }

    fn plain(&self, from: Date, to: Date, bucket: &str) -> String {
        format!("usage?{}&bucket={bucket}", self.range(from, to))
    }

    fn range(&self, from: Date, to: Date) -> String {
        let instant = |date: Date| date.to_zoned(self.0.time_zone().clone()).map(|zoned| zoned.timestamp());
        let text = |date: Date| instant(date).map(|at| at.to_string()).unwrap_or_default();
        format!("from={}&to={}", text(from), text(to))
    }
}

async fn ask(client: &Client, question: &str) -> anyhow::Result<Value> {
    let answer = client.get(&format!("/households/{}/{question}", client.household)).send().await?;
    let status = answer.status();
    let body: Value = answer.json().await?;
    if status.is_success() { Ok(body) } else { Err(anyhow!("{question}: {body}")) }
}

/// Two bands, so that costs are what they are for most.
async fn set_tariff(client: &Client) -> anyhow::Result<()> {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut settings = ask(client, "settings").await?;
    settings["tariffs"] = serde_json::json!([{
        "valid_from": "2020-01-01",
        "name": "Day and night",
        "bands": [
            { "name": "Day", "price_n": 340_000_000, "from": "06:00", "to": "22:00", "days": week },
            { "name": "Night", "price_n": 260_000_000, "from": "22:00", "to": "06:00", "days": week },
        ],
        "standing_n": 12_000_000_000_i64,
        "standing_per": "month",
        "feed_in_n": null,
    }]);
    let answer = client.put(&format!("/households/{}/settings", client.household), &settings).await?;
    if !answer.status().is_success() {
        bail!("setting a tariff: {}", answer.text().await?);
    }
    Ok(())
}

/// Waits until the year takes the same time again and again.
async fn settled(client: &Client, year: &str) -> anyhow::Result<()> {
    eprintln!("  waiting until everything is rolled up");
    let began = Instant::now();
    let mut last = VecDeque::from([PATIENCE; STEADY]);
    while !is_steady(&last) {
        if began.elapsed() > PATIENCE {
            bail!("the year is not rolled up after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(POLL).await;
        let asked = Instant::now();
        let took = if ask(client, year).await.is_ok() {
            asked.elapsed()
        } else {
            // A year of single ticks can be more than a store sums up in the time that an answer may take, and asking
            // for it again keeps the store from what it has to do first.
            tokio::time::sleep(REST).await;
            PATIENCE
        };
        last.pop_front();
        last.push_back(took);
    }
    Ok(())
}

/// About as long each, and less than a year of single ticks takes to be summed up.
fn is_steady(last: &VecDeque<Duration>) -> bool {
    let fastest = last.iter().min().copied().unwrap_or_default();
    let near = |took: &Duration| *took < fastest.mul_f64(1.3) + JITTER && *took < Duration::from_secs(1);
    last.iter().all(near)
}

fn numbers(value: &Value) -> usize {
    match value {
        Value::Number(_) => 1,
        Value::Array(all) => all.iter().map(numbers).sum(),
        Value::Object(all) => all.values().map(numbers).sum(),
        _ => 0,
    }
}
