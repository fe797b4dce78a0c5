//! A rollup as a line: `day,hub=<id> q=1099511627872i,e="…",p="…" <start of the day in ms>`.
//!
//! `q` is its [`Version`]. `e` and `p` are the packed energy and power, in base64, of
//! which nothing needs escaping within quotes.
//!
//! InfluxDB 1.x and 2.x take at most 64 KiB in a string, and a day of 64 busy sockets may be more. So a part is cut
//! into pieces, in fields of their own: `e`, `e1`, `e2`. Fields of one point are written and read one by one, and a
//! field that is not written again keeps its old value. That is why each piece begins with what tells it from those
//! of another write: six bytes with the number of quarter hours, the number of pieces of its part, and a checksum of
//! the whole rollup, lowest byte first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::rollup::{Detail, PackedDay, UtcDay};
use domain::{HubId, UtcMillis};

use super::version::Version;
use crate::cell::Cell;
use crate::table::Table;

pub(crate) const MEASUREMENT: &str = "day";

const ENERGY: [&str; 3] = ["e", "e1", "e2"];
const POWER: [&str; 3] = ["p", "p1", "p2"];
const HEAD: usize = 6;
/// A multiple of three, so that base64 needs no padding but at the end: 60,000 characters with the head.
const PIECE: usize = 45_000 - HEAD;

/// Why there is no line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoLine {
    #[error("it has no power")]
    NoPower,
    #[error("it has more bytes than any rollup of 64 sockets")]
    TooLong,
}

/// Why a row is no rollup.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoDay {
    /// The pieces are of different writes: it is being written, and the next answer is better.
    #[error("the rollup of {0} is not whole")]
    Torn(UtcDay),
    #[error("the rollup of {0} is damaged")]
    Damaged(UtcDay),
    #[error("a rollup has no time")]
    NoTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Head {
    version: Version,
    pieces: u8,
}

impl Head {
    fn to_bytes(self) -> [u8; HEAD] {
        let [a, b, c, d] = self.version.checksum.to_le_bytes();
        [self.version.quarters, self.pieces, a, b, c, d]
    }

    fn split(piece: &[u8]) -> Option<(Self, &[u8])> {
        let (&[quarters, pieces, a, b, c, d], rest) = piece.split_first_chunk::<HEAD>()?;
        let version = Version { quarters, checksum: u32::from_le_bytes([a, b, c, d]) };
        Some((Self { version, pieces }, rest))
    }
}

pub(super) fn line(day: &PackedDay) -> Result<String, NoLine> {
    with_pieces(day, false)
}

/// A line with every piece, empty where it has none: nothing is left of what was written before.
pub(super) fn whole_line(day: &PackedDay) -> Result<String, NoLine> {
    with_pieces(day, true)
}

fn with_pieces(day: &PackedDay, whole: bool) -> Result<String, NoLine> {
    let power = day.power.as_deref().ok_or(NoLine::NoPower)?;
    let version = Version::of(day, power);
    let mut line = format!("{MEASUREMENT},hub={} q={}i", day.hub, version.to_integer());
    for (part, fields) in [(day.energy.as_slice(), &ENERGY), (power, &POWER)] {
        let count = part.len().div_ceil(PIECE).max(1);
        let pieces = u8::try_from(count).ok().filter(|_| count <= fields.len()).ok_or(NoLine::TooLong)?;
        let head = Head { version, pieces };
        let mut rest = part;
        for field in &fields[..count] {
            let (piece, after) = rest.split_at(rest.len().min(PIECE));
            rest = after;
            line.extend([",", *field, "=\""]);
            STANDARD.encode_string([&head.to_bytes(), piece].concat(), &mut line);
            line.push('"');
        }
        for field in fields[count..].iter().filter(|_| whole) {
            line.extend([",", *field, "=\"\""]);
        }
    }
    line.extend([" ", &day.day.start().0.to_string(), "\n"]);
    Ok(line)
}

/// The fields to ask for.
pub(super) fn fields(detail: Detail) -> String {
    match detail {
        Detail::Energy => ENERGY.join(","),
        Detail::Power => format!("{},{}", ENERGY.join(","), POWER.join(",")),
    }
}

/// The rows of an answer to [`fields`].
pub(super) fn read(
    hub: HubId,
    detail: Detail,
    tables: &[Table<Cell>],
) -> Result<Vec<(Version, PackedDay)>, NoDay> {
    let mut days = Vec::new();
    for table in tables {
        let place = |name: &str| table.columns.iter().position(|column| column == name);
        let time = place("time").ok_or(NoDay::NoTime)?;
        let (energy, power) = (ENERGY.map(place), POWER.map(place));
        for row in &table.values {
            let start = row.get(time).and_then(Cell::integer).ok_or(NoDay::NoTime)?;
            let day = UtcDay::of(UtcMillis(start));
            let (head, energy) = join(day, row, &energy)?;
            let power = match detail {
                Detail::Energy => None,
                Detail::Power => {
                    let (head_of_power, power) = join(day, row, &power)?;
                    if head.version != head_of_power.version {
                        return Err(NoDay::Torn(day));
                    }
                    Some(power)
                }
            };
            let quarters = head.version.quarters;
            days.push((head.version, PackedDay { hub, day, quarters, energy, power }));
        }
    }
    Ok(days)
}

/// One part, from its pieces.
fn join(day: UtcDay, row: &[Cell], columns: &[Option<usize>]) -> Result<(Head, Vec<u8>), NoDay> {
    let piece = |number: usize| {
        let text = row.get((*columns.get(number)?)?).and_then(Cell::text)?;
        Some(STANDARD.decode(text).map_err(|_| NoDay::Damaged(day)))
    };
    let first = piece(0).ok_or(NoDay::Torn(day))??;
    let (head, rest) = Head::split(&first).ok_or(NoDay::Damaged(day))?;
    let mut part = rest.to_vec();
    for number in 1..usize::from(head.pieces) {
        let next = piece(number).ok_or(NoDay::Torn(day))??;
        let (other, rest) = Head::split(&next).ok_or(NoDay::Damaged(day))?;
        if other != head {
            return Err(NoDay::Torn(day));
        }
        part.extend_from_slice(rest);
    }
    Ok((head, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: HubId = HubId::from_bytes([0xab; 16]);

    fn day(energy: usize, power: usize) -> PackedDay {
        let bytes = |count: usize| (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect();
        PackedDay {
            hub: HUB,
            day: UtcDay(20_000),
            quarters: 96,
            energy: bytes(energy),
            power: Some(bytes(power)),
        }
    }

    /// What InfluxDB answers when these lines were written one after the other.
    fn answer(lines: &[String]) -> Table<Cell> {
        let mut columns = vec!["time".to_owned()];
        let mut row = Vec::new();
        for line in lines {
            let (head, rest) = line.trim_end().split_once(' ').unwrap();
            assert_eq!(head, format!("day,hub={HUB}"));
            let (values, time) = rest.rsplit_once(' ').unwrap();
            row.resize(1, Cell::Integer(time.parse().unwrap()));
            for (name, value) in values.split(',').map(|pair| pair.split_once('=').unwrap()) {
                let value = match value.strip_suffix('i') {
                    Some(number) => Cell::Integer(number.parse().unwrap()),
                    None => Cell::Text(value.trim_matches('"').to_owned()),
                };
                assert!(value.text().is_none_or(|text| text.len() < 1 << 16));
                let place = columns.iter().position(|column| column == name).unwrap_or_else(|| {
                    columns.push(name.to_owned());
                    columns.len() - 1
                });
                row.resize(row.len().max(columns.len()), Cell::Nothing);
                row[place] = value;
            }
        }
        Table { tags: std::collections::BTreeMap::new(), columns, values: vec![row] }
    }

    fn both(tables: &[Table<Cell>]) -> [Result<Vec<PackedDay>, NoDay>; 2] {
        [Detail::Energy, Detail::Power].map(|detail| {
            let days = read(HUB, detail, tables)?;
            Ok(days.into_iter().map(|(_, day)| day).collect())
        })
    }

    #[test]
    fn a_small_day_is_a_line_of_three_fields() {
        let small = PackedDay { quarters: 4, energy: vec![1, 2, 3], power: Some(vec![]), ..day(0, 0) };
        let line = line(&small).unwrap();
        let shape = "day,hub=abababab-abab-abab-abab-abababababab q=1";
        assert!(line.starts_with(shape) && line.ends_with("\" 1728000000000\n"), "{line}");
        assert!(line.contains("i,e=\"BAF"), "{line}");
        assert_eq!(
            line.matches('=').count(),
            1 + 3 + line.matches("=\"").count() - 2 + line.matches("=\",").count()
        );
        assert_eq!(both(&[answer(&[line])])[1].as_deref(), Ok(&[small][..]));
    }

    #[test]
    fn its_number_is_the_version_of_its_pieces() {
        let answer = answer(&[line(&day(50, PIECE + 1)).unwrap()]);
        let q = answer.columns.iter().position(|column| column == "q").unwrap();
        let listed = answer.values[0][q].integer().and_then(Version::of_integer).unwrap();
        for detail in [Detail::Energy, Detail::Power] {
            let read = read(HUB, detail, std::slice::from_ref(&answer)).unwrap();
            assert_eq!(read[0].0, listed);
        }
    }

    #[test]
    fn whatever_the_length_it_comes_back_whole() {
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE] {
            let day = day(length, 3 * PIECE - length);
            let [energy, power] = both(&[answer(&[line(&day).unwrap()])]);
            assert_eq!(power.unwrap(), std::slice::from_ref(&day));
            assert_eq!(energy.unwrap(), [PackedDay { power: None, ..day }]);
        }
        assert_eq!(line(&day(3 * PIECE + 1, 0)), Err(NoLine::TooLong));
        assert_eq!(line(&PackedDay { power: None, ..day(1, 1) }), Err(NoLine::NoPower));
    }

    #[test]
    fn what_is_written_over_a_longer_one_is_read_without_its_rest() {
        let (long, short) = (day(2 * PIECE, 3 * PIECE), day(5, PIECE + 7));
        let both = both(&[answer(&[line(&long).unwrap(), line(&short).unwrap()])]);
        assert_eq!(both[1].as_deref(), Ok(&[short][..]));
    }

    /// Some fields of the one, some of the other.
    #[test]
    fn pieces_of_two_writes_are_not_put_together() {
        let (old, new) = (day(2 * PIECE, 50), day(2 * PIECE + 1, 50));
        let whole = answer(&[line(&new).unwrap()]);
        let earlier = answer(&[line(&old).unwrap()]);
        for (column, name) in whole.columns.iter().enumerate().skip(1).filter(|(_, name)| *name != "q") {
            let mut torn = answer(&[line(&new).unwrap()]);
            torn.values[0][column] = earlier.values[0].get(column).cloned().unwrap_or(Cell::Nothing);
            let [energy, power] = both(&[torn]);
            assert_eq!(power, Err(NoDay::Torn(new.day)), "{name}");
            assert_eq!(energy.is_ok(), name == "p", "{name}");
        }
    }

    #[test]
    fn what_is_not_ours_is_damaged() {
        for text in ["", "AAA", "!!!!", "AAAA"] {
            let mut table = answer(&[line(&day(5, 5)).unwrap()]);
            let column = table.columns.iter().position(|name| name == "e").unwrap();
            table.values[0][column] = Cell::Text(text.to_owned());
            assert_eq!(both(&[table])[0], Err(NoDay::Damaged(UtcDay(20_000))), "{text:?}");
        }
    }
}
