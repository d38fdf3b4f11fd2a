import { expect, it } from "vitest";
import { landing } from "./drag.ts";
import { alone, placed, split } from "./layout.ts";

const { panes } = placed(
  split(alone(1, { pane: "home" }), 1, "right", { id: 2, route: { pane: "add" } }).layout,
);

it("near an edge one lands beside a pane, else in it", () => {
  expect([landing(panes, 2, 50), landing(panes, 75, 95), landing(panes, 25, 50)]).toEqual([
    { pane: 1, where: "left", box: { left: 0, top: 0, width: 25, height: 100 } },
    { pane: 2, where: "below", box: { left: 50, top: 50, width: 50, height: 50 } },
    { pane: 1, where: "middle", box: { left: 0, top: 0, width: 50, height: 100 } },
  ]);
  expect(landing(panes, 120, 50)).toBeNull();
});
