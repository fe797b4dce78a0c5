//! One thing to publish. It is a few numbers; its bytes are made when it is sent, and again when it is sent again.

use bytes::Bytes;

use crate::poison::Poison;
use crate::population::Population;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Index of the hub in whose name it is published.
    pub hub: u32,
    /// The tick it tells of; of poison, its number. The sequence number is one more.
    pub number: u32,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In its turn.
    Fresh,
    /// Held back, and sent after newer ones.
    Late,
    /// The same bytes once more.
    Duplicate,
    Poison,
}

impl Item {
    pub fn body(&self, population: &Population) -> Bytes {
        match self.kind {
            Kind::Poison => Poison::of_number(self.number).body(population, self.hub, self.number),
            Kind::Fresh | Kind::Late | Kind::Duplicate => population.body(self.hub, self.number.into()),
        }
    }
}
