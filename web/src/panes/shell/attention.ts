// What the window says where one does not look at it: its title, its icon, and notifications.
import { useEffect, useRef } from "react";
import { chatLabel } from "../../live/desk.ts";
import { type Known, knownOf, notices } from "../../live/notices.ts";
import { useConnection, useList } from "../../live/react.tsx";
import { isUnread, useSeen } from "../../live/seen.ts";
import { notify } from "../../parts/notify.ts";
import { usePaneTitles } from "../../parts/pane.tsx";
import { useRouter, useWorkspace } from "../../routes.tsx";

/** What the icon of the tab says. */
type Sign = "away" | "failed" | "news" | "running" | "calm";

const ICONS: Record<Sign, string> = {
  away: "/icon-away.svg",
  failed: "/icon-failed.svg",
  news: "/icon-news.svg",
  running: "/icon-running.svg",
  calm: "/icon.svg",
};

export function useAttention(): void {
  const { phase } = useConnection();
  const chats = useList("chats").rows;
  const seen = useSeen();
  const { active } = useWorkspace();
  const title = usePaneTitles().get(active);
  const unread = chats.filter((chat) => isUnread(chat, seen));
  const running = chats.some((chat) => chat.state === "running");
  const sign: Sign =
    phase === "reconnecting"
      ? "away"
      : unread.some((chat) => chat.state === "failed")
        ? "failed"
        : unread.length > 0
          ? "news"
          : running
            ? "running"
            : "calm";
  useEffect(() => {
    const news = unread.length > 0 ? `(${unread.length}) ` : "";
    const state = phase === "reconnecting" ? "reconnecting · " : running ? "running · " : "";
    document.title = `${news}${state}${title ? `${title} · ` : ""}Reenact`;
  }, [unread.length, phase, running, title]);
  useEffect(() => {
    document.querySelector("link[rel=icon]")?.setAttribute("href", ICONS[sign]);
  }, [sign]);
  useNotices();
}

/** Notifies of what ends while the page is out of sight. */
function useNotices(): void {
  const { rows, freshness } = useList("chats");
  const { go } = useRouter();
  const before = useRef<Known | null>(null);
  useEffect(() => {
    if (freshness === "loading") return;
    if (before.current)
      for (const { chat, what } of notices(before.current, rows)) {
        const { id, project, session, last } = chat;
        notify(`${chatLabel(chat)} ${what}`, last, id, () =>
          go({ pane: "chat", project, session, chat: id }),
        );
      }
    before.current = knownOf(rows);
  }, [rows, freshness, go]);
}
