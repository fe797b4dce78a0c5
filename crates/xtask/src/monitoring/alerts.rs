//! Every alert is explained, and tested both ways.
//!
//! The files are read line by line and not as YAML: promtool has seen that they are sound, and they are all ours. What is
//! written in another form than theirs counts as missing, which is said.

use std::collections::BTreeSet;

use super::Files;

const SEVERITIES: [&str; 4] = ["critical", "warning", "info", "none"];
const BOOK: &str = "https://github.com/wattline/wattline/blob/main/docs/runbooks.md";
/// It always fires, so there is no case in which it does not.
const ALWAYS: &str = "DeadMansSwitch";

#[derive(Debug, Default, PartialEq, Eq)]
struct Alert {
    name: String,
    severity: String,
    summary: String,
    description: String,
    runbook: String,
}

pub(super) fn check(rules: &Files, tests: &Files, book: &str, faults: &mut Vec<String>) {
    let alerts: Vec<Alert> = rules.values().flat_map(|text| alerts_in(text)).collect();
    let cases: BTreeSet<(String, bool)> = tests.values().flat_map(|text| cases_in(text)).collect();
    let sections: BTreeSet<&str> = sections_in(book).collect();
    let mut names = BTreeSet::new();
    for alert in &alerts {
        let name = alert.name.as_str();
        let mut fault = |what: &str| faults.push(format!("alert {name}: {what}"));
        if !names.insert(name) {
            fault("there are two of this name");
        }
        if !SEVERITIES.contains(&alert.severity.as_str()) {
            fault("its severity is none of ours");
        }
        if alert.summary.is_empty() || alert.description.is_empty() {
            fault("it lacks a summary or a description");
        }
        if alert.runbook != link(name) {
            fault("its runbook is not the section of its name");
        }
        if !sections.contains(name) {
            fault("docs/runbooks.md has no section for it");
        }
        if !cases.contains(&(name.to_owned(), true)) {
            fault("no test has it fire");
        }
        if name != ALWAYS && !cases.contains(&(name.to_owned(), false)) {
            fault("no test has it stay quiet");
        }
    }
    for section in sections.iter().filter(|section| !names.contains(*section)) {
        faults.push(format!("docs/runbooks.md has a section {section}, and there is no such alert"));
    }
    for (name, _) in cases.iter().filter(|(name, _)| !names.contains(name.as_str())) {
        faults.push(format!("a test is of the alert {name}, and there is none"));
    }
}

/// Where a runbook is; the platform makes anchors of headings so.
pub(super) fn link(section: &str) -> String {
    format!("{BOOK}#{}", section.to_lowercase())
}

/// Headings of the third rank that are one word: the names of alerts.
pub(super) fn sections_in(book: &str) -> impl Iterator<Item = &str> {
    book.lines().filter_map(|line| line.strip_prefix("### ")).filter(|heading| !heading.contains(' '))
}

fn alerts_in(text: &str) -> Vec<Alert> {
    let mut found: Vec<Alert> = Vec::new();
    let mut is_within = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            found.push(Alert { name: name.to_owned(), ..Alert::default() });
            is_within = true;
        } else if line.starts_with("- ") {
            is_within = false;
        }
        let Some(alert) = found.last_mut().filter(|_| is_within) else { continue };
        if let Some(severity) = line.strip_prefix("labels: ").and_then(|labels| value_of(labels, "severity"))
        {
            severity.clone_into(&mut alert.severity);
        }
        for (key, field) in [
            ("summary: ", &mut alert.summary),
            ("description: ", &mut alert.description),
            ("runbook: ", &mut alert.runbook),
        ] {
            if let Some(text) = line.strip_prefix(key) {
                text.clone_into(field);
            }
        }
    }
    found
}

/// Names of alerts that are tested, and whether they are expected to fire.
fn cases_in(text: &str) -> BTreeSet<(String, bool)> {
    let mut found = BTreeSet::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = value_of(line, "alertname") {
            current = Some(name.to_owned());
        }
        let Some(name) = &current else { continue };
        if line.contains("exp_alerts: []") {
            found.insert((name.clone(), false));
        } else if line.trim_start().starts_with("- exp_labels:") {
            found.insert((name.clone(), true));
        }
    }
    found
}

/// The word after `key: `.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("{key}: "))?;
    rest.split([' ', ',', '}']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "\
groups:
  - name: one
    rules:
      - record: a:b:c
        expr: up
      - alert: Down
        expr: up == 0
        labels: { severity: critical }
        annotations:
          summary: It is down
          description: It does not answer.
          runbook: https://github.com/wattline/wattline/blob/main/docs/runbooks.md#down
";
    const TESTS: &str = "\
tests:
  - alert_rule_test:
      - { eval_time: 1m, alertname: Down, exp_alerts: [] }
      - eval_time: 5m
        alertname: Down
        exp_alerts:
          - exp_labels: { severity: critical }
";
    const BOOK: &str = "# Runbooks\n\n### The arithmetic of it\n\n### Down\n\nStart it.\n";

    fn faults(rules: &str, tests: &str, book: &str) -> Vec<String> {
        let file = |text: &str| Files::from([("one".to_owned(), text.to_owned())]);
        let mut faults = Vec::new();
        check(&file(rules), &file(tests), book, &mut faults);
        faults
    }

    #[test]
    fn an_alert_that_is_explained_and_tested_is_sound() {
        assert_eq!(faults(RULES, TESTS, BOOK), Vec::<String>::new());
    }

    #[test]
    fn each_thing_that_an_alert_lacks_is_named() {
        for (without, fault) in [
            ("        labels: { severity: critical }\n", "alert Down: its severity is none of ours"),
            ("          summary: It is down\n", "alert Down: it lacks a summary or a description"),
            (
                "          description: It does not answer.\n",
                "alert Down: it lacks a summary or a description",
            ),
            ("#down", "alert Down: its runbook is not the section of its name"),
        ] {
            assert!(RULES.contains(without));
            assert_eq!(faults(&RULES.replace(without, ""), TESTS, BOOK), [fault]);
        }
        assert_eq!(
            faults(&RULES.replace("severity: critical", "severity: urgent"), TESTS, BOOK),
            ["alert Down: its severity is none of ours"]
        );
        assert_eq!(
            faults(RULES, TESTS, "### The arithmetic of it\n"),
            ["alert Down: docs/runbooks.md has no section for it"]
        );
    }

    #[test]
    fn an_alert_is_tested_both_ways() {
        let quiet_only = TESTS.replace("          - exp_labels: { severity: critical }\n", "");
        assert_eq!(faults(RULES, &quiet_only, BOOK), ["alert Down: no test has it fire"]);
        let firing_only = TESTS.replace("exp_alerts: []", "");
        assert_eq!(faults(RULES, &firing_only, BOOK), ["alert Down: no test has it stay quiet"]);
    }

    #[test]
    fn the_dead_mans_switch_is_never_quiet() {
        let rules = RULES.replace("alert: Down", "alert: DeadMansSwitch").replace("#down", "#deadmansswitch");
        let tests = TESTS.replace("exp_alerts: []", "").replace("Down", "DeadMansSwitch");
        assert_eq!(faults(&rules, &tests, "### DeadMansSwitch\n"), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_left_over_from_an_alert_that_is_gone() {
        let book = format!("{BOOK}\n### Gone\n");
        assert_eq!(
            faults(RULES, TESTS, &book),
            ["docs/runbooks.md has a section Gone, and there is no such alert"]
        );
        let tests = format!("{TESTS}      - {{ eval_time: 1m, alertname: Gone, exp_alerts: [] }}\n");
        assert_eq!(faults(RULES, &tests, BOOK), ["a test is of the alert Gone, and there is none"]);
        let twice = RULES.to_owned() + RULES.split_once("c\n        expr: up\n").unwrap().1;
        assert_eq!(faults(&twice, TESTS, BOOK), ["alert Down: there are two of this name"]);
    }
}
