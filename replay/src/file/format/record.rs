//! A record: a header of fixed layout, and its data behind a random salt.

use std::sync::Arc;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Digest32, Fields, size32};
use crate::{
    ids::{By, ByKind, CommandId, Micros, Position, Revision, StreamId},
    log::{AppendError, MAX_DATA},
    record::{Data, NewRecord, Record},
};

/// The data length that says: the data was removed, its commitment stands in its place.
pub const REDACTED: u32 = u32::MAX;
/// Bytes before a record's header: its length, two reserved bytes, and the length of the data.
pub const PREFIX: usize = 8;
/// Where in a header its texts begin; the first is the stream's name, behind its length.
pub const STREAM: usize = 44;

const CAUSE: u8 = 1;
const CORR: u8 = 2;
const CMD: u8 = 4;
const COPY_OF: u8 = 8;
const ON_BEHALF_OF: u8 = 16;

/// Where in an encoded append one record's header stands, and what its data is bound by.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// Where the header begins.
    pub header: usize,
    /// Its length.
    pub length: usize,
    /// `sha256(salt ‖ data)`.
    pub commitment: Digest32,
}

/// Checks that a record can be kept.
pub fn check(record: &NewRecord) -> Result<(), AppendError> {
    let kind_fits = (1..=64).contains(&record.kind.len()) && record.kind.bytes().all(|b| b.is_ascii_alphanumeric());
    if !kind_fits {
        return Err(AppendError::BadRecord("a type is 1 to 64 ASCII letters and digits"));
    }
    if record.version == 0 {
        return Err(AppendError::BadRecord("versions of a type begin at 1"));
    }
    let long = |text: &Arc<str>| text.len() > 255;
    if long(&record.by.id) || record.by.on_behalf_of.as_ref().is_some_and(long) {
        return Err(AppendError::BadRecord("who did it is named in at most 255 bytes"));
    }
    match &record.data {
        Data::Json(raw) if raw.get().len() > MAX_DATA => Err(AppendError::DataTooLarge { bytes: raw.get().len() }),
        Data::Json(_) | Data::Redacted => Ok(()),
    }
}

/// How many bytes a record takes in a frame.
pub fn encoded_len(stream: &StreamId, record: &NewRecord) -> usize {
    let text = |t: &str| 1 + t.len();
    let some = |there: bool, bytes: usize| if there { bytes } else { 0 };
    let header = STREAM
        + text(stream.as_str())
        + text(&record.kind)
        + text(&record.by.id)
        + record.by.on_behalf_of.as_deref().map_or(0, text)
        + some(record.cause.is_some(), 16)
        + some(record.corr.is_some(), 16)
        + record.cmd.as_ref().map_or(0, |cmd| text(cmd.as_str()))
        + some(record.copy_of.is_some(), 16);
    let data = match &record.data {
        Data::Json(raw) => 16 + raw.get().len(),
        Data::Redacted => 32,
    };
    PREFIX + header + data
}

/// Writes a checked record behind `out`, position and revision still 0: only the writer knows them.
pub fn put(out: &mut Vec<u8>, stream: &StreamId, record: &NewRecord, salt: [u8; 16]) -> Mark {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    let header = out.len();
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(&record.at.0.to_le_bytes());
    out.extend_from_slice(record.id.as_bytes());
    out.extend_from_slice(&record.version.to_le_bytes());
    let flag = |there: bool, bit: u8| if there { bit } else { 0 };
    out.push(
        flag(record.cause.is_some(), CAUSE)
            | flag(record.corr.is_some(), CORR)
            | flag(record.cmd.is_some(), CMD)
            | flag(record.copy_of.is_some(), COPY_OF)
            | flag(record.by.on_behalf_of.is_some(), ON_BEHALF_OF),
    );
    out.push(match record.by.kind {
        ByKind::Person => 0,
        ByKind::Agent => 1,
        ByKind::Key => 2,
        ByKind::System => 3,
    });
    let text = |out: &mut Vec<u8>, text: &str| {
        out.push(u8::try_from(text.len()).expect("`check` and the id types bound every text by 255 bytes"));
        out.extend_from_slice(text.as_bytes());
    };
    text(out, stream.as_str());
    text(out, &record.kind);
    text(out, &record.by.id);
    if let Some(other) = &record.by.on_behalf_of {
        text(out, other);
    }
    for id in [record.cause, record.corr].into_iter().flatten() {
        out.extend_from_slice(id.as_bytes());
    }
    if let Some(cmd) = &record.cmd {
        text(out, cmd.as_str());
    }
    if let Some(id) = record.copy_of {
        out.extend_from_slice(id.as_bytes());
    }
    let length = out.len() - header;
    let (data_length, commitment) = match &record.data {
        Data::Json(raw) => {
            out.extend_from_slice(&salt);
            out.extend_from_slice(raw.get().as_bytes());
            (size32(raw.get().len()), commitment(&salt, raw.get().as_bytes()))
        }
        // Written without data from the start (the copy of a redacted event): there is nothing to commit to.
        Data::Redacted => {
            out.extend_from_slice(&[0; 32]);
            (REDACTED, [0; 32])
        }
    };
    let short = u16::try_from(length).expect("six texts of at most 255 bytes and some ids fit into 64 KiB");
    out[start..start + 2].copy_from_slice(&short.to_le_bytes());
    out[start + 4..start + 8].copy_from_slice(&data_length.to_le_bytes());
    Mark { header, length, commitment }
}

/// Fills in what only the writer knows, into the header's bytes.
pub fn number(header: &mut [u8], position: u64, revision: u64) {
    header[..8].copy_from_slice(&position.to_le_bytes());
    header[8..16].copy_from_slice(&revision.to_le_bytes());
}

/// `sha256(salt ‖ data)`.
pub fn commitment(salt: &[u8; 16], data: &[u8]) -> Digest32 {
    Sha256::new().chain_update(salt).chain_update(data).finalize().into()
}

/// `sha256(0x00 ‖ header ‖ commitment)`: the leaf of RFC 6962.
pub fn leaf(header: &[u8], commitment: &Digest32) -> Digest32 {
    Sha256::new().chain_update([0]).chain_update(header).chain_update(commitment).finalize().into()
}

/// `sha256(previous ‖ leaf)`.
pub fn chain(previous: &Digest32, leaf: &Digest32) -> Digest32 {
    Sha256::new().chain_update(previous).chain_update(leaf).finalize().into()
}

/// A record as it stands in the bytes of a frame.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    /// Position within the log.
    pub position: u64,
    /// Revision within the stream.
    pub revision: u64,
    /// The stream's name.
    pub stream: &'a str,
    /// The header's bytes, which the leaf is made of.
    pub header: &'a [u8],
    /// When it happened, in microseconds.
    pub at: i64,
    /// Its id.
    pub id: Uuid,
    /// The version of its type.
    pub version: u16,
    /// Its type.
    pub kind: &'a str,
    /// What sort of actor did it.
    pub by_kind: ByKind,
    /// Who did it.
    pub by: &'a str,
    /// On whose behalf.
    pub on_behalf_of: Option<&'a str>,
    /// The event that led to it.
    pub cause: Option<Uuid>,
    /// The first event of that chain of causes.
    pub corr: Option<Uuid>,
    /// The command that it answers.
    pub cmd: Option<&'a str>,
    /// The event that it is a copy of.
    pub copy_of: Option<Uuid>,
    /// What follows the header.
    pub body: Body<'a>,
}

/// What follows a record's header.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// Salt and data.
    Open {
        /// The salt.
        salt: &'a [u8; 16],
        /// The JSON text.
        data: &'a [u8],
    },
    /// Only the commitment is left.
    Redacted(&'a Digest32),
}

impl Body<'_> {
    /// The commitment: recomputed, or as it was kept.
    pub fn commitment(&self) -> Digest32 {
        match self {
            Self::Open { salt, data } => commitment(salt, data),
            Self::Redacted(kept) => **kept,
        }
    }
}

/// Takes the next record off the front of a frame's body. `None`: these bytes are no record.
pub fn take<'a>(fields: &mut Fields<'a>) -> Option<RawRecord<'a>> {
    let length = fields.u16()?;
    if fields.u16()? != 0 {
        return None;
    }
    let data_length = fields.u32()?;
    let header = fields.bytes(usize::from(length))?;
    let body = if data_length == REDACTED {
        Body::Redacted(fields.bytes(32)?.try_into().ok()?)
    } else {
        let salt = fields.bytes(16)?.try_into().ok()?;
        Body::Open { salt, data: fields.bytes(usize::try_from(data_length).ok()?)? }
    };
    let mut inner = Fields(header);
    let (position, revision) = (inner.u64()?, inner.u64()?);
    let at = inner.array().map(i64::from_le_bytes)?;
    let id = inner.uuid()?;
    let version = inner.u16()?;
    let flags = inner.u8()?;
    if flags & !(CAUSE | CORR | CMD | COPY_OF | ON_BEHALF_OF) != 0 {
        return None;
    }
    let by_kind = match inner.u8()? {
        0 => ByKind::Person,
        1 => ByKind::Agent,
        2 => ByKind::Key,
        3 => ByKind::System,
        _ => return None,
    };
    let (stream, kind, by) = (inner.short_text()?, inner.short_text()?, inner.short_text()?);
    let on_behalf_of = if flags & ON_BEHALF_OF == 0 { None } else { Some(inner.short_text()?) };
    let cause = if flags & CAUSE == 0 { None } else { Some(inner.uuid()?) };
    let corr = if flags & CORR == 0 { None } else { Some(inner.uuid()?) };
    let cmd = if flags & CMD == 0 { None } else { Some(inner.short_text()?) };
    let copy_of = if flags & COPY_OF == 0 { None } else { Some(inner.uuid()?) };
    inner.0.is_empty().then_some(RawRecord {
        position,
        revision,
        stream,
        header,
        at,
        id,
        version,
        kind,
        by_kind,
        by,
        on_behalf_of,
        cause,
        corr,
        cmd,
        copy_of,
        body,
    })
}

impl RawRecord<'_> {
    /// The record as a value of its own, sharing texts with one that is `like` it. `None`: a text or the data is not what the
    /// log accepts.
    pub fn to_record(self, stream: &StreamId, like: Option<&Record>) -> Option<Record> {
        let like = like.map(|record| &record.event);
        let data = match self.body {
            Body::Open { data, .. } => {
                let text = std::str::from_utf8(data).ok()?;
                Data::Json(RawValue::from_string(text.to_owned()).ok()?.into())
            }
            Body::Redacted(_) => Data::Redacted,
        };
        let cmd = match self.cmd {
            Some(text) => Some(text.parse::<CommandId>().ok()?),
            None => None,
        };
        let by = By {
            kind: self.by_kind,
            id: shared(self.by, like.map(|like| &like.by.id)),
            on_behalf_of: self
                .on_behalf_of
                .map(|other| shared(other, like.and_then(|like| like.by.on_behalf_of.as_ref()))),
        };
        Some(Record {
            position: Position(self.position),
            revision: Revision(self.revision),
            stream: stream.clone(),
            event: NewRecord {
                id: self.id,
                at: Micros(self.at),
                kind: shared(self.kind, like.map(|like| &like.kind)),
                version: self.version,
                by,
                cause: self.cause,
                corr: self.corr,
                cmd,
                copy_of: self.copy_of,
                data,
            },
        })
    }
}

/// A text, which is often the one that was read before.
fn shared(text: &str, before: Option<&Arc<str>>) -> Arc<str> {
    before.filter(|before| ***before == *text).map_or_else(|| text.into(), Arc::clone)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    fn full() -> NewRecord {
        NewRecord {
            id: Uuid::from_u128(0x0198_f3c2_7c6e_7a51_9d3e_0f8a_6f1f_2b3c),
            at: Micros(1_700_000_000_123_456),
            kind: "ToolFinished".into(),
            version: 3,
            by: By { on_behalf_of: Some("owner".into()), ..By::agent("reviewer") },
            cause: Some(Uuid::from_u128(1)),
            corr: Some(Uuid::from_u128(2)),
            cmd: Some("command-1".parse().unwrap()),
            copy_of: Some(Uuid::from_u128(3)),
            data: Data::Json(RawValue::from_string("{\"ok\":true}".into()).unwrap().into()),
        }
    }

    /// The vector that `docs/log-format.md` prints.
    #[test]
    fn the_vector_of_the_documentation_is_what_this_code_writes() {
        let stream: StreamId = "chat/0198f3c2-0000-7000-8000-000000000000".parse().unwrap();
        let salt = std::array::from_fn(|n| u8::try_from(n).unwrap());
        let mut bytes = Vec::new();
        let mark = put(&mut bytes, &stream, &full(), salt);
        let header = &mut bytes[mark.header..mark.header + mark.length];
        number(header, 5, 2);
        let leaf = leaf(header, &mark.commitment);
        let vector = [
            ("header", hex(header)),
            ("commitment", hex(&mark.commitment)),
            ("leaf", hex(&leaf)),
            ("chain", hex(&chain(&[0; 32], &leaf))),
        ];
        let documentation = include_str!("../../../../docs/log-format.md");
        let documentation: String = documentation.split_whitespace().collect();
        for (name, value) in vector {
            assert!(documentation.contains(&format!("{name}:{value}")), "{name}: {value}");
        }
    }

    #[test]
    fn the_size_is_known_before_a_record_is_written() {
        let stream: StreamId = "system/host".parse().unwrap();
        let bare = NewRecord { cause: None, corr: None, cmd: None, copy_of: None, by: By::system(), ..full() };
        for record in [full(), bare.clone(), NewRecord { data: Data::Redacted, ..bare }] {
            let mut bytes = Vec::new();
            put(&mut bytes, &stream, &record, [7; 16]);
            assert_eq!(bytes.len(), encoded_len(&stream, &record));
            let back = take(&mut Fields(&bytes)).unwrap();
            assert_eq!(format!("{:?}", back.to_record(&stream, None).unwrap().event), format!("{record:?}"));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_break_the_decoding(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Some(raw) = take(&mut Fields(&bytes)) {
                raw.to_record(&"system/host".parse().unwrap(), None);
            }
        }

        #[test]
        fn no_change_of_a_record_breaks_the_decoding(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let stream: StreamId = "system/host".parse().unwrap();
            let mut bytes = Vec::new();
            put(&mut bytes, &stream, &full(), [7; 16]);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(cut.index(bytes.len() + 1));
            if let Some(raw) = take(&mut Fields(&bytes)) {
                raw.to_record(&stream, None);
            }
        }
    }
}
