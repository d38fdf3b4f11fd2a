//! Going through a stream at a terminal, event by event, with what each of them changed.

use std::{
    collections::HashMap,
    io::{self, IsTerminal as _, Read as _, Write as _},
};

use replay::ids::Revision;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use super::{
    changes::{Change, changes},
    exit::{Ended, Exit, Failure},
    log::event_line,
    replay::{PAGE, Replayed, Steps},
    screen::{Screen, Tone},
    socket::Event,
    tree,
};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The next event.
    Next,
    /// The one before.
    Back,
    /// The next event that is more than a piece of text.
    NextEvent,
    /// The one before that is more than a piece of text.
    EventBefore,
    First,
    Last,
    /// The state in the place of what changed, and back.
    State,
    Down,
    Up,
    Quit,
}

const HELP: &str = "j/k next, back · n/N past streamed text · g/G first, last · s state · d/u scroll · q quit";

/// The keys in what a terminal sent.
fn keys(mut bytes: &[u8]) -> Vec<Key> {
    const SEQUENCES: &[(&[u8], Key)] = &[
        (b"\x1b[A", Key::Back),
        (b"\x1b[B", Key::Next),
        (b"\x1b[C", Key::Next),
        (b"\x1b[D", Key::Back),
        (b"\x1bOA", Key::Back),
        (b"\x1bOB", Key::Next),
        (b"\x1bOC", Key::Next),
        (b"\x1bOD", Key::Back),
        (b"\x1b[H", Key::First),
        (b"\x1b[F", Key::Last),
        (b"\x1b[5~", Key::Up),
        (b"\x1b[6~", Key::Down),
    ];
    let mut found = Vec::new();
    while let Some((byte, rest)) = bytes.split_first() {
        if let Some((sequence, key)) = SEQUENCES.iter().find(|(sequence, _)| bytes.starts_with(sequence)) {
            found.push(*key);
            bytes = &bytes[sequence.len()..];
            continue;
        }
        bytes = rest;
        found.extend(match byte {
            b'j' | b' ' | b'\n' | b'\r' => Some(Key::Next),
            b'k' => Some(Key::Back),
            b'n' => Some(Key::NextEvent),
            b'N' => Some(Key::EventBefore),
            b'g' => Some(Key::First),
            b'G' => Some(Key::Last),
            b's' => Some(Key::State),
            b'd' => Some(Key::Down),
            b'u' => Some(Key::Up),
            // Ctrl-C and Ctrl-D are keys as long as the terminal sends every key at once.
            b'q' | 3 | 4 => Some(Key::Quit),
            _ => None,
        });
    }
    found
}

/// Whether somebody sits before the program who could press keys.
pub fn at_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// A terminal that sends every key at once and shows another screen, until this is dropped.
struct Keyboard {
    before: Termios,
}

impl Keyboard {
    fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Flush, &raw)?;
        let taken = Self { before };
        control("\x1b[?1049h\x1b[?25l")?;
        Ok(taken)
    }
}

/// Waits for keys; at the end of the input, for the wish to quit.
fn pressed() -> io::Result<Vec<Key>> {
    let mut bytes = [0; 64];
    let read = io::stdin().lock().read(&mut bytes)?;
    Ok(if read == 0 { vec![Key::Quit] } else { keys(&bytes[..read]) })
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that is gone.
        let _shown = control("\x1b[?25h\x1b[?1049l").is_ok();
        let _restored = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before).is_ok();
    }
}

fn control(sequence: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

/// An event and what it changed, in words.
struct Shown {
    event: Event,
    changes: Vec<Change>,
}

/// Where in a stream somebody is.
struct Stepping<'r> {
    replayed: &'r Replayed<'r>,
    pages: HashMap<u64, Vec<Shown>>,
    at: Revision,
    /// The lines of the state, where that is shown.
    state: Option<Vec<String>>,
    scrolled: usize,
}

/// Steps through a stream from a revision on, until somebody has seen enough.
pub async fn run(replayed: &Replayed<'_>, from: Revision) -> Ended {
    let at = from.min(replayed.last);
    let mut stepping = Stepping { replayed, pages: HashMap::new(), at, state: None, scrolled: 0 };
    stepping.load(at).await?;
    let _keyboard = Keyboard::take()?;
    loop {
        stepping.draw()?;
        for key in pressed()? {
            if key == Key::Quit {
                return Ok(Exit::Done);
            }
            stepping.press(key).await?;
        }
    }
}

impl Stepping<'_> {
    async fn press(&mut self, key: Key) -> Result<(), Failure> {
        let last = self.replayed.last;
        match key {
            Key::Next => self.go(self.at.next().min(last)).await?,
            Key::Back => self.go(self.at.before().unwrap_or_default()).await?,
            Key::First => self.go(Revision::ZERO).await?,
            Key::Last => self.go(last).await?,
            Key::NextEvent | Key::EventBefore => self.past_text(key == Key::NextEvent).await?,
            Key::State => {
                self.state = match self.state {
                    Some(_) => None,
                    None => Some(tree::lines(&self.replayed.state(self.at).await?)),
                };
                self.scrolled = 0;
            }
            Key::Down => self.scrolled = (self.scrolled + room() / 2).min(self.body().len().saturating_sub(1)),
            Key::Up => self.scrolled = self.scrolled.saturating_sub(room() / 2),
            Key::Quit => {}
        }
        Ok(())
    }

    async fn go(&mut self, to: Revision) -> Result<(), Failure> {
        self.load(to).await?;
        (self.at, self.scrolled) = (to, 0);
        if self.state.is_some() {
            self.state = Some(tree::lines(&self.replayed.state(to).await?));
        }
        Ok(())
    }

    async fn past_text(&mut self, forward: bool) -> Result<(), Failure> {
        let mut to = self.at;
        loop {
            let next = if forward { Some(to.next()).filter(|to| *to <= self.replayed.last) } else { to.before() };
            let Some(next) = next else { break };
            to = next;
            self.load(to).await?;
            let streamed = |shown: &Shown| matches!(shown.event.text("type"), "TextAppended" | "ReasoningAppended");
            if self.shown(to).is_some_and(|shown| !streamed(shown)) {
                break;
            }
        }
        self.go(to).await
    }

    /// Reads the page of a revision, if it was not read before.
    async fn load(&mut self, at: Revision) -> Result<(), Failure> {
        let page = at.0 / PAGE;
        if !self.pages.contains_key(&page) {
            let Steps { items, before: mut state } = self.replayed.steps(Revision(page * PAGE)).await?;
            let shown =
                items.into_iter().map(|step| Shown { changes: changes(&mut state, &step.patch), event: step.event });
            self.pages.insert(page, shown.collect());
        }
        Ok(())
    }

    fn shown(&self, at: Revision) -> Option<&Shown> {
        self.pages.get(&(at.0 / PAGE))?.get(usize::try_from(at.0 % PAGE).ok()?)
    }

    fn body(&self) -> Vec<(Tone, String)> {
        match (&self.state, self.shown(self.at)) {
            (Some(lines), _) => lines.iter().map(|line| (Tone::Plain, line.clone())).collect(),
            (None, Some(shown)) if shown.changes.is_empty() => vec![(Tone::Dim, "it changes nothing".into())],
            (None, Some(shown)) => shown.changes.iter().map(|change| (change.tone(), change.to_string())).collect(),
            (None, None) => vec![],
        }
    }

    fn draw(&self) -> io::Result<()> {
        let (width, _) = size();
        let fit = |line: &str| line.chars().take(width).collect::<String>();
        let mut screen = Screen::new();
        control("\x1b[2J\x1b[H")?;
        let head = format!("{} · revision {} of {}", self.replayed.stream, self.at, self.replayed.last);
        screen.line(Tone::Dim, &fit(&head))?;
        if let Some(shown) = self.shown(self.at) {
            screen.line(Tone::Strong, &fit(&event_line(&shown.event)))?;
        }
        let (body, room) = (self.body(), room());
        for (tone, line) in body.iter().skip(self.scrolled).take(room) {
            screen.line(*tone, &fit(line))?;
        }
        let below = body.len().saturating_sub(self.scrolled + room);
        let more = if below > 0 { format!("{below} more lines · ") } else { String::new() };
        screen.text(Tone::Dim, &fit(&format!("{more}{HELP}")))
    }
}

/// How many lines the body may have.
fn room() -> usize {
    size().1.saturating_sub(4).max(1)
}

/// Columns and rows of the terminal.
fn size() -> (usize, usize) {
    let size = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or((80, 24), |size| (usize::from(size.ws_col), usize::from(size.ws_row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_arrows_are_keys_and_what_is_unknown_is_passed_over() {
        assert_eq!(keys(b"jk"), [Key::Next, Key::Back]);
        assert_eq!(keys(b"\x1b[B\x1b[Aq"), [Key::Next, Key::Back, Key::Quit]);
        assert_eq!(keys(b"x\x1b[6~\x03"), [Key::Down, Key::Quit]);
        assert_eq!(keys(b""), []);
    }
}
