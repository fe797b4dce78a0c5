//! A meter at the other end of a pseudo terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use meters::Brokers;
use meters::wired::modbus::crc;
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Measuring, joules};

/// The end of a line that the meter has, and the path that the agent opens.
fn line() -> (File, PathBuf) {
    let meter = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&meter).unwrap();
    unlockpt(&meter).unwrap();
    let path = PathBuf::from(ptsname(&meter, Vec::new()).unwrap().into_string().unwrap());
    // A terminal whose other end is not open gives errors; the meter just hears nothing then.
    rustix::fs::fcntl_setfl(&meter, OFlags::NONBLOCK).unwrap();
    (File::from(meter), path)
}

/// Answers as PZEM-004T with addresses 1 and 2 do, while it is plugged in.
struct Bus {
    is_plugged: Arc<AtomicBool>,
    watt_hours: Arc<AtomicU32>,
}

impl Bus {
    fn start(mut line: File) -> Self {
        let bus =
            Self { is_plugged: Arc::new(AtomicBool::new(true)), watt_hours: Arc::new(AtomicU32::new(1_000)) };
        let (is_plugged, watt_hours) = (Arc::clone(&bus.is_plugged), Arc::clone(&bus.watt_hours));
        std::thread::spawn(move || {
            let mut heard = Vec::new();
            loop {
                let mut bytes = [0; 64];
                match line.read(&mut bytes) {
                    Ok(length) => heard.extend_from_slice(&bytes[..length]),
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
                if heard.len() < 8 {
                    continue;
                }
                let question: Vec<u8> = heard.drain(..8).collect();
                assert_eq!(question[1..6], [4, 0, 0, 0, 10]);
                let address = question[0];
                if !is_plugged.load(Ordering::SeqCst) || address > 2 {
                    continue;
                }
                let wh = watt_hours.load(Ordering::SeqCst).to_be_bytes();
                let mut answer = vec![address, 4, 20, 0x08, 0xFC, 0x01, 0xF4, 0, 0, 0x04, 0x7E, 0, 0];
                answer.extend([wh[2], wh[3], wh[0], wh[1], 0x01, 0xF4, 0, 100, 0, 0]);
                answer.extend(crc(&answer).to_le_bytes());
                line.write_all(&answer).unwrap();
            }
        });
        bus
    }
}

#[tokio::test]
async fn two_meters_on_one_line_are_read_and_one_that_is_unplugged_says_so() {
    let (line, path) = line();
    let bus = Bus::start(line);
    let config = format!(
        r#"
        [[agent.sensors]]
        socket = 7
        pzem = {{ port = {path:?}, address = 1 }}
        [[agent.sensors]]
        socket = 8
        pzem = {{ port = {path:?}, address = 2 }}
        [[agent.sensors]]
        socket = 9
        pzem = {{ port = {path:?}, address = 3 }}
        [[agent.sensors]]
        socket = 10
        pzem = {{ port = "/dev/no-such-port" }}
        [[agent.sensors]]
        socket = 11
        s0 = {{ pin = 17, impulses_per_kwh = 1000 }}
        [[agent.sensors]]
        socket = 12
        ads1115 = {{ channel = 0, amps_per_volt = 30.0 }}
        "#
    );
    let mut measuring = Measuring::start(&config, &Brokers::default());
    measuring.until_measures(0).await;
    measuring.until_measures(1).await;
    measuring.until_trouble(2, "does not answer; is it wired, is there mains at it").await;
    measuring.until_trouble(3, "/dev/no-such-port cannot be opened").await;
    measuring.until_trouble(4, "this is not a Raspberry Pi").await;
    measuring.until_trouble(5, "is I²C enabled?").await;
    bus.watt_hours.store(1_010, Ordering::SeqCst);
    measuring
        .until("ten watt-hours are told", |told, _| {
            [7, 8].iter().all(|socket| (joules(told, *socket) - 36_000).abs() <= 3_600)
        })
        .await;
    bus.is_plugged.store(false, Ordering::SeqCst);
    measuring.until_trouble(0, "does not answer").await;
    bus.is_plugged.store(true, Ordering::SeqCst);
    measuring.until_measures(0).await;
}
