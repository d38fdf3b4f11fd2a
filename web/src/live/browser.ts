// The browser's side of what is live: sockets, storage, frames of the screen.
import { get, HttpError } from "./http.ts";
import { type Environment, Live } from "./live.ts";
import type { Wire } from "./socket.ts";

const environment: Environment = {
  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(`${scheme}//${location.host}/ws`, "reenact.v1") as unknown as Wire;
  },
  knock: () =>
    get("/api/providers").then(
      () => "open" as const,
      (error) => (error instanceof HttpError && error.status === 401 ? "locked" : "away"),
    ),
  random: Math.random,
  shelf: {
    read: () => sessionStorage.getItem("outbox"),
    write: (text) => {
      try {
        sessionStorage.setItem("outbox", text);
      } catch {
        // Storage is full or closed: commands then last as long as the page.
      }
    },
  },
  soon(tell) {
    // A page in the background draws no frames, but is told all the same.
    let told = false;
    const once = () => {
      if (told) return;
      told = true;
      tell();
    };
    requestAnimationFrame(once);
    setTimeout(once, 100);
  },
  reload(version) {
    if (sessionStorage.getItem("reloaded-for") === version) return;
    sessionStorage.setItem("reloaded-for", version);
    location.reload();
  },
};

/** The connection of this page, under way from now on. */
export function connect(): Live {
  const live = new Live(environment);
  live.start();
  addEventListener("online", () => live.nudge());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") live.nudge();
  });
  return live;
}
