//! The 4 KiB at the start of a segment: which log, which segment, and what stood before it.

use uuid::Uuid;

use super::{Digest32, Fields, VERSION, size32};
use crate::merkle::Frontier;

/// The header's length in bytes; the first frame follows.
pub const LEN: usize = 4096;
/// The first eight bytes of every segment. The odd ones reveal a transfer that changed line ends or stripped bits.
pub const MAGIC: [u8; 8] = [0x89, b'R', b'P', b'L', b'O', 0x0D, 0x0A, 0x1A];
const PEAKS: usize = 512;
const CHECKSUM: usize = LEN - 4;

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The log's id.
    pub log: Uuid,
    /// The epoch: one more with every restored backup.
    pub epoch: u32,
    /// The segment's number, from 0.
    pub segment: u64,
    /// The position of the first record in it.
    pub first: u64,
    /// The chain over all records before it.
    pub chain: Digest32,
    /// The Merkle frontier over all records before it; `None` where damage made it unknowable.
    pub frontier: Option<Frontier>,
    /// What was lost in the segment before it, when that one was closed because of damage.
    pub gap: Option<Gap>,
    /// Whether the segment before it must stay as it is: a sync of it failed, or it is damaged.
    pub leave_previous: bool,
}

/// Durable records that were found damaged: the reason why a segment was closed before it was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The segment that holds the damage.
    pub segment: u64,
    /// Where the damage begins, in bytes from that segment's start.
    pub offset: u64,
    /// Where the next good frame begins, or what was in use of the segment ends.
    pub end_offset: u64,
    /// The first position lost.
    pub first: u64,
    /// The first position after it that can be read again.
    pub end: u64,
}

/// Why the first bytes of a file are not a header that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not the start of a segment at all.
    Foreign,
    /// A segment of a format that is newer than this program.
    Newer(u32),
    /// A header once, but its checksum does not fit.
    Damaged,
}

impl Header {
    /// The header's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(self.log.as_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.chain);
        let peaks = self.frontier.as_ref().map_or(&[][..], Frontier::peaks);
        out.extend_from_slice(&size32(peaks.len()).to_le_bytes());
        let flags = u32::from(self.frontier.is_none())
            | (u32::from(self.gap.is_some()) << 1)
            | (u32::from(self.leave_previous) << 2);
        out.extend_from_slice(&flags.to_le_bytes());
        let gap = self.gap.unwrap_or(Gap { segment: 0, offset: 0, end_offset: 0, first: 0, end: 0 });
        for number in [gap.segment, gap.offset, gap.end_offset, gap.first, gap.end] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.resize(PEAKS, 0);
        for peak in peaks {
            out.extend_from_slice(peak);
        }
        out.resize(CHECKSUM, 0);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// The header at the start of a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let Some(bytes) = bytes.get(..LEN) else {
            return Err(if bytes.starts_with(&MAGIC) { Fault::Damaged } else { Fault::Foreign });
        };
        if !bytes.starts_with(&MAGIC) {
            return Err(Fault::Foreign);
        }
        if bytes[CHECKSUM..] != crc32c::crc32c(&bytes[..CHECKSUM]).to_le_bytes() {
            return Err(Fault::Damaged);
        }
        let mut fields = Fields(&bytes[8..]);
        let version = fields.u32().ok_or(Fault::Damaged)?;
        if version > VERSION {
            return Err(Fault::Newer(version));
        }
        Self::fields(fields, &bytes[PEAKS..]).ok_or(Fault::Damaged)
    }

    fn fields(mut fields: Fields<'_>, peaks: &[u8]) -> Option<Self> {
        let (epoch, log, segment, first) = (fields.u32()?, fields.uuid()?, fields.u64()?, fields.u64()?);
        let chain = fields.array()?;
        let (count, flags) = (fields.u32()?, fields.u32()?);
        let mut numbers = [0; 5];
        for number in &mut numbers {
            *number = fields.u64()?;
        }
        let [gap_segment, offset, end_offset, gap_first, end] = numbers;
        let gap = (flags & 2 != 0).then_some(Gap { segment: gap_segment, offset, end_offset, first: gap_first, end });
        let frontier = if flags & 1 == 0 { Some(frontier(first, count, peaks)?) } else { None };
        let leave_previous = flags & 4 != 0;
        Some(Self { log, epoch, segment, first, chain, frontier, gap, leave_previous })
    }
}

/// A frontier of `size` leaves from the roots at the start of `bytes`.
pub fn frontier(size: u64, count: u32, bytes: &[u8]) -> Option<Frontier> {
    let count = usize::try_from(count).ok()?;
    let mut fields = Fields(bytes);
    let mut peaks = Vec::new();
    for _ in 0..count.min(65) {
        peaks.push(fields.array()?);
    }
    Frontier::from_parts(size, peaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let mut frontier = Frontier::default();
        (0..7_u8).for_each(|n| frontier.push([n; 32]));
        let gap = Some(Gap { segment: 2, offset: 4096, end_offset: 8192, first: 3, end: 5 });
        Header {
            log: Uuid::from_u128(7),
            epoch: 1,
            segment: 3,
            first: 7,
            chain: [9; 32],
            frontier: Some(frontier),
            gap,
            leave_previous: true,
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let bytes = header().to_bytes();
        assert_eq!(bytes.len(), LEN);
        assert_eq!(Header::parse(&bytes), Ok(header()));
        let unknowable = Header { frontier: None, gap: None, leave_previous: false, ..header() };
        assert_eq!(Header::parse(&unknowable.to_bytes()), Ok(unknowable));
    }

    #[test]
    fn any_flipped_byte_is_noticed() {
        let good = header().to_bytes();
        for at in 0..LEN {
            let mut bytes = good.clone();
            bytes[at] ^= 0x40;
            let fault = Header::parse(&bytes).unwrap_err();
            assert_eq!(fault, if at < 8 { Fault::Foreign } else { Fault::Damaged }, "byte {at}");
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let mut bytes = header().to_bytes();
        bytes[8] = 9;
        let sum = crc32c::crc32c(&bytes[..CHECKSUM]).to_le_bytes();
        bytes[CHECKSUM..].copy_from_slice(&sum);
        assert_eq!(Header::parse(&bytes), Err(Fault::Newer(9)));
    }
}
