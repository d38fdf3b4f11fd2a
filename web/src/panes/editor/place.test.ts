import { expect, test } from "vitest";
import { faultOf, fileName } from "./place.ts";

test("a place is a line and a column, and the first where nothing is said", () => {
  expect(faultOf({ message: "m", place: "a.js:2:11" })).toEqual({ message: "m", line: 2, column: 11 });
  expect(faultOf({ message: "m", place: "a.js:7" })).toEqual({ message: "m", line: 7, column: 1 });
  expect(faultOf({ message: "m" })).toEqual({ message: "m", line: 1, column: 1 });
});

test("a file is called as its workflow, in letters that every disk takes", () => {
  expect(fileName("Review code!")).toBe("review-code.js");
  expect(fileName("../x.js")).toBe("x.js");
  expect(fileName("  ")).toBe("workflow.js");
});
