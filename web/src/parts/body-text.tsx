// A text that may be kept elsewhere: its beginning stands here, the rest is read when it is wanted.
import { createContext, type ReactNode, use, useEffect, useState } from "react";
import { knownText, wholeText } from "../live/blobs.ts";
import type { Body } from "../wire/index.ts";
import { bytes } from "./format.ts";

/** The chat whose texts are shown. */
export const ChatContext = createContext("");

interface Whole {
  text: string;
  /** What is missing is on its way, or not asked for, or could not be read. */
  state: "whole" | "reading" | "partial";
  /** Why it could not be read. */
  trouble: string | null;
}

/** The whole of a text; its beginning until the rest is here. Long texts are read at once if `eager`. */
export function useBody(body: Body, eager: boolean): Whole & { read(): void } {
  const chat = use(ChatContext);
  const elsewhere = typeof body === "string" ? null : body;
  const [attempt, setAttempt] = useState(eager ? 1 : 0);
  const [, arrived] = useState(0);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    if (!elsewhere || attempt === 0 || knownText(elsewhere, chat) !== undefined) return;
    let here = true;
    wholeText(elsewhere, chat).then(
      () => here && arrived((was) => was + 1),
      (error: Error) => here && setTrouble(error.message),
    );
    return () => {
      here = false;
    };
  }, [elsewhere, chat, attempt]);
  const read = () => {
    setTrouble(null);
    setAttempt((was) => was + 1);
  };
  if (!elsewhere) return { text: body as string, state: "whole", trouble: null, read };
  const whole = knownText(elsewhere, chat);
  if (whole !== undefined) return { text: whole, state: "whole", trouble: null, read };
  const reading = trouble === null && attempt > 0;
  return { text: elsewhere.head, state: reading ? "reading" : "partial", trouble, read };
}

/** A text as it is, with a button for the rest where there is more. */
export function BodyText({ body, children }: { body: Body; children?: (text: string) => ReactNode }) {
  const { text, ...rest } = useBody(body, false);
  return (
    <>
      {children ? children(text) : text}
      <More of={body} {...rest} />
    </>
  );
}

interface Rest extends Pick<Whole, "state" | "trouble"> {
  of: Body;
  read(): void;
}

/** What there is to say of the rest of a text: that it comes, how to get it, or why it cannot be had. */
export function More({ of, state, trouble, read }: Rest) {
  if (state === "whole" || typeof of === "string") return null;
  const size = bytes(of.bytes);
  return (
    <div className="mt-1 text-small">
      {trouble !== null && (
        <p role="alert" className="text-bad">
          Only the beginning of this text of {size} is here, the rest cannot be read: {trouble}
        </p>
      )}
      <button
        type="button"
        onClick={read}
        disabled={state === "reading"}
        className="block text-accent hover:underline"
      >
        {state === "reading" ? "reading" : trouble !== null ? "Try again" : `Show all ${size}`}
      </button>
    </div>
  );
}
