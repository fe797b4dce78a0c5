//! Who is who.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An id that is a UUID: not to be mixed up with any other.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            pub const fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(uuid::Uuid::from_bytes(bytes))
            }

            pub const fn as_uuid(&self) -> uuid::Uuid {
                self.0
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::parse_str(s).map(Self)
            }
        }
    };
}

pub(crate) use uuid_id;

uuid_id!(
    /// The device in the home; one agent runs on it.
    HubId
);
uuid_id!(
    /// Who pays.
    HouseholdId
);
uuid_id!(
    /// Somebody who can log in.
    PersonId
);

/// How many sockets a hub can have.
pub const MAX_SOCKETS: usize = 64;

/// One metered outlet of a hub, 0 to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct SocketNumber(u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("socket {0} is out of range: a hub has sockets 0 to 63")]
pub struct SocketOutOfRange(pub u64);

impl SocketNumber {
    pub fn new(number: u8) -> Result<Self, SocketOutOfRange> {
        if usize::from(number) < MAX_SOCKETS {
            Ok(Self(number))
        } else {
            Err(SocketOutOfRange(number.into()))
        }
    }

    pub const fn get(self) -> u8 {
        self.0
    }

    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Every socket whose bit is set, lowest first.
    pub fn in_mask(mask: u64) -> impl Iterator<Item = Self> {
        (0..64u8).filter(move |n| mask >> n & 1 == 1).map(Self)
    }
}

impl TryFrom<u8> for SocketNumber {
    type Error = SocketOutOfRange;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::new(number)
    }
}

impl From<SocketNumber> for u8 {
    fn from(socket: SocketNumber) -> Self {
        socket.0
    }
}

impl fmt::Display for SocketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_0_to_63() {
        assert_eq!(SocketNumber::new(63).map(SocketNumber::get), Ok(63));
        assert_eq!(SocketNumber::new(64), Err(SocketOutOfRange(64)));
    }

    #[test]
    fn a_mask_names_its_sockets_lowest_first() {
        let numbers: Vec<u8> = SocketNumber::in_mask(1 << 63 | 0b101).map(SocketNumber::get).collect();
        assert_eq!(numbers, [0, 2, 63]);
    }
}
