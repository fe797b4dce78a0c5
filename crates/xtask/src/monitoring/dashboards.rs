//! Dashboards look alike, say what is normal, and lead to the runbook.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Files;
use super::alerts::{link, sections_in};

/// One accent, and two colours for what is not as it should be.
const PALETTE: [&str; 3] = ["#4ccaa3", "#f0b071", "#e5645a"];
const DATASOURCE: &str = "${datasource}";
const COLUMNS: u64 = 24;
/// What Grafana puts in their place depends on the screen; for parsing any will do.
const VARIABLES: [(&str, &str); 3] = [("$__rate_interval", "5m"), ("$__interval", "1m"), ("$__range", "3h")];

/// What a panel asks Prometheus for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression {
    /// Dashboard, panel and query, in the form of a metric's name.
    pub(super) place: String,
    pub(super) text: String,
}

/// Gives all that is asked for.
pub(super) fn check(boards: &Files, book: &str, faults: &mut Vec<String>) -> Vec<Expression> {
    let links: BTreeSet<String> = sections_in(book).map(link).collect();
    let mut expressions = Vec::new();
    for (name, text) in boards {
        match serde_json::from_str::<Value>(text) {
            Ok(board) => {
                let mut found = Vec::new();
                whole(name, &board, &mut found);
                for panel in panels(&board) {
                    check_panel(panel, &links, &mut found);
                    expressions.extend(queries(name, panel, &mut found));
                }
                layout(&board, &mut found);
                faults.extend(found.into_iter().map(|fault| format!("dashboards/{name}.json: {fault}")));
            }
            Err(error) => faults.push(format!("dashboards/{name}.json: {error}")),
        }
    }
    expressions
}

/// What holds for a dashboard, whatever is on it.
fn whole(name: &str, board: &Value, faults: &mut Vec<String>) {
    let expected = [
        ("/uid", json!(format!("wattline-{name}"))),
        ("/timezone", json!("browser")),
        // A crosshair that all panels share.
        ("/graphTooltip", json!(1)),
        ("/editable", json!(false)),
        ("/tags", json!(["wattline"])),
        ("/templating/list/0/name", json!("datasource")),
        ("/templating/list/0/type", json!("datasource")),
    ];
    for (place, value) in expected {
        if board.pointer(place) != Some(&value) {
            faults.push(format!("{place} is not {value}"));
        }
    }
    if text(board, "/title").is_empty() || text(board, "/description").is_empty() {
        faults.push("it lacks a title or a description".to_owned());
    }
    colours(board, faults);
}

/// Every colour is one of ours, wherever it stands.
fn colours(value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::String(text) if is_colour(text) && !PALETTE.contains(&text.as_str()) => {
            faults.push(format!("the colour {text} is none of ours"));
        }
        Value::Array(values) => values.iter().for_each(|value| colours(value, faults)),
        Value::Object(fields) => fields.values().for_each(|value| colours(value, faults)),
        _ => {}
    }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 6 | 8) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn panels(board: &Value) -> impl Iterator<Item = &Value> {
    all(board, "/panels").iter().filter(|panel| text(panel, "/type") != "row")
}

fn check_panel(panel: &Value, links: &BTreeSet<String>, faults: &mut Vec<String>) {
    let title = text(panel, "/title");
    let mut fault = |what: &str| faults.push(format!("«{title}» {what}"));
    if title.is_empty() {
        fault("has no title");
    }
    let description = text(panel, "/description");
    let Some((says, leads)) = description.split_once("\n\n[What to do](") else {
        fault("does not lead to a runbook");
        return;
    };
    if says.is_empty() {
        fault("does not say what is normal");
    }
    if !leads.strip_suffix(')').is_some_and(|address| links.contains(address)) {
        fault("leads to a runbook that is not there");
    }
    if text(panel, "/datasource/uid") != DATASOURCE {
        fault("does not ask the chosen Prometheus");
    }
    if text(panel, "/fieldConfig/defaults/unit").is_empty() && text(panel, "/options/yAxis/unit").is_empty() {
        fault("has no unit");
    }
}

fn queries(board: &str, panel: &Value, faults: &mut Vec<String>) -> Vec<Expression> {
    let title = text(panel, "/title");
    let targets = all(panel, "/targets");
    if targets.is_empty() {
        faults.push(format!("«{title}» asks nothing"));
    }
    let mut found = Vec::new();
    for target in targets {
        let mut expression = text(target, "/expr").to_owned();
        for (variable, value) in VARIABLES {
            expression = expression.replace(variable, value);
        }
        if expression.is_empty() || expression.contains('$') {
            faults.push(format!("«{title}» asks for nothing, or with a variable that is not known here"));
            continue;
        }
        let place = format!("{board}:{}:{}", number(panel, "/id"), text(target, "/refId"));
        found.push(Expression { place, text: expression });
    }
    found
}

/// Panels have numbers of their own, lie within the grid and not on one another.
fn layout(board: &Value, faults: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in all(board, "/panels") {
        let title = text(panel, "/title");
        if !ids.insert(number(panel, "/id")) {
            faults.push(format!("«{title}» has the number of another"));
        }
        let [left, top, width, height] =
            ["x", "y", "w", "h"].map(|name| number(panel, &format!("/gridPos/{name}")));
        if width == 0 || height == 0 || left + width > COLUMNS {
            faults.push(format!("«{title}» does not fit into the grid"));
            continue;
        }
        let cells = (left..left + width).flat_map(|x| (top..top + height).map(move |y| (x, y)));
        if cells.filter(|cell| !taken.insert(*cell)).count() > 0 {
            faults.push(format!("«{title}» lies on another"));
        }
    }
}

/// Empty when there is none.
fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    value.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

/// 0 when there is none.
fn number(value: &Value, place: &str) -> u64 {
    value.pointer(place).and_then(Value::as_u64).unwrap_or_default()
}

/// Empty when there are none.
fn all<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    value.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Value {
        json!({
            "uid": "wattline-one", "title": "One", "description": "All of it.", "timezone": "browser",
            "graphTooltip": 1, "editable": false, "tags": ["wattline"],
            "templating": { "list": [{ "name": "datasource", "type": "datasource" }] },
            "panels": [
                { "id": 1, "type": "row", "title": "Row", "gridPos": { "x": 0, "y": 0, "w": 24, "h": 1 } },
                panel(2, 0), panel(3, 12),
            ],
        })
    }

    fn panel(id: u64, x: u64) -> Value {
        json!({
            "id": id, "type": "timeseries", "title": "Rate",
            "description": format!("A few are normal.\n\n[What to do]({})", link("Down")),
            "gridPos": { "x": x, "y": 1, "w": 12, "h": 8 },
            "datasource": { "type": "prometheus", "uid": "${datasource}" },
            "targets": [{ "refId": "A", "expr": "rate(up[$__rate_interval])" }],
            "fieldConfig": { "defaults": { "unit": "short", "color": { "fixedColor": "#4ccaa3" } } },
        })
    }

    fn faults(board: &Value) -> Vec<String> {
        let boards = Files::from([("one".to_owned(), board.to_string())]);
        let mut faults = Vec::new();
        check(&boards, "### Down\n", &mut faults);
        faults
    }

    /// What is found when one thing of the second panel, or of the whole, is another.
    fn with(place: &str, value: Value) -> Vec<String> {
        let mut board = board();
        *board.pointer_mut(place).unwrap() = value;
        faults(&board)
    }

    #[test]
    fn a_dashboard_like_ours_is_sound_and_its_questions_are_collected() {
        assert_eq!(faults(&board()), Vec::<String>::new());
        let boards = Files::from([("one".to_owned(), board().to_string())]);
        let expressions = check(&boards, "### Down\n", &mut Vec::new());
        let places: Vec<_> = expressions.iter().map(|it| (it.place.as_str(), it.text.as_str())).collect();
        assert_eq!(places, [("one:2:A", "rate(up[5m])"), ("one:3:A", "rate(up[5m])")]);
    }

    #[test]
    fn what_is_unlike_ours_is_named() {
        for (place, value, fault) in [
            ("/uid", json!("a1B2c3"), "/uid is not \"wattline-one\""),
            ("/timezone", json!("utc"), "/timezone is not \"browser\""),
            ("/graphTooltip", json!(0), "/graphTooltip is not 1"),
            ("/editable", json!(true), "/editable is not false"),
            ("/tags", json!([]), "/tags is not [\"wattline\"]"),
            ("/templating/list/0/name", json!("job"), "/templating/list/0/name is not \"datasource\""),
            ("/templating/list/0/type", json!("custom"), "/templating/list/0/type is not \"datasource\""),
            ("/description", json!(""), "it lacks a title or a description"),
        ] {
            assert_eq!(with(place, value), [format!("dashboards/one.json: {fault}")]);
        }
        let colour = with("/panels/1/fieldConfig/defaults/color/fixedColor", json!("#ff0000"));
        assert_eq!(colour, ["dashboards/one.json: the colour #ff0000 is none of ours"]);
    }

    #[test]
    fn what_a_panel_lacks_is_named() {
        let elsewhere = format!("Normal.\n\n[What to do]({})", link("Gone"));
        let silent = format!("\n\n[What to do]({})", link("Down"));
        for (place, value, fault) in [
            ("/panels/1/description", json!("A few are normal."), "does not lead to a runbook"),
            ("/panels/1/description", json!(elsewhere), "leads to a runbook that is not there"),
            ("/panels/1/description", json!(silent), "does not say what is normal"),
            ("/panels/1/datasource/uid", json!("prometheus"), "does not ask the chosen Prometheus"),
            ("/panels/1/fieldConfig/defaults/unit", json!(""), "has no unit"),
            ("/panels/1/targets", json!([]), "asks nothing"),
            (
                "/panels/1/targets/0/expr",
                json!("up{job=\"$job\"}"),
                "asks for nothing, or with a variable that is not known here",
            ),
            ("/panels/1/id", json!(1), "has the number of another"),
            ("/panels/1/gridPos/x", json!(13), "does not fit into the grid"),
            ("/panels/1/gridPos/y", json!(0), "lies on another"),
        ] {
            assert_eq!(with(place, value), [format!("dashboards/one.json: «Rate» {fault}")]);
        }
        assert_eq!(with("/panels/1/title", json!("")), ["dashboards/one.json: «» has no title"]);
    }

    #[test]
    fn what_is_no_json_is_said() {
        let boards = Files::from([("one".to_owned(), "{".to_owned())]);
        let mut faults = Vec::new();
        check(&boards, "", &mut faults);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("dashboards/one.json: EOF"), "{faults:?}");
    }
}
