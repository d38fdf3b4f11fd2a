import { expect, it } from "vitest";
import { distinct, further, nearer, type Recall } from "./history.ts";

const said = ["third", "second", "first"];

it("the up arrow goes back one message after the other, and stops at the first", () => {
  let recall: Recall | null = null;
  let text = "";
  const seen: string[] = [];
  for (let press = 0; press < 5; press += 1) {
    const next = further(recall, text, said);
    if (!next) break;
    recall = next;
    text = next.shown;
    seen.push(text);
  }
  expect(seen).toEqual(said);
});

it("the down arrow comes back, to what stood there before at last", () => {
  const second: Recall = { back: 1, draft: "", shown: "second" };
  const next = nearer(second, "second", said);
  expect(next).toMatchObject({ text: "third", recall: { back: 0 } });
  expect(nearer(next?.recall ?? null, "third", said)).toEqual({ recall: null, text: "" });
});

it("whoever has typed is in no past", () => {
  expect(further(null, "half a thought", said)).toBeNull();
  expect(further({ back: 0, draft: "", shown: "third" }, "third, changed", said)).toBeNull();
  expect(nearer({ back: 0, draft: "", shown: "third" }, "third, changed", said)).toBeNull();
  expect(nearer(null, "", said)).toBeNull();
});

it("there is no past without messages, and none twice in a row", () => {
  expect(further(null, "", [])).toBeNull();
  expect(distinct(["a", "a", "", "b", "a"])).toEqual(["a", "b", "a"]);
});
