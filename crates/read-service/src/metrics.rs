//! A household for Prometheus, Grafana and home automation: the present figures of each socket.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::TimeRange;
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::registry::SocketKey;
use domain::rollup::Detail;
use http::header;
use service::problem::Problem;
use std::collections::BTreeMap;

use crate::figures::present;
use crate::home::{Home, Label, Reader};
use crate::routes::AppState;
use crate::usage::{rounded, watts};

/// Of the text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The present figures of every socket, in the text format of Prometheus.
///
/// Gauges with the labels `hub`, `socket`, `name` and `room`: `wattline_power_watts` (mean power of the last tick; not
/// there when it ended more than two minutes ago), `wattline_energy_today_joules`, `wattline_cost_today` (in units of
/// the currency, which is the label `currency`) and `wattline_coverage_today_ratio`, the last three since local midnight.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/metrics",
    params(("household" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn metrics(
    State(state): State<AppState>,
    Reader(claims): Reader,
) -> Result<Response, Problem> {
    let home = Home::open(&state.deps, claims).await?;
    let midnight = home.zone().date_of(home.now).and_then(|date| home.zone().midnight(date));
    let today = TimeRange::new(
        midnight.unwrap_or(home.now.floor_to(QUARTER_HOUR_MILLIS)),
        home.now.plus_millis(1).ceil_to(QUARTER_HOUR_MILLIS),
    );
    let gathered = home.gather(today, Detail::Energy).await?;
    let prices = home.prices(today);
    let usage = home.whole(&gathered, today, prices.as_ref())?;
    let labels = home.labels().await?;
    let powers = present::powers(&home).await?;

    let mut page = Page { labels: &labels, text: String::new() };
    page.begin("wattline_power_watts", "Mean power of the last tick.");
    for (&socket, &power) in &powers {
        page.sample("wattline_power_watts", socket, "", watts(power));
    }
    page.begin("wattline_energy_today_joules", "Energy since local midnight.");
    for socket in &usage.sockets {
        let key = SocketKey { hub: socket.hub, socket: socket.socket };
        page.sample("wattline_energy_today_joules", key, "", socket.total.0);
    }
    page.begin("wattline_coverage_today_ratio", "How much was measured since local midnight, 0 to 1.");
    for socket in &usage.sockets {
        let key = SocketKey { hub: socket.hub, socket: socket.socket };
        page.sample("wattline_coverage_today_ratio", key, "", rounded(usage.total_coverage(socket)));
    }
    if let Some(currency) = home.currency() {
        page.begin("wattline_cost_today", "What the energy since local midnight cost.");
        let currency = format!(",currency=\"{currency}\"");
        for socket in &usage.sockets {
            let key = SocketKey { hub: socket.hub, socket: socket.socket };
            if let Some(cost) = socket.cost.as_ref().and_then(|cost| cost.total) {
                #[expect(clippy::cast_precision_loss, reason = "a day costs less than 2^52 billionths")]
                page.sample("wattline_cost_today", key, &currency, cost.0 as f64 / 1e9);
            }
        }
    }
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], page.text).into_response())
}

struct Page<'a> {
    labels: &'a BTreeMap<SocketKey, Label>,
    text: String,
}

impl Page<'_> {
    fn begin(&mut self, name: &str, help: &str) {
        // Writing into a string does not fail.
        let _infallible = write!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    }

    fn sample(&mut self, name: &str, socket: SocketKey, more: &str, value: impl std::fmt::Display) {
        let label = self.labels.get(&socket);
        let _infallible = writeln!(
            self.text,
            "{name}{{hub=\"{}\",socket=\"{}\",name=\"{}\",room=\"{}\"{more}}} {value}",
            socket.hub,
            socket.socket,
            escaped(label.map_or("", |label| &label.name)),
            escaped(label.and_then(|label| label.room.as_deref()).unwrap_or_default()),
        );
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_label() {
        assert_eq!(escaped("a\"} 1\nb\\"), "a\\\"} 1\\nb\\\\");
    }
}
