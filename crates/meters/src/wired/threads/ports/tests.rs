//! A CSE7766 at a line that is a list. Pseudo terminals have no parity, so the line is not one.

use std::collections::VecDeque;

use domain::energy::{Microjoules, Milliwatts};
use embedded_io::ErrorType;

use super::*;
use crate::outbox;
use crate::wired::cse7766::tests::frame;

/// What comes in one read; `None` when nothing came in time. At the end it is unplugged.
struct Line(VecDeque<Option<Vec<u8>>>);

impl ErrorType for Line {
    type Error = ErrorKind;
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let bytes = self.0.pop_front().ok_or(ErrorKind::NotConnected)?.ok_or(ErrorKind::TimedOut)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

/// What is told of the meter, and why it ended.
fn heard(reads: Vec<Option<Vec<u8>>>) -> (Vec<News>, String) {
    let (outbox, mut inbox) = outbox::channel();
    let ended = hear(Line(reads.into()), Path::new("/dev/serial0"), Duration::ZERO, 3, &outbox);
    let Err(Stop::Trouble(why)) = ended else { panic!("an unplugged line is trouble") };
    let mut news = Vec::new();
    while let Ok(letter) = inbox.try_recv() {
        assert_eq!(letter.meter, 3);
        news.push(letter.news);
    }
    (news, why)
}

fn trouble(news: &News) -> &str {
    let News::Trouble(sentence) = news else { panic!("{news:?}") };
    sentence
}

#[test]
fn frames_that_come_in_pieces_are_read_until_the_line_is_unplugged() {
    let (first, second) = (frame(10), frame(12));
    let reads = [&first[..5], &first[5..], &second[..]].map(|part| Some(part.to_vec()));
    let (news, why) = heard(reads.into());
    let readings: Vec<_> = news
        .iter()
        .map(|news| match news {
            News::Reading(reading) => (reading.power, reading.count),
            News::Trouble(sentence) => panic!("{sentence}"),
        })
        .collect();
    let power = Some(Milliwatts(99_911));
    assert_eq!(readings, [(power, Some(Microjoules(0))), (power, Some(Microjoules(2 * 5_195_392)))]);
    assert_eq!(why, "/dev/serial0 does not work any more (NotConnected); was it unplugged?");
}

#[test]
fn a_chip_that_is_silent_or_broken_three_times_in_a_row_says_so() {
    let mut lost = frame(1);
    lost[0] = 0xF1;
    let silent = "the CSE7766 at /dev/serial0: nothing comes from it; is it wired, and is there mains?";
    let broken = "the CSE7766 at /dev/serial0: it has lost its calibration; the chip is broken";
    let (news, _) = heard(vec![None, None, Some(frame(1).to_vec()), None, None, None]);
    assert!(matches!(news[0], News::Reading(_)), "{news:?}");
    assert_eq!((trouble(&news[1]), news.len()), (silent, 2));
    let (news, _) = heard(vec![Some(lost.to_vec()); 3]);
    assert_eq!((trouble(&news[0]), news.len()), (broken, 1));
}

#[test]
fn nobody_who_listens_any_more_ends_it() {
    let (outbox, inbox) = outbox::channel();
    drop(inbox);
    let line = Line(vec![None].into());
    assert!(matches!(hear(line, Path::new("/dev/serial0"), Duration::ZERO, 3, &outbox), Err(Stop::Closed)));
}
