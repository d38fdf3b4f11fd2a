// Reads a log from its folder as docs/log-format.md describes it, and nothing else: no code of ours.
// `node decode-log.mjs FOLDER` prints one JSON object: id, segments, records, head, chain, root, faults, and every record.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c >>> 0;
});
const crc32c = (...parts) => {
  let c = 0xffffffff;
  for (const part of parts) for (const byte of part) c = table[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
};
const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(Uint8Array.from(part));
  return hash.digest();
};
const u64 = (n) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
};
const number = (bytes, at) => Number(bytes.readBigUInt64LE(at));
const uuid = (bytes) => bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

function readHeader(bytes) {
  if (bytes.subarray(0, 8).toString("hex") !== "8952504c4f0d0a1a") throw new Error("no magic");
  if (bytes.readUInt32LE(4092) !== crc32c(bytes.subarray(0, 4092))) throw new Error("a damaged header");
  if (bytes.readUInt32LE(8) > 1) throw new Error("a newer format");
  const roots = Array.from({ length: bytes.readUInt32LE(80) }, (_, n) => bytes.subarray(512 + n * 32, 544 + n * 32).toString("hex"));
  return {
    epoch: bytes.readUInt32LE(12),
    log: bytes.subarray(16, 32),
    segment: number(bytes, 32),
    first: number(bytes, 40),
    chain: bytes.subarray(48, 80),
    roots: bytes.readUInt32LE(84) & 1 ? null : roots,
  };
}

function readRecord(bytes) {
  const length = bytes.readUInt16LE(0);
  if (bytes.readUInt16LE(2) !== 0) throw new Error("reserved bytes of a record");
  const dataLength = bytes.readUInt32LE(4);
  const header = bytes.subarray(8, 8 + length);
  const body = bytes.subarray(8 + length);
  let at = 44;
  const text = () => {
    const end = at + 1 + header[at];
    const value = header.subarray(at + 1, end).toString("utf8");
    at = end;
    return value;
  };
  const id = () => {
    at += 16;
    return uuid(header.subarray(at - 16, at));
  };
  const flags = header[42];
  const record = {
    position: number(header, 0),
    revision: number(header, 8),
    at: Number(header.readBigInt64LE(16)),
    id: uuid(header.subarray(24, 40)),
    version: header.readUInt16LE(40),
    by: { kind: ["person", "agent", "key", "system"][header[43]] },
  };
  record.stream = text();
  record.type = text();
  record.by.id = text();
  if (flags & 16) record.by.for = text();
  if (flags & 1) record.cause = id();
  if (flags & 2) record.corr = id();
  if (flags & 4) record.cmd = text();
  if (flags & 8) record.copy_of = id();
  if (at !== length || flags > 31) throw new Error("a header that is not used up");
  const redacted = dataLength === 0xffffffff;
  const salted = body.subarray(0, redacted ? 32 : 16 + dataLength);
  record.data = redacted ? null : salted.subarray(16).toString("utf8");
  const commitment = redacted ? salted : sha256(salted);
  return { record, leaf: sha256([0], header, commitment), size: 8 + length + salted.length };
}

function readFrame(bytes, seed, offset) {
  const length = bytes.length - offset < 96 ? 0 : bytes.readUInt32LE(offset);
  if (length < 96 || length % 8 !== 0 || length > 8388704 || offset + length > bytes.length) return null;
  const frame = bytes.subarray(offset, offset + length);
  const sum = crc32c(seed, u64(offset), frame.subarray(0, 4), frame.subarray(8));
  if (sum !== frame.readUInt32LE(4)) return null;
  return {
    length,
    count: frame.readUInt32LE(12),
    first: number(frame, 16),
    synced: number(frame, 24),
    before: frame.subarray(32, 64),
    after: frame.subarray(64, 96),
    body: frame.subarray(96),
  };
}

class Tree {
  size = 0;
  peaks = [];
  push(leaf) {
    let node = leaf;
    for (let n = this.size; n & 1; n >>>= 1) node = sha256([1], this.peaks.pop(), node);
    this.peaks.push(node);
    this.size += 1;
  }
  root() {
    return this.peaks.length === 0 ? sha256() : this.peaks.reduceRight((right, left) => sha256([1], left, right));
  }
}

function checkFooter(bytes, header, end, fault) {
  const trailer = bytes.subarray(-24);
  if (trailer.subarray(16).toString("latin1") !== "RPSEALED") return;
  const offset = number(trailer, 0);
  const sum = crc32c(header.log, u64(header.segment), u64(offset), bytes.subarray(offset, bytes.length - 12));
  if (sum !== trailer.readUInt32LE(12)) fault("its index is damaged");
  if (offset !== end.offset || number(bytes, offset + 40) !== end.position) fault("its index does not fit its frames");
}

function decode(folder) {
  const names = readdirSync(folder).filter((name) => /^\d{10}\.seg$/.test(name)).sort();
  const headers = names.map((name) => readHeader(readFileSync(join(folder, name))));
  const log = { segments: names.length, records: [], faults: [] };
  const tree = new Tree();
  let chain = Buffer.alloc(32);
  let position = 0;
  names.forEach((name, n) => {
    const bytes = readFileSync(join(folder, name));
    const header = headers[n];
    const fault = (what) => log.faults.push({ segment: header.segment, what });
    if (header.segment !== n || !header.log.equals(headers[0].log)) fault("does not belong here");
    if (header.first !== position || !header.chain.equals(chain)) fault("does not continue the segment before");
    if (header.roots && header.roots.join() !== tree.peaks.map((peak) => peak.toString("hex")).join()) fault("another frontier");
    const seed = Buffer.concat([header.log, u64(n)]);
    const limit = headers[n + 1]?.first ?? Infinity;
    let offset = 4096;
    while (position < limit) {
      const frame = readFrame(bytes, seed, offset);
      if (!frame || frame.first !== position || !frame.before.equals(chain)) {
        if (limit !== Infinity) fault(`a hole at byte ${offset}`);
        break;
      }
      let body = frame.body;
      for (let i = 0; i < frame.count; i++) {
        const { record, leaf, size } = readRecord(body);
        chain = sha256(chain, leaf);
        tree.push(leaf);
        if (record.position !== position) fault(`position ${record.position} where ${position} should be`);
        position += 1;
        log.records.push(record);
        body = body.subarray(size);
      }
      if (!chain.equals(frame.after)) fault(`the frame at byte ${offset} does not give its chain`);
      offset += frame.length;
    }
    if (limit !== Infinity) checkFooter(bytes, header, { offset, position }, fault);
  });
  const epoch = Math.max(...headers.map((header) => header.epoch));
  return { id: `${uuid(headers[0].log)}.${epoch}`, head: position, chain: chain.toString("hex"), root: tree.root().toString("hex"), ...log };
}

console.log(JSON.stringify(decode(process.argv[2])));
