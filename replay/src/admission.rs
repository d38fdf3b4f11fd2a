//! What every log checks of an append before it takes it.

use crate::{
    file::format::{frame, record},
    ids::{Revision, StreamId},
    log::{Append, AppendError, Expected, MAX_FRAME},
};

/// Checks that an append can be kept, whatever stands in the log.
pub(crate) fn check(append: &Append) -> Result<usize, AppendError> {
    if append.records.is_empty() {
        return Err(AppendError::BadRecord("an append holds at least one record"));
    }
    append.records.iter().try_for_each(record::check)?;
    let bytes = append.records.iter().map(|r| record::encoded_len(&append.stream, r)).sum();
    if frame::length(bytes) > MAX_FRAME {
        return Err(AppendError::FrameTooLarge { bytes: frame::length(bytes) });
    }
    Ok(bytes)
}

/// Checks an expectation against the revision that comes next.
pub(crate) fn expect(stream: &StreamId, expected: Expected, actual: Revision) -> Result<(), AppendError> {
    let met = match expected {
        Expected::Any => true,
        Expected::NoStream => actual == Revision::ZERO,
        Expected::Revision(last) => actual == last.next(),
    };
    if met { Ok(()) } else { Err(AppendError::WrongRevision { stream: stream.clone(), expected, actual }) }
}
