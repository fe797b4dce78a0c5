mod receiver;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use domain::trace::TraceContext;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use testkit::wait::until;
use testkit::written::Written;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::DefaultGuard;

use super::*;
use crate::Metrics;
use crate::logs::{Form, subscriber};
use crate::problem::Problem;
use crate::trace;
use receiver::Receiver;

const LONG: Duration = Duration::from_secs(10);
const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Where lines go, for this thread: all that these tests start runs on it.
#[derive(Clone, Default)]
struct Lines(Written);

impl Lines {
    fn logging(&self, filter: &str, export: Option<Export>) -> DefaultGuard {
        let writer = self.0.clone();
        tracing::subscriber::set_default(subscriber(Form::Json, move || writer.clone(), filter, export))
    }

    fn all(&self) -> Vec<Value> {
        self.0.objects()
    }

    /// The trace of each line of a request.
    fn of_requests(&self) -> Vec<String> {
        let is_http = |line: &&Value| line["span"]["name"] == "http";
        self.all()
            .iter()
            .filter(is_http)
            .map(|line| line["span"]["trace_id"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// A service that fails, and one before it that asks it and fails with it.
async fn two_services() -> String {
    let fails = || async { Problem::unavailable(&std::io::Error::other("no store")) };
    let behind = Router::new().route("/v1/homes/{home}", get(fails));
    let (listener, behind_url) = listen().await;
    let (metrics, end) = (Metrics::default(), CancellationToken::new());
    tokio::spawn({
        let (metrics, end) = (metrics.clone(), end.clone());
        async move { crate::http::serve_services(listener, behind, &metrics, end).await }
    });
    let ask = move |axum::extract::Path(home): axum::extract::Path<String>| {
        let url = format!("{behind_url}/v1/homes/{home}");
        async move {
            let answer = reqwest::Client::new().get(url).headers(trace::headers()).send().await.unwrap();
            tracing::info!(status = answer.status().as_u16(), "asked");
            let problem: Problem = answer.json().await.unwrap();
            problem
        }
    };
    let fine = || async { trace::current().unwrap().trace.to_string() };
    let edge = Router::new().route("/api/homes/{home}", get(ask)).route("/api/fine", get(fine));
    let (listener, url) = listen().await;
    tokio::spawn(async move { crate::http::serve(listener, edge, &metrics, end).await });
    url
}

async fn ask(url: &str) -> (StatusCode, String) {
    let request = reqwest::Client::new().get(url).header(trace::HEADER, EXAMPLE);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_problem_names_the_trace_that_every_line_of_both_services_has() {
    let lines = Lines::default();
    let _logging = lines.logging("warn", None);
    let url = two_services().await;
    let (status, problem) = ask(&format!("{url}/api/homes/lovelace@example.org")).await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    let trace = problem["trace_id"].as_str().unwrap().to_owned();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_ne!(trace, EXAMPLE[3..35], "a browser may not choose it");
    let logged = lines.of_requests();
    // The cause, and that each of the two has failed.
    assert!(logged.len() >= 3, "{:?}", lines.all());
    assert!(logged.iter().all(|id| *id == trace), "{logged:?} and {trace}");
    let text = format!("{:?}", lines.all());
    assert!(!text.contains("lovelace"), "{text}");
}

#[tokio::test]
async fn only_services_may_pass_a_trace_on_and_only_by_the_rules() {
    let (listener, url) = listen().await;
    let said = || async { trace::current().unwrap().to_string() };
    let router = Router::new().route("/", get(said));
    let metrics = Metrics::default();
    tokio::spawn(async move {
        crate::http::serve_services(listener, router, &metrics, CancellationToken::new()).await
    });
    let ask = async |headers: &[&str]| {
        let request = headers
            .iter()
            .fold(reqwest::Client::new().get(&url), |request, header| request.header(trace::HEADER, *header));
        let said = request.send().await.unwrap().text().await.unwrap();
        TraceContext::parse(&said).unwrap()
    };
    let example = TraceContext::parse(EXAMPLE).unwrap();
    let taken = ask(&[EXAMPLE]).await;
    assert_eq!((taken.trace, taken.sampled), (example.trace, true));
    assert_ne!(taken.span, example.span);
    for headers in [&[][..], &["nonsense"], &[&EXAMPLE[..54]], &[EXAMPLE, EXAMPLE]] {
        let fresh = ask(headers).await;
        assert_ne!(fresh.trace, example.trace, "{headers:?}");
    }
    // Outside of a request there is none.
    assert_eq!(trace::current(), None);
    assert!(trace::headers().is_empty());
}

#[tokio::test]
async fn an_error_of_the_one_who_asks_has_no_trace_id() {
    let url = two_services().await;
    let (status, problem) = ask(&format!("{url}/nowhere")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!problem.contains("trace_id"), "{problem}");
}

fn attribute<'a>(of: &'a Value, key: &str) -> &'a str {
    let all = of["attributes"].as_array().unwrap();
    let found = all.iter().find(|attribute| attribute["key"] == key);
    let value = &found.unwrap_or_else(|| panic!("{key} is not in {of}"))["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str()).unwrap()
}

struct Exporting {
    lines: Lines,
    metrics: Metrics,
    end: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    _logging: DefaultGuard,
}

fn exporting(endpoint: &str) -> Exporting {
    let config = TelemetryConfig { otlp_endpoint: Some(endpoint.to_owned()), otlp_one_in: 1 };
    let (export, exporter) = config.open().unwrap();
    let lines = Lines::default();
    let logging = lines.logging("info", Some(export));
    let (metrics, end) = (Metrics::default(), CancellationToken::new());
    let task = tokio::spawn(exporter.run("test", TlsConfig::default(), metrics.clone(), end.clone()));
    Exporting { lines, metrics, end, task, _logging: logging }
}

impl Exporting {
    async fn stop(&mut self) {
        self.end.cancel();
        (&mut self.task).await.unwrap();
    }

    fn counted(&self, what: &str) -> u64 {
        let page = self.metrics.encode();
        let name = format!("wattline_spans_{what}_total ");
        page.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    }
}

#[tokio::test]
async fn the_spans_of_a_request_are_exported_with_the_ids_that_are_logged() {
    let receiver = Receiver::default();
    // The slash at the end is one too many.
    let exporting = exporting(&format!("{}/", receiver.start().await));
    let url = two_services().await;
    let (_, problem) = ask(&format!("{url}/api/homes/lovelace@example.org?token=secret")).await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    let spans = receiver.count(2).await;
    let of = |name: &str| {
        let found = spans.iter().find(|(_, span)| span["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {spans:?}"))
    };
    let (service, edge) = of("GET /api/homes/{home}");
    let (_, behind) = of("GET /v1/homes/{home}");
    assert_eq!(service, "test");
    let trace = problem["trace_id"].as_str().unwrap();
    assert_eq!((edge["traceId"].as_str(), behind["traceId"].as_str()), (Some(trace), Some(trace)));
    assert!(exporting.lines.of_requests().iter().all(|logged| logged == trace));
    assert_eq!(edge.get("parentSpanId"), None);
    assert_eq!(behind["parentSpanId"], edge["spanId"]);
    for span in [edge, behind] {
        assert_eq!((span["kind"].as_u64(), span["status"]["code"].as_u64()), (Some(2), Some(2)));
        assert_eq!(attribute(span, "http.request.method"), "GET");
        assert_eq!(attribute(span, "http.response.status_code"), "503");
        let nanos = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert!(nanos("startTimeUnixNano") < nanos("endTimeUnixNano"), "{span}");
    }
    assert_eq!(attribute(edge, "http.route"), "/api/homes/{home}");
    let sent = format!("{:?}", receiver.bodies.lock().unwrap());
    assert!(!sent.contains("lovelace") && !sent.contains("secret"), "{sent}");
    // The line of a log says nothing of spans.
    assert!(exporting.lines.all().iter().all(|line| line["target"] != crate::trace::TARGET));
    until(LONG, "they were counted", async || (exporting.counted("exported") == 2).then_some(())).await;
    assert_eq!(exporting.counted("dropped"), 0);
}

#[tokio::test]
async fn a_receiver_that_is_away_slows_nothing_and_what_is_too_much_is_dropped_and_told_once() {
    // It takes connections, and never answers.
    let (deaf, url) = listen().await;
    let mut exporting = exporting(&url);
    let service = two_services().await;
    let begin = Instant::now();
    for _ in 0..50 {
        assert_eq!(ask(&format!("{service}/api/fine")).await.0, StatusCode::OK);
    }
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let begin = Instant::now();
    (0..WAITING + 1_000).for_each(|_| tell());
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    until(LONG, "some were dropped", async || (exporting.counted("dropped") > 0).then_some(())).await;
    drop(deaf);
    let told = until(LONG, "it was told", async || {
        let lines = exporting.lines.all();
        let told = lines.iter().filter(|line| line["level"] == "WARN").count();
        (told > 0).then_some(told)
    })
    .await;
    assert_eq!(told, 1);
    let begin = Instant::now();
    exporting.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert!(exporting.counted("dropped") > u64::try_from(WAITING).unwrap());
}

fn tell() {
    trace::EndedSpan {
        name: "one",
        kind: trace::SpanKind::Consumer,
        context: trace::begin(),
        parent: None,
        begun: trace::Begun::now(),
        failed: false,
        attributes: trace::Attributes { outcome: Some("stored"), ..trace::Attributes::default() },
    }
    .tell();
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_what_waited_and_the_end_leaves_nothing_behind() {
    let receiver = Receiver::default();
    receiver.answers(Some(StatusCode::SERVICE_UNAVAILABLE));
    let mut exporting = exporting(&receiver.start().await);
    tell();
    until(LONG, "it is told", async || {
        exporting.lines.all().iter().any(|line| line["level"] == "WARN").then_some(())
    })
    .await;
    receiver.answers(None);
    receiver.count(1).await;
    // What it will never take is dropped, and does not hold up the rest.
    receiver.answers(Some(StatusCode::BAD_REQUEST));
    tell();
    until(LONG, "it is dropped", async || (exporting.counted("dropped") == 1).then_some(())).await;
    receiver.answers(None);
    (0..3).for_each(|_| tell());
    exporting.stop().await;
    receiver.count(4).await;
    assert_eq!(exporting.counted("exported"), 4);
}

#[tokio::test]
async fn a_receiver_that_sends_spans_elsewhere_has_not_taken_them() {
    let receiver = Receiver::default();
    let exporting = exporting(&receiver.start().await);
    for (count, status) in (1..).zip([StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT]) {
        receiver.answers(Some(status));
        tell();
        until(LONG, "it is dropped", async || (exporting.counted("dropped") == count).then_some(())).await;
    }
    assert_eq!(exporting.counted("exported"), 0);
    let lines = exporting.lines.all();
    assert!(lines.iter().any(|line| line["reason"] == "it answered 302 Found"), "{lines:?}");
}

#[tokio::test]
async fn an_answer_is_read_only_so_far() {
    let (listener, url) = listen().await;
    let refused = r#"{"partialSuccess":{"rejectedSpans":"1"}}"#;
    let answers = Mutex::new(vec![format!("{}{refused}", " ".repeat(100_000)), refused.to_owned()]);
    let answers = Arc::new(answers);
    let take = move || {
        let answer = answers.lock().unwrap().pop().unwrap();
        async { answer }
    };
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let exporting = exporting(&url);
    tell();
    until(LONG, "one is refused", async || (exporting.counted("dropped") == 1).then_some(())).await;
    tell();
    until(LONG, "one is taken", async || (exporting.counted("exported") == 1).then_some(())).await;
    assert_eq!(exporting.counted("dropped"), 1);
}

#[tokio::test]
async fn one_trace_in_so_many_is_exported_and_then_all_of_it() {
    let (queue, mut inbox) = mpsc::channel(10_000);
    let _logging = Lines::default().logging("off", Some(Export::new(queue, 10, Measures::default().dropped)));
    (0..2_000).for_each(|_| tell());
    let mut kept = 0;
    while let Ok(span) = inbox.try_recv() {
        assert_eq!(u64::from_str_radix(&span.trace_id[16..], 16).unwrap() % 10, 0);
        kept += 1;
    }
    assert!((100..320).contains(&kept), "{kept}");
}

#[test]
fn an_endpoint_is_an_address_of_this_machine_or_protected() {
    let faults = |endpoint: &str, one_in| {
        let config = TelemetryConfig { otlp_endpoint: Some(endpoint.to_owned()), otlp_one_in: one_in };
        let mut faults = Vec::new();
        config.validate(&TlsConfig::default(), &mut faults);
        faults
    };
    for fine in ["http://127.0.0.1:4318", "http://[::1]:4318/", "https://collector.example/otlp"] {
        assert_eq!(faults(fine, 1), [""; 0], "{fine}");
    }
    let plain = faults("http://collector.example:4318", 1);
    assert!(
        plain[0].starts_with("telemetry.otlp_endpoint: collector.example is another machine"),
        "{plain:?}"
    );
    for wrong in ["", "collector:4318", "grpc://127.0.0.1:4317", "http://127.0.0.1:4318?key=hush"] {
        let said = faults(wrong, 1);
        assert_eq!(said, ["telemetry.otlp_endpoint: it is not an http or https address"], "{wrong}");
    }
    assert_eq!(faults("http://localhost:4318", 0), ["telemetry.otlp_one_in: must be at least 1"]);
    assert!(TelemetryConfig::default().open().is_none());
}
