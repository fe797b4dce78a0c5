use super::*;

/// Takes what is exported, and answers as told.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    status: Arc<Mutex<Option<StatusCode>>>,
    pub(super) bodies: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    pub(super) async fn start(&self) -> String {
        let (listener, url) = listen().await;
        let receiver = self.clone();
        let take = |headers: HeaderMap, body: Bytes| async move { receiver.take(&headers, &body) };
        let elsewhere = any(|| async { "{}" });
        let router = Router::new().route("/v1/traces", post(take)).route("/elsewhere", elsewhere);
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn take(&self, headers: &HeaderMap, body: &[u8]) -> impl IntoResponse + use<> {
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        // It has a meaning for some.
        let location = [(header::LOCATION, "/elsewhere")];
        let refusal = *self.status.lock().unwrap();
        if let Some(status) = refusal {
            return (status, location, "");
        }
        self.bodies.lock().unwrap().push(serde_json::from_slice(body).unwrap());
        (StatusCode::OK, location, "{\"partialSuccess\":{}}")
    }

    pub(super) fn answers(&self, status: Option<StatusCode>) {
        *self.status.lock().unwrap() = status;
    }

    /// All spans, with the service that has sent each.
    pub(super) fn spans(&self) -> Vec<(String, Value)> {
        let bodies = self.bodies.lock().unwrap();
        let mut spans = Vec::new();
        for resource in bodies.iter().flat_map(|body| body["resourceSpans"].as_array().unwrap()) {
            let service = attribute(&resource["resource"], "service.name").to_owned();
            for scope in resource["scopeSpans"].as_array().unwrap() {
                let all = scope["spans"].as_array().unwrap();
                spans.extend(all.iter().map(|span| (service.clone(), span.clone())));
            }
        }
        spans
    }

    pub(super) async fn count(&self, count: usize) -> Vec<(String, Value)> {
        let found = until(LONG, "the spans were exported", async || {
            Some(self.spans()).filter(|spans| spans.len() >= count)
        })
        .await;
        assert_eq!(found.len(), count, "{found:?}");
        found
    }
}
