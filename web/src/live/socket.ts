// One socket to the server that comes back by itself: back-off, a pulse, and the question whether the key still holds.
import type { ClientFrame, ServerFrame } from "../wire/index.ts";

/** What is needed of a WebSocket. */
export interface Wire {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

/** Whether the server would let us in: a browser does not say why a socket was refused. */
export type Door = "open" | "locked" | "away";

export interface Ports {
  open(): Wire;
  knock(): Promise<Door>;
  /** Between 0 and 1. */
  random(): number;
}

export type Phase = "connecting" | "live" | "reconnecting" | "signed-out";

export interface Connection {
  phase: Phase;
  /** How often in a row it could not connect. */
  failures: number;
  /** The id and epoch of the server's log. */
  log: string | null;
  version: string | null;
  /** Who is signed in, and what they may do; null before the server has said it. */
  user: Hello["user"] | null;
  role: Hello["role"] | null;
}

export type Hello = Extract<ServerFrame, { op: "hello" }>;

export interface Listener {
  /** The socket is usable; what is to be sent first is sent now. */
  greeted(hello: Hello): void;
  received(frame: ServerFrame): void;
  changed(connection: Connection): void;
}

const FIRST_WAIT = 200;
const LONGEST_WAIT = 5_000;
/** After so long without a frame, in ms, the server is asked whether it is there. */
const QUIET = 25_000;
/** So long, in ms, it has to answer; as long a socket may take to open. */
const PATIENCE = 10_000;

/** The wait before another try, in ms: doubled each time, spread so that many pages do not come at once. */
export function backOff(failures: number, random: number): number {
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, failures - 1));
  return Math.round(wait * (0.75 + random * 0.25));
}

export class Socket {
  connection: Connection = {
    phase: "connecting",
    failures: 0,
    log: null,
    version: null,
    user: null,
    role: null,
  };
  #ports: Ports;
  #listener: Listener;
  #wire: Wire | null = null;
  #greeted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: Ports, listener: Listener) {
    this.#ports = ports;
    this.#listener = listener;
  }

  get usable(): boolean {
    return this.#greeted;
  }

  connect(): void {
    if (this.#wire) return;
    clearTimeout(this.#timer);
    const wire = this.#ports.open();
    this.#wire = wire;
    wire.onmessage = ({ data }) => this.#received(wire, data);
    wire.onclose = () => this.#lost(wire);
    this.#timer = setTimeout(() => this.#lost(wire), PATIENCE);
  }

  /** Sends a frame, or does nothing while the socket is not usable: who must be heard sends again when greeted. */
  send(frame: ClientFrame): void {
    if (this.#greeted) this.#wire?.send(JSON.stringify(frame));
  }

  /** Tries at once, instead of when the wait is over: the network is back, or the page is looked at again. */
  nudge(): void {
    if (!this.#wire) this.connect();
    else if (this.#greeted) this.#ask(this.#wire);
  }

  /** Signed out by hand: the socket is given up, and the door asked whether it is locked. */
  leave(): void {
    if (this.#wire) this.#lost(this.#wire);
  }

  #received(wire: Wire, data: unknown): void {
    if (wire !== this.#wire || typeof data !== "string") return;
    this.#watch(wire);
    const frame = JSON.parse(data) as ServerFrame;
    if (frame.op === "hello") {
      this.#greeted = true;
      const { log, version, user, role } = frame;
      this.#become({ phase: "live", failures: 0, log, version, user, role });
      this.#listener.greeted(frame);
    } else {
      this.#listener.received(frame);
    }
  }

  #watch(wire: Wire): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(wire), QUIET);
  }

  #ask(wire: Wire): void {
    this.send({ op: "ping" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(wire), PATIENCE);
  }

  #lost(wire: Wire): void {
    if (wire !== this.#wire) return;
    clearTimeout(this.#timer);
    wire.onmessage = null;
    wire.onclose = null;
    wire.close();
    this.#wire = null;
    this.#greeted = false;
    const failures = this.connection.failures + 1;
    const never = this.connection.log === null;
    // The first failure after a time that went well is hidden from the eye by a quick second try.
    this.#become({ phase: never && failures < 2 ? "connecting" : "reconnecting", failures });
    void this.#again(failures);
  }

  async #again(failures: number): Promise<void> {
    const door = await this.#ports.knock();
    if (this.#wire) return;
    if (door === "locked") return this.#become({ phase: "signed-out" });
    this.#timer = setTimeout(() => this.connect(), backOff(failures, this.#ports.random()));
  }

  #become(change: Partial<Connection>): void {
    this.connection = { ...this.connection, ...change };
    this.#listener.changed(this.connection);
  }
}
