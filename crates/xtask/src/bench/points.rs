//! How much InfluxDB has taken, by its own count, at next to no cost for it.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use testkit::servers::InfluxDb;

use super::rig::answer;

const LIMIT: Duration = Duration::from_secs(30);

/// Points written since it started: one for each tick of a hub, written again or not.
pub(super) fn written(store: &InfluxDb) -> anyhow::Result<u64> {
    let answer = answer(store.port(), "/debug/vars", LIMIT).context("asking InfluxDB for its counts")?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let counts: Value = serde_json::from_str(body).context("InfluxDB's counts")?;
    count(&counts).context("InfluxDB does not count points")
}

fn count(counts: &Value) -> Option<u64> {
    let http = counts.as_object()?.values().find(|one| one["name"] == "httpd")?;
    http["values"]["pointsWrittenOK"].as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_count_is_that_of_the_http_service() {
        let counts = json!({
            "cmdline": ["influxd"],
            "httpd:127.0.0.1:8086": {"name": "httpd", "values": {"pointsWrittenOK": 7}},
            "write": {"name": "write", "values": {"pointReq": 9}},
        });
        assert_eq!(count(&counts), Some(7));
        assert_eq!(count(&json!({"write": {"name": "write"}})), None);
    }
}
