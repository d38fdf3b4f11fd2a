import { describe, expect, it } from "vitest";
import type { Route } from "../panes/registry.ts";
import {
  activePane,
  alone,
  close,
  closeOthers,
  move,
  neighbour,
  next,
  panesOf,
  placed,
  resize,
  show,
  split,
  type Workspace,
} from "./layout.ts";

const project = "0198f3c2-7c6e-5a51-9d3e-0f8a6f1f2b3c";
const session = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3d";
const chat = (n: number): Route => ({
  pane: "chat",
  project,
  session,
  chat: `0198f3c2-7c6e-7a51-9d3e-00000000000${n}`,
});

const one = alone(1, chat(1));
/** 1 left, 2 right above, 3 right below. */
const three = split(split(one, 1, "right", { id: 2, route: chat(2) }), 2, "below", { id: 3, route: chat(3) });
const ids = (workspace: Workspace) => panesOf(workspace.layout).map((pane) => pane.id);

describe("splitting", () => {
  it("puts a pane on a side of another and goes into it", () => {
    expect([ids(three), three.active, three.session]).toEqual([[1, 2, 3], 3, session]);
    expect(ids(split(one, 1, "left", { id: 2, route: chat(2) }))).toEqual([2, 1]);
    expect(ids(split(one, 1, "above", { id: 2, route: chat(2) }))).toEqual([2, 1]);
  });

  it("ends at four panes", () => {
    const four = split(three, 1, "below", { id: 4, route: chat(4) });
    expect(ids(four)).toEqual([1, 4, 2, 3]);
    expect(split(four, 1, "below", { id: 5, route: chat(5) })).toBe(four);
  });

  it("gives every pane its part of the space", () => {
    const boxes = placed(resize(three.layout === one.layout ? one : three, "", 60).layout).panes;
    expect(boxes.map(([pane, box]) => [pane.id, box])).toEqual([
      [1, { left: 0, top: 0, width: 60, height: 100 }],
      [2, { left: 60, top: 0, width: 40, height: 50 }],
      [3, { left: 60, top: 50, width: 40, height: 50 }],
    ]);
    expect(placed(three.layout).dividers.map(({ path, way }) => [path, way])).toEqual([
      ["", "row"],
      ["2", "column"],
    ]);
  });
});

describe("closing", () => {
  it("gives the space to the rest and goes to a neighbour", () => {
    const two = close(three, 3);
    expect([ids(two), two.active]).toEqual([[1, 2], 2]);
    expect(ids(close(two, 1))).toEqual([2]);
    expect(close({ ...three, active: 1 }, 3).active).toBe(1);
  });

  it("leaves the last one, and what is not there", () => {
    expect(close(one, 1)).toBe(one);
    expect(close(three, 9)).toBe(three);
    expect([ids(closeOthers(three, 2)), closeOthers(three, 2).active]).toEqual([[2], 2]);
  });
});

describe("moving", () => {
  it("puts a pane beside another, and leaves no hole", () => {
    expect(ids(move(three, 1, 3, "below"))).toEqual([2, 3, 1]);
    expect(ids(move(three, 3, 1, "left"))).toEqual([3, 1, 2]);
    expect(move(three, 1, 1, "left")).toBe(three);
  });

  it("lets two change places", () => {
    const swapped = move(three, 1, 3, "swap");
    expect(ids(swapped)).toEqual([3, 2, 1]);
    expect(placed(swapped.layout).panes[0]?.[1]).toEqual({ left: 0, top: 0, width: 50, height: 100 });
  });

  it("knows who stands on which side", () => {
    expect((["left", "right", "above", "below"] as const).map((side) => neighbour(three, 3, side))).toEqual([
      1,
      null,
      2,
      null,
    ]);
    expect(neighbour(three, 1, "right")).toBe(2);
  });
});

describe("resizing", () => {
  it("keeps every pane large enough to be seen", () => {
    const shares = [0, 12, 33.333, 99].map((share) => resize(three, "2", share).layout);
    expect(
      shares.map((layout) => ("second" in layout && "share" in layout.second ? layout.second.share : 0)),
    ).toEqual([15, 15, 33.3, 85]);
  });
});

describe("going about", () => {
  it("shows something in a pane, or goes to the one that shows it already", () => {
    expect(activePane(show(three, 1, chat(9))).route).toEqual(chat(9));
    expect([show(three, 1, chat(3)).active, ids(show(three, 1, chat(3)))]).toEqual([3, [1, 2, 3]]);
    const past = { ...chat(3), at: 7 } as Route;
    expect(activePane(show(three, 1, past)).route).toEqual(past);
  });

  it("goes round in reading order", () => {
    expect([next(three, 1), next(three, -1)]).toEqual([1, 2]);
  });
});
