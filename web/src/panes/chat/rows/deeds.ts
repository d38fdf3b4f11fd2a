// What can be done with the messages of a chat, as the rows see it.
import { createContext, use } from "react";
import type { Action } from "../../../parts/menu.tsx";
import type { TurnEnd, UserMessage } from "../../../wire/index.ts";

export interface Deeds {
  withMessage(message: UserMessage): Action[];
  /** `call` is the last call of the turn. */
  withTurn(end: TurnEnd, call: string | null): Action[];
}

const NONE: Deeds = { withMessage: () => [], withTurn: () => [] };

export const DeedsContext = createContext<Deeds>(NONE);

export function useDeeds(): Deeds {
  return use(DeedsContext);
}
