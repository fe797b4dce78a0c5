//! Who may know whom. ARCHITECTURE.md draws it; this holds it.

use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata};

use super::crates;

const ADAPTERS: [&str; 6] = ["rabbitmq", "mqtt", "inprocess", "influxdb", "sqlite", "postgres"];
const SERVICES: [&str; 8] = [
    "agent",
    "write-service",
    "rollup-worker",
    "alert-worker",
    "fleet-service",
    "read-service",
    "auth-service",
    "web-app",
];
/// Where a binary puts its adapters together, or is at work on one by itself.
const WIRING: [&str; 3] = ["main.rs", "settings.rs", "dead_letters_command.rs"];

/// Our crates that `name` may depend on, beyond `testkit` in its tests.
fn allowed(name: &str) -> Vec<&'static str> {
    match name {
        "domain" => vec![],
        "wire" | "service" | "insight" | "meters" => vec!["domain"],
        adapter if ADAPTERS.contains(&adapter) => vec!["domain", "wire"],
        // The spool holds the very bytes that are published, and the hot path decodes into its own buffers: the
        // codec is pure, so these two know it.
        "agent" => vec!["domain", "meters", "service", "wire", "rabbitmq", "mqtt"],
        "write-service" => vec!["domain", "service", "wire", "rabbitmq", "influxdb"],
        "rollup-worker" => vec!["domain", "service", "influxdb", "postgres"],
        "alert-worker" => vec!["domain", "insight", "mail", "service", "influxdb", "postgres"],
        "fleet-service" => vec!["domain", "service", "rabbitmq"],
        "read-service" => vec!["domain", "insight", "service", "rabbitmq", "influxdb", "postgres"],
        "auth-service" => vec!["domain", "mail", "service", "postgres", "sqlite"],
        "web-app" => vec!["domain", "service"],
        "standalone" => {
            let mut all = vec!["domain", "mail", "service", "inprocess", "sqlite"];
            all.extend(SERVICES);
            all
        }
        // It looks after every store that there is, a standalone's files too.
        "ctl" => vec!["domain", "service", "wire", "rabbitmq", "influxdb", "postgres", "sqlite"],
        "loadgen" => vec!["domain", "wire", "service", "rabbitmq", "influxdb"],
        "testkit" => vec!["domain", "wire"],
        "xtask" => vec!["testkit"],
        _ => vec![],
    }
}

pub(super) fn check(metadata: &Metadata, faults: &mut Vec<String>) {
    let ours: Vec<&str> = crates(metadata).map(|package| package.name.as_str()).collect();
    for package in crates(metadata) {
        let name = package.name.as_str();
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            if !ours.contains(&other) || allowed(name).contains(&other) {
                continue;
            }
            let only_in_tests = dependency.kind == DependencyKind::Development;
            // Tests may use the kit, the adapters that need no server, and a hub's other way to the broker.
            let for_tests =
                ["testkit", "sqlite", "inprocess", "mqtt", "domain", "wire", "auth-service", "read-service"];
            if !(only_in_tests && for_tests.contains(&other)) {
                faults.push(format!("{name} may not know {other}"));
            }
        }
        if SERVICES.contains(&name)
            && let Some(folder) = package.manifest_path.parent()
        {
            adapters_stay_in_the_wiring(name, folder.join("src").as_std_path(), faults);
        }
    }
}

fn adapters_stay_in_the_wiring(service: &str, folder: &Path, faults: &mut Vec<String>) {
    for file in super::sources::rust_files(folder) {
        let is_wiring = file.parent() == Some(folder)
            && file.file_name().is_some_and(|name| WIRING.iter().any(|wiring| name == *wiring));
        if is_wiring {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for adapter in ADAPTERS {
            let named = text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.match_indices(&format!("{adapter}::")).any(|(at, _)| {
                    !code[..at]
                        .ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | ':'))
                })
            });
            if named {
                faults.push(format!("{}: the lib of {service} names the adapter {adapter}", file.display()));
            }
        }
    }
}
