// What a replay reads of a chat: its events by pages, one step with the state before it, and where a place changes next.
import { useEffect, useMemo, useState } from "react";
import { get } from "../../live/http.ts";
import { useRead } from "../../parts/read.ts";
import type { EventOut, EventsPage, Steps } from "../../wire/index.ts";
import { changes, type Json, located, patched, touches } from "./patch.ts";

export const streamPath = (chat: string): string => `/api/streams/chat/${chat}`;

/** What events are shown: those that fit all that is said; empty says nothing. */
export interface Filter {
  type: string;
  by: string;
  text: string;
}

export const EVERYTHING: Filter = { type: "", by: "", text: "" };
export const isFilter = ({ type, by, text }: Filter): boolean => `${type}${by}${text}` !== "";

/** So many events are listed at a time. */
export const PAGE = 200;

export interface EventList {
  items: readonly EventOut[];
  known: boolean;
  error: Error | null;
  /** Reads more of those that fit a filter. */
  more: (() => void) | null;
}

/** The events around a revision; with a filter, those that fit it, from the first on. */
export function useEvents(chat: string, at: number, filter: Filter, last: number): EventList {
  const filtered = isFilter(filter);
  const from = filtered ? 0 : Math.floor(at / PAGE) * PAGE;
  const words = new URLSearchParams({ limit: String(PAGE) });
  if (filter.type) words.set("type", filter.type);
  if (filter.by) words.set("by", filter.by);
  if (filter.text) words.set("text", filter.text);
  const base = `${streamPath(chat)}?${words}`;
  const path = `${base}&from=${from}`;
  // A page that is full does not change any more; the last one does with every event.
  const since = filtered || from + PAGE > last ? last : 0;
  const read = useRead<EventsPage>(path, since);
  const [further, setFurther] = useState<{ of: string; items: EventOut[]; next: string | null } | null>(null);
  const ours = further?.of === path && filtered ? further : null;
  const first = read.of === path ? read.data : null;
  const next = ours ? ours.next : (first?.next_cursor ?? null);
  const items = useMemo(() => [...(first?.items ?? []), ...(ours?.items ?? [])], [first, ours]);
  const more =
    filtered && next !== null
      ? () =>
          void get<EventsPage>(`${base}&cursor=${next}`).then(
            (page) =>
              setFurther({
                of: path,
                items: [...(ours?.items ?? []), ...page.items],
                next: page.next_cursor ?? null,
              }),
            () => undefined,
          )
      : null;
  return { items, known: first !== null, error: first ? null : read.error, more };
}

/** An event, the states before and after it, and what it changed. */
export interface Moment {
  event: EventOut;
  before: Json;
  after: Json;
  marks: ReturnType<typeof changes>;
}

/** What stood at a revision; the one before it stays until it is here. */
export function useMoment(chat: string, at: number | null): { moment: Moment | null; error: Error | null } {
  const path = at === null ? null : `${streamPath(chat)}/steps?from=${at}&limit=1&state=true`;
  const { data, error } = useRead<Steps>(path);
  const moment = useMemo(() => {
    const step = data?.items[0];
    if (!data || !step) return null;
    const before = (data.before ?? null) as unknown as Json;
    const patch = located(before, step.patch);
    return { event: step.event, before, after: patched(before, patch), marks: changes(patch) };
  }, [data]);
  return { moment, error };
}

/** The next revision at which a place changes, forwards or backwards; null where there is none. */
export async function nextChange(
  chat: string,
  from: number,
  way: 1 | -1,
  pointer: string,
): Promise<number | null> {
  for (let at = from + way; at >= 0; ) {
    const first = way === 1 ? at : Math.max(0, at - PAGE + 1);
    const page = await get<Steps>(`${streamPath(chat)}/steps?from=${first}&limit=${PAGE}`).catch(() => null);
    if (!page) return null;
    const steps = page.items.filter(({ event }) => way === 1 || event.revision <= at);
    if (way === -1) steps.reverse();
    const found = steps.find(({ patch }) => touches(patch, pointer));
    if (found) return found.event.revision;
    if (way === 1 ? page.next_cursor == null : first === 0) return null;
    at = way === 1 ? first + PAGE : first - 1;
  }
  return null;
}

/** The revision that is shown, kept in step with the address without writing each step of a quick walk into it. */
export function useChosen(at: number | undefined, show: (at: number | undefined) => void) {
  const [chosen, setChosen] = useState(at);
  const [written, setWritten] = useState(at);
  if (at !== written) {
    // The address was changed by something else: a link, the way back.
    setWritten(at);
    setChosen(at);
  }
  useEffect(() => {
    if (chosen === written) return;
    const timer = setTimeout(() => show(chosen), 150);
    return () => clearTimeout(timer);
  }, [chosen, written, show]);
  return [chosen, setChosen] as const;
}
