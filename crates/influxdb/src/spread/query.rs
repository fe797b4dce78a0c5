use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::measurement::{MeasurementQuery, SocketSums, StoreError, StoredTick};
use domain::{HubId, SocketNumber, TimeRange};
use futures_util::future::{join_all, try_join_all};

use super::Spread;

#[async_trait]
impl<T: MeasurementQuery> MeasurementQuery for Spread<T> {
    async fn ticks(&self, hub: HubId, range: TimeRange) -> Result<Vec<StoredTick>, StoreError> {
        let asked = self.placement.times(hub, range).into_iter().map(async |(store, range)| {
            let store = &self.stores[store];
            self.said(store, store.store.ticks(hub, range).await)
        });
        Ok(try_join_all(asked).await?.concat())
    }

    async fn socket_ticks(
        &self,
        hub: HubId,
        mask: u64,
        range: TimeRange,
    ) -> Result<Vec<StoredTick>, StoreError> {
        let asked = self.placement.times(hub, range).into_iter().map(async |(store, range)| {
            let store = &self.stores[store];
            self.said(store, store.store.socket_ticks(hub, mask, range).await)
        });
        Ok(try_join_all(asked).await?.concat())
    }

    async fn quarter_hours(&self, hub: HubId, range: TimeRange) -> Result<Vec<SocketSums>, StoreError> {
        let asked = self.placement.times(hub, range).into_iter().map(async |(store, range)| {
            let store = &self.stores[store];
            self.said(store, store.store.quarter_hours(hub, range).await)
        });
        let mut parts = try_join_all(asked).await?;
        if parts.len() == 1 {
            return Ok(parts.swap_remove(0));
        }
        // Days begin with a quarter hour, so that none is in two parts.
        let mut sockets: BTreeMap<SocketNumber, Vec<_>> = BTreeMap::new();
        for SocketSums { socket, sums } in parts.into_iter().flatten() {
            sockets.entry(socket).or_default().extend(sums);
        }
        Ok(sockets.into_iter().map(|(socket, sums)| SocketSums { socket, sums }).collect())
    }

    /// One is enough: the homes of the others are still to be answered.
    async fn ready(&self) -> Result<(), StoreError> {
        let asked = self.stores.iter().map(async |store| self.said(store, store.store.ready().await));
        let answers = join_all(asked).await;
        if answers.iter().any(Result::is_ok) { Ok(()) } else { answers.into_iter().collect() }
    }
}
