// A message that the address names: it is gone to, and a bar leads back to it.
import { Pin, X } from "lucide-react";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { get } from "../../live/http.ts";
import { IconButton } from "../../parts/button.tsx";
import { address, type Route } from "../../routes.tsx";
import type { ChatView, Message, MessagesPage } from "../../wire/index.ts";

/** The link to a message. */
export function linkTo(route: Route, id: string): string {
  return `${location.origin}${address(route)}#pin=${encodeURIComponent(id)}`;
}

/** The name of a message in links: its id, or that of the call. */
export function pinOf(message: Message): string | null {
  if (message.kind === "user") return message.message;
  return message.kind === "call" ? message.call : null;
}

function listen(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  addEventListener("popstate", listener);
  return () => {
    removeEventListener("hashchange", listener);
    removeEventListener("popstate", listener);
  };
}

/** The message that the address names; null where it names none. */
export function usePinned(): string | null {
  return useSyncExternalStore(listen, () => new URLSearchParams(location.hash.slice(1)).get("pin"));
}

/** Takes the message out of the address. */
function unpin(): void {
  history.replaceState(history.state, "", location.pathname + location.search);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The index of a message in what is here; null where it is not. */
export function indexOf(
  { messages, first }: Pick<ChatView, "messages" | "first">,
  id: string,
): number | null {
  const at = messages.findIndex((message) => pinOf(message) === id);
  return at < 0 ? null : first + at;
}

interface Props {
  chat: string;
  view: ChatView;
  pinned: string;
  onGo(index: number): void;
}

/** Goes to the pinned message once it is known where it is, and again when one asks. */
export function PinBar({ chat, view, pinned, onGo }: Props) {
  const [found, setFound] = useState<number | "looking" | "nowhere">("looking");
  const go = useCallback(
    (index: number) => {
      setFound(index);
      onGo(index);
    },
    [onGo],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is looked for once, in what is here then
  useEffect(() => {
    const here = indexOf(view, pinned);
    if (here !== null) return go(here);
    const abort = new AbortController();
    get<MessagesPage>(
      `/api/chats/${chat}/messages?with=${encodeURIComponent(pinned)}&limit=1`,
      abort.signal,
    ).then(
      (page) => {
        const index = indexOf(page, pinned);
        if (index === null) setFound("nowhere");
        else go(index);
      },
      () => abort.signal.aborted || setFound("nowhere"),
    );
    return () => abort.abort();
  }, [chat, pinned]);
  return (
    <div className="flex h-8 shrink-0 items-center gap-2 border-line border-b bg-chosen px-4 text-small max-md:px-3">
      <Pin size={13} className="shrink-0 text-accent" aria-hidden />
      <span role="status" className="min-w-0 truncate">
        {found === "nowhere" ? "The pinned message is not in this chat" : "Pinned message"}
      </span>
      {typeof found === "number" && (
        <button type="button" onClick={() => onGo(found)} className="shrink-0 text-accent hover:underline">
          Jump to pinned
        </button>
      )}
      <span className="flex-1" />
      <IconButton label="Forget the pinned message" onClick={unpin} className="size-6">
        <X size={13} aria-hidden />
      </IconButton>
    </div>
  );
}
