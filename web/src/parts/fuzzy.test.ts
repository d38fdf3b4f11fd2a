import { expect, it } from "vitest";
import { fuzzy } from "./fuzzy.ts";

const found = (query: string, texts: string[]) =>
  texts
    .map((text) => ({ text, match: fuzzy(query, text) }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => (b.match?.score ?? 0) - (a.match?.score ?? 0))
    .map(({ text }) => text);

it("finds letters in their order, and nothing else", () => {
  expect(fuzzy("rnc", "Rename the chat")?.at).toEqual([0, 2, 11]);
  expect(fuzzy("cnr", "Rename the chat")).toBeNull();
  expect(fuzzy("", "anything")).toEqual({ score: -0.16, at: [] });
});

it("puts what begins words or stands together before what is scattered", () => {
  expect(found("set", ["Close the pane: east", "Settings", "Reset the view"])).toEqual([
    "Settings",
    "Reset the view",
    "Close the pane: east",
  ]);
  expect(found("nc", ["Once again", "New chat"])[0]).toBe("New chat");
  expect(found("pane", ["Split the pane", "Plan a new engine"])[0]).toBe("Split the pane");
});

it("cares for neither case nor accents, and takes words in any order", () => {
  expect(fuzzy("ecole", "L’École")?.at).toEqual([2, 3, 4, 5, 6]);
  expect(fuzzy("chat new", "New chat")).not.toBeNull();
  expect(fuzzy("new zebra", "New chat")).toBeNull();
});

it("finds other words that stand for a thing, but marks nothing in it then", () => {
  expect(fuzzy("dark", "Theme", "dark light")?.at).toEqual([]);
  expect(fuzzy("dark", "Theme")).toBeNull();
});
