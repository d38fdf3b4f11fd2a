import { expect, it } from "vitest";
import { address, parse, type Route } from "./routes.tsx";

const project = "0198f3c2-7c6e-5a51-9d3e-0f8a6f1f2b3c";
const session = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3d";
const chat = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3e";

const routes: Route[] = [
  { pane: "home" },
  { pane: "add" },
  { pane: "settings" },
  { pane: "project", project },
  { pane: "session", project, session },
  { pane: "chat", project, session, chat },
];

it.each(routes)("the address of $pane leads back to it", (route) => {
  expect(parse(address(route))).toEqual(route);
});

it("an address that names nothing is lost", () => {
  expect(parse("/p/not-an-id")).toEqual({ pane: "lost", path: "/p/not-an-id" });
  expect(parse(`/p/${project}/s/${session}/x`).pane).toBe("lost");
});
