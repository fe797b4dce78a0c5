//! What each appliance draws at a moment. Heavy ones have times of day that do not meet, as a home would else
//! trip its breaker.

use domain::Milliwatts;

use super::chance::Chance;

/// Local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Days since 1970-01-01.
    day: i64,
    /// Of the day.
    second: i64,
}

impl Moment {
    pub(super) const fn of_local_millis(millis: i64) -> Self {
        let seconds = millis.div_euclid(1_000);
        Self { day: seconds.div_euclid(86_400), second: seconds.rem_euclid(86_400) }
    }

    const fn seconds(self) -> i64 {
        self.day * 86_400 + self.second
    }

    /// The epoch's day was a Thursday.
    const fn is_weekend(self) -> bool {
        matches!(self.day.rem_euclid(7), 2 | 3)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appliance {
    Refrigerator,
    HomeServer,
    Router,
    WaterKettle,
    WashingMachine,
    Tv,
    LivingRoomLights,
    Dishwasher,
    Pc,
    Microwave,
    CoffeeMaker,
    Freezer,
    Lamp,
    Laptop,
    Monitor,
    Charger,
}

use Appliance::{
    Charger, CoffeeMaker, Dishwasher, Freezer, HomeServer, Lamp, Laptop, LivingRoomLights, Microwave,
    Monitor, Pc, Refrigerator, Router, Tv, WashingMachine, WaterKettle,
};

const HOME: [Appliance; 12] = [
    Refrigerator,
    HomeServer,
    Router,
    WaterKettle,
    WashingMachine,
    Tv,
    LivingRoomLights,
    Dishwasher,
    Pc,
    Microwave,
    CoffeeMaker,
    Freezer,
];
const MORE: [Appliance; 4] = [Lamp, Laptop, Monitor, Charger];

pub(super) fn of_socket(number: u8) -> Appliance {
    let number = usize::from(number);
    HOME.get(number).copied().unwrap_or(MORE[number % MORE.len()])
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

impl Appliance {
    pub(super) const fn name(self) -> &'static str {
        self.about().0
    }

    pub(super) const fn icon(self) -> &'static str {
        self.about().1
    }

    pub(super) const fn room(self) -> &'static str {
        self.about().2
    }

    const fn about(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Refrigerator => ("Refrigerator", "fridge", "Kitchen"),
            HomeServer => ("Home server", "pc", "Hall"),
            Router => ("Router", "router", "Hall"),
            WaterKettle => ("Water kettle", "kettle", "Kitchen"),
            WashingMachine => ("Washing machine", "washer", "Laundry"),
            Tv => ("TV", "tv", "Living room"),
            LivingRoomLights => ("Living room lights", "lamp", "Living room"),
            Dishwasher => ("Dishwasher", "dishwasher", "Kitchen"),
            Pc => ("PC", "pc", "Study"),
            Microwave => ("Microwave", "microwave", "Kitchen"),
            CoffeeMaker => ("Coffee maker", "coffee", "Kitchen"),
            Freezer => ("Freezer", "fridge", "Kitchen"),
            Lamp => ("Lamp", "lamp", "Bedroom"),
            Laptop => ("Laptop", "laptop", "Study"),
            Monitor => ("Monitor", "monitor", "Study"),
            Charger => ("Charger", "plug", "Bedroom"),
        }
    }

    pub(super) fn power(self, now: Moment, chance: Chance) -> Milliwatts {
        let watts_tenths = match self {
            Refrigerator => compressor(900, (12, 18), now, chance),
            Freezer => compressor(750, (10, 16), now, chance),
            HomeServer => 540 + drift(40, now, chance),
            Router => 90 + drift(8, now, chance),
            WaterKettle => kettle(now, chance),
            WashingMachine => washing_machine(now, chance),
            Dishwasher => dishwasher(now, chance),
            Microwave => microwave(now, chance),
            CoffeeMaker => coffee_maker(now, chance),
            Tv => evening(19 * HOUR, 22 * HOUR + 30 * MINUTE, 1_050, 6, now, chance),
            LivingRoomLights => evening(17 * HOUR + 30 * MINUTE, 23 * HOUR, 640, 0, now, chance),
            Lamp => evening(18 * HOUR, 22 * HOUR, 110, 0, now, chance),
            Pc => desk(1_100, 350, 22, now, chance),
            Monitor => desk(260, 15, 4, now, chance),
            Laptop => desk(380, 120, 3, now, chance),
            Charger => evening(21 * HOUR, 23 * HOUR, 70, 2, now, chance),
        };
        // Meters flicker by half a percent.
        let noise = chance.between(-5, 5, &[1, now.seconds()]);
        Milliwatts((watts_tenths * 100 + watts_tenths * noise / 10).max(0))
    }
}

/// When today's `index`th use begins and how long it lasts, by chance.
struct Use {
    percent: i64,
    from: i64,
    to: i64,
    shortest: i64,
    longest: i64,
}

impl Use {
    /// How many seconds it has been going on.
    fn since(&self, index: i64, now: Moment, chance: Chance) -> Option<i64> {
        let day = now.day;
        let begin = chance.between(self.from, self.to, &[2, day, index]);
        let length = chance.between(self.shortest, self.longest, &[3, day, index]);
        let since = now.second - begin;
        (chance.percent(self.percent, &[4, day, index]) && (0..length).contains(&since)).then_some(since)
    }
}

/// Slow ups and downs within `range`, another one each minute.
fn drift(range: i64, now: Moment, chance: Chance) -> i64 {
    chance.between(-range, range, &[5, now.seconds() / 60])
}

fn compressor(running: i64, minutes: (i64, i64), now: Moment, chance: Chance) -> i64 {
    const CYCLE: i64 = 40 * MINUTE;
    let shifted = now.seconds() + chance.between(0, CYCLE - 1, &[6]);
    let (cycle, into) = (shifted.div_euclid(CYCLE), shifted.rem_euclid(CYCLE));
    if into >= chance.between(minutes.0 * MINUTE, minutes.1 * MINUTE, &[8, cycle]) {
        12
    } else if into < 4 {
        running * 2
    } else {
        running - into / 120
    }
}

fn kettle(now: Moment, chance: Chance) -> i64 {
    let boil = |percent, from, to| Use { percent, from, to, shortest: 90, longest: 210 };
    let boils = [
        boil(95, 6 * HOUR + 20 * MINUTE, 7 * HOUR + 30 * MINUTE),
        boil(50, 7 * HOUR + 40 * MINUTE, 8 * HOUR + 40 * MINUTE),
        boil(70, 15 * HOUR + 50 * MINUTE, 17 * HOUR + 20 * MINUTE),
        boil(40, 22 * HOUR + 45 * MINUTE, 23 * HOUR + 30 * MINUTE),
    ];
    let on = (0..).zip(&boils).any(|(index, boil)| boil.since(index, now, chance).is_some());
    if on { 19_600 + chance.between(-300, 300, &[9, now.day]) } else { 0 }
}

fn coffee_maker(now: Moment, chance: Chance) -> i64 {
    let brew = |percent, from, to| Use { percent, from, to, shortest: 20 * MINUTE, longest: 40 * MINUTE };
    let brews = [brew(85, 6 * HOUR + 40 * MINUTE, 8 * HOUR), brew(45, 14 * HOUR + 15 * MINUTE, 15 * HOUR)];
    match (0..).zip(&brews).find_map(|(index, brew)| brew.since(index, now, chance)) {
        Some(since) if since < 6 * MINUTE => 8_900,
        // The hot plate.
        Some(since) if since % 90 < 30 => 700,
        Some(_) => 20,
        None => 4,
    }
}

fn microwave(now: Moment, chance: Chance) -> i64 {
    let meal = |percent, from, to| Use { percent, from, to, shortest: 2 * MINUTE, longest: 6 * MINUTE };
    let meals = [meal(45, 12 * HOUR, 13 * HOUR + 15 * MINUTE), meal(55, 18 * HOUR, 19 * HOUR + 45 * MINUTE)];
    match (0..).zip(&meals).find_map(|(index, meal)| meal.since(index, now, chance)) {
        Some(since) if since % 30 < 24 => 11_500,
        Some(_) => 600,
        None => 18,
    }
}

fn washing_machine(now: Moment, chance: Chance) -> i64 {
    const LENGTH: i64 = 105 * MINUTE;
    let percent = if now.is_weekend() { 70 } else { 30 };
    let wash =
        Use { percent, from: 9 * HOUR + 15 * MINUTE, to: 13 * HOUR, shortest: LENGTH, longest: LENGTH };
    let Some(since) = wash.since(0, now, chance) else { return 5 };
    let turning = since % 20 < 12;
    match since / MINUTE {
        0..=2 => 250,
        3..=17 => 20_200,
        18..=91 if turning => 1_700 + drift(300, now, chance),
        18..=91 => 120,
        // Faster and faster.
        minute @ 92..=102 => 2_200 + (minute - 92) * 280,
        _ => 150,
    }
}

fn dishwasher(now: Moment, chance: Chance) -> i64 {
    const LENGTH: i64 = 90 * MINUTE;
    let wash = Use { percent: 60, from: 20 * HOUR, to: 21 * HOUR, shortest: LENGTH, longest: LENGTH };
    let Some(since) = wash.since(0, now, chance) else { return 6 };
    match since / MINUTE {
        5..=19 | 58..=68 => 20_500,
        0..=75 => 650 + drift(80, now, chance),
        // Drying.
        _ => 60,
    }
}

/// On in the evening, at home every day, a little earlier or later; `standby` else.
fn evening(from: i64, to: i64, on: i64, standby: i64, now: Moment, chance: Chance) -> i64 {
    const ABOUT: i64 = 35 * MINUTE;
    let begin = from + chance.between(-ABOUT, ABOUT, &[10, now.day]);
    let end = to + chance.between(-ABOUT, ABOUT, &[11, now.day]);
    if (begin..end).contains(&now.second) { on + drift(on / 25, now, chance) } else { standby }
}

/// Work on some days, play in some evenings.
fn desk(on: i64, busy: i64, standby: i64, now: Moment, chance: Chance) -> i64 {
    let work = if now.is_weekend() { 15 } else { 55 };
    let at = |percent, from, to, shortest, longest| Use { percent, from, to, shortest, longest };
    let sessions = [
        at(work, 8 * HOUR + 30 * MINUTE, 9 * HOUR + 30 * MINUTE, 2 * HOUR, 3 * HOUR),
        at(work, 13 * HOUR, 13 * HOUR + 45 * MINUTE, 2 * HOUR, 4 * HOUR),
        at(40, 19 * HOUR + 30 * MINUTE, 21 * HOUR, HOUR, 2 * HOUR),
    ];
    let used = (0..).zip(&sessions).any(|(index, session)| session.since(index, now, chance).is_some());
    if used { on + drift(busy, now, chance) } else { standby }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watts(appliance: Appliance, hours: std::ops::Range<i64>) -> Vec<i64> {
        let chance = Chance::of(3, 0);
        let days = 20_000..20_028;
        let moments = days.flat_map(|day| {
            hours
                .clone()
                .flat_map(move |hour| (0..120).map(move |n| Moment { day, second: hour * HOUR + n * 30 }))
        });
        moments.map(|moment| appliance.power(moment, chance).0 / 1_000).collect()
    }

    #[test]
    fn a_refrigerator_runs_a_third_of_the_time() {
        let all = watts(Refrigerator, 0..24);
        let running = all.iter().filter(|&&watts| watts > 50).count();
        assert!((30..=45).contains(&(running * 100 / all.len())), "{running} of {}", all.len());
    }

    #[test]
    fn nobody_boils_water_at_night() {
        assert!(watts(WaterKettle, 0..6).iter().all(|&watts| watts == 0));
        assert!(watts(WaterKettle, 6..9).iter().any(|&watts| watts > 1_800));
    }

    #[test]
    fn a_washing_machine_heats_and_then_spins() {
        let all = watts(WashingMachine, 9..16);
        assert!(all.iter().any(|&watts| watts > 1_900));
        assert!(all.iter().any(|&watts| (400..600).contains(&watts)));
        let idle = all.iter().filter(|&&watts| watts == 0).count();
        assert!(idle > all.len() / 2, "not every day is washing day");
    }
}
