import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import Rendered from "./rendered.tsx";

const html = (text: string, streaming = false) =>
  renderToStaticMarkup(<Rendered text={text} streaming={streaming} />);

describe("Markdown", () => {
  it("has headings, lists, emphasis and code", () => {
    expect(html("# A *b*")).toBe("<h1>A <em>b</em></h1>");
    expect(html("1. a\n2. **b**\n   - c")).toBe(
      "<ol><li>a</li><li><strong>b</strong><ul><li>c</li></ul></li></ol>",
    );
    expect(html("3. a")).toBe('<ol start="3"><li>a</li></ol>');
    expect(html("use `a < b` &amp; c")).toBe("<p>use <code>a &lt; b</code> &amp; c</p>");
    expect(html("~~gone~~")).toBe("<p><del>gone</del></p>");
  });

  it("has tables and tasks", () => {
    expect(html("|a|b|\n|-|-:|\n|1|2|")).toContain('<td style="text-align:right">2</td>');
    expect(html("- [x] done")).toContain('checked=""');
  });

  it("shows HTML as text", () => {
    const shown = html("<img src=x onerror=alert(1)>\n\na <b>c</b>");
    expect(shown).not.toMatch(/<img|<b>/);
    expect(shown).toContain("&lt;img src=x");
  });

  it("links only to where it is safe to go, and loads no picture", () => {
    expect(html("[a](https://example.org)")).toContain('href="https://example.org"');
    expect(html("[a](javascript:alert(1))")).toBe("<p><span>a</span></p>");
    expect(html("[a](data:text/html,x)")).toBe("<p><span>a</span></p>");
    const picture = html("![cat](https://example.org/cat.png)");
    expect(picture).not.toContain("<img");
    expect(picture).toContain(">cat</a>");
  });

  it("closes what is still open while it streams, and only then", () => {
    expect(html("so **bold", true)).toBe("<p>so <strong>bold</strong></p>");
    expect(html("so **bold")).toBe("<p>so **bold</p>");
    expect(html("```rust\nfn a", true)).toContain("fn a");
  });
});
