//! Who watches which hub.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::HubId;
use domain::live::{LiveStream, News};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};

/// A viewer further behind than this misses the oldest.
const BEHIND: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Viewers {
    hubs: Mutex<HashMap<HubId, Watched>>,
    /// The hubs watched may no longer be those bound.
    pub(super) changed: Notify,
}

#[derive(Debug)]
struct Watched {
    news: broadcast::Sender<News>,
    bound: watch::Sender<bool>,
}

impl Viewers {
    fn hubs(&self) -> MutexGuard<'_, HashMap<HubId, Watched>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A viewer, and whether its hub is bound.
    pub(super) fn add(self: &Arc<Self>, hub: HubId) -> (Viewer, watch::Receiver<bool>) {
        let mut hubs = self.hubs();
        let watched = hubs.entry(hub).or_insert_with(|| Watched {
            news: broadcast::channel(BEHIND).0,
            bound: watch::channel(false).0,
        });
        let (news, bound) = (watched.news.subscribe(), watched.bound.subscribe());
        drop(hubs);
        self.changed.notify_one();
        (Viewer { viewers: Arc::clone(self), hub, news: Some(news) }, bound)
    }

    pub(super) fn show(&self, news: News) {
        if let Some(watched) = self.hubs().get(&news.hub()) {
            // The last viewer may be leaving.
            watched.news.send(news).ok();
        }
    }

    pub(super) fn watched(&self) -> HashSet<HubId> {
        self.hubs().keys().copied().collect()
    }

    /// Lets the viewers of a hub know, as far as there are any.
    pub(super) fn set_bound(&self, hub: HubId, is_bound: bool) {
        if let Some(watched) = self.hubs().get(&hub) {
            watched.bound.send_replace(is_bound);
        }
    }
}

pub(super) struct Viewer {
    viewers: Arc<Viewers>,
    hub: HubId,
    news: Option<broadcast::Receiver<News>>,
}

impl Viewer {
    pub(super) fn into_stream(self) -> LiveStream {
        Box::pin(stream::unfold(self, |mut viewer| async {
            let news = viewer.next().await?;
            Some((news, viewer))
        }))
    }

    async fn next(&mut self) -> Option<News> {
        let news = self.news.as_mut()?;
        loop {
            match news.recv().await {
                Ok(news) => return Some(news),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let mut hubs = self.viewers.hubs();
        self.news = None;
        if hubs.get(&self.hub).is_some_and(|watched| watched.news.receiver_count() == 0) {
            hubs.remove(&self.hub);
            self.viewers.changed.notify_one();
        }
    }
}
