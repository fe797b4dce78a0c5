//! How small a container is, and how long the codec takes.

use anyhow::Context;

use super::loadgen;
use super::report::Report;
use super::rig::Rig;

type Figure = (&'static str, &'static str, &'static str, Option<&'static str>);

const FIGURES: [Figure; 7] = [
    ("a container of 11 values", "bytes_11", "bytes", None),
    ("a container of 30 values", "bytes_30", "bytes", Some("at most 160")),
    ("the same as JSON", "json_30", "bytes", None),
    ("the same as a naive protobuf", "naive_30", "bytes", None),
    ("encoding 30 values", "encode_ns_30", "ns", None),
    ("decoding 30 values", "decode_ns_30", "ns", None),
    ("30 values as a line", "line_ns_30", "ns", None),
];

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Report> {
    let mut said = loadgen::wire(rig)?;
    let mut report = Report::default();
    for (label, key, unit, target) in FIGURES {
        let value = said.remove(key).with_context(|| format!("loadgen does not say {key}"))?;
        report.add(label, key, value, unit, target);
    }
    Ok(report)
}
