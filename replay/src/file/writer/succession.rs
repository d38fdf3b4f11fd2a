//! From one segment to the next: because it is full, because of damage, or because the disk failed.

use std::{fs, io, sync::Arc, time::Instant};

use super::{
    super::{
        format::{
            Place,
            header::{self, Header},
        },
        index::Segment,
        segment::{self, NEXT, SegmentFile, bytes_of, sync_dir},
        upkeep::Seal,
        walk::{Found, Walk},
    },
    Active, Break, Pending, RETRY, Refused, Writer, answer, append_error,
};
use crate::log::{AppendError, Appended};

impl Writer {
    /// Takes back what could not be written whole, so that nothing of it stays.
    pub(super) fn unwrite(&mut self, file: &SegmentFile, length: u64) -> io::Result<()> {
        segment::fill(&file.file, self.state.buffer_at, self.state.buffer_at + length)?;
        let Some((before, landed)) = self.state.before.take() else {
            return Ok(());
        };
        for (reply, _) in self.state.early.drain(..) {
            answer(reply, Err(AppendError::Full));
        }
        let first = before.position;
        let (kept, lost) = std::mem::take(&mut self.state.waiting)
            .into_iter()
            .partition(|(_, a): &(_, Appended)| a.position.0 < first);
        self.state.waiting = kept;
        for (reply, _) in lost {
            answer(reply, Err(AppendError::Full));
        }
        self.written = before;
        self.state.landed.truncate(landed);
        self.state.next =
            self.state.landed.iter().map(|l| (l.stream.clone(), l.placed.revision + l.placed.count)).collect();
        Ok(())
    }

    /// A write or sync failed: what was not durable is given up, and the segment is never written again.
    pub(super) fn fail(&mut self, words: &str) {
        tracing::error!(words, "the log's segment is given up");
        self.shared.tally().failed();
        let error = AppendError::Unknown(words.to_owned());
        for (reply, _) in self.state.early.drain(..).chain(self.state.waiting.drain(..)) {
            answer(reply, Err(error.clone()));
        }
        for reply in self.state.syncs.drain(..) {
            answer(reply, Err(error.clone()));
        }
        self.written = self.durable.clone();
        self.state = Pending::default();
        self.marked = true;
        self.broken.leave_previous = true;
        let Some(active) = self.active.take() else {
            return;
        };
        let number = active.file.place.segment;
        self.shared.trouble(format!("{words}; segment {number} is left as it is, and the log goes on in a new one"));
        if let Err(words) = self.reread(&active) {
            self.shared.trouble(format!("segment {number} could not be read back after the failure: {words}"));
        }
        self.shared.index_mut().pack(active.number);
    }

    /// Reads back from the disk, not from memory, what is said to be durable.
    fn reread(&self, active: &Active) -> Result<(), String> {
        let file = &active.file.file;
        // Where the kernel cannot forget its copy, reading back tells less, but no harm is done.
        let _kept = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).is_err();
        let bytes = active.file.read_all().map_err(|error| error.to_string())?;
        let header = Header::parse(&bytes).map_err(|_| "its header is damaged".to_owned())?;
        let mut walk = Walk::new(&bytes, active.file.place, header.first, header.chain, Some(self.durable.position));
        walk.find_map(|found| match found {
            Found::Frame(_) => None,
            Found::Hole(hole) => Some(format!("{} at byte {}", hole.what, hole.offset)),
        })
        .map_or(Ok(()), Err)
    }

    /// Ends the active segment and begins the next, with room for a frame of `length`.
    pub(super) fn begin_segment(&mut self, length: u64) -> Result<(), AppendError> {
        if let Some(Refused { when, error, full }) = &self.state.refused
            && when.elapsed() < RETRY
            // Room that was made in the meantime is used at once.
            && (!*full || self.upkeep.is_full())
        {
            return Err(error.clone());
        }
        // Before the first frame of a segment, everything before it is durable.
        self.commit();
        let number = self.shared.index().segments.len();
        match self.install(number, length) {
            Ok(active) => {
                self.state.refused = None;
                let file = active.file.clone();
                if let Some(old) = self.active.replace(active) {
                    self.retire(&old);
                }
                self.shared.index_mut().segments.push(Segment::empty(file, self.durable.position));
                self.durable.offset = bytes_of(header::LEN);
                self.written.offset = self.durable.offset;
                self.broken = Break::default();
                Ok(())
            }
            Err(error) => {
                let error = match append_error(&error) {
                    AppendError::Unknown(words) => AppendError::Unknown(format!("no segment could be begun: {words}")),
                    other => other,
                };
                let full = error == AppendError::Full && self.upkeep.is_full();
                self.state.refused = Some(Refused { when: Instant::now(), error: error.clone(), full });
                Err(error)
            }
        }
    }

    /// Makes the file of the next segment, its header durable before its name.
    fn install(&self, number: usize, length: u64) -> io::Result<Active> {
        let segment = bytes_of(number);
        let header = Header {
            log: self.log.id,
            epoch: self.log.epoch,
            segment,
            first: self.durable.position,
            chain: self.durable.chain,
            frontier: self.durable.frontier.clone(),
            gap: self.broken.gap,
            leave_previous: self.broken.leave_previous,
        };
        let needed = bytes_of(header::LEN) + length;
        let (file, from, size) = if needed > self.segment_size {
            let from = self.dir.join(NEXT);
            (self.disk.allocate(&from, needed)?, from, needed)
        } else {
            (self.upkeep.take_spare()?, self.dir.join(NEXT), self.segment_size)
        };
        self.disk.write(&file, &header.to_bytes(), 0)?;
        self.disk.sync(&file)?;
        let path = segment::path(&self.dir, segment);
        fs::rename(&from, &path)?;
        sync_dir(&self.dir)?;
        let place = Place { log: self.log.id, segment };
        Ok(Active { number, file: Arc::new(SegmentFile { place, path, file }), size })
    }

    /// Sees to the footer of a segment that is full.
    fn retire(&self, old: &Active) {
        let footer = self.shared.index().footer(old.number, self.durable.chain, self.durable.frontier.clone());
        if let Some(footer) = footer {
            self.upkeep.seal(Seal { file: old.file.clone(), offset: self.durable.offset, footer });
        }
        self.shared.index_mut().pack(old.number);
    }
}
