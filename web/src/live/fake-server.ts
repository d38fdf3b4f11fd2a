// A server of one process, for tests: sockets that are pairs of functions, one stream, one list.
import type { ClientFrame, ServerFrame } from "../wire/index.ts";
import type { Environment } from "./live.ts";
import { Live } from "./live.ts";
import type { Door, Wire } from "./socket.ts";

export class FakeServer {
  up = true;
  door: Door = "open";
  log = "log.1";
  version = "1";
  /** Every frame of the page, batches taken apart, since the last `heard` was read. */
  #heard: ClientFrame[] = [];
  #wires: Wire[] = [];
  stored: string | null = null;
  reloads: string[] = [];

  live(): Live {
    const environment: Environment = {
      open: () => this.#open(),
      knock: () => Promise.resolve(this.up ? this.door : "away"),
      random: () => 1,
      shelf: { read: () => this.stored, write: (text) => (this.stored = text) },
      soon: (tell) => tell(),
      reload: (version) => void this.reloads.push(version),
    };
    const live = new Live(environment);
    live.start();
    return live;
  }

  /** How often a socket was opened. */
  get opened(): number {
    return this.#wires.length;
  }

  greet(): void {
    this.say({
      op: "hello",
      log: this.log,
      version: this.version,
      user: { kind: "person", id: "owner" },
      role: "admin",
    });
  }

  say(frame: ServerFrame): void {
    this.#wires.at(-1)?.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The socket goes away, as when the server is killed. */
  drop(): void {
    this.#wires.at(-1)?.onclose?.();
  }

  get heard(): ClientFrame[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  #open(): Wire {
    const wire: Wire = {
      onopen: null,
      onmessage: null,
      onclose: null,
      close: () => undefined,
      send: (text) => {
        const frame = JSON.parse(text) as ClientFrame;
        this.#heard.push(...(frame.op === "batch" ? (frame.frames as ClientFrame[]) : [frame]));
      },
    };
    this.#wires.push(wire);
    return wire;
  }
}
