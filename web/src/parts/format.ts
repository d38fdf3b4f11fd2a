// Numbers and times as people read them.
import type { Body, Micros, Usage } from "../wire/index.ts";

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(value);

/** 1234 → 1.2K */
export const brief = (value: number): string => (value < 1_000 ? String(value) : short.format(value));

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  if (value < 1_024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB"];
  let size = value;
  let unit = -1;
  while (size >= 1_024 && unit < units.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** A length of time, given in ms: 40 ms, 1.2 s, 2 min 05 s. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** A length of time in whole seconds, for what counts up or down before the eye. */
export function seconds(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.floor(ms / 1_000))} s` : duration(ms);
}

/** How long ago, as short as can be: now, 5 min, 3 h, 2 d, then the date. */
export function ago(at: Micros, now: number): string {
  const ms = now - at / 1_000;
  if (ms < 60_000) return "now";
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  if (ms < 7 * 86_400_000) return `${Math.floor(ms / 86_400_000)} d`;
  return new Date(at / 1_000).toLocaleDateString(undefined, { month: "short", day: "numeric" });
}

export function exactly(at: Micros): string {
  return new Date(at / 1_000).toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" });
}

/** The share of the prompt that came from the cache, in per cent; null where there was no prompt. */
export function cacheShare({ input = 0, cache_read = 0 }: Partial<Usage>): number | null {
  return input > 0 ? Math.round((cache_read / input) * 100) : null;
}

/** As much of a text as stands where it is. */
export function shown(body: Body): string {
  return typeof body === "string" ? body : body.head;
}

export function isEmpty(body: Body): boolean {
  return typeof body === "string" ? body === "" : body.bytes === 0;
}

/** How long a text is, roughly in bytes. */
export function bodyLength(body: Body): number {
  return typeof body === "string" ? body.length : body.bytes;
}

export function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.trim() ?? "";
}

/** The first line of a text, as a title of at most 60 characters. */
export function titleOf(text: string): string {
  const line = firstLine(text);
  if (line.length <= 60) return line;
  const cut = line.slice(0, 60);
  const space = cut.lastIndexOf(" ");
  return `${cut.slice(0, space > 30 ? space : 59)}…`;
}

/** What went wrong, in words. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
