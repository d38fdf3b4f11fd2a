// What can be done with a message of a chat.
import { Copy, Link } from "lucide-react";
import { useMemo } from "react";
import { wholeText } from "../../live/blobs.ts";
import { copyText } from "../../parts/copy.ts";
import { isEmpty } from "../../parts/format.ts";
import type { Action } from "../../parts/menu.tsx";
import type { ChatId } from "./commands.ts";
import { linkTo } from "./pin.tsx";
import type { Deeds } from "./rows/deeds.ts";

export function useMessageDeeds({ project, session, chat }: ChatId): Deeds {
  return useMemo(() => {
    const route = { pane: "chat" as const, project, session, chat };
    const link = (id: string): Action => ({
      label: "Copy a link to it",
      icon: Link,
      run: () => void copyText(linkTo(route, id)),
    });
    return {
      withMessage: ({ message, text }) => [
        ...(isEmpty(text)
          ? []
          : [{ label: "Copy the text", icon: Copy, run: () => void wholeText(text, chat).then(copyText) }]),
        link(message),
      ],
      withTurn: (_, call) => (call === null ? [] : [link(call)]),
    };
  }, [project, session, chat]);
}
