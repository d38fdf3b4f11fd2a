// The same stories as the server's own test folds, with its view after every event.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ChatView } from "../wire/index.ts";
import { emptyChat, foldChat, type Happening } from "./chat.ts";

interface Story {
  name: string;
  steps: (Happening & { view: ChatView })[];
}

const file = new URL("../../../tests/folds/chat.json", import.meta.url);
const stories: Story[] = JSON.parse(readFileSync(file, "utf8"));

describe("the page folds a chat as the server does", () => {
  for (const { name, steps } of stories)
    it(name, () => {
      expect(steps.length).toBeGreaterThan(2);
      let view = emptyChat;
      for (const [revision, step] of steps.entries()) {
        view = foldChat(view, step);
        expect(view, `after revision ${revision}, ${step.type}`).toEqual(step.view);
      }
    });
});
