//! What stands behind the last frame of a sealed segment: an index by stream, so that opening need not read the frames.
//!
//! A footer is derived from the frames. A segment without one is scanned instead, and says the same.

use uuid::Uuid;

use super::{Digest32, Fields, Place, header::frontier, size32};
use crate::merkle::Frontier;

/// The first eight bytes of a footer.
pub const MAGIC: [u8; 8] = [0x89, b'R', b'P', b'F', b'T', 0x0D, 0x0A, 0x1A];
/// The last eight bytes of a sealed segment.
pub const END: [u8; 8] = *b"RPSEALED";
/// The trailer's length: where the footer begins, its length, its checksum, [`END`].
pub const TRAILER: usize = 24;

/// Where a frame begins: a number relative to a base, and the offset divided by 8.
pub type Entry = (u32, u32);

/// The index of a sealed segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// The log's id.
    pub log: Uuid,
    /// The segment's number.
    pub segment: u64,
    /// The position of its first record.
    pub first: u64,
    /// The position after its last record.
    pub end: u64,
    /// The chain after its last record.
    pub chain: Digest32,
    /// The Merkle frontier after its last record.
    pub frontier: Option<Frontier>,
    /// Frames about 64 KiB apart: position relative to the first, offset.
    pub landmarks: Vec<Entry>,
    /// The streams with records in it, sorted by name.
    pub streams: Vec<StreamRun>,
}

/// The records of one stream in one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRun {
    /// The stream's name.
    pub name: String,
    /// The revision of its first record here.
    pub first: u64,
    /// The revision after its last record here.
    pub next: u64,
    /// The position of its last record here.
    pub last: u64,
    /// Its frames: revision relative to the first, offset.
    pub frames: Vec<Entry>,
}

fn put_entries(out: &mut Vec<u8>, entries: &[Entry]) {
    for (number, offset) in entries {
        out.extend_from_slice(&number.to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
    }
}

fn take_entries(fields: &mut Fields<'_>, count: u32) -> Option<Vec<Entry>> {
    let bytes = fields.bytes(usize::try_from(count).ok()?.checked_mul(8)?)?;
    let number = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    Some(bytes.chunks_exact(8).map(|pair| (number(&pair[..4]), number(&pair[4..]))).collect())
}

impl Footer {
    /// The footer's bytes, trailer included, for where it will stand: a multiple of 8.
    pub fn to_bytes(&self, offset: u64) -> Vec<u8> {
        let place = Place { log: self.log, segment: self.segment };
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(self.log.as_bytes());
        for number in [self.segment, self.first, self.end] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.chain);
        let peaks = self.frontier.as_ref().map_or(&[][..], Frontier::peaks);
        let unknown = u32::from(self.frontier.is_none());
        for number in [size32(peaks.len()), unknown, size32(self.landmarks.len()), size32(self.streams.len())] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for peak in peaks {
            out.extend_from_slice(peak);
        }
        put_entries(&mut out, &self.landmarks);
        for run in &self.streams {
            out.push(u8::try_from(run.name.len()).expect("a stream's name is at most 81 bytes"));
            out.extend_from_slice(run.name.as_bytes());
            for number in [run.first, run.next, run.last] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&size32(run.frames.len()).to_le_bytes());
            put_entries(&mut out, &run.frames);
        }
        out.resize(out.len().next_multiple_of(8), 0);
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&size32(out.len() + 16).to_le_bytes());
        let sum = place.checksum(offset, &[&out]);
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&END);
        out
    }

    /// Where the footer begins and how long it is, from a file's last [`TRAILER`] bytes. `None`: the file is not sealed.
    pub fn locate(trailer: &[u8], file_length: u64) -> Option<(u64, usize)> {
        let mut fields = Fields(trailer);
        let (offset, length, _) = (fields.u64()?, fields.u32()?, fields.u32()?);
        let fits = fields.0 == END && offset.checked_add(u64::from(length)) == Some(file_length);
        fits.then_some((offset, usize::try_from(length).ok()?))
    }

    /// The footer in `bytes`, which stand at `offset`. `None`: damaged, or of another segment.
    pub fn parse(bytes: &[u8], place: &Place, offset: u64) -> Option<Self> {
        let sum_at = bytes.len().checked_sub(12)?;
        if bytes[sum_at..sum_at + 4] != place.checksum(offset, &[&bytes[..sum_at]]).to_le_bytes() {
            return None;
        }
        let mut fields = Fields(bytes);
        if fields.array::<8>()? != MAGIC {
            return None;
        }
        let (log, segment, first, end) = (fields.uuid()?, fields.u64()?, fields.u64()?, fields.u64()?);
        if (Place { log, segment }) != *place {
            return None;
        }
        let chain = fields.array()?;
        let (peaks, unknown) = (fields.u32()?, fields.u32()?);
        let (landmarks, streams) = (fields.u32()?, fields.u32()?);
        let peak_bytes = fields.bytes(usize::try_from(peaks).ok()?.checked_mul(32)?)?;
        let frontier = if unknown == 0 { Some(frontier(end, peaks, peak_bytes)?) } else { None };
        let landmarks = take_entries(&mut fields, landmarks)?;
        let mut runs = Vec::new();
        for _ in 0..streams {
            let name = fields.short_text()?.to_owned();
            let (first, next, last) = (fields.u64()?, fields.u64()?, fields.u64()?);
            let count = fields.u32()?;
            runs.push(StreamRun { name, first, next, last, frames: take_entries(&mut fields, count)? });
        }
        Some(Self { log, segment, first, end, chain, frontier, landmarks, streams: runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer() -> Footer {
        let run =
            |name: &str| StreamRun { name: name.into(), first: 3, next: 6, last: 11, frames: vec![(0, 512), (2, 600)] };
        Footer {
            log: Uuid::from_u128(1),
            segment: 4,
            first: 9,
            end: 12,
            chain: [3; 32],
            frontier: Frontier::from_parts(12, vec![[1; 32], [2; 32]]),
            landmarks: vec![(0, 512), (3, 4000)],
            streams: vec![run("chat/a"), run("system/host")],
        }
    }

    #[test]
    fn a_footer_is_found_from_the_end_and_read_as_it_was_written() {
        let bytes = footer().to_bytes(8192);
        let file_length = 8192 + u64::try_from(bytes.len()).unwrap();
        assert_eq!(Footer::locate(&bytes[bytes.len() - TRAILER..], file_length), Some((8192, bytes.len())));
        let place = Place { log: Uuid::from_u128(1), segment: 4 };
        assert_eq!(Footer::parse(&bytes, &place, 8192), Some(footer()));
        assert_eq!(Footer::parse(&bytes, &place, 8200), None, "a footer is bound to where it stands");
        assert_eq!(Footer::parse(&bytes, &Place { segment: 5, ..place }, 8192), None);
    }

    #[test]
    fn any_flipped_byte_is_noticed() {
        let good = footer().to_bytes(8192);
        let place = Place { log: Uuid::from_u128(1), segment: 4 };
        for at in 0..good.len() - END.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            assert_eq!(Footer::parse(&bytes, &place, 8192), None, "byte {at}");
        }
    }
}
