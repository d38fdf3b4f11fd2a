// Commands on their way: kept until they are answered, sent again after every interruption under the same id.
import type { Command, ServerFrame } from "../wire/index.ts";

export interface Outgoing {
  id: string;
  stream: string;
  command: Command;
}

export type Answer = { ok: true } | { ok: false; code: string; message: string };

/** Where commands outlive a reload of the page. */
export interface Shelf {
  read(): string | null;
  write(text: string): void;
}

export class Outbox {
  #waiting: readonly Outgoing[];
  #askers = new Map<string, (answer: Answer) => void>();
  #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
    this.#waiting = restored(shelf.read());
  }

  /** What has no answer yet, in the order in which it was put. */
  get waiting(): readonly Outgoing[] {
    return this.#waiting;
  }

  put(outgoing: Outgoing): Promise<Answer> {
    this.#keep([...this.#waiting, outgoing]);
    return new Promise((resolve) => this.#askers.set(outgoing.id, resolve));
  }

  /** Takes an answer; gives the command that it answers, if that still waited. */
  settle(frame: Extract<ServerFrame, { op: "accepted" | "rejected" }>): Outgoing | null {
    const answered = this.#waiting.find((outgoing) => outgoing.id === frame.id);
    if (!answered) return null;
    this.#keep(this.#waiting.filter((outgoing) => outgoing !== answered));
    const ask = this.#askers.get(frame.id);
    this.#askers.delete(frame.id);
    ask?.(frame.op === "accepted" ? { ok: true } : { ok: false, code: frame.code, message: frame.message });
    return answered;
  }

  /** Gives up what belongs to a log that is no more. */
  clear(): void {
    this.#keep([]);
    for (const ask of this.#askers.values())
      ask({ ok: false, code: "log_changed", message: "The server's data were replaced: do it again." });
    this.#askers.clear();
  }

  #keep(waiting: readonly Outgoing[]): void {
    this.#waiting = waiting;
    this.#shelf.write(JSON.stringify(waiting));
  }
}

function restored(text: string | null): Outgoing[] {
  if (!text) return [];
  try {
    const kept: unknown = JSON.parse(text);
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
