//! Configuration: defaults, then a TOML file, then the environment.
//!
//! `WATTLINE__SECTION__KEY=value` sets `key` of `[section]`; `WATTLINE__SECTION__KEY__FILE=path` takes the value
//! from a file, for secrets. Every fault is named at once, not only the first.

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::telemetry::TelemetryConfig;
use crate::tls::TlsConfig;

/// Configuration of a binary. Every key has a default, so that one wrong key never hides another.
pub trait Config: DeserializeOwned + Default {
    /// Says what does not make sense, one sentence each, beginning with the key.
    fn validate(&self, faults: &mut Vec<String>);

    /// Says what works and is not as it should be, for the log of every start.
    fn warnings(&self, _warnings: &mut Vec<String>) {}

    /// Where spans go, and how they are protected on the way; `None` for a binary that has none.
    fn telemetry(&self) -> Option<(&TelemetryConfig, &TlsConfig)> {
        None
    }
}

/// All that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a fault:")?,
            n => write!(f, "the configuration has {n} faults:")?,
        }
        self.0.iter().try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

impl std::error::Error for Faults {}

const PREFIX: &str = "WATTLINE__";

/// Reads and validates. `environment` is that of the process; what does not begin with `WATTLINE__` is not ours.
pub fn load<C: Config>(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<C, Faults> {
    let mut faults = Vec::new();
    let mut table = Table::new();
    if let Some(path) = file {
        match std::fs::read_to_string(path) {
            Ok(text) => match text.parse::<Table>() {
                Ok(parsed) => table = parsed,
                Err(error) => faults.push(unreadable(path, &text, &error)),
            },
            Err(error) => faults.push(format!("{}: {error}", path.display())),
        }
    }
    let overrides = overrides(environment, &mut faults);
    for (path, text) in &overrides {
        if !set(&mut table, path, typed(text)) {
            faults.push(format!("{}: {} is not a section", variable(path), path[..path.len() - 1].join(".")));
        }
    }

    let config: C = extract(&mut table, &overrides, &mut faults);
    config.validate(&mut faults);
    if faults.is_empty() { Ok(config) } else { Err(Faults(faults)) }
}

/// Says where and what, but does not show the line: it may hold a secret.
fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("{}, line {line}: {}", path.display(), error.message().trim_end().replace('\n', " "))
}

type Overrides = Vec<(Vec<String>, String)>;

fn overrides(environment: impl IntoIterator<Item = (String, String)>, faults: &mut Vec<String>) -> Overrides {
    let mut found = Vec::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let mut path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
        if path.iter().any(String::is_empty) {
            faults.push(format!("{name}: not of the form {PREFIX}SECTION__KEY"));
        } else if path.len() > 1 && path.last().is_some_and(|last| last == "file") {
            path.pop();
            match std::fs::read_to_string(&value) {
                Ok(text) => found.push((path, text.trim_end().to_owned())),
                Err(error) => faults.push(format!("{name}: {value}: {error}")),
            }
        } else {
            found.push((path, value));
        }
    }
    found.sort();
    found
}

fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

/// Numbers, booleans and lists may be written as in TOML; everything else is text.
fn typed(text: &str) -> Value {
    format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn set(table: &mut Table, path: &[String], value: Value) -> bool {
    let Some((key, sections)) = path.split_last() else { return false };
    let mut at = table;
    for section in sections {
        match at.entry(section.clone()).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => at = inner,
            _ => return false,
        }
    }
    at.insert(key.clone(), value);
    true
}

/// A number or the like as it was written.
fn scalar(table: &Table, path: &[String], overrides: &Overrides) -> Option<String> {
    let (key, sections) = path.split_last()?;
    let section = sections.iter().try_fold(table, |at, section| at.get(section)?.as_table())?;
    let value = section.get(key).filter(|value| !value.is_str() && !value.is_table() && !value.is_array())?;
    let from_environment = overrides.iter().find(|(name, _)| name == path).map(|(_, text)| text.clone());
    Some(from_environment.unwrap_or_else(|| value.to_string()))
}

fn remove(table: &mut Table, path: &[String]) -> bool {
    let Some((key, sections)) = path.split_last() else { return false };
    let mut at = table;
    for section in sections {
        match at.get_mut(section) {
            Some(Value::Table(inner)) => at = inner,
            _ => return false,
        }
    }
    at.remove(key).is_some()
}

/// Takes one faulty key after the other out of the table until the rest can be read.
fn extract<C: Config>(table: &mut Table, overrides: &Overrides, faults: &mut Vec<String>) -> C {
    // What was tried as text, and what was said of it before.
    let mut as_text: Vec<(Vec<String>, String)> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, C>(table.clone()) {
            Ok(config) => return config,
            Err(error) => error,
        };
        let mut path: Vec<String> = error
            .path()
            .iter()
            .map_while(|segment| match segment {
                serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                _ => None,
            })
            .collect();
        // `12345` may be meant as a password.
        let tried = as_text.iter().find(|(tried, _)| *tried == path);
        if tried.is_none()
            && let Some(text) = scalar(table, &path, overrides)
        {
            set(table, &path, Value::String(text));
            as_text.push((path, error.inner().message().to_owned()));
            continue;
        }
        let from_environment = overrides.iter().find(|(name, _)| *name == path);
        let place = from_environment.map_or_else(|| path.join("."), |(name, _)| variable(name));
        let message = tried.map_or(error.inner().message(), |(_, message)| message);
        faults.push(format!("{place}: {}", message.trim_end().replace('\n', " ")));
        // A fault inside a list, or one without a place, takes what is around it along.
        while !remove(table, &path) {
            if path.pop().is_none() {
                table.clear();
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests;
