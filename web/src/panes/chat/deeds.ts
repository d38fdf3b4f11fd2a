// What can be done with a message of a chat.
import { Copy, GitFork, Link, Pencil, Sparkles } from "lucide-react";
import { useMemo } from "react";
import { wholeText } from "../../live/blobs.ts";
import { useLive } from "../../live/react.tsx";
import { copyText } from "../../parts/copy.ts";
import { isEmpty } from "../../parts/format.ts";
import type { Action } from "../../parts/menu.tsx";
import { useRouter } from "../../routes.tsx";
import type { UserMessage } from "../../wire/index.ts";
import type { ChatId } from "./commands.ts";
import type { Draft } from "./composer/drafts.ts";
import { askAnew, fork, type Place } from "./fork.ts";
import { linkTo } from "./pin.tsx";
import { type Deeds, editing } from "./rows/deeds.ts";
import type { Folds } from "./rows/folds.ts";

export interface MessageDeeds extends Deeds {
  /** Forks the chat and goes there; says why that failed if it did. */
  forkAt(place: Place): Promise<string | null>;
  /** Asks the same of another model, in a fork. */
  askOther(message: UserMessage, model: string): Promise<string | null>;
}

interface Doors {
  /** Lets one choose the model that is to be asked. */
  chooseOther(message: UserMessage): void;
  /** Says what went wrong. */
  tell(trouble: string | null): void;
}

export function useMessageDeeds(id: ChatId, folds: Folds, { chooseOther, tell }: Doors): MessageDeeds {
  const live = useLive();
  const { go } = useRouter();
  const { project, session, chat } = id;
  return useMemo(() => {
    const here = { pane: "chat" as const, project, session, chat };
    const arrive = (there: Promise<string>): Promise<string | null> =>
      there.then(
        (forked) => {
          go({ ...here, chat: forked });
          return null;
        },
        (error) => (error instanceof Error ? error.message : String(error)),
      );
    const forkAt = (place: Place) => arrive(fork(chat, place));
    const again = (message: UserMessage, place: Place, said: Partial<Draft>) =>
      arrive(
        wholeText(message.text, chat).then((text) =>
          askAnew(
            live,
            chat,
            { before_message: message.message, ...place },
            { text, attachments: message.attachments ?? [], ...said },
          ),
        ),
      );
    const link = (pin: string): Action => ({
      label: "Copy a link to it",
      icon: Link,
      run: () => void copyText(linkTo(here, pin)),
    });
    return {
      forkAt,
      askAnew: (message, text) => again(message, {}, { text }),
      askOther: (message, model) => again(message, { model }, {}),
      withMessage: (message) => [
        { label: "Edit and ask anew", icon: Pencil, run: () => folds.set(editing(message.message), true) },
        { label: "Ask another model", icon: Sparkles, run: () => chooseOther(message) },
        ...(isEmpty(message.text)
          ? []
          : [
              {
                label: "Copy the text",
                icon: Copy,
                run: () => void wholeText(message.text, chat).then(copyText),
              },
            ]),
        link(message.message),
        {
          label: "Fork before it",
          icon: GitFork,
          run: () => void forkAt({ before_message: message.message }).then(tell),
        },
      ],
      withTurn: ({ turn }, call) => [
        { label: "Fork from here", icon: GitFork, run: () => void forkAt({ after_turn: turn }).then(tell) },
        ...(call === null ? [] : [link(call)]),
      ],
    };
  }, [live, go, folds, chooseOther, tell, project, session, chat]);
}
