import { expect, test } from "vitest";
import { argumentsOf, fieldsOf, limitOf } from "./arguments.ts";

const SCHEMA = {
  type: "object",
  required: ["task"],
  properties: {
    rounds: { type: "integer", default: 3 },
    task: { type: "string", description: "What to do" },
    deep: { type: "boolean" },
    level: { enum: ["low", 2, null] },
    paths: { type: "array", items: { type: "string" } },
    anything: {},
  },
};

test("a schema becomes fields of its types, with what stands there at first", () => {
  const fields = fieldsOf(SCHEMA) ?? [];
  expect(fields.map(({ name, kind, required, initial }) => [name, kind, required, initial])).toEqual([
    ["task", "text", true, ""],
    ["rounds", "number", false, "3"],
    ["deep", "flag", false, ""],
    ["level", "choice", false, ""],
    ["paths", "json", false, ""],
    ["anything", "json", false, ""],
  ]);
  expect(fields[3]?.choices).toEqual(["low", 2, null]);
  expect(fieldsOf(undefined)).toBeNull();
  expect(fieldsOf({ type: "string" })).toBeNull();
});

test("what is typed becomes JSON of those types, and what is left empty is left out", () => {
  const fields = fieldsOf(SCHEMA) ?? [];
  const typed = { task: "1", rounds: "2", deep: "true", level: '"low"', paths: '["a"]', anything: "" };
  expect(argumentsOf(fields, typed)).toEqual({
    task: "1",
    rounds: 2,
    deep: true,
    level: "low",
    paths: ["a"],
  });
  expect(argumentsOf(fields, { task: "x" })).toEqual({ task: "x", rounds: 3 });
  expect(argumentsOf(fieldsOf({ properties: { a: { type: "string" } } }) ?? [], {})).toBeUndefined();
});

test("what is wrong is said by the name of the field", () => {
  const fields = fieldsOf(SCHEMA) ?? [];
  expect(() => argumentsOf(fields, {})).toThrow("task is needed");
  expect(() => argumentsOf(fields, { task: "x", rounds: "many" })).toThrow("rounds must be a number");
  expect(() => argumentsOf(fields, { task: "x", paths: "a, b" })).toThrow("paths is not JSON");
});

test("a limit is a whole number above 0, or none", () => {
  expect(limitOf("The budget", " ")).toBeUndefined();
  expect(limitOf("The budget", "5000")).toBe(5000);
  for (const wrong of ["0", "-1", "1.5", "all"])
    expect(() => limitOf("The budget", wrong)).toThrow("The budget");
});
