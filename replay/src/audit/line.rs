//! The lines of an export, as they are written and read. The order of the fields is the order in the file.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use uuid::Uuid;

use crate::{
    digest::hex,
    file::format::{
        Digest32, Fields,
        record::{self, Body, RawRecord},
    },
    ids::{By, Micros, Position, Revision},
};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// The first: what this is.
    Export {
        /// The version of this format.
        version: u32,
        /// The log: its id and epoch.
        log: String,
        /// The first position of the range.
        from: Position,
        /// The position behind the range.
        to: Position,
        /// How many positions are in the range.
        records: u64,
        /// The chain before the first record of the range; absent where the log has lost what stood before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chain_before: Option<Hex<32>>,
        /// When the export was made.
        at: Micros,
        /// The program that made it.
        by: String,
        /// What is in the export whole; everything, where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<Filter>,
    },
    /// A record.
    Record(Box<Whole>),
    /// A record that the filter leaves out.
    LeftOut {
        /// Its position.
        position: Position,
        /// Its leaf.
        leaf: Hex<32>,
        /// The chain after it.
        chain: Hex<32>,
    },
    /// Records that the log itself has lost to damage.
    Lost {
        /// The position of the first.
        position: Position,
        /// The position behind the last.
        to: Position,
        /// The chain after the last, as the log says it behind them; absent where nothing follows in the range.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chain: Option<Hex<32>>,
    },
    /// The last: what should have come before.
    End {
        /// How many positions are in the range.
        records: u64,
        /// How many records the filter left out.
        left_out: u64,
        /// How many records the log has lost.
        lost: u64,
        /// The chain after the last record; absent where that is lost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chain: Option<Hex<32>>,
    },
}

/// A record, whole: the bytes that its leaf is made of, and what they say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    /// Its position.
    pub position: Position,
    /// Its leaf: `sha256(0x00 ‖ header ‖ commitment)`.
    pub leaf: Hex<32>,
    /// The chain after it: `sha256(chain before ‖ leaf)`.
    pub chain: Hex<32>,
    /// The bytes of its header.
    pub header: HexBytes,
    /// The salt; absent where the data was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Hex<16>>,
    /// The commitment, `sha256(salt ‖ data)`, where the data was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Hex<32>>,
    /// The data, byte for byte, as a string; absent where it was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What the header says, for people.
    pub event: Shown,
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    pub stream: String,
    pub revision: Revision,
    pub at: Micros,
    pub by: By,
    #[serde(rename = "type")]
    pub kind: String,
    pub version: u16,
    pub id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corr: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<Uuid>,
}

/// What is in an export whole: what fits one of the values of every list that has any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// What happened at this moment or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Micros>,
    /// What happened before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
    /// Streams by name, or all of a kind: `chat/0198…`, `session`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<String>,
    /// Who did it, by name or by kind: `key:ci`, `agent`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// Types of events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

impl Filter {
    /// Whether it leaves nothing out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn admits(&self, shown: &Shown) -> bool {
        let one_of = |wanted: &[String], fits: &dyn Fn(&str) -> bool| {
            wanted.is_empty() || wanted.iter().any(|wanted| fits(wanted))
        };
        let kind = shown.stream.split('/').next().unwrap_or_default();
        let who = shown.by.to_string();
        self.since.is_none_or(|since| shown.at >= since)
            && self.until.is_none_or(|until| shown.at < until)
            && one_of(&self.streams, &|wanted| wanted == shown.stream || wanted == kind)
            && one_of(&self.by, &|wanted| wanted == who || who.split(':').next() == Some(wanted))
            && one_of(&self.types, &|wanted| wanted == shown.kind)
    }
}

impl Whole {
    /// A record as it stands in the log, behind a chain.
    pub fn of(raw: &RawRecord<'_>, before: &Digest32) -> Option<Self> {
        let leaf = record::leaf(raw.header, &raw.body.commitment());
        let (salt, commitment, data) = match raw.body {
            Body::Open { salt, data } => (Some(Hex(*salt)), None, Some(std::str::from_utf8(data).ok()?.to_owned())),
            Body::Redacted(kept) => (None, Some(Hex(*kept)), None),
        };
        Some(Self {
            position: Position(raw.position),
            leaf: Hex(leaf),
            chain: Hex(record::chain(before, &leaf)),
            header: HexBytes(raw.header.to_vec()),
            salt,
            commitment,
            data,
            event: Shown::of(raw),
        })
    }

    /// The commitment that the bytes here give; `None` where they are not complete.
    pub fn commitment(&self) -> Option<Digest32> {
        match (&self.salt, &self.commitment, &self.data) {
            (Some(Hex(salt)), None, Some(data)) => Some(record::commitment(salt, data.as_bytes())),
            (None, Some(Hex(kept)), None) => Some(*kept),
            _ => None,
        }
    }

    /// What the bytes of the header say; `None` where they are none.
    pub fn decoded(&self) -> Option<(Position, Shown)> {
        let HexBytes(header) = &self.header;
        let length = u16::try_from(header.len()).ok()?;
        let mut bytes = Vec::with_capacity(record::PREFIX + header.len() + 32);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        // Any body will do: it is the header that is read.
        bytes.extend_from_slice(&record::REDACTED.to_le_bytes());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(&[0; 32]);
        let raw = record::take(&mut Fields(&bytes))?;
        Some((Position(raw.position), Shown::of(&raw)))
    }
}

impl Shown {
    pub fn of(raw: &RawRecord<'_>) -> Self {
        let by = By { kind: raw.by_kind, id: raw.by.into(), on_behalf_of: raw.on_behalf_of.map(Into::into) };
        Self {
            stream: raw.stream.to_owned(),
            revision: Revision(raw.revision),
            at: Micros(raw.at),
            by,
            kind: raw.kind.to_owned(),
            version: raw.version,
            id: raw.id,
            cause: raw.cause,
            corr: raw.corr,
            cmd: raw.cmd.map(str::to_owned),
            copy_of: raw.copy_of,
        }
    }
}

/// Bytes of a fixed number, in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hex<const N: usize>(pub [u8; N]);

/// Bytes, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HexBytes(pub Vec<u8>);

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = unhex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| D::Error::custom(format!("{} lower-case hexadecimal digits belong here", N * 2)))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        unhex(&text).map(Self).ok_or_else(|| D::Error::custom("lower-case hexadecimal digits belong here"))
    }
}
