//! Protobuf's wire format, read field by field. <https://protobuf.dev/programming-guides/encoding/>

/// How deep messages and groups may lie in each other. Ours are two deep; a long chain is an attack.
const MAX_DEPTH: usize = 100;

/// Why bytes are not protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it ends in the middle of a field")]
    Truncated,
    #[error("a number has more than 64 bits")]
    Varint,
    #[error("a field has an impossible number or type")]
    Key,
    #[error("a known field has another type")]
    WireType,
    #[error("its groups do not end as they began")]
    Group,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Of a type that no field of ours has.
    Other,
}

/// What has not been read yet of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// How much deeper it may still go.
    room: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, room: MAX_DEPTH }
    }

    /// Of a message that is a field of another one.
    pub(crate) const fn nested(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, room: MAX_DEPTH - 1 }
    }

    /// The next field's number and value; `None` at the end.
    #[inline]
    pub(crate) fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, kind) = self.key()?;
        let value = match kind {
            0 => Value::Varint(self.varint()?),
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            kind => {
                self.skip(number, kind)?;
                Value::Other
            }
        };
        Ok(Some((number, value)))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        let (value, rest) = varint(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    #[inline]
    fn key(&mut self) -> Result<(u32, u8), Malformed> {
        let key = u32::try_from(self.varint()?).map_err(|_| Malformed::Key)?;
        match key >> 3 {
            0 => Err(Malformed::Key),
            number => Ok((number, (key & 7) as u8)),
        }
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Steps over a value; a group with all that is in it.
    #[cold]
    fn skip(&mut self, number: u32, kind: u8) -> Result<(), Malformed> {
        let mut open = [0; MAX_DEPTH];
        let mut depth = 0;
        let (mut number, mut kind) = (number, kind);
        loop {
            if depth >= self.room && kind != 4 {
                return Err(Malformed::Group);
            }
            match kind {
                0 => drop(self.varint()?),
                1 => drop(self.take(8)?),
                2 => {
                    let length = self.varint()?;
                    self.take(length)?;
                }
                3 => {
                    open[depth] = number;
                    depth += 1;
                }
                4 => {
                    depth = depth.checked_sub(1).ok_or(Malformed::Group)?;
                    if open[depth] != number {
                        return Err(Malformed::Group);
                    }
                }
                5 => drop(self.take(4)?),
                _ => return Err(Malformed::Key),
            }
            if depth == 0 {
                return Ok(());
            }
            (number, kind) = self.key()?;
        }
    }
}

/// How many numbers a packed field has: every one ends with a byte of this kind.
#[inline]
pub(crate) fn numbers_in(packed: &[u8]) -> usize {
    packed.iter().filter(|byte| **byte < 0x80).count()
}

/// Appends the `count` numbers of a packed `sint64` field; after an error, perhaps others. With the count known before,
/// the memory is reserved once.
#[inline]
pub(crate) fn unpack(packed: &[u8], count: usize, numbers: &mut Vec<i64>) -> Result<(), Malformed> {
    let from = numbers.len();
    numbers.resize(from + count, 0);
    let mut rest = packed;
    for number in &mut numbers[from..] {
        let value;
        (value, rest) = varint(rest)?;
        *number = zigzag(value);
    }
    if rest.is_empty() { Ok(()) } else { Err(Malformed::Truncated) }
}

/// A number, and what follows it.
#[inline]
fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    match bytes {
        [first, rest @ ..] if *first < 0x80 => Ok((u64::from(*first), rest)),
        [first, second, rest @ ..] if *second < 0x80 => {
            Ok((u64::from(*first & 0x7f) | u64::from(*second) << 7, rest))
        }
        _ => long_varint(bytes),
    }
}

#[inline(never)]
fn long_varint(bytes: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    let mut value = 0u64;
    for (place, &byte) in bytes.iter().enumerate() {
        // The tenth byte has room for the last bit only.
        if place == 9 && byte > 1 {
            return Err(Malformed::Varint);
        }
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok((value, &bytes[place + 1..]));
        }
    }
    Err(Malformed::Truncated)
}

/// 0, 1, 2, 3, … are 0, -1, 1, -2, …
#[inline]
pub(crate) const fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<u32>, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut numbers = Vec::new();
        while let Some((number, _)) = reader.field()? {
            numbers.push(number);
        }
        Ok(numbers)
    }

    #[test]
    fn numbers_of_every_length() {
        let ends = (0..64).flat_map(|bits| [1u64 << bits, (1 << bits) - 1, (1 << bits) + 1]);
        for value in ends.chain([u64::MAX, 0x0123_4567_89ab_cdef, 0xaaaa_aaaa_aaaa]) {
            let mut bytes = Vec::new();
            prost::encoding::encode_varint(value, &mut bytes);
            assert_eq!(Reader::new(&bytes).varint(), Ok(value));
            assert_eq!(Reader::new(&bytes[..bytes.len() - 1]).varint(), Err(Malformed::Truncated));
            bytes.extend([0xff; 8]);
            let mut reader = Reader::new(&bytes);
            assert_eq!((reader.varint(), reader.rest), (Ok(value), &[0xff; 8][..]));
        }
        for last in [2, 0x7f, 0x80, 0x81, 0xff] {
            let bytes = [&[0xff; 9][..], &[last, 0]].concat();
            assert_eq!(Reader::new(&bytes).varint(), Err(Malformed::Varint), "{last}");
        }
    }

    #[test]
    fn unknown_fields_of_every_type_are_stepped_over() {
        // A varint, 64 bits, bytes, a group with a varint and a group in it, 32 bits.
        let bytes = [
            &[8, 1][..],
            &[17, 0, 0, 0, 0, 0, 0, 0, 0],
            &[26, 2, 0, 0],
            &[35, 8, 1, 43, 44, 36],
            &[53, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(fields(&bytes), Ok(vec![1, 2, 3, 4, 6]));
    }

    #[test]
    fn damage_is_noticed() {
        assert_eq!(fields(&[8]), Err(Malformed::Truncated));
        assert_eq!(fields(&[26, 5, 0]), Err(Malformed::Truncated));
        assert_eq!(fields(&[0, 0]), Err(Malformed::Key));
        assert_eq!(fields(&[14]), Err(Malformed::Key));
        assert_eq!(fields(&[12]), Err(Malformed::Group));
        assert_eq!(fields(&[11, 20]), Err(Malformed::Group));
        assert_eq!(fields(&[11; 101]), Err(Malformed::Group));
    }
}
