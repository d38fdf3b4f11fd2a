// A chat of many messages, for the page: the last turn is real, what is older is made here, as the server would give it.

const USAGE = { input: 2400, output: 180, reasoning: 0, cache_read: 1800, cache_write: 0 };

const PROSE = [
  "The parser reads one record after the other and stops at the first that does not hold together. What follows is not looked at: **a torn tail is no damage**, it is where the power went out.",
  "There are three places where this matters:\n\n1. the `segment` header, which names the log\n2. the frame, which carries the chain before *and* after\n3. the record, whose salt is drawn from a buffered generator\n\nOnly the second is written more than once.",
  "```rust\nfn scan(segment: &Segment) -> Result<Vec<Frame>, Torn> {\n    let mut frames = Vec::new();\n    let mut at = HEADER;\n    while let Some(frame) = segment.frame(at)? {\n        at += frame.len();\n        frames.push(frame);\n    }\n    Ok(frames)\n}\n```\n\nIt never allocates for what it skips.",
  "| File | Lines | What |\n| --- | ---: | --- |\n| `log.rs` | 412 | appends, syncs |\n| `scan.rs` | 188 | reads what is there |\n| `chain.rs` | 97 | hashes |\n\nThe last is the smallest and the oldest.",
  "Yes.",
];

const FILES = ["src/log.rs", "src/scan.rs", "src/chain.rs", "docs/log-format.md", "README.md"];

/** The message with an index: turns of eight, in which a model reads, writes, and answers. */
export function messageAt(index) {
  const turn = Math.floor(index / 8) + 1;
  const place = index % 8;
  const at = 1_700_000_000_000_000 + index * 4_000_000;
  const call = (ordinal, over) => ({
    kind: "call",
    call: `${turn}.${ordinal}`,
    model: "offline",
    state: { kind: "finished", stop: "end" },
    attempt: 1,
    since: at,
    reasoning: "",
    text: "",
    usage: USAGE,
    latency_ms: 1800 + (index % 7) * 300,
    ...over,
  });
  const reading = (ordinal, tools, text = "") =>
    call(ordinal, {
      text,
      state: { kind: "finished", stop: "tool_calls" },
      tool_calls: Array.from({ length: tools }, (_, number) => ({
        tool_call: `${turn}.${ordinal}.${number}`,
        provider_id: `p${index}.${number}`,
        name: number % 3 === 2 ? "search_text" : "read_file",
        arguments: JSON.stringify(
          number % 3 === 2
            ? { pattern: `fn scan_${index}` }
            : { path: FILES[(index + number) % FILES.length] },
        ),
        class: "repeat",
        since: at,
        state: {
          kind: "finished",
          outcome: (index + number) % 11 === 0 ? "failed" : "succeeded",
          output: `${index}: ${"pub fn next(&mut self) -> Option<Frame> { self.frames.pop() } ".repeat(6)}`,
          latency_ms: 4 + ((index * 37 + number * 11) % 900),
          truncated: false,
        },
      })),
    });
  switch (place) {
    case 0:
      return {
        kind: "user",
        message: `00000000-0000-7000-8000-${String(index).padStart(12, "0")}`,
        text: `Question ${turn}: how is a segment read after a crash, and what is skipped?`,
        at,
      };
    case 1:
      return reading(1, 3, "I look at where segments are read.");
    case 2:
      return reading(2, 2);
    case 3:
      return reading(3, 4);
    case 4:
      return call(4, {
        text: PROSE[turn % PROSE.length],
        reasoning: "It must be in the scan.\n\nOr in the chain.",
      });
    case 5:
      return reading(5, 2);
    case 6:
      return call(6, { text: `${PROSE[(turn + 2) % PROSE.length]}\n\nThat answers question ${turn}.` });
    default:
      return {
        kind: "end",
        turn,
        outcome: { kind: "answered" },
        usage: { ...USAGE, input: 14_400, output: 1_080, cache_read: 11_000 },
        started_at: at - 28_000_000,
        ended_at: at,
      };
  }
}

/** Has a page see `older` messages before those that its chats really have. */
export async function lengthen(page, older) {
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const frame = JSON.parse(text);
      if (frame.op === "view" && frame.view?.messages) {
        frame.view.first += older;
        socket.send(JSON.stringify(frame));
      } else socket.send(text);
    });
  });
  await page.route("**/api/chats/*/messages?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const before = Math.min(older, Number(query.get("before")));
    const first = Math.max(0, before - Number(query.get("limit")));
    const messages = Array.from({ length: before - first }, (_, step) => messageAt(first + step));
    return route.fulfill({ json: { messages, first } });
  });
}
