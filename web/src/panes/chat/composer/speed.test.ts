import { expect, it } from "vitest";
import { type Sample, sampled, tokensPerSecond } from "./speed.ts";

/** An answer that grows by so many characters every 100 ms, seen for so long. */
function watched(ms: number, growth: number): Sample[] {
  let samples: Sample[] = [];
  for (let at = 0; at <= ms; at += 100) samples = sampled(samples, { at, length: (at / 100) * growth });
  return samples;
}

it("says how many tokens are written in a second, by what was written lately", () => {
  expect(tokensPerSecond(watched(2_000, 20))).toBeCloseTo(50);
  const slower = [...Array(60).keys()].reduce(
    (samples, step) => sampled(samples, { at: 2_100 + step * 100, length: 404 + step * 4 }),
    watched(2_000, 20),
  );
  expect(tokensPerSecond(slower)).toBeCloseTo(10);
});

it("says nothing before something can be said", () => {
  expect(tokensPerSecond([])).toBeNull();
  expect(tokensPerSecond(watched(500, 20))).toBeNull();
  expect(tokensPerSecond(watched(5_000, 0))).toBeNull();
});

it("keeps no more than it needs, and begins anew with another answer", () => {
  expect(watched(60_000, 20).length).toBeLessThan(45);
  expect(sampled(watched(2_000, 20), { at: 2_100, length: 3 })).toEqual([{ at: 2_100, length: 3 }]);
});
