// What an event changed: the patch that the server gives (RFC 6902, its three simple operations), applied and told by place.
import type { Operation } from "../../wire/index.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** How a place stands beside what was there before the event. */
export type Change = "added" | "changed" | "removed";

/** The names on the way to a place; a pointer is written as in RFC 6901. */
export const names = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The pointer of a member of what stands at a pointer. */
export const member = (pointer: string, name: string | number): string =>
  `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** What stands at a place; undefined where there is nothing. */
export function valueAt(value: Json, pointer: string): Json | undefined {
  let at: Json | undefined = value;
  for (const name of names(pointer)) at = isParent(at) ? childOf(at, name) : undefined;
  return at;
}

const isParent = (value: Json | undefined): value is Json[] | { [name: string]: Json } =>
  typeof value === "object" && value !== null;

function childOf(parent: Json[] | { [name: string]: Json }, name: string): Json | undefined {
  if (Array.isArray(parent)) return parent[Number(name)];
  return Object.hasOwn(parent, name) ? parent[name] : undefined;
}

/** The value after a patch; what was there before is not touched. */
export function patched(before: Json, patch: readonly Operation[]): Json {
  return patch.reduce((value, operation) => step(value, names(operation.path), operation), before);
}

function step(value: Json, path: string[], operation: Operation): Json {
  const [name, ...rest] = path;
  if (name === undefined) return operation.op === "remove" ? null : (operation.value as unknown as Json);
  if (!isParent(value)) return value;
  const last = rest.length === 0;
  if (Array.isArray(value)) {
    const index = name === "-" ? value.length : Number(name);
    if (last && operation.op === "remove") return value.filter((_, at) => at !== index);
    const child = last ? null : (value[index] ?? null);
    const after = step(child, rest, operation);
    return last && operation.op === "add"
      ? [...value.slice(0, index), after, ...value.slice(index)]
      : value.map((element, at) => (at === index ? after : element));
  }
  if (last && operation.op === "remove") {
    const { [name]: _, ...others } = value;
    return others;
  }
  return { ...value, [name]: step(last ? null : (value[name] ?? null), rest, operation) };
}

/** The patch with the end of an array, which is written `-`, named by its index. */
export function located(before: Json, patch: readonly Operation[]): Operation[] {
  let value = before;
  return patch.map((operation) => {
    const end = operation.path.endsWith("/-") ? operation.path.slice(0, -2) : null;
    const list = end === null ? undefined : valueAt(value, end);
    const path = Array.isArray(list) ? member(end ?? "", list.length) : operation.path;
    const named = { ...operation, path };
    value = patched(value, [named]);
    return named;
  });
}

/** What a patch changed, by place, and the places that hold such a change. */
export function changes(patch: readonly Operation[]): { at: Map<string, Change>; above: Set<string> } {
  const at = new Map<string, Change>();
  const above = new Set<string>();
  for (const { op, path } of patch) {
    at.set(path, op === "add" ? "added" : op === "remove" ? "removed" : "changed");
    for (let cut = path.lastIndexOf("/"); cut >= 0; cut = path.lastIndexOf("/", cut - 1)) {
      above.add(path.slice(0, cut));
      if (cut === 0) break;
    }
  }
  return { at, above };
}

/** Whether a patch changed a place, something within it, or all that it stands in. */
export function touches(patch: readonly Operation[], pointer: string): boolean {
  const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
  return patch.some(({ path }) => within(path, pointer) || within(pointer, path));
}
