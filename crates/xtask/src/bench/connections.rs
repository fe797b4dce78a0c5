//! How many hub connections a node of RabbitMQ holds, and what it takes for each: AMQP and MQTT, plain and with TLS.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::connections_node::{Node, NodeSetup};
use super::connections_run::{Counts, Load, Run, Sample};
use super::report::{Column, Report, real};
use super::rig::Rig;

#[derive(Args)]
pub(super) struct Connections {
    /// What hubs speak.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "amqp,amqps,mqtt,mqtts")]
    protocols: Vec<Protocol>,
    /// How many there are to be, step by step. A process may have so many files open as `ulimit -n` says, broker and load each.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1000,2500,5000,10000,17000")]
    steps: Vec<u32>,
    /// How long they publish at the end.
    #[arg(long, value_name = "S", default_value_t = 60)]
    publish_secs: u64,
    /// Between two containers of a hub.
    #[arg(long, value_name = "S", default_value_t = 60)]
    every_secs: u64,
    /// Heartbeat or keep-alive [default: as hubs do].
    #[arg(long, value_name = "S")]
    keep_alive_secs: Option<u16>,
    /// A line of rabbitmq.conf to try, `key=value`; may be given several times.
    #[arg(long, value_name = "LINE")]
    set: Vec<String>,
    /// Lines of the deployed rabbitmq.conf that begin so are left out; may be given several times.
    #[arg(long, value_name = "KEY")]
    without: Vec<String>,
    /// AMQP too at RabbitMQ 4, as MQTT, instead of the system's.
    #[arg(long)]
    version_4: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Protocol {
    Amqp,
    Amqps,
    Mqtt,
    Mqtts,
}

impl Protocol {
    pub(super) const fn is_mqtt(self) -> bool {
        matches!(self, Self::Mqtt | Self::Mqtts)
    }

    pub(super) const fn is_tls(self) -> bool {
        matches!(self, Self::Amqps | Self::Mqtts)
    }
}

/// A step of one protocol.
#[derive(Serialize)]
struct Point {
    protocol: Protocol,
    connections: u64,
    opened_per_s: f64,
    node_mib: f64,
    idle_core_percent: f64,
}

const POINTS: &[Column] = &[
    ("hubs speak", "protocol"),
    ("connections", "connections"),
    ("opened/s", "opened_per_s"),
    ("node, MiB", "node_mib"),
    ("idle, % of a core", "idle_core_percent"),
];

/// What one protocol comes to.
#[derive(Serialize)]
struct Line {
    protocol: Protocol,
    broker: String,
    connections: u64,
    /// Slope over all steps, idle.
    kb_per_connection: f64,
    /// Of the last step, with what publishing has added.
    kb_per_publishing_connection: f64,
    processes_per_connection: f64,
    publishing_core_percent: f64,
    counts: Counts,
}

const LINES: &[Column] = &[
    ("hubs speak", "protocol"),
    ("RabbitMQ", "broker"),
    ("connections", "connections"),
    ("kB each", "kb_per_connection"),
    ("publishing", "kb_per_publishing_connection"),
    ("Erlang processes each", "processes_per_connection"),
    ("publishing, % of a core", "publishing_core_percent"),
    ("confirmed", "counts/confirmed"),
    ("of", "counts/published"),
    ("failed", "counts/failed"),
    ("lost", "counts/lost"),
    ("p99, ms", "counts/confirm_p99_ms"),
    ("load, MiB", "counts/rss_mib"),
];

impl Connections {
    pub(super) fn measure(&self, rig: &Rig) -> anyhow::Result<Report> {
        let (mut points, mut lines) = (Vec::new(), Vec::new());
        for &protocol in &self.protocols {
            eprintln!("  {protocol:?}");
            let setup = NodeSetup {
                protocol,
                version_4: self.version_4 || protocol.is_mqtt(),
                set: &self.set,
                without: &self.without,
            };
            let node = Node::start(&setup)?;
            let load = Load {
                steps: &self.steps,
                publish_secs: self.publish_secs,
                every_secs: self.every_secs,
                keep_alive_secs: self.keep_alive_secs,
            };
            let run = load.run(rig, &node)?;
            if let Some(trouble) = &run.counts.trouble {
                eprintln!("  the first that went wrong: {trouble}");
            }
            points.extend(run.idle.iter().map(|sample| point(protocol, sample)));
            lines.push(line(protocol, &node, run));
        }
        let mut report = Report::default();
        report.add("a container of each hub every", "every_s", self.every_secs, "s", None);
        report.add("published for", "publish_s", self.publish_secs, "s", None);
        report.add("settings tried", "set", self.set.join(" "), "", None);
        report.add("left out of what is deployed", "without", self.without.join(" "), "", None);
        report.add_table("points", POINTS, &points)?;
        report.add_table("protocols", LINES, &lines)?;
        Ok(report)
    }
}

fn point(protocol: Protocol, sample: &Sample) -> Point {
    Point {
        protocol,
        connections: sample.connections,
        opened_per_s: sample.opened_per_s,
        node_mib: sample.rss_bytes / f64::from(1 << 20),
        idle_core_percent: sample.core_percent,
    }
}

fn line(protocol: Protocol, node: &Node, run: Run) -> Line {
    let places: Vec<(f64, f64)> = std::iter::once((0.0, run.before_bytes))
        .chain(run.idle.iter().map(|sample| (real(sample.connections), sample.rss_bytes)))
        .collect();
    let idle = slope(&places);
    let last = run.idle.last();
    let all = last.map_or(0.0, |last| real(last.connections)).max(1.0);
    let more =
        run.publishing.as_ref().zip(last).map_or(0.0, |(with, without)| with.rss_bytes - without.rss_bytes);
    Line {
        protocol,
        broker: node.version().to_owned(),
        connections: last.map_or(0, |last| last.connections),
        kb_per_connection: idle / 1e3,
        kb_per_publishing_connection: (idle + more / all) / 1e3,
        processes_per_connection: run.more_processes / all,
        publishing_core_percent: run.publishing.map_or(0.0, |sample| sample.core_percent),
        counts: run.counts,
    }
}

/// Of the line that is nearest to the points: what another connection takes, without what all share.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = real(points.len() as u64).max(1.0);
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if spread > 0.0 { together / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_without_what_all_share() {
        assert!((slope(&[(0.0, 500.0), (10.0, 700.0), (20.0, 900.0)]) - 20.0).abs() < 1e-9);
        assert!(slope(&[(7.0, 1.0)]).abs() < 1e-9);
    }
}
