//! What was measured, for people and for programs.

use std::fmt::Write as _;
use std::io::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

struct Row {
    label: &'static str,
    key: &'static str,
    value: Value,
    unit: &'static str,
    target: Option<&'static str>,
}

/// A title for people, and the key of what stands below it; `a/b` for what is in an object of its own.
pub(crate) type Column = (&'static str, &'static str);

/// Several measurements of the same kind.
struct Table {
    key: &'static str,
    columns: &'static [Column],
    rows: Vec<Value>,
}

#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    tables: Vec<Table>,
}

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
        self.rows.push(Row { label, key, value: value.into(), unit, target });
    }

    /// Objects, of which people see the columns and programs see all.
    pub(crate) fn add_table<T: Serialize>(
        &mut self,
        key: &'static str,
        columns: &'static [Column],
        rows: &[T],
    ) -> anyhow::Result<()> {
        let rows = rows.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        self.tables.push(Table { key, columns, rows });
        Ok(())
    }

    pub(crate) fn print(self, json: bool) -> anyhow::Result<()> {
        let text = if json { format!("{}\n", self.object()) } else { self.text() };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        Ok(())
    }

    fn object(self) -> Value {
        let rows = self.rows.into_iter().map(|row| (row.key.to_owned(), row.value));
        let tables = self.tables.into_iter().map(|table| (table.key.to_owned(), Value::Array(table.rows)));
        Value::Object(rows.chain(tables).collect::<Map<_, _>>())
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for Row { label, value, unit, target, .. } in &self.rows {
            let target = target.map(|target| format!("(target: {target})")).unwrap_or_default();
            // Writing to a string does not fail.
            let line = format!("{label:<44}{:>12} {unit:<6} {target}", shown(value));
            writeln!(text, "{}", line.trim_end()).ok();
        }
        for table in &self.tables {
            text.push('\n');
            text.push_str(&table.text());
        }
        text
    }
}

impl Table {
    fn text(&self) -> String {
        let titles = self.columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let rows = self.rows.iter().map(|row| self.columns.iter().map(|(_, key)| cell(row, key)).collect());
        let lines: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for line in &lines {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
            text.push_str(&cells.collect::<Vec<_>>().join("  "));
            text.push('\n');
        }
        text
    }
}

fn cell(row: &Value, key: &str) -> String {
    row.pointer(&format!("/{key}")).map(shown).unwrap_or_default()
}

/// With two places after the point, or none where they say nothing.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(number) if number.abs() >= 1_000.0 => format!("{number:.0}"),
            Some(number) => format!("{number:.2}"),
            None => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Counts are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Report {
        let mut report = Report::default();
        report.add("containers", "containers", 600_000, "", None);
        report.add("CPU time", "cpu_us_per_value", 0.2371, "µs", Some("at most 0.25"));
        report.add("binaries", "binaries", "release", "", None);
        let rows = [
            json!({"hubs": 1_000, "rate": 15_234.5, "more": 1}),
            json!({"hubs": 10_000, "rate": 0.5, "cpu": {"a": 2}}),
        ];
        report.add_table("cases", &[("hubs", "hubs"), ("per s", "rate"), ("a", "cpu/a")], &rows).unwrap();
        report
    }

    #[test]
    fn programs_get_one_object_with_everything_in_it() {
        assert_eq!(
            report().object(),
            json!({
                "containers": 600_000,
                "cpu_us_per_value": 0.2371,
                "binaries": "release",
                "cases": [{"hubs": 1_000, "rate": 15_234.5, "more": 1}, {"hubs": 10_000, "rate": 0.5, "cpu": {"a": 2}}],
            })
        );
    }

    #[test]
    fn people_get_rows_and_a_table_with_the_columns_flush() {
        let text = report().text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("containers ") && lines[0].ends_with(" 600000"), "{text}");
        assert!(lines[1].contains("0.24 µs") && lines[1].ends_with("(target: at most 0.25)"), "{text}");
        assert!(lines[2].ends_with(" release"), "{text}");
        assert_eq!(lines[3..], ["", " hubs  per s  a", " 1000  15234   ", "10000   0.50  2"]);
    }
}
