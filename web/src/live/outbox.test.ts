import { expect, it } from "vitest";
import { uuid7 } from "./ids.ts";
import { Outbox } from "./outbox.ts";

it("begins empty where what was kept cannot be read", () => {
  for (const kept of [null, "", "{", '{"a":1}']) {
    expect(new Outbox({ read: () => kept, write: () => undefined }).waiting).toEqual([]);
  }
});

it("takes no answer to what it did not ask", () => {
  const outbox = new Outbox({ read: () => null, write: () => undefined });
  expect(outbox.settle({ op: "accepted", id: "x", revision: 1, position: 1 })).toBeNull();
});

it("gives ids that are UUIDs of version 7 and sort by time", () => {
  const id = uuid7(0x0198f3c27c6e, new Uint8Array(10).fill(0xff));
  expect(id).toBe("0198f3c2-7c6e-7fff-bfff-ffffffffffff");
  expect(uuid7(1) < uuid7(2)).toBe(true);
  expect(uuid7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
