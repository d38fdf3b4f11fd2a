import { expect, it } from "vitest";
import { NO_USAGE } from "../live/chat.ts";
import { ago, brief, bytes, cacheShare, duration, plural, seconds, titleOf } from "./format.ts";

it("says lengths of time as short as they can be said", () => {
  expect([0, 40, 1_234, 12_400, 59_700, 65_000, 3_900_000].map(duration)).toEqual([
    "0 ms",
    "40 ms",
    "1.2 s",
    "12 s",
    "1 min 00 s",
    "1 min 05 s",
    "1 h 05 min",
  ]);
  expect([-5, 999, 1_000, 61_000].map(seconds)).toEqual(["0 s", "0 s", "1 s", "1 min 01 s"]);
});

it("says how long ago something was", () => {
  const now = Date.UTC(2030, 0, 10);
  const before = (ms: number) => ago((now - ms) * 1_000, now);
  expect([5_000, 300_000, 7_200_000, 172_800_000].map(before)).toEqual(["now", "5 min", "2 h", "2 d"]);
  expect(before(30 * 86_400_000)).toMatch(/11/);
});

it("says sizes and numbers", () => {
  expect([12, 2_048, 20_480, 5_242_880].map(bytes)).toEqual(["12 B", "2.0 KiB", "20 KiB", "5.0 MiB"]);
  expect([999, 1_234, 2_000_000].map(brief)).toEqual(["999", "1.2K", "2M"]);
  expect([plural(1, "token"), plural(1_204, "token")]).toEqual(["1 token", "1,204 tokens"]);
});

it("knows the share of the cache only where there was a prompt", () => {
  expect(cacheShare(NO_USAGE)).toBeNull();
  expect(cacheShare({ ...NO_USAGE, input: 3, cache_read: 2 })).toBe(67);
});

it("makes a title of a first line, cut at a word", () => {
  expect(titleOf("\n  Read a\nand b")).toBe("Read a");
  const long = titleOf("Why does the build of this project take more than four minutes on my machine");
  expect(long).toBe("Why does the build of this project take more than four…");
  expect(titleOf("x".repeat(80))).toHaveLength(60);
});
