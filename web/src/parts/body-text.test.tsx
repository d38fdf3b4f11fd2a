import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { More } from "./body-text.tsx";

const blob = { blob: "ab", bytes: 71_680, type: "text/plain", head: "Once" };
const shown = (state: "whole" | "reading" | "partial", trouble: string | null) =>
  renderToStaticMarkup(<More of={blob} state={state} trouble={trouble} read={() => undefined} />);

it("says why the rest of a text cannot be read, and that its beginning is all there is", () => {
  const words = shown("partial", "there is no blob ab: it was never stored here, or is lost");
  expect(words).toContain("Only the beginning of this text of 70");
  expect(words).toContain("is lost");
  expect(words).toContain("Try again");
});

it("offers the rest of a text that nobody has asked for, and says nothing of a whole one", () => {
  expect(shown("partial", null)).toContain("Show all 70");
  expect(shown("partial", null)).not.toContain("alert");
  expect(shown("whole", null)).toBe("");
});
