//! Reads the frames of a segment from its start, window by window, up to the first bytes that are none. The leaves of the
//! tree are hashed beside it: half of the work of opening a log.

use std::{io, sync::mpsc, thread};

use super::{
    format::{
        Digest32,
        frame::{self, Fault, Frame},
        header::{self, Header},
        record,
    },
    segment::{SegmentFile, bytes_of, read_into},
};
use crate::merkle::Frontier;

/// How much is read at once, in bytes; a longer frame is read whole. It stays in a processor's cache.
const WINDOW: usize = 512 * 1024;
/// How many windows may wait for their leaves.
const AHEAD: usize = 4;

/// How far a scan came.
#[derive(Debug)]
pub(super) struct Scanned {
    /// Where the first bytes are that are no frame, and do not follow.
    pub offset: u64,
    /// Nothing was ever written from there on.
    pub ends: bool,
    /// The tree over all records up to there.
    pub frontier: Option<Frontier>,
}

/// A window with the places of the frames in it.
struct Window {
    bytes: Vec<u8>,
    frames: Vec<(usize, usize)>,
}

/// Hands out the frames of a segment in order, each checked and following the one before.
pub(super) fn scan(
    file: &SegmentFile,
    header: &Header,
    frontier: Option<Frontier>,
    mut land: impl FnMut(&Frame<'_>),
) -> io::Result<Scanned> {
    thread::scope(|scope| {
        let (full, windows) = mpsc::sync_channel::<Window>(AHEAD);
        let (empty, used) = mpsc::channel();
        let hashing = frontier.map(|frontier| scope.spawn(move || leaves(frontier, &windows, &empty)));
        let mut walk = Walk { file, offset: bytes_of(header::LEN), position: header.first, chain: header.chain };
        let mut walked = Ok(Next::Goes);
        while let Ok(Next::Goes | Next::Longer(_)) = walked {
            let mut window = used.try_recv().unwrap_or_else(|_| Window { bytes: vec![], frames: vec![] });
            let length = if let Ok(Next::Longer(needed)) = walked { needed } else { WINDOW };
            walked = walk.window(&mut window, length, &mut land);
            // Without a tree nobody waits for it.
            drop(full.send(window));
        }
        drop(full);
        let frontier = hashing.map(|hashing| hashing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        walked?;
        Ok(Scanned { offset: walk.offset, ends: walk.is_blank_from_here()?, frontier })
    })
}

/// What comes behind a window.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// More frames.
    Goes,
    /// A frame of this many bytes.
    Longer(usize),
    /// Bytes that are none.
    Ends,
}

struct Walk<'f> {
    file: &'f SegmentFile,
    offset: u64,
    position: u64,
    chain: Digest32,
}

impl Walk<'_> {
    fn window(&mut self, window: &mut Window, length: usize, land: &mut impl FnMut(&Frame<'_>)) -> io::Result<Next> {
        window.frames.clear();
        read_into(&self.file.file, self.offset, length, &mut window.bytes)?;
        let whole = window.bytes.len() < length;
        let mut at = 0;
        loop {
            let frame = match frame::parse(&window.bytes[at..], &self.file.place, self.offset) {
                Ok(frame) if frame.first == self.position && frame.before == self.chain => frame,
                Err(Fault::Short(needed)) if !whole => {
                    return Ok(if at == 0 { Next::Longer(needed.max(length)) } else { Next::Goes });
                }
                Ok(_) | Err(_) => return Ok(Next::Ends),
            };
            land(&frame);
            window.frames.push((at, frame.length));
            at += frame.length;
            self.offset += bytes_of(frame.length);
            self.position = frame.end();
            self.chain = frame.after;
        }
    }

    fn is_blank_from_here(&self) -> io::Result<bool> {
        let (mut bytes, mut at) = (vec![], self.offset);
        loop {
            read_into(&self.file.file, at, WINDOW, &mut bytes)?;
            if bytes.is_empty() {
                return Ok(true);
            }
            // All at once: looking at each byte by itself would take longer than reading the frames.
            if bytes.iter().fold(0, |all, byte| all | byte) != 0 {
                return Ok(false);
            }
            at += bytes_of(bytes.len());
        }
    }
}

fn leaves(mut frontier: Frontier, windows: &mpsc::Receiver<Window>, empty: &mpsc::Sender<Window>) -> Frontier {
    for window in windows {
        for (at, length) in &window.frames {
            let frame = frame::unchecked(&window.bytes[*at..at + length], 0);
            // Bytes that are no record end a frame: nothing follows them.
            let records = frame.into_iter().flat_map(|frame| frame.records()).map_while(|record| record);
            for raw in records {
                frontier.push(record::leaf(raw.header, &raw.body.commitment()));
            }
        }
        // Nobody reads on: the last window needs not be used again.
        drop(empty.send(window));
    }
    frontier
}
