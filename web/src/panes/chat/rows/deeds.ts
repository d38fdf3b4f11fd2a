// What can be done with the messages of a chat, as the rows see it.
import { createContext, use } from "react";
import type { Action } from "../../../parts/menu.tsx";
import type { TurnEnd, UserMessage } from "../../../wire/index.ts";

export interface Deeds {
  withMessage(message: UserMessage): Action[];
  /** `call` is the last call of the turn. */
  withTurn(end: TurnEnd, call: string | null): Action[];
  /** Asks a message anew with other words; says why that failed if it did. */
  askAnew(message: UserMessage, text: string): Promise<string | null>;
}

const NONE: Deeds = { withMessage: () => [], withTurn: () => [], askAnew: () => Promise.resolve(null) };

export const DeedsContext = createContext<Deeds>(NONE);

export function useDeeds(): Deeds {
  return use(DeedsContext);
}

/** The line in which it is kept that a message is being edited. */
export const editing = (message: string): string => `edit ${message}`;
