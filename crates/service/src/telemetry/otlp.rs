//! The body of a request, as OTLP has it in JSON: ids in hexadecimal, numbers of 64 bits as text.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: &'a [Attribute],
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: &'a [Span],
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "OTLP's names")]
pub(super) struct Span {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent_span_id: Option<String>,
    pub(super) name: String,
    pub(super) kind: u64,
    pub(super) start_time_unix_nano: String,
    pub(super) end_time_unix_nano: String,
    pub(super) attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
}

#[derive(Debug, Serialize)]
pub(super) struct Status {
    code: u8,
}

impl Status {
    pub(super) const ERROR: Self = Self { code: 2 };
}

#[derive(Debug, Serialize)]
pub(super) struct Attribute {
    key: &'static str,
    value: Value,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Value {
    StringValue(String),
    IntValue(String),
}

impl Attribute {
    pub(super) const fn text(key: &'static str, value: String) -> Self {
        Self { key, value: Value::StringValue(value) }
    }

    pub(super) fn number(key: &'static str, value: u64) -> Self {
        Self { key, value: Value::IntValue(value.to_string()) }
    }
}

impl<'a> Request<'a> {
    pub(super) const fn new(resource: &'a [Attribute], spans: &'a [Span]) -> Self {
        let scope = Scope { name: "wattline", version: env!("CARGO_PKG_VERSION") };
        let scope_spans = [ScopeSpans { scope, spans }];
        Self { resource_spans: [ResourceSpans { resource: Resource { attributes: resource }, scope_spans }] }
    }
}
