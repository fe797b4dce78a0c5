use std::path::Path;

use domain::energy::Microjoules;
use domain::{HubId, Milliwatts};

use super::*;
use crate::config::SpoolConfig;
use crate::spool::Identity;

const JOULE: i64 = 1_000_000;

fn socket(number: u8) -> SocketNumber {
    SocketNumber::new(number).unwrap()
}

async fn meter(folder: &Path, config: Config) -> Meter {
    let spool = SpoolConfig { path: folder.join("spool.db"), ..SpoolConfig::default() };
    let fresh = HubId::from_bytes([1; 16]);
    let identity = Identity { configured: None, fresh, now: UtcMillis(1_000) };
    let opened = Spool::open(&spool, identity).await.unwrap();
    Meter::new(Config { spool, ..config }, opened, Arc::default(), None)
}

fn energy(from: UtcMillis, to: UtcMillis, joules: i64) -> Observation {
    let energy = Microjoules(joules * JOULE);
    Observation::Energy { socket: socket(0), from, to, energy, count: energy }
}

#[tokio::test]
async fn late_ticks_take_memory_for_themselves_and_not_for_those_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { ticks_per_container: 60, ..Config::default() };
    let mut meter = meter(folder.path(), config).await;
    let (from, to) = (UtcMillis(0), UtcMillis(100_000_000));
    meter.take(Observation::Power { socket: socket(1), at: from, power: Milliwatts(1_000) });
    meter.take(Observation::Until(to));
    meter.seal();
    meter.sealed.clear();
    meter.take(energy(from, to, 1_000_000));

    assert_eq!(meter.sealed.iter().map(|sealed| sealed.ticks.len()).sum::<usize>(), 10_000);
    let room: usize = meter.sealed.iter().map(|sealed| sealed.ticks.capacity()).sum();
    assert!(room <= 20_000, "room for {room} ticks");
    assert!(meter.sealed.iter().all(|sealed| sealed.late && sealed.ticks.len() <= 60));
}

#[tokio::test]
async fn a_checkpoint_says_which_meter_counted() {
    let folder = tempfile::tempdir().unwrap();
    let entry: meters::Entry = toml::from_str("socket = 0\nshelly2 = { prefix = \"plug\" }").unwrap();
    let mark = entry.mark();
    let mut meter = meter(folder.path(), Config { sensors: vec![entry], ..Config::default() }).await;
    meter.take(energy(UtcMillis(0), UtcMillis(25_000), 250));
    meter.take(Observation::Until(UtcMillis(25_000)));
    meter.seal();
    assert_eq!(meter.sealed[0].checkpoint.counted[0].meter, Some(mark));
}
