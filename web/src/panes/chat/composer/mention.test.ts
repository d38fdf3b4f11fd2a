import { describe, expect, it } from "vitest";
import { mentionAt, mentioned } from "./mention.ts";

/** A text in which | stands for the caret. */
const at = (marked: string) => mentionAt(marked.replace("|", ""), marked.indexOf("|"));

function pick(marked: string, path: string, kind: "file" | "folder" = "file", goOn = false) {
  const text = marked.replace("|", "");
  const caret = marked.indexOf("|");
  const mention = mentionAt(text, caret);
  if (!mention) throw new Error("nothing is named there");
  const after = mentioned(text, caret, mention, { path, kind }, goOn);
  return `${after.text.slice(0, after.caret)}|${after.text.slice(after.caret)}`;
}

describe("a file", () => {
  it("is named by an at sign and what follows up to the caret", () => {
    expect(at("@|")).toEqual({ from: 0, query: "" });
    expect(at("look at @src/ma|")).toEqual({ from: 8, query: "src/ma" });
    expect(at("(@a|)")).toEqual({ from: 1, query: "a" });
    expect(at('see @"my notes/a b|')).toEqual({ from: 4, query: "my notes/a b" });
  });

  it("is not named by an address of mail, or where the caret is elsewhere", () => {
    for (const text of ["me@example|", "@a b|", "|@a", "@@|", "a|"]) expect(at(text)).toBeNull();
  });

  it("takes the place of what was typed", () => {
    expect(pick("look at @ma|", "src/main.rs")).toBe("look at @src/main.rs |");
    expect(pick("@ma| and more", "src/main.rs")).toBe("@src/main.rs |and more");
    expect(pick("@no|", "my notes/a.md")).toBe('@"my notes/a.md" |');
  });
});

it("a folder is named as such, or stays open so that one goes on into it", () => {
  expect(pick("look into @sr|", "src", "folder")).toBe("look into @src/ |");
  expect(pick("@sr|", "src", "folder", true)).toBe("@src/|");
  const open = pick("@my|", "my notes", "folder", true);
  expect(open).toBe('@"my notes/|');
  expect(pick(open, "my notes/a.md")).toBe('@"my notes/a.md" |');
});
