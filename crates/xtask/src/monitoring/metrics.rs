//! Whatever is asked for is counted by somebody.

use std::collections::BTreeSet;

use super::Files;
use super::dashboards::Expression;

/// Rules and dashboards ask only for what `docs/metrics.md` describes or a rule records, by its full name. Others' metrics
/// (RabbitMQ's, InfluxDB's) are not described there and not looked at.
pub(super) fn check(
    documentation: &str,
    rules: &Files,
    tests: &Files,
    expressions: &[Expression],
    faults: &mut Vec<String>,
) {
    let mut known = documented(documentation);
    known.extend(rules.values().flat_map(|text| recorded(text)));
    for (place, files) in [("rules", rules), ("tests", tests)] {
        for (name, text) in files {
            for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
                for unknown in names(line).filter(|name| !known.contains(*name)) {
                    faults.push(format!("{place}/{name}.yml: nobody counts {unknown}"));
                }
            }
        }
    }
    for expression in expressions {
        for unknown in names(&expression.text).filter(|name| !known.contains(*name)) {
            faults.push(format!("{}: nobody counts {unknown}", expression.place));
        }
    }
}

/// The series that the tables name: a histogram is three.
fn documented(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(names), Some(kind)) = (cells.next(), cells.next()) else { continue };
        // The words between every other pair of backticks.
        for name in names.split('`').skip(1).step_by(2) {
            match kind {
                "counter" | "gauge" | "info" => found.extend([name.to_owned()]),
                "histogram" => found.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}"))),
                _ => {}
            }
        }
    }
    found
}

fn recorded(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).map(str::to_owned)
}

/// Of our metrics and of what rules record, in the order in which they stand there.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
        .map(|word| word.trim_end_matches(':'))
        .filter(|word| {
            ["wattline_", "wattline:", "process_", "job:"].iter().any(|beginning| word.starts_with(beginning))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTATION: &str = "\
| service | port |
|---|---|
| `web-app` | 9410 |

| metric | kind | labels | meaning |
|---|---|---|---|
| `wattline_stored_total` | counter | | stored |
| `process_open_fds`, `process_max_fds` | gauge | | file descriptors |
| `wattline_lag_seconds` | histogram | | lag |
";

    fn faults(rule: &str, expression: &str) -> Vec<String> {
        let file = |text: &str| Files::from([("one".to_owned(), text.to_owned())]);
        let expressions = [Expression { place: "one:1:A".to_owned(), text: expression.to_owned() }];
        let mut faults = Vec::new();
        check(DOCUMENTATION, &file(rule), &file(""), &expressions, &mut faults);
        faults
    }

    #[test]
    fn what_is_described_or_recorded_may_be_asked_for() {
        let rule = "# wattline_gone\n- record: wattline:lag:p50\n  expr: rate(wattline_lag_seconds_bucket[5m])\n  labels: { job: a }\n";
        let expression = "wattline:lag:p50 + process_open_fds / process_max_fds + rabbitmq_process_open_fds + rate(wattline_stored_total[5m])";
        assert_eq!(faults(rule, expression), Vec::<String>::new());
    }

    #[test]
    fn what_nobody_counts_is_named() {
        assert_eq!(faults("expr: wattline_stored", ""), ["rules/one.yml: nobody counts wattline_stored"]);
        assert_eq!(faults("", "wattline_lag_seconds"), ["one:1:A: nobody counts wattline_lag_seconds"]);
        assert_eq!(faults("", "process_threads"), ["one:1:A: nobody counts process_threads"]);
        assert_eq!(faults("", "wattline:lag:p50"), ["one:1:A: nobody counts wattline:lag:p50"]);
        assert_eq!(faults("", "job:x:rate5m"), ["one:1:A: nobody counts job:x:rate5m"]);
    }

    #[test]
    fn tests_feed_only_what_exists() {
        let file = |text: &str| Files::from([("one".to_owned(), text.to_owned())]);
        let mut faults = Vec::new();
        check(DOCUMENTATION, &file(""), &file("series: 'wattline_stord_total{}'"), &[], &mut faults);
        assert_eq!(faults, ["tests/one.yml: nobody counts wattline_stord_total"]);
    }
}
