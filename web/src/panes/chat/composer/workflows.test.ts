import { expect, test } from "vitest";
import type { WorkflowItem } from "../../../wire/index.ts";
import { argumentsOf, meant, namedOf } from "./workflows.ts";

test("arguments are JSON where they are an object or a list, else a text", () => {
  expect(argumentsOf("")).toBeUndefined();
  expect(argumentsOf("src and tests")).toBe("src and tests");
  expect(argumentsOf('{"a": 1}')).toEqual({ a: 1 });
  expect(argumentsOf("[1]")).toEqual([1]);
  expect([argumentsOf("3"), argumentsOf("null"), argumentsOf("{")]).toEqual(["3", "null", "{"]);
});

test("a second slash makes a message of a command", () => {
  expect([meant("//review it"), meant("/etc/hosts"), meant("plain")]).toEqual([
    "/review it",
    "/etc/hosts",
    "plain",
  ]);
});

test("what is broken has no name, and one of ours behind another has one of its own", () => {
  const item = (name: string, more: Partial<WorkflowItem> = {}): WorkflowItem => ({
    name,
    description: "d",
    source: "project",
    ...more,
  });
  const items = [
    item("Review"),
    item("broken", { error: { message: "no" } }),
    item("twin", { hidden: true, source: "user" }),
    item("Review", { hidden: true, source: "built_in" }),
  ];
  expect(namedOf({ items }).map(({ name, workflow }) => [name, workflow])).toEqual([
    ["review", "Review"],
    ["builtin:review", "builtin:Review"],
  ]);
});
