import { expect, it } from "vitest";
import { isHeardTyping, isPressed, shownKeys } from "./keys.ts";

const press = (key: string, more = {}) => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

it("hears a shortcut by its modifiers and its key", () => {
  expect(isPressed("Mod+K", press("k", { ctrlKey: true, code: "KeyK" }))).toBe(true);
  expect(isPressed("Mod+K", press("k", { metaKey: true, code: "KeyK" }))).toBe(true);
  expect(isPressed("Mod+K", press("k", { ctrlKey: true, altKey: true, code: "KeyK" }))).toBe(false);
  expect(isPressed("Mod+K", press("k"))).toBe(false);
  expect(isPressed("F6", press("F6", { shiftKey: true }))).toBe(false);
  expect(isPressed("Shift+F6", press("F6", { shiftKey: true }))).toBe(true);
});

it("goes by the place of a key where Alt or Ctrl changes its sign, and by the sign alone otherwise", () => {
  expect(isPressed("Alt+N", press("˜", { altKey: true, code: "KeyN" }))).toBe(true);
  expect(isPressed("Alt+\\", press("«", { altKey: true, code: "Backslash" }))).toBe(true);
  expect(isPressed("?", press("?", { shiftKey: true, code: "Minus" }))).toBe(true);
  expect(isPressed("n", press("n"))).toBe(true);
  expect(isPressed("n", press("N", { shiftKey: true }))).toBe(false);
});

it("single keys are not heard while one types", () => {
  expect(["?", "n", "/", "End", "Mod+K", "Alt+1", "Escape", "F6"].map(isHeardTyping)).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

it("shows the keys as they are called on the machine", () => {
  expect(shownKeys("Mod+Shift+p", false)).toEqual(["Ctrl", "Shift", "P"]);
  expect(shownKeys("Mod+K", true)).toEqual(["⌘", "K"]);
  expect(shownKeys("ArrowUp")).toEqual(["↑"]);
});
