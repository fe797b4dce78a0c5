//! Sockets put together by their rooms.

use std::collections::BTreeMap;

use domain::Joules;
use domain::registry::SocketKey;
use domain::tariff::Nano;
use domain::usage::{SocketUsage, Usage, mean};

use super::answer::{RoomAnswer, rounded};
use crate::home::Label;

/// In order of the room's name; sockets that are in none come last.
pub(super) fn rooms(usage: &Usage, labels: &BTreeMap<SocketKey, Label>) -> Vec<RoomAnswer> {
    let mut rooms: BTreeMap<(bool, Option<&str>), Vec<&SocketUsage>> = BTreeMap::new();
    for socket in &usage.sockets {
        let label = labels.get(&SocketKey { hub: socket.hub, socket: socket.socket });
        let room = label.and_then(|label| label.room.as_deref());
        rooms.entry((room.is_none(), room)).or_default().push(socket);
    }
    rooms.into_iter().map(|((_, room), sockets)| answer(usage, room, &sockets)).collect()
}

fn answer(usage: &Usage, room: Option<&str>, sockets: &[&SocketUsage]) -> RoomAnswer {
    let buckets = 0..usage.bucket_count();
    let energy = |bucket: usize| -> Option<Joules> {
        sockets.iter().filter_map(|socket| socket.energy[bucket]).reduce(|a, b| a + b)
    };
    let cost = |bucket: usize| -> Option<Nano> {
        let costs = sockets.iter().filter_map(|socket| socket.cost.as_ref()?.buckets[bucket]);
        costs.reduce(|a, b| a + b)
    };
    let is_priced = sockets.iter().any(|socket| socket.cost.is_some());
    let total_cost = sockets.iter().filter_map(|socket| socket.cost.as_ref()?.total).reduce(|a, b| a + b);
    RoomAnswer {
        room: room.map(str::to_owned),
        energy_j: buckets.clone().map(|bucket| energy(bucket).map(|joules| joules.0)).collect(),
        coverage: buckets
            .clone()
            .map(|bucket| rounded(mean(sockets.iter().map(|socket| usage.coverage(socket, bucket)))))
            .collect(),
        total_j: sockets.iter().map(|socket| socket.total.0).sum(),
        total_coverage: rounded(mean(sockets.iter().map(|socket| usage.total_coverage(socket)))),
        cost_n: is_priced.then(|| buckets.map(|bucket| cost(bucket).map(|nano| nano.0)).collect()),
        total_cost_n: total_cost.map(|nano| nano.0),
    }
}
