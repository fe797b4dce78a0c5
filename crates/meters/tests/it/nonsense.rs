//! What the fuzz targets hold, on messages and frames with a few bytes changed: a short form that runs with the tests.

use meters::Entry;
use meters::mqtt::discover::{Found, classify};
use meters::wired::cse7766::{Counter, FRAME, Frames};
use meters::wired::modbus::crc;
use meters::wired::pzem::Measured;
use proptest::prelude::*;

use crate::plugs::{messages, plugs};

/// Changes some bytes, and cuts the rest off.
fn garbled(mut bytes: Vec<u8>, changes: &[(u16, u8)], keep: u16) -> Vec<u8> {
    for (at, byte) in changes {
        if let Some(place) = bytes.len().checked_sub(1).map(|last| usize::from(*at) % (last + 1)) {
            bytes[place] = *byte;
        }
    }
    let keep = usize::from(keep).max(1) % (bytes.len() + 1);
    bytes.truncate(if keep == 0 { bytes.len() } else { keep });
    bytes
}

fn cse_frame(state: u8, values: [u8; 21]) -> [u8; FRAME] {
    let mut bytes = [0; FRAME];
    bytes[..2].copy_from_slice(&[state, 0x5A]);
    bytes[2..23].copy_from_slice(&values);
    bytes[23] = values.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes
}

proptest! {
    #[test]
    fn no_message_makes_a_plug_read_what_no_meter_can(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..4),
        keep in prop::sample::select(vec![0_u16, 9, 40, 90]),
    ) {
        let all: Vec<(&str, &str)> = messages().collect();
        let (topic, body) = all[which.index(all.len())];
        let body = garbled(body.as_bytes().to_vec(), &changes, if keep == 0 { u16::MAX } else { keep });
        for mut plug in plugs() {
            for topic in plug.topics() {
                if let Some(Ok(reading)) = plug.hear(&topic, &body) {
                    prop_assert!(reading.power.is_none_or(|power| power.0.abs() <= 1_000_000_000_000));
                    prop_assert!(reading.count.is_none_or(|count| count.0.abs() <= 7_200_000_000_000_000_000));
                }
            }
        }
        let garbled_topic = garbled(topic.as_bytes().to_vec(), &changes, u16::MAX);
        for found in classify(&String::from_utf8_lossy(&garbled_topic), &body) {
            let text: toml::Table = found.toml(5).parse().unwrap();
            let entry: Entry = text["agent"]["sensors"][0].clone().try_into().unwrap();
            prop_assert_eq!(Found::of(&entry), Some(found));
        }
    }

    #[test]
    fn an_answer_of_a_pzem_bears_its_crc_or_is_refused(frame in prop::collection::vec(any::<u8>(), 0..60), sound in any::<bool>()) {
        let mut frame = frame;
        if sound {
            frame.resize(23, 0);
            frame[1..3].copy_from_slice(&[4, 20]);
            frame.extend(crc(&frame).to_le_bytes());
        }
        let measured = Measured::parse(frame.first().copied().unwrap_or(1), &frame);
        prop_assert_eq!(measured.is_ok(), frame.len() == 25 && crc(&frame) == 0 && frame[1..3] == [4, 20]);
    }

    #[test]
    fn a_cse7766_is_found_again_after_any_bytes(
        noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x55), Just(0x5A), Just(0xF2)], 0..200),
        frames in prop::collection::vec((prop::sample::select(vec![0x55, 0xF2, 0xAA]), any::<[u8; 21]>()), 0..6),
        values in any::<[u8; 21]>(),
    ) {
        let (mut stream, mut counter, mut stood_at) = (Frames::default(), Counter::default(), 0);
        let sent = frames.into_iter().flat_map(|(state, values)| cse_frame(state, values));
        for byte in sent.chain(noise) {
            if let Some(Ok(frame)) = stream.push(byte) {
                let count = counter.read(&frame).count.unwrap().0;
                prop_assert!(count >= stood_at);
                stood_at = count;
            }
        }
        let good = cse_frame(0x55, values).repeat(3);
        prop_assert!(good.into_iter().filter_map(|byte| stream.push(byte)).any(|outcome| outcome.is_ok()));
    }
}
