import { expect, it } from "vitest";
import type { Route } from "../panes/registry.ts";
import { address, parse } from "./address.ts";

const project = "0198f3c2-7c6e-5a51-9d3e-0f8a6f1f2b3c";
const session = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3d";
const chat = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3e";

const routes: Route[] = [
  { pane: "home" },
  { pane: "add" },
  { pane: "settings" },
  { pane: "settings", section: "keys" },
  { pane: "project", project },
  { pane: "session", project, session },
  { pane: "chat", project, session, chat },
  { pane: "chat", project, session, chat, at: 310 },
];

it.each(routes)("the address of $pane leads back to it", (route) => {
  expect(parse(address(route))).toEqual(route);
});

it("an address that names nothing is lost", () => {
  expect(parse("/p/not-an-id")).toEqual({ pane: "lost", path: "/p/not-an-id" });
  expect(parse(`/p/${project}/s/${session}/x`).pane).toBe("lost");
  expect(parse("/settings/a/b").pane).toBe("lost");
  expect(parse("/nothing@3")).toEqual({ pane: "lost", path: "/nothing@3" });
});

it("a slash at the end changes nothing, and a past revision stands after an @", () => {
  expect(parse(`/p/${project}/`)).toEqual({ pane: "project", project });
  expect(address({ pane: "chat", project, session, chat, at: 0 })).toBe(
    `/p/${project}/s/${session}/c/${chat}@0`,
  );
});
