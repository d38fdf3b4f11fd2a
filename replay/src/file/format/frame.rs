//! A frame: one append of one stream, all or nothing. An empty one says how far the log is durable.

use super::{Digest32, Fields, Place, record, record::RawRecord, size32};
use crate::log::MAX_FRAME;

/// Bytes before a frame's records.
pub const HEAD: usize = 96;
/// Frames begin at multiples of this, counted from the segment's start.
pub const ALIGN: usize = 8;

/// A frame whose checksum fits.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Where in the segment it begins.
    pub offset: u64,
    /// Its length in bytes, a multiple of [`ALIGN`].
    pub length: usize,
    /// How many records it holds.
    pub count: u32,
    /// The position of its first record; of an empty frame, the head.
    pub first: u64,
    /// The first position not yet known durable when it was written.
    pub synced: u64,
    /// The chain before its first record.
    pub before: Digest32,
    /// The chain after its last record.
    pub after: Digest32,
    body: &'a [u8],
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was written here: the length is 0.
    Blank,
    /// There are fewer bytes than the frame says it has; this many are needed.
    Short(usize),
    /// The length cannot be one.
    BadLength,
    /// The checksum does not fit.
    BadChecksum,
}

impl Fault {
    /// What was found, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blank => "there is nothing where a frame should be",
            Self::Short(_) => "a frame is cut off",
            Self::BadLength => "a frame's length cannot be right",
            Self::BadChecksum => "a frame's checksum does not fit",
        }
    }
}

/// The length of a frame whose records take this many bytes.
pub fn length(records: usize) -> usize {
    (HEAD + records).next_multiple_of(ALIGN)
}

/// The longest frame there can be.
pub const LONGEST: usize = (MAX_FRAME + HEAD).next_multiple_of(ALIGN);

/// The numbers in a frame's head.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// How many records.
    pub count: u32,
    /// The position of the first.
    pub first: u64,
    /// The first position not yet known durable.
    pub synced: u64,
    /// The chain before.
    pub before: Digest32,
    /// The chain after.
    pub after: Digest32,
}

/// Fills in the head of a frame that stands in `bytes` whole, its records from [`HEAD`] on, padded with zeros.
pub fn seal(bytes: &mut [u8], place: &Place, offset: u64, head: &Head) {
    let length = size32(bytes.len()).to_le_bytes();
    bytes[..4].copy_from_slice(&length);
    // Bytes 8 to 12 are `owner`, which nothing uses yet.
    bytes[8..12].fill(0);
    bytes[12..16].copy_from_slice(&head.count.to_le_bytes());
    bytes[16..24].copy_from_slice(&head.first.to_le_bytes());
    bytes[24..32].copy_from_slice(&head.synced.to_le_bytes());
    bytes[32..64].copy_from_slice(&head.before);
    bytes[64..96].copy_from_slice(&head.after);
    let sum = place.checksum(offset, &[&length, &bytes[8..]]);
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
}

/// The length that the bytes at a frame's start claim.
pub fn claimed(bytes: &[u8]) -> Result<usize, Fault> {
    let length = Fields(bytes).u32().ok_or(Fault::Short(HEAD))?;
    let length = usize::try_from(length).map_err(|_| Fault::BadLength)?;
    match length {
        0 => Err(Fault::Blank),
        l if l < HEAD || l % ALIGN != 0 || l > LONGEST => Err(Fault::BadLength),
        l => Ok(l),
    }
}

/// The frame at the start of `bytes`, which stand at `offset` of a segment.
pub fn parse<'a>(bytes: &'a [u8], place: &Place, offset: u64) -> Result<Frame<'a>, Fault> {
    let length = claimed(bytes)?;
    let whole = bytes.get(..length).ok_or(Fault::Short(length))?;
    let frame = unchecked(whole, offset).ok_or(Fault::BadLength)?;
    let sum = u32::from_le_bytes([whole[4], whole[5], whole[6], whole[7]]);
    if sum == place.checksum(offset, &[&whole[..4], &whole[8..]]) { Ok(frame) } else { Err(Fault::BadChecksum) }
}

/// The frame that these bytes would be, were they undamaged: only for naming what was lost.
pub fn unchecked(whole: &[u8], offset: u64) -> Option<Frame<'_>> {
    let mut fields = Fields(whole);
    fields.bytes(12)?;
    Some(Frame {
        offset,
        length: whole.len(),
        count: fields.u32()?,
        first: fields.u64()?,
        synced: fields.u64()?,
        before: fields.array()?,
        after: fields.array()?,
        body: fields.0,
    })
}

impl<'a> Frame<'a> {
    /// Its records, in order. An item `None` says that the bytes from there on are no record; nothing follows it.
    pub fn records(&self) -> impl Iterator<Item = Option<RawRecord<'a>>> + use<'a> {
        let mut fields = Fields(self.body);
        let mut left = self.count;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let record = record::take(&mut fields);
            if record.is_none() {
                left = 0;
            }
            Some(record)
        })
    }

    /// The position after its last record.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that `docs/log-format.md` prints.
    #[test]
    fn the_vector_of_the_documentation_is_what_this_code_writes() {
        let log = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c".parse().unwrap();
        let documentation = include_str!("../../../../docs/log-format.md");
        let word = |name: &str| -> Vec<u8> {
            let text: String =
                documentation.split_once(name).unwrap().1.split("\n```").next().unwrap().split_whitespace().collect();
            let digits = text.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).unwrap());
            digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
        };
        let chain: Digest32 = word("\nchain: ").try_into().unwrap();
        let mut mark = vec![0; HEAD];
        let head = Head { count: 0, first: 6, synced: 6, before: chain, after: chain };
        seal(&mut mark, &Place { log, segment: 3 }, 4096, &head);
        assert_eq!(mark, word("\nmark: "));
    }
}
