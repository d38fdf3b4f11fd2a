import { Slash } from "lucide-react";
import { describe, expect, it } from "vitest";
import { matching, type SlashCommand, typedCommand } from "./slash.ts";

const command = (name: string, does: string): SlashCommand => ({
  name,
  icon: Slash,
  does,
  run: () => undefined,
});
const commands = [
  command("rename", "Give the chat another title"),
  command("model", "Have another model answer"),
  command("archive", "Put the chat away"),
  command("search", "Search in this chat"),
];
const names = (text: string) => matching(commands, text).map((it) => it.name);

describe("a text that begins with a slash", () => {
  it("is a command while its name is typed, and with what follows", () => {
    expect(typedCommand("/")).toEqual({ name: "", rest: null });
    expect(typedCommand("/Ren")).toEqual({ name: "ren", rest: null });
    expect(typedCommand("/rename ")).toEqual({ name: "rename", rest: "" });
    expect(typedCommand("/rename  A greeting ")).toEqual({ name: "rename", rest: "A greeting" });
  });

  it("is none if it is a path or begins otherwise", () => {
    for (const text of ["/etc/hosts", "say /rename", "", "/1", "//review"])
      expect(typedCommand(text)).toBeNull();
  });

  it("may mean every command whose name or words fit, the likeliest first", () => {
    expect(names("/")).toEqual(["rename", "model", "archive", "search"]);
    expect(names("/r")).toEqual(["rename", "archive", "search"]);
    expect(names("/title")).toEqual(["rename"]);
    expect(names("/nothing")).toEqual([]);
  });

  it("names a workflow by whatever its name may have", () => {
    expect(typedCommand("/builtin:deep.look at it")).toEqual({ name: "builtin:deep.look", rest: "at it" });
  });

  it("may have several lines only where those are arguments", () => {
    const workflow = { ...command("review", "Reviews"), inserts: true };
    const fits = (text: string) => matching([...commands, workflow], text).map((it) => it.name);
    expect(fits('/review {\n  "a": 1\n}')).toEqual(["review"]);
    expect(fits("/search\nfor what?")).toEqual([]);
  });

  it("means one command once its name is written", () => {
    expect(names("/model openai/x")).toEqual(["model"]);
    expect(names("/mod x")).toEqual([]);
  });
});
