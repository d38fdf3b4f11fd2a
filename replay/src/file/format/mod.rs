//! The bytes of the log, as `docs/log-format.md` describes them: segment headers, frames, records, footers.
//!
//! Pure: from values to bytes and back. Numbers are little-endian.

pub mod footer;
pub mod frame;
pub mod header;
pub mod record;

use uuid::Uuid;

/// The version of the format that this code writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// A SHA-256 digest.
pub type Digest32 = [u8; 32];

/// What a checksum is seeded with besides the offset, so that bytes copied from another place never check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The log's id.
    pub log: Uuid,
    /// The segment's number.
    pub segment: u64,
}

impl Place {
    /// The checksum of `parts` as they stand at `offset` of the segment.
    pub fn checksum(&self, offset: u64, parts: &[&[u8]]) -> u32 {
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(self.log.as_bytes());
        seed[16..24].copy_from_slice(&self.segment.to_le_bytes());
        seed[24..].copy_from_slice(&offset.to_le_bytes());
        parts.iter().fold(crc32c::crc32c(&seed), |sum, part| crc32c::crc32c_append(sum, part))
    }
}

/// Takes fields off the front of bytes; `None` where there are too few.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `n` bytes.
    pub fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A UUID, 16 bytes in network order.
    pub fn uuid(&mut self) -> Option<Uuid> {
        self.array().map(Uuid::from_bytes)
    }

    /// A text of at most 255 bytes behind its length.
    pub fn short_text(&mut self) -> Option<&'a str> {
        let length = self.u8()?;
        std::str::from_utf8(self.bytes(usize::from(length))?).ok()
    }
}

/// A number of bytes as the format's 32 bits; whatever is written is bounded far below.
pub fn size32(n: usize) -> u32 {
    u32::try_from(n).expect("sizes in a segment are bounded by the segment, which is less than 4 GiB")
}
