//! A gate before the WebSocket decoder: lets frames through as they come and drops those that are too large as they come,
//! so that what a client announces is never what the server holds. Knows the frame header of RFC 6455, section 5.2.

use bytes::{Bytes, BytesMut};

/// The most that a frame header takes, in bytes.
const HEADER: usize = 14;

/// Where in the bytes of a client the gate is.
#[derive(Debug)]
pub struct Gate {
    largest: u64,
    header: Vec<u8>,
    /// What is left of the frame at hand, and whether it passes.
    left: u64,
    passes: bool,
}

/// What came of some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// What passes.
    pub bytes: BytesMut,
    /// How large the frames are that were turned away, in bytes; each is named once, as its header comes.
    pub refused: Vec<u64>,
}

impl Gate {
    /// A gate for frames with at most so many bytes of payload.
    pub fn new(largest: usize) -> Self {
        let largest = u64::try_from(largest).unwrap_or(u64::MAX);
        Self { largest, header: Vec::with_capacity(HEADER), left: 0, passes: true }
    }

    /// The next bytes from the client.
    pub fn pass(&mut self, mut bytes: Bytes) -> Passed {
        let mut passed = Passed::default();
        while !bytes.is_empty() {
            if self.left > 0 {
                let now = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                let piece = bytes.split_to(now);
                self.left -= u64::try_from(now).unwrap_or(0);
                if self.passes {
                    passed.bytes.extend_from_slice(&piece);
                }
                continue;
            }
            self.header.extend_from_slice(&bytes.split_to(1));
            let Some(payload) = payload_of(&self.header) else { continue };
            self.passes = payload <= self.largest;
            self.left = payload;
            if self.passes {
                passed.bytes.extend_from_slice(&self.header);
            } else {
                passed.refused.push(payload);
            }
            self.header.clear();
        }
        passed
    }
}

/// How many bytes of payload follow a header; `None` while it is not complete.
fn payload_of(header: &[u8]) -> Option<u64> {
    let short = header.get(1)?;
    let mask = if short & 0x80 == 0 { 0 } else { 4 };
    let (length, taken) = match short & 0x7f {
        126 => (u64::from(u16::from_be_bytes(*header.get(2..)?.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*header.get(2..)?.first_chunk()?), 10),
        short => (u64::from(short), 2),
    };
    (header.len() >= taken + mask).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x81];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
            long => {
                frame.push(0x80 | 0x7e);
                frame.extend(u16::try_from(long).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn what_is_announced_is_not_waited_for() {
        let mut gate = Gate::new(100);
        let header = [&[0x82, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[0; 4]].concat();
        let passed = gate.pass(header.into());
        assert_eq!((passed.bytes.len(), passed.refused), (0, vec![1 << 40]));
        assert_eq!(gate.pass(vec![0; 5_000].into()), Passed::default());
    }

    proptest! {
        #[test]
        fn small_frames_pass_and_large_ones_do_not_however_they_are_cut(
            sizes in prop::collection::vec(0_usize..300, 1..8),
            cuts in prop::collection::vec(1_usize..50, 1..50),
        ) {
            let frames: Vec<Vec<u8>> = sizes.iter().map(|size| frame(&vec![7; *size])).collect();
            let mut all = Bytes::from(frames.concat());
            let (mut bytes, mut refused) = (Vec::new(), Vec::new());
            let mut gate = Gate::new(150);
            let mut cuts = cuts.iter().cycle();
            while !all.is_empty() {
                let cut = (*cuts.next().unwrap()).min(all.len());
                let passed = gate.pass(all.split_to(cut));
                bytes.extend_from_slice(&passed.bytes);
                refused.extend(passed.refused);
            }
            let small: Vec<u8> = frames.iter().zip(&sizes).filter(|(_, size)| **size <= 150).flat_map(|(frame, _)| frame.clone()).collect();
            let large: Vec<u64> = sizes.iter().filter(|size| **size > 150).map(|size| u64::try_from(*size).unwrap()).collect();
            prop_assert_eq!(bytes, small);
            prop_assert_eq!(refused, large);
        }
    }
}
