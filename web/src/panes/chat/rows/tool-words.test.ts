import { expect, it } from "vitest";
import { describe as words } from "./tool-words.ts";

it.each([
  ["list_directory", "{}", "List", "."],
  ["list_directory", '{"path":"src"}', "List", "src"],
  ["read_file", '{"path":"a.md"}', "Read", "a.md"],
  ["read_file", '{"path":"a.md","offset":40}', "Read", "a.md:40"],
  ["read_file", '{"path":"a.md","offset":11,"limit":10}', "Read", "a.md:11-20"],
  ["find_files", '{"pattern":["*.rs","!target"]}', "Find", "*.rs, !target"],
  ["search_text", '{"pattern":"fn","glob":"*.rs"}', "Search", "fn in *.rs"],
  ["find_files", '{"pattern":"**/*.rs","path":"src"}', "Find", "**/*.rs in src"],
  ["search_text", '{"pattern":"TODO","path":"."}', "Search", "TODO"],
  ["unheard_of", '{"count":3,"name":"x"}', "unheard_of", "x"],
  ["read_file", '{"path":', "read_file", '{"path":'],
])("%s %s reads as %s %s", (name, written, verb, subject) => {
  expect(words(name, written)).toEqual({ verb, subject });
});
