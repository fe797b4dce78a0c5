use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use domain::metering::Reading;
use rppal::gpio::{Error, Gpio, InputPin, Trigger};

use super::{PERIOD, Stop, keep_at};
use crate::config::{Entry, misplaced};
use crate::outbox::{News, Outbox};
use crate::wired::pulses::{PulseCounter, most_per_second, of_s0};

/// A pulse of S0 lasts 30 ms at least, and so does the pause after it.
const S0_BOUNCE: Duration = Duration::from_millis(20);
/// Pulses that wait to be counted: more than a second of a flood.
const WAITING: usize = 8_192;

/// A former thread lets its pin go with its next reading, some time after its sensors were closed.
const IN_USE: Duration = Duration::from_secs(2);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What comes in at a pin.
#[derive(Clone, Copy)]
struct Input {
    pin: u8,
    /// µJ.
    energy_per_pulse: f64,
    bounce: Duration,
    /// An open collector needs it.
    pull_up: bool,
    /// More are a flood.
    most_per_second: u64,
}

impl Input {
    fn of(entry: &Entry) -> Option<Self> {
        let (energy_per_pulse, bounce, pull_up) = match (&entry.s0, &entry.hlw8012) {
            (Some(s0), _) => (of_s0(s0.impulses_per_kwh), S0_BOUNCE, true),
            (None, Some(chip)) => (chip.energy_per_pulse(), Duration::ZERO, false),
            (None, None) => return None,
        };
        let most_per_second = most_per_second(entry.max_power(), energy_per_pulse * entry.scale());
        Some(Self { pin: entry.pin()?, energy_per_pulse, bounce, pull_up, most_per_second })
    }
}

pub(super) fn start(entries: &[Entry], outbox: &Outbox) {
    let mut misplaced = misplaced(entries).into_iter().peekable();
    for (meter, entry) in entries.iter().enumerate() {
        let wrong = misplaced.next_if(|(place, _)| *place == meter);
        let Some(input) = Input::of(entry) else { continue };
        let name = format!("gpio-{}", input.pin);
        if let Some((_, sentence)) = wrong {
            keep_at(name, vec![meter], outbox, move |_| Err(Stop::Trouble(sentence.clone())));
            continue;
        }
        // A pin that is opened again goes on counting where it was.
        let mut counter = PulseCounter::new(input.energy_per_pulse, input.bounce);
        let begin = Instant::now();
        let work = move |outbox: &Outbox| count(input, meter, begin, &mut counter, outbox);
        keep_at(name, vec![meter], outbox, work);
    }
}

fn count(
    input: Input,
    meter: usize,
    begin: Instant,
    counter: &mut PulseCounter,
    outbox: &Outbox,
) -> Result<(), Stop> {
    let opened = when_free(|| listen(input, begin));
    let (_pin, pulses) = opened.map_err(|error| Stop::Trouble(sentence(input.pin, &error)))?;
    loop {
        let reading = read(input, &pulses, counter, begin)?;
        outbox.put_waiting(meter, News::Reading(reading))?;
    }
}

/// Asks for a pin again while somebody has it, who may be about to let it go.
fn when_free<T>(mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let begin = Instant::now();
    loop {
        match ask() {
            Err(Error::PinUsed(_)) if begin.elapsed() < IN_USE => sleep(ASK_AGAIN),
            answer => return answer,
        }
    }
}

/// Counts what comes within a period. A flood is none of the meter's, and is not counted.
fn read(
    input: Input,
    pulses: &Receiver<Duration>,
    counter: &mut PulseCounter,
    begin: Instant,
) -> Result<Reading, Stop> {
    let (since, before) = (Instant::now(), counter.clone());
    let edges = gather(pulses, counter, since + PERIOD);
    if PulseCounter::is_flood(edges, since.elapsed(), input.most_per_second) {
        *counter = before;
        return Err(Stop::Trouble(format!(
            "GPIO {} sees more than {} pulses a second, as a pin does that is not connected",
            input.pin, input.most_per_second
        )));
    }
    Ok(counter.read(begin.elapsed()))
}

/// The pin must stay for as long as its pulses are wanted.
fn listen(input: Input, begin: Instant) -> Result<(InputPin, Receiver<Duration>), Error> {
    let pin = Gpio::new()?.get(input.pin)?;
    let mut pin = if input.pull_up { pin.into_input_pullup() } else { pin.into_input() };
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    pin.set_async_interrupt(Trigger::FallingEdge, None, move |_| {
        // What does not fit is part of a flood, which is told when it is counted.
        sender.try_send(begin.elapsed()).ok();
    })?;
    Ok((pin, receiver))
}

/// Gives how many there were, those of a bouncing contact too.
fn gather(pulses: &Receiver<Duration>, counter: &mut PulseCounter, until: Instant) -> u64 {
    let mut edges = 0;
    loop {
        match pulses.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(at) => {
                counter.pulse(at);
                edges += 1;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return edges,
        }
    }
}

fn sentence(pin: u8, error: &Error) -> String {
    match error {
        Error::UnknownModel => format!("GPIO {pin} cannot be opened; this is not a Raspberry Pi"),
        Error::PinNotAvailable(_) => {
            format!("there is no GPIO {pin} here; pins go by their BCM numbers, 0 to 27")
        }
        Error::PinUsed(_) => format!("GPIO {pin} is in use by another meter"),
        Error::PermissionDenied(path) => {
            format!("GPIO {pin} cannot be opened; may the agent's user open {path} (group gpio)?")
        }
        error => format!("GPIO {pin} does not work ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_pin_is_a_sentence() {
        assert_eq!(
            sentence(99, &Error::PinNotAvailable(99)),
            "there is no GPIO 99 here; pins go by their BCM numbers, 0 to 27"
        );
        assert!(sentence(4, &Error::PermissionDenied("/dev/gpiomem".to_owned())).contains("group gpio"));
    }

    #[test]
    fn a_pin_is_waited_for_while_it_is_let_go_and_not_for_ever() {
        let mut asked = 0;
        let opened = when_free(|| {
            asked += 1;
            if asked < 4 { Err(Error::PinUsed(17)) } else { Ok(17) }
        });
        assert!(matches!(opened, Ok(17)), "{opened:?}");

        let begin = Instant::now();
        let refused = when_free::<()>(|| Err(Error::PinUsed(17)));
        assert!(matches!(refused, Err(Error::PinUsed(17))) && begin.elapsed() >= IN_USE);

        let mut asked = 0;
        let refused = when_free::<()>(|| {
            asked += 1;
            Err(Error::PinNotAvailable(99))
        });
        assert!(refused.is_err() && asked == 1, "another fault does not pass by itself");
    }

    fn s0() -> Input {
        let entry = toml::from_str("s0 = { pin = 17, impulses_per_kwh = 1000.0 }").unwrap();
        Input::of(&entry).unwrap()
    }

    #[test]
    fn pulses_are_gathered_until_the_second_is_over() {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        for n in 0..5_u64 {
            sender.send(Duration::from_millis(n * 100)).unwrap();
        }
        let mut counter = PulseCounter::new(of_s0(1_000.0), S0_BOUNCE);
        assert_eq!(gather(&receiver, &mut counter, Instant::now() + Duration::from_millis(50)), 5);
        assert_eq!(counter.fresh(), 5);
    }

    #[test]
    fn a_flood_at_an_s0_input_is_seen_before_bounces_are_taken_out_and_is_not_counted() {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let mut counter = PulseCounter::new(of_s0(1_000.0), S0_BOUNCE);
        counter.pulse(Duration::from_millis(1));
        let stood_at = counter.read(Duration::from_millis(2)).count;
        // 25 kHz for 160 ms, of which the bounce time leaves eight pulses, as many as are no flood.
        for n in 0..4_000_u64 {
            sender.send(Duration::from_micros(1_000_000 + n * 40)).unwrap();
        }
        drop(sender);
        let Err(Stop::Trouble(sentence)) = read(s0(), &receiver, &mut counter, Instant::now()) else {
            panic!("a flood is no reading")
        };
        assert_eq!(
            sentence,
            "GPIO 17 sees more than 100 pulses a second, as a pin does that is not connected"
        );
        assert_eq!(counter.read(Duration::from_secs(4)).count, stood_at);
    }
}
