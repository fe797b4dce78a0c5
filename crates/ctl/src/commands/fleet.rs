//! `fleet`: asks the fleet-service.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use domain::UtcMillis;
use serde_json::Value;

use crate::arguments::Fleet;
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings, fleet: &Fleet, json: bool) -> anyhow::Result<ExitCode> {
    let http = settings.http()?;
    let url = settings.services.fleet_url.trim_end_matches('/');
    let lists = fleet.state.is_some() || fleet.version_of_agent.is_some() || fleet.waiting.is_some();
    let request = if lists {
        let mut query = vec![("limit", fleet.limit.to_string())];
        query.extend(fleet.state.map(|state| ("state", state.as_str().to_owned())));
        query.extend(fleet.version_of_agent.clone().map(|version| ("version", version)));
        query.extend(fleet.waiting.map(|waiting| ("waiting", waiting.to_string())));
        http.get(format!("{url}/fleet/hubs")).query(&query)
    } else {
        http.get(format!("{url}/fleet"))
    };
    let answer =
        request.send().await.with_context(|| format!("the fleet-service does not answer at {url}"))?;
    let status = answer.status();
    let answer: Value = answer.json().await.context("what the fleet-service says is no JSON")?;
    if !status.is_success() {
        bail!("the fleet-service refused: {}", answer["detail"].as_str().unwrap_or("it does not say why"));
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else if lists {
        hubs(&answer);
    } else {
        summary(&answer);
    }
    Ok(ExitCode::SUCCESS)
}

fn time(value: &Value) -> String {
    value.as_i64().map_or_else(|| "–".to_owned(), |secs| UtcMillis::from_secs(secs).to_string())
}

fn summary(fleet: &Value) {
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let state = |name: &str| count(&fleet["states"][name]);
    println!("hubs            {}, listened to since {}", count(&fleet["hubs"]), time(&fleet["since"]));
    println!(
        "                {} online, {} offline, {} silent",
        state("online"),
        state("offline"),
        state("silent")
    );
    println!(
        "spools          {} containers on {} hubs, the oldest tick {}",
        count(&fleet["waiting"]),
        count(&fleet["holding"]),
        time(&fleet["oldest_waiting"])
    );
    println!("clocks          {} are set by nobody", count(&fleet["unsynchronised"]));
    for (version, hubs) in fleet["versions"].as_object().into_iter().flatten() {
        println!("version         {version}: {} online", count(hubs));
    }
}

fn hubs(page: &Value) {
    println!("{:<38} {:<8} {:<22} {:<12} {:>8}", "hub", "state", "heard", "version", "waiting");
    for hub in page["hubs"].as_array().into_iter().flatten() {
        let text = |key: &str| hub[key].as_str().unwrap_or("–");
        let waiting = hub["waiting"].as_u64().map_or_else(|| "–".to_owned(), |waiting| waiting.to_string());
        let heard = time(&hub["heard"]);
        println!("{:<38} {:<8} {heard:<22} {:<12} {waiting:>8}", text("hub"), text("state"), text("version"));
    }
    if page["next"].is_string() {
        println!("… and more: raise --limit");
    }
}
