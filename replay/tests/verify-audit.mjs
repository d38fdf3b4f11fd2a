// Verifies an audit export as docs/audit.md says, and nothing else: no code of ours.
// `node verify-audit.mjs FILE` prints one JSON object: records, left_out, chain, and what is wrong, each with its position.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const hex = (text) => (/^([0-9a-f]{2})*$/.test(text ?? "x") ? Buffer.from(text, "hex") : null);
const uuid = (bytes) => bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/** What the bytes of a header say, in the order in which an export shows it. */
function decoded(header) {
  let at = 44;
  const text = () => {
    const end = at + 1 + header[at];
    const value = header.subarray(at + 1, end).toString("utf8");
    at = end;
    return value;
  };
  const id = () => uuid(header.subarray(at, (at += 16)));
  const flags = header[42];
  const stream = text();
  const type = text();
  const by = { kind: ["person", "agent", "key", "system"][header[43]], id: text() };
  if (flags & 16) by.for = text();
  const event = {
    stream,
    revision: Number(header.readBigUInt64LE(8)),
    at: Number(header.readBigInt64LE(16)),
    by,
    type,
    version: header.readUInt16LE(40),
    id: uuid(header.subarray(24, 40)),
  };
  if (flags & 1) event.cause = id();
  if (flags & 2) event.corr = id();
  if (flags & 4) event.cmd = text();
  if (flags & 8) event.copy_of = id();
  if (at !== header.length || flags > 31) throw new Error("a header that is not used up");
  return { position: Number(header.readBigUInt64LE(0)), event };
}

function fits(filter, event) {
  const one = (list, ...values) => !list || list.some((wanted) => values.includes(wanted));
  return (
    (filter.since === undefined || event.at >= filter.since) &&
    (filter.until === undefined || event.at < filter.until) &&
    one(filter.streams, event.stream, event.stream.split("/")[0]) &&
    one(filter.by, `${event.by.kind}:${event.by.id}`, event.by.kind) &&
    one(filter.types, event.type)
  );
}

const faults = [];
const fault = (position, what) => faults.push({ position, what });
const counts = { record: 0, left_out: 0, lost: 0 };
let first = null;
let next = 0;
let chain = null;
let ended = false;

function link(line, leaf) {
  if (line.position !== next) fault(next, `position ${line.position} stands where ${next} should`);
  else if (chain && sha256(chain, leaf).toString("hex") !== line.chain) fault(next, "the chain breaks");
  next = line.position + 1;
  chain = hex(line.chain);
}

function take(line) {
  if (ended) return fault(null, "a line behind the last");
  if (!first) {
    first = line;
    if (line.line !== "export" || line.version !== 1) throw new Error("no export of version 1");
    if (line.records !== line.to - line.from) fault(null, "the count of the first line");
    if (line.from === 0 && line.chain_before !== "0".repeat(64)) fault(null, "the chain before the start");
    next = line.from;
    chain = line.chain_before ? hex(line.chain_before) : null;
    return;
  }
  counts[line.line] += line.line === "lost" ? line.to - line.position : 1;
  switch (line.line) {
    case "record": {
      const header = hex(line.header);
      const commitment = line.data === undefined ? hex(line.commitment) : sha256(hex(line.salt), line.data);
      if (sha256(Buffer.of(0), header, commitment).toString("hex") !== line.leaf) fault(line.position, "its leaf");
      const { position, event } = decoded(header);
      if (position !== line.position) fault(line.position, "the position in its header");
      if (JSON.stringify(event) !== JSON.stringify(line.event)) fault(line.position, "what is shown");
      if (first.filter && !fits(first.filter, event)) fault(line.position, "the filter");
      return link(line, hex(line.leaf));
    }
    case "left_out":
      if (!first.filter) fault(line.position, "left out without a filter");
      return link(line, hex(line.leaf));
    case "lost":
      fault(line.position, "lost");
      next = line.to;
      chain = line.chain ? hex(line.chain) : null;
      return;
    case "end":
      ended = true;
      if (next !== first.to) fault(next, "the end is missing");
      if (line.records !== first.records || line.left_out !== counts.left_out || line.lost !== counts.lost) {
        fault(null, "the counts of the last line");
      }
      if (line.chain !== chain?.toString("hex")) fault(null, "the chain of the last line");
      return;
    default:
      fault(null, `an unknown line: ${line.line}`);
  }
}

for await (const text of createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Infinity })) {
  try {
    take(JSON.parse(text));
  } catch (error) {
    fault(next, `${error.message}`);
  }
}
if (!ended) fault(next, "cut off");
console.log(JSON.stringify({ records: counts.record, left_out: counts.left_out, chain: chain?.toString("hex"), faults }));
