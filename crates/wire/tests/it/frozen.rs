//! Bytes of versions that are out there. These are never changed: hubs that nobody updates send them for years, and services that
//! are older than a hub must understand what it sends.

use domain::presence::{About, Presence};
use domain::{Container, HubId, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};

/// A container of 0.1.0 (November 2026): two sockets, one of them feeding in, a tick that is not there, a socket that comes.
const CONTAINER: &str = "0a100193f0b000007000800000000000000110ac0218904e20849ecf552a091081011a04ec01ef2e2a0708011a0300ed2e2a16080310818180808080808080011a07ee01f12e80897a";
/// A presence of 0.1.0.
const PRESENCE: &str =
    "0a100193f0b000007000800000000000000110011a160a05302e312e301080a305180c20c0989afea0342801";
const GONE: &str = "0a100193f0b0000070008000000000000001";

fn hub() -> HubId {
    "0193f0b0-0000-7000-8000-000000000001".parse().unwrap()
}

fn energy(values: &[(u8, i64)]) -> SocketJoules {
    values.iter().map(|&(socket, joules)| (SocketNumber::new(socket).unwrap(), Joules(joules))).collect()
}

fn container() -> Container {
    let at = |n: i64| UtcMillis::from_secs(1_795_561_000).plus_millis(n * 10_000);
    let tick = |n: i64, values: &[(u8, i64)]| TickEnergy { start: at(n), energy: energy(values) };
    Container {
        hub: hub(),
        sequence: 300,
        tick_length: TickLength::from_secs(10).unwrap(),
        ticks: vec![
            tick(0, &[(0, 118), (7, -3_000)]),
            tick(1, &[(0, 0), (7, -2_999)]),
            tick(3, &[(0, 119), (7, -3_001), (63, 1_000_000)]),
        ],
    }
}

fn presence() -> Presence {
    let about = About {
        version: "0.1.0".to_owned(),
        running_secs: 86_400,
        waiting: 12,
        oldest_waiting: Some(UtcMillis::from_secs(1_795_561_000)),
        clock_synchronised: Some(true),
    };
    Presence { hub: hub(), online: true, about: Some(about) }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Field 100 of a later version, as a number and as bytes.
fn with_more(body: &str) -> Vec<u8> {
    let mut body = bytes(body);
    body.extend([0xa0, 0x06, 0x2a, 0xaa, 0x06, 0x03, b'n', b'e', b'w']);
    body
}

#[test]
fn old_hubs_are_understood() {
    assert_eq!(wire::decode(&bytes(CONTAINER)).unwrap(), container());
    assert_eq!(wire::decode_presence(&bytes(PRESENCE)).unwrap(), presence());
    assert_eq!(wire::decode_presence(&bytes(GONE)).unwrap(), Presence::gone(hub()));
}

/// Byte for byte: whoever understood the old ones understands these.
#[test]
fn old_services_understand_what_is_sent_now() {
    assert_eq!(wire::encode(&container()), bytes(CONTAINER));
    assert_eq!(wire::encode_presence(&presence()), bytes(PRESENCE));
    assert_eq!(wire::encode_presence(&Presence::gone(hub())), bytes(GONE));
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    assert_eq!(wire::decode(&with_more(CONTAINER)).unwrap(), container());
    assert_eq!(wire::decode_presence(&with_more(PRESENCE)).unwrap(), presence());
}
