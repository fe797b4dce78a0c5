//! The entries of a back-up ↔ bytes.

use bytes::{BufMut as _, Bytes, BytesMut};
use domain::rollup::{PackedDay, QUARTERS, UtcDay};
use domain::{Container, HubId};
use prost::Message;

use crate::decode::DecodeError;
use crate::proto;

/// No entry is larger than this: the largest container, and what is around it.
pub const MAX_BACKUP_ENTRY_BYTES: usize = crate::MAX_BYTES + 64;

/// What a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupTotals {
    pub ticks: u64,
    /// Values (socket, tick, energy).
    pub values: u64,
    pub joules: i64,
    pub pages: u64,
}

impl BackupTotals {
    pub fn add_container(&mut self, container: &Container) {
        self.ticks += container.ticks.len() as u64;
        self.values += container.value_count() as u64;
        self.joules = self.joules.wrapping_add(container.total().0);
    }
}

/// One entry of the file of a hub.
#[derive(Clone, Debug, PartialEq)]
pub enum BackupEntry {
    Container(Container),
    Page(PackedDay),
    End(BackupTotals),
}

/// Why bytes are not an entry.
#[derive(Debug, thiserror::Error)]
pub enum BackupEntryError {
    #[error("not an entry of a back-up: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("a container in it: {0}")]
    Container(#[from] DecodeError),
    #[error("an entry of a kind that this version does not know")]
    Unknown,
    #[error("a day with {0} quarter hours")]
    Quarters(u32),
    #[error("it is of another hub, {0}")]
    Foreign(HubId),
}

/// The entry with its length before it.
pub fn encode_entry(entry: &BackupEntry) -> Bytes {
    let kind = match entry {
        BackupEntry::Container(container) => proto::entry::Kind::Container(crate::encode(container)),
        BackupEntry::Page(page) => proto::entry::Kind::Page(proto::Page {
            day: page.day.0,
            quarters: page.quarters.into(),
            energy: Bytes::copy_from_slice(&page.energy),
            power: Bytes::copy_from_slice(page.power.as_deref().unwrap_or_default()),
        }),
        BackupEntry::End(totals) => proto::entry::Kind::End(proto::End {
            ticks: totals.ticks,
            values: totals.values,
            joules: totals.joules,
            pages: totals.pages,
        }),
    };
    let body = proto::Entry { kind: Some(kind) }.encode_to_vec();
    let mut frame = BytesMut::with_capacity(body.len() + 5);
    prost::encode_length_delimiter(body.len(), &mut frame).expect("a buffer that grows has room");
    frame.put_slice(&body);
    frame.freeze()
}

/// The entry in these bytes, which were in the file of `hub`; without its length.
pub fn decode_entry(hub: HubId, body: &[u8]) -> Result<BackupEntry, BackupEntryError> {
    match proto::Entry::decode(body)?.kind.ok_or(BackupEntryError::Unknown)? {
        proto::entry::Kind::Container(body) => {
            let container = crate::decode(&body)?;
            if container.hub != hub {
                return Err(BackupEntryError::Foreign(container.hub));
            }
            Ok(BackupEntry::Container(container))
        }
        proto::entry::Kind::Page(page) => {
            let quarters =
                u8::try_from(page.quarters).ok().filter(|quarters| usize::from(*quarters) <= QUARTERS);
            Ok(BackupEntry::Page(PackedDay {
                hub,
                day: UtcDay(page.day),
                quarters: quarters.ok_or(BackupEntryError::Quarters(page.quarters))?,
                energy: page.energy.to_vec(),
                power: Some(page.power.to_vec()),
            }))
        }
        proto::entry::Kind::End(end) => Ok(BackupEntry::End(BackupTotals {
            ticks: end.ticks,
            values: end.values,
            joules: end.joules,
            pages: end.pages,
        })),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};

    use super::*;

    fn hub() -> HubId {
        HubId::from_bytes([7; 16])
    }

    fn container() -> Container {
        let socket = SocketNumber::new(3).unwrap();
        Container {
            hub: hub(),
            sequence: 1,
            tick_length: TickLength::from_secs(10).unwrap(),
            ticks: vec![TickEnergy {
                start: UtcMillis::from_secs(1_800_000_000),
                energy: [(socket, Joules(-5))].into_iter().collect::<SocketJoules>(),
            }],
        }
    }

    /// The frame's length, and its body.
    fn body(entry: &BackupEntry) -> Bytes {
        let mut frame = encode_entry(entry);
        let length = prost::decode_length_delimiter(&mut frame).unwrap();
        assert_eq!(length, frame.len());
        frame
    }

    #[test]
    fn entries_come_back_as_they_were() {
        let mut totals = BackupTotals::default();
        totals.add_container(&container());
        assert_eq!((totals.ticks, totals.values, totals.joules), (1, 1, -5));
        let page = PackedDay {
            hub: hub(),
            day: UtcDay(20_000),
            quarters: 96,
            energy: vec![1, 2],
            power: Some(vec![3]),
        };
        for entry in [BackupEntry::Container(container()), BackupEntry::Page(page), BackupEntry::End(totals)]
        {
            assert_eq!(decode_entry(hub(), &body(&entry)).unwrap(), entry);
        }
    }

    #[test]
    fn what_is_none_is_said() {
        let other = HubId::from_bytes([8; 16]);
        let error = decode_entry(other, &body(&BackupEntry::Container(container()))).unwrap_err();
        assert!(matches!(error, BackupEntryError::Foreign(named) if named == hub()), "{error}");
        assert!(matches!(decode_entry(hub(), &[]).unwrap_err(), BackupEntryError::Unknown));
        assert!(matches!(decode_entry(hub(), &[0xff]).unwrap_err(), BackupEntryError::Protobuf(_)));
        let long = proto::Page { quarters: 97, ..proto::Page::default() };
        let long = proto::Entry { kind: Some(proto::entry::Kind::Page(long)) }.encode_to_vec();
        assert!(matches!(decode_entry(hub(), &long).unwrap_err(), BackupEntryError::Quarters(97)));
    }
}
