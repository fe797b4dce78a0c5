use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::live::{LiveError, LiveFeed, LiveStream, News};
use domain::presence::Presence;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// A viewer further behind than this misses the oldest.
const BEHIND: usize = 256;

/// News as they are published, containers before they are stored: a viewer waits for no store, just as with a
/// broker.
#[derive(Clone, Debug, Default)]
pub struct Live {
    hubs: Arc<Mutex<HashMap<HubId, Sender<News>>>>,
}

impl Live {
    /// How many hubs are being watched.
    pub fn watched(&self) -> usize {
        self.hubs().len()
    }

    fn hubs(&self) -> MutexGuard<'_, HashMap<HubId, Sender<News>>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, presence: &Presence) {
        if let Some(viewers) = self.hubs().get(&presence.hub) {
            viewers.send(News::Presence(Arc::new(presence.clone()))).ok();
        }
    }

    pub(crate) fn show(&self, hub: HubId, body: &Bytes) {
        let hubs = self.hubs();
        let Some(viewers) = hubs.get(&hub) else { return };
        match wire::decode(body) {
            Ok(container) if container.hub == hub => {
                // Without a viewer left there is nobody to tell.
                viewers.send(News::Measured(Arc::new(container))).ok();
            }
            Ok(container) => tracing::debug!(%hub, named = %container.hub, "not shown: it names another hub"),
            Err(error) => tracing::debug!(%hub, %error, "not shown: not a container"),
        }
    }
}

#[async_trait]
impl LiveFeed for Live {
    async fn watch(&self, hub: HubId) -> Result<LiveStream, LiveError> {
        let receiver = self.hubs().entry(hub).or_insert_with(|| channel(BEHIND).0).subscribe();
        let viewer = Viewer { live: self.clone(), hub, receiver: Some(receiver) };
        Ok(Box::pin(stream::unfold(viewer, |mut viewer| async {
            let news = viewer.next().await?;
            Some((news, viewer))
        })))
    }
}

struct Viewer {
    live: Live,
    hub: HubId,
    receiver: Option<Receiver<News>>,
}

impl Viewer {
    async fn next(&mut self) -> Option<News> {
        let receiver = self.receiver.as_mut()?;
        loop {
            match receiver.recv().await {
                Ok(news) => return Some(news),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let mut hubs = self.live.hubs();
        self.receiver = None;
        if hubs.get(&self.hub).is_some_and(|viewers| viewers.receiver_count() == 0) {
            hubs.remove(&self.hub);
        }
    }
}
