//! Text out of files of any size: what kind of bytes they are, and their lines one after the other, never more of them
//! in memory than is shown.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use memchr::{memchr, memchr_iter};

/// So many bytes decide whether a file is text.
const SNIFFED: usize = 8 * 1024;

/// So much of a file is read at once.
const BUFFER: usize = 256 * 1024;

/// What the first bytes of a file say.
#[derive(Debug, PartialEq, Eq)]
enum Sniffed {
    /// UTF-8 or nearly so, after so many bytes of a byte-order mark.
    Utf8(usize),
    Utf16 {
        big_endian: bool,
    },
    Binary(&'static str),
}

/// The beginnings by which common binary formats are known.
const FORMATS: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"%PDF-", "PDF document"),
    (b"PK\x03\x04", "ZIP archive (or a document made of one)"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\0", "xz archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"\x7fELF", "ELF program or library"),
    (b"\xcf\xfa\xed\xfe", "Mach-O program or library"),
    (b"\0asm", "WebAssembly module"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"wOF2", "web font"),
    (b"OggS", "Ogg media"),
    (b"ID3", "MP3 audio"),
    (b"\xca\xfe\xba\xbe", "Java class"),
];

fn sniff(bytes: &[u8]) -> Sniffed {
    if let Some((_, name)) = FORMATS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return Sniffed::Binary(name);
    }
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Sniffed::Utf8(3),
        [0xff, 0xfe, 0, 0, ..] => Sniffed::Binary("binary file"),
        [0xff, 0xfe, ..] => Sniffed::Utf16 { big_endian: false },
        [0xfe, 0xff, ..] => Sniffed::Utf16 { big_endian: true },
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Sniffed::Binary("WebP image"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Sniffed::Binary("MP4 media"),
        _ if bytes.contains(&0) => Sniffed::Binary("binary file"),
        _ => Sniffed::Utf8(0),
    }
}

/// A file as text, or the name of the kind of binary file that it is.
pub(super) enum Opened {
    Text(Lines),
    Binary(&'static str),
}

/// Opens `file` (at its beginning) as text: UTF-8, or UTF-16 with a byte-order mark.
pub(super) fn open(mut file: impl Read + Send + 'static) -> io::Result<Opened> {
    let mut first = Vec::with_capacity(SNIFFED);
    (&mut file).take(SNIFFED as u64).read_to_end(&mut first)?;
    let sniffed = sniff(&first);
    let whole = Cursor::new(first).chain(file);
    let (source, utf16): (Box<dyn Read + Send>, bool) = match sniffed {
        Sniffed::Binary(name) => return Ok(Opened::Binary(name)),
        Sniffed::Utf8(mark) => {
            let mut whole = whole;
            whole.read_exact(&mut [0; 3][..mark])?;
            (Box::new(whole), false)
        }
        Sniffed::Utf16 { big_endian } => {
            let mut units = Utf16 { source: BufReader::new(whole), big_endian, out: Cursor::default() };
            // The byte-order mark itself.
            units.unit()?;
            (Box::new(units), true)
        }
    };
    Ok(Opened::Text(Lines { source: BufReader::with_capacity(BUFFER, source), utf16, bytes: 0 }))
}

/// The lines of a text.
pub(super) struct Lines {
    source: BufReader<Box<dyn Read + Send>>,
    /// The file is UTF-16, turned into UTF-8 here.
    pub(super) utf16: bool,
    /// How many bytes of UTF-8 have been passed.
    pub(super) bytes: u64,
}

/// One line, without its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// As much of it as was wanted.
    pub(super) text: String,
    /// Its whole length in bytes, where `text` is not all of it.
    pub(super) cut: Option<u64>,
    /// Some bytes were not UTF-8 and are shown as `�`.
    pub(super) lossy: bool,
    /// It ended with carriage return and line feed.
    pub(super) carriage_return: bool,
}

impl Lines {
    /// The next line, at most `max_characters` of it; none at the end. The rest of a longer one is passed over, until `stop`
    /// says so after some part.
    pub(super) fn next(&mut self, max_characters: usize, stop: impl Fn() -> bool) -> io::Result<Option<Line>> {
        // UTF-8 takes four bytes at most; one character more shows that the line goes on.
        let keep = (max_characters + 1) * 4;
        let mut kept: Vec<u8> = Vec::new();
        let (mut length, mut last, mut ended) = (0_u64, 0_u8, false);
        while !ended && !stop() {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let end = memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            kept.extend_from_slice(&part[..part.len().min(keep - kept.len())]);
            length += part.len() as u64;
            last = part.last().copied().unwrap_or(last);
            ended = end.is_some();
            let used = part.len() + usize::from(ended);
            self.source.consume(used);
            self.bytes += used as u64;
        }
        if length == 0 && !ended {
            return Ok(None);
        }
        let carriage_return = ended && last == b'\r';
        if carriage_return {
            length -= 1;
            if kept.len() as u64 > length {
                kept.pop();
            }
        }
        let (mut text, lossy) = decode(kept, length);
        // A NUL further on than was sniffed would end the text for many readers.
        let nul = text.contains('\0');
        if nul {
            text = text.replace('\0', "\u{fffd}");
        }
        let boundary = text.char_indices().nth(max_characters).map(|(index, _)| index);
        if let Some(boundary) = boundary {
            text.truncate(boundary);
        }
        let cut = boundary.map(|_| length);
        Ok(Some(Line { text, cut, lossy: lossy || nul, carriage_return }))
    }

    /// Passes over lines until `lines` are passed, `stop` says so after some part, or the text ends. Answers how many
    /// lines were passed and whether the end was reached.
    pub(super) fn skip(&mut self, lines: u64, mut stop: impl FnMut(u64) -> bool) -> io::Result<(u64, bool)> {
        let (mut passed, mut open) = (0, false);
        while passed < lines {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                return Ok((passed + u64::from(open), true));
            }
            let mut used = buffer.len();
            for index in memchr_iter(b'\n', buffer) {
                passed += 1;
                if passed == lines {
                    used = index + 1;
                    break;
                }
            }
            open = buffer[used - 1] != b'\n';
            self.source.consume(used);
            self.bytes += used as u64;
            if stop(self.bytes) {
                return Ok((passed, false));
            }
        }
        Ok((passed, false))
    }
}

/// Text out of the first bytes of a line of `length` bytes. A character cut at their end is no fault of the text.
fn decode(kept: Vec<u8>, length: u64) -> (String, bool) {
    let is_part = (kept.len() as u64) < length;
    match String::from_utf8(kept) {
        Ok(text) => (text, false),
        Err(error) if is_part && error.utf8_error().error_len().is_none() => {
            let valid = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(valid);
            (String::from_utf8_lossy(&bytes).into_owned(), false)
        }
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    }
}

/// Turns UTF-16 into UTF-8 while it is read.
struct Utf16<R> {
    source: BufReader<R>,
    big_endian: bool,
    out: Cursor<Vec<u8>>,
}

impl<R: Read> Utf16<R> {
    /// The next code unit; half a unit at the end counts as a damaged one.
    fn unit(&mut self) -> io::Result<Option<u16>> {
        let mut bytes = [0; 2];
        let mut filled = 0;
        while filled < 2 {
            match self.source.read(&mut bytes[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Ok(Some(0xfffd)),
                read => filled += read,
            }
        }
        Ok(Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }))
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.out.position() == self.out.get_ref().len() as u64 {
            let mut units = Vec::with_capacity(4 * 1024);
            // A pair of surrogates is never parted: one more unit is read after a leading one.
            while units.len() < 4 * 1024 || units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
                match self.unit()? {
                    Some(unit) => units.push(unit),
                    None => break,
                }
            }
            self.out = Cursor::new(String::from_utf16_lossy(&units).into_bytes());
        }
        self.out.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Lines {
        match open(Cursor::new(bytes.to_vec())).unwrap() {
            Opened::Text(lines) => lines,
            Opened::Binary(name) => panic!("{name}"),
        }
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        let mut lines = lines(bytes);
        std::iter::from_fn(|| lines.next(100, || false).unwrap()).map(|line| line.text).collect()
    }

    fn kind(bytes: &[u8]) -> &'static str {
        match open(Cursor::new(bytes.to_vec())).unwrap() {
            Opened::Text(_) => "text",
            Opened::Binary(name) => name,
        }
    }

    #[test]
    fn lines_end_as_files_have_it() {
        assert_eq!(texts(b"a\nb\n"), ["a", "b"]);
        assert_eq!(texts(b"a\nb"), ["a", "b"]);
        assert_eq!(texts(b"a\r\n\r\nb\r"), ["a", "", "b\r"]);
        assert_eq!(texts(b"\n"), [""]);
        assert!(texts(b"").is_empty());
    }

    #[test]
    fn byte_order_marks_are_understood() {
        assert_eq!(texts(b"\xef\xbb\xbfa\n"), ["a"]);
        let utf16 =
            |encode: fn(u16) -> [u8; 2]| -> Vec<u8> { "\u{feff}é😀\nb".encode_utf16().flat_map(encode).collect() };
        assert_eq!(texts(&utf16(u16::to_le_bytes)), ["é😀", "b"]);
        assert_eq!(texts(&utf16(u16::to_be_bytes)), ["é😀", "b"]);
    }

    #[test]
    fn a_pair_of_surrogates_survives_wherever_it_stands() {
        let text = format!("{}😀\n", "x".repeat(4 * 1024 - 1));
        let bytes: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(lines(&bytes).next(5_000, || false).unwrap().unwrap().text, text.trim_end());
    }

    #[test]
    fn binary_files_are_known_by_their_beginning_or_a_nul() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n...."), "PNG image");
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), "WebP image");
        assert_eq!(kind(b"abc\0def"), "binary file");
        assert_eq!(kind("plain é text".as_bytes()), "text");
        assert_eq!(kind(b"latin \xe9"), "text");
    }

    #[test]
    fn a_long_line_is_cut_between_characters_and_says_how_long_it_is() {
        let line = lines("é".repeat(10_000).as_bytes()).next(10, || false).unwrap().unwrap();
        assert_eq!((line.text, line.cut, line.lossy), ("é".repeat(10), Some(20_000), false));
        let line = lines(b"0123456789\n").next(10, || false).unwrap().unwrap();
        assert_eq!((line.text.as_str(), line.cut), ("0123456789", None));
        let line = lines(b"0123456789\r\n").next(10, || false).unwrap().unwrap();
        assert_eq!((line.text.as_str(), line.cut, line.carriage_return), ("0123456789", None, true));
    }

    #[test]
    fn a_line_without_end_is_left_when_nobody_waits_for_it() {
        let mut endless = match open(io::repeat(b'x')).unwrap() {
            Opened::Text(lines) => lines,
            Opened::Binary(name) => panic!("{name}"),
        };
        let parts = std::cell::Cell::new(0);
        let stop = || parts.replace(parts.get() + 1) == 3;
        let line = endless.next(10, stop).unwrap().unwrap();
        assert_eq!((line.text.as_str(), line.cut), ("xxxxxxxxxx", Some(endless.bytes)));
        assert!(endless.bytes <= 3 * BUFFER as u64);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_marked() {
        let line = lines(b"caf\xe9 x").next(10, || false).unwrap().unwrap();
        assert_eq!((line.text.as_str(), line.lossy), ("caf\u{fffd} x", true));
    }

    #[test]
    fn skipping_passes_whole_lines() {
        let mut text = lines(b"1\n2\n3\n4");
        assert_eq!(text.skip(2, |_| false).unwrap(), (2, false));
        assert_eq!(text.next(9, || false).unwrap().unwrap().text, "3");
        assert_eq!(text.skip(u64::MAX, |_| false).unwrap(), (1, true));
        assert_eq!(lines(b"1\n2\n").skip(9, |_| false).unwrap(), (2, true));
        assert_eq!(lines(b"").skip(9, |_| false).unwrap(), (0, true));
        assert_eq!(lines(b"1\n2\n").skip(9, |_| true).unwrap(), (2, false));
    }
}
