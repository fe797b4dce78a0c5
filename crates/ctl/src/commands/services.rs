//! `services`: what each process is and whether it is well.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use crate::settings::Settings;

const LOOKUP_LIMIT: Duration = Duration::from_secs(5);

/// What a process said; what it did not say is not there.
#[derive(Debug, Serialize)]
struct Seen {
    url: String,
    /// Of the replica, where the name has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(flatten)]
    named: Option<Named>,
    ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Seconds within which half of what it stored since its start was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_p50_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_p99_s: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Named {
    service: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

pub(crate) async fn run(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for url in &settings.services.urls {
        let url = url.trim_end_matches('/');
        all.extend(ask_each(settings, url, &replicas(url).await?).await?);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        for seen in &all {
            let (name, version) = seen
                .named
                .as_ref()
                .map_or(("?", "?"), |named| (named.service.as_str(), named.version.as_str()));
            let state = if seen.ready { "ready" } else { "NOT READY" };
            let lag = match (seen.lag_p50_s, seen.lag_p99_s) {
                (Some(half), Some(most)) => format!("  stored within {half} s (half), {most} s (99 %)"),
                _ => String::new(),
            };
            let reason = seen.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
            let place = match seen.address {
                Some(address) => format!("{} ({address})", seen.url),
                None => seen.url.clone(),
            };
            println!("{place:<28} {name:<14} {version:<8} {state}{lag}{reason}");
        }
    }
    Ok(if all.iter().all(|seen| seen.ready) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The addresses of a name that has several: its replicas, as compose and headless services of Kubernetes tell them. Else
/// none: whoever answers there is asked.
async fn replicas(url: &str) -> anyhow::Result<Vec<SocketAddr>> {
    let parsed = Url::parse(url).with_context(|| format!("services.urls: {url}"))?;
    let (Some(Host::Domain(name)), Some(port)) = (parsed.host(), parsed.port_or_known_default()) else {
        return Ok(Vec::new());
    };
    // A name that is not known is told of by the question itself.
    let Ok(Ok(found)) = timeout(LOOKUP_LIMIT, lookup_host((name, port))).await else { return Ok(Vec::new()) };
    let mut found: Vec<SocketAddr> = found.collect();
    found.sort_unstable();
    found.dedup();
    // One process that listens to both kinds is not two.
    let is_one = found.len() < 2 || found.iter().all(|address| address.ip().is_loopback());
    Ok(if is_one { Vec::new() } else { found })
}

async fn ask_each(settings: &Settings, url: &str, replicas: &[SocketAddr]) -> anyhow::Result<Vec<Seen>> {
    if replicas.is_empty() {
        return Ok(vec![ask(&settings.http()?, url, None).await]);
    }
    let mut all = Vec::new();
    for &replica in replicas {
        all.push(ask(&settings.http_at(url, replica)?, url, Some(replica.ip())).await);
    }
    Ok(all)
}

async fn ask(http: &reqwest::Client, url: &str, address: Option<IpAddr>) -> Seen {
    let mut seen = Seen {
        url: url.to_owned(),
        address,
        named: None,
        ready: false,
        reason: None,
        lag_p50_s: None,
        lag_p99_s: None,
    };
    match http.get(format!("{url}/health/ready")).send().await {
        Ok(answer) if answer.status().is_success() => seen.ready = true,
        Ok(answer) => {
            let problem: serde_json::Value = answer.json().await.unwrap_or_default();
            seen.reason = Some(problem["detail"].as_str().unwrap_or("it does not say why").to_owned());
        }
        Err(_) => {
            seen.reason = Some("nothing answers".to_owned());
            return seen;
        }
    }
    if let Ok(answer) = http.get(format!("{url}/version")).send().await {
        seen.named = answer.json().await.ok();
    }
    if let Ok(answer) = http.get(format!("{url}/metrics")).send().await
        && let Ok(page) = answer.text().await
    {
        seen.lag_p50_s = quantile(&page, 0.5);
        seen.lag_p99_s = quantile(&page, 0.99);
    }
    seen
}

/// The upper edge of the bucket in which this share of the containers is. `None` when none was stored, or it took longer
/// than the last edge.
fn quantile(page: &str, share: f64) -> Option<f64> {
    const BUCKET: &str = "wattline_end_to_end_lag_seconds_bucket{le=\"";
    let buckets: Vec<(f64, f64)> = page
        .lines()
        .filter_map(|line| {
            let (edge, count) = line.strip_prefix(BUCKET)?.split_once("\"} ")?;
            let edge = if edge == "+Inf" { f64::INFINITY } else { edge.parse().ok()? };
            Some((edge, count.trim().parse().ok()?))
        })
        .collect();
    let all = buckets.last().filter(|(_, all)| *all > 0.0)?.1;
    let (edge, _) = buckets.iter().find(|(_, count)| *count >= all * share)?;
    edge.is_finite().then_some(*edge)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers every question in the same way.
    fn serve(listener: TcpListener, status: &'static str) {
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut question = [0; 4_096];
                if stream.read(&mut question).await.is_ok() {
                    let body =
                        r#"{"service":"write-service","version":"1.2.3","detail":"the store refuses"}"#;
                    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
                    let answer =
                        format!("{head}content-type: application/json\r\nconnection: close\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).await.ok();
                }
            }
        });
    }

    #[tokio::test]
    async fn each_replica_of_a_name_is_asked_by_itself() {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let second = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let replicas = [first.local_addr().unwrap(), second.local_addr().unwrap()];
        serve(first, "200 OK");
        serve(second, "503 Service Unavailable");
        let url = format!("http://write-service.invalid:{port}");
        let seen = ask_each(&Settings::default(), &url, &replicas).await.unwrap();
        let said: Vec<_> = seen
            .iter()
            .map(|seen| (seen.address.unwrap().to_string(), seen.ready, seen.reason.clone()))
            .collect();
        let refusal = Some("the store refuses".to_owned());
        assert_eq!(said, [("127.0.0.1".to_owned(), true, None), ("127.0.0.2".to_owned(), false, refusal)]);
        assert!(seen.iter().all(|seen| seen.named.as_ref().unwrap().version == "1.2.3"));
    }

    #[tokio::test]
    async fn an_address_and_this_machine_are_one_process() {
        for url in
            ["http://127.0.0.1:9400", "http://[::1]:9400", "http://localhost:9400", "http://nobody.invalid"]
        {
            assert_eq!(replicas(url).await.unwrap(), [], "{url}");
        }
    }

    #[test]
    fn the_lag_is_the_edge_below_which_so_many_are() {
        let bucket = |edge: &str, count: u32| {
            format!("wattline_end_to_end_lag_seconds_bucket{{le=\"{edge}\"}} {count}\n")
        };
        let page = [("1.0", 60), ("10.0", 98), ("60.0", 100), ("+Inf", 100)]
            .map(|(edge, count)| bucket(edge, count))
            .concat();
        assert_eq!(quantile(&page, 0.5), Some(1.0));
        assert_eq!(quantile(&page, 0.99), Some(60.0));
        assert_eq!(quantile("", 0.5), None);
        assert_eq!(quantile(&(bucket("1.0", 0) + &bucket("+Inf", 0)), 0.5), None);
        assert_eq!(quantile(&(bucket("1.0", 0) + &bucket("+Inf", 1)), 0.5), None);
    }
}
