import { expect, test } from "vitest";
import { argumentsOf, meant } from "./workflows.ts";

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
