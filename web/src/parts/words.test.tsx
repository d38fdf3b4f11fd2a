import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { Words } from "./words.tsx";

const text = (words: string) =>
  renderToStaticMarkup(<Words>{words}</Words>).replaceAll(/ class="[^"]*"/g, "");

it("shows what stands between backticks as code, and nothing as HTML", () => {
  expect(text("run `reenact serve` <b>")).toBe("run <code>reenact serve</code> &lt;b&gt;");
  expect(text("`a` or `b`")).toBe("<code>a</code> or <code>b</code>");
  expect(text("a ` alone")).toBe("a ` alone");
});
