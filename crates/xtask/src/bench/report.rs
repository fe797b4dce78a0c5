//! What was measured, for people and for programs.

use std::io::Write;

use serde_json::{Map, Value};

struct Row {
    label: &'static str,
    key: &'static str,
    value: Value,
    unit: &'static str,
    target: Option<&'static str>,
}

#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    /// A figure. `key` names it, with its unit, in the JSON object.
    pub(crate) fn add(
        &mut self,
        label: &'static str,
        key: &'static str,
        value: impl Into<Value>,
        unit: &'static str,
        target: Option<&'static str>,
    ) {
        self.0.push(Row { label, key, value: value.into(), unit, target });
    }

    pub(crate) fn print(self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            let object: Map<String, Value> =
                self.0.into_iter().map(|row| (row.key.to_owned(), row.value)).collect();
            writeln!(out, "{}", Value::Object(object))?;
            return Ok(());
        }
        for Row { label, value, unit, target, .. } in self.0 {
            let figure = match value.as_f64() {
                Some(number) if value.is_f64() => format!("{number:.2}"),
                _ => value.to_string(),
            };
            let target = target.map(|target| format!("(target: {target})")).unwrap_or_default();
            writeln!(out, "{label:<44}{figure:>12} {unit:<6} {target}")?;
        }
        Ok(())
    }
}
