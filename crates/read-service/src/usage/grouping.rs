//! Sockets put together by their rooms.

use std::collections::BTreeMap;

use domain::Joules;
use domain::registry::SocketKey;
use domain::tariff::Nano;
use domain::usage::{Expected, SocketUsage, Usage};

use super::answer::{RoomAnswer, coverages, rounded};
use crate::home::Label;

/// In order of the room's name; sockets that are in none come last. A room of which nothing was measured is left out.
pub(super) fn rooms(usage: &Usage, labels: &BTreeMap<SocketKey, Label>) -> Vec<RoomAnswer> {
    let room_of = |hub, socket| {
        let label = labels.get(&SocketKey { hub, socket });
        label.and_then(|label| label.room.as_deref())
    };
    let mut rooms: BTreeMap<(bool, Option<&str>), Vec<&SocketUsage>> = BTreeMap::new();
    for socket in &usage.sockets {
        let room = room_of(socket.hub, socket.socket);
        rooms.entry((room.is_none(), room)).or_default().push(socket);
    }
    let answer = |((_, room), sockets): ((bool, Option<&str>), Vec<&SocketUsage>)| {
        let absent = usage.absent.iter().filter(|absent| room_of(absent.hub, absent.socket) == room);
        let measured = sockets.iter().map(|socket| Expected::from(*socket));
        answer(usage, room, &sockets, &measured.chain(absent.map(Expected::from)).collect::<Vec<_>>())
    };
    rooms.into_iter().map(answer).collect()
}

fn answer(
    usage: &Usage,
    room: Option<&str>,
    sockets: &[&SocketUsage],
    expected: &[Expected<'_>],
) -> RoomAnswer {
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
        coverage: coverages(usage, expected),
        total_j: sockets.iter().map(|socket| socket.total.0).sum(),
        total_coverage: rounded(usage.joint_coverage(expected, buckets.clone())),
        cost_n: is_priced.then(|| buckets.map(|bucket| cost(bucket).map(|nano| nano.0)).collect()),
        total_cost_n: total_cost.map(|nano| nano.0),
    }
}
