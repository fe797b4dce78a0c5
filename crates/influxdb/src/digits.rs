//! Integers as decimal digits, eight at a time.

/// `-9223372036854775808`
pub(crate) const LONGEST_INTEGER: usize = 20;

const EIGHT_DIGITS: u64 = 100_000_000;

/// Writes the number at this place and says where it ends. Up to [`LONGEST_INTEGER`] bytes are its own, and up to
/// eight after them may be overwritten.
#[inline]
pub(crate) fn put_integer(number: i64, out: &mut [u8], mut at: usize) -> usize {
    // Written in any case, and overwritten if it is not wanted: signs that cannot be foreseen cost nothing.
    out[at] = b'-';
    at += usize::from(number < 0);
    let number = number.unsigned_abs();
    if number < EIGHT_DIGITS { put_leading(number, out, at) } else { put_long(number, out, at) }
}

/// Without the zeros in front. Less than eight digits' worth.
#[inline]
fn put_leading(number: u64, out: &mut [u8], at: usize) -> usize {
    let word = digits(number);
    // The last digit stays, also of a zero.
    let zeros = (word.trailing_zeros() / 8).min(7);
    put(word >> (8 * zeros), out, at);
    at + 8 - zeros as usize
}

#[inline(never)]
fn put_long(number: u64, out: &mut [u8], at: usize) -> usize {
    let (front, end) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
    let at = if front < EIGHT_DIGITS { put_leading(front, out, at) } else { put_long(front, out, at) };
    put(digits(end), out, at);
    at + 8
}

#[inline]
fn put(digits: u64, out: &mut [u8], at: usize) {
    out[at..at + 8].copy_from_slice(&(digits | 0x3030_3030_3030_3030).to_le_bytes());
}

/// Eight digits of a number below 10⁸, the first one in the lowest byte. The number is split in halves, and all of
/// them are divided at once: by 100 in lanes of 32 bits, then by 10 in lanes of 16. Multiplying by 10,486 / 2²⁰ is
/// dividing by 100 for everything below 10⁴, and by 103 / 2¹⁰ is dividing by 10 below 100.
#[inline]
const fn digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: i64) -> String {
        let mut out = [b'#'; LONGEST_INTEGER + 8];
        let end = put_integer(number, &mut out, 0);
        String::from_utf8(out[..end].to_vec()).unwrap()
    }

    #[test]
    fn integers_are_written_like_everywhere() {
        let powers = (0..19).map(|power| 10i64.pow(power)).flat_map(|power| [power - 1, power, power + 1]);
        let ends = [i64::MAX, i64::MIN, i64::MIN + 1, 6_000_000, 1_795_219_200_000];
        for number in powers.chain(ends).chain(0..20_000).flat_map(|number| [number, number.wrapping_neg()]) {
            assert_eq!(shown(number), number.to_string());
        }
    }

    #[test]
    fn every_pair_of_digits_at_every_place() {
        for pair in 0..100 {
            for place in 0..7 {
                let number = pair * 10i64.pow(place) % 100_000_000;
                assert_eq!(shown(number), number.to_string());
            }
        }
    }
}
