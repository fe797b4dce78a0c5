//! `services`: what each process is and whether it is well.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// What a process said; what it did not say is not there.
#[derive(Debug, Serialize)]
struct Seen {
    url: String,
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
    let http = settings.http()?;
    let mut all = Vec::new();
    for url in &settings.services.urls {
        all.push(ask(&http, url.trim_end_matches('/')).await);
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
            println!("{:<28} {name:<14} {version:<8} {state}{lag}{reason}", seen.url);
        }
    }
    Ok(if all.iter().all(|seen| seen.ready) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn ask(http: &reqwest::Client, url: &str) -> Seen {
    let mut seen = Seen {
        url: url.to_owned(),
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
    use super::*;

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
