// The arguments of a workflow as fields of a form, by the JSON Schema that it gives; and what is typed there as JSON.
import { reason } from "../../parts/format.ts";

/** One argument. */
export interface Field {
  name: string;
  /** What is said of it. */
  words: string;
  required: boolean;
  kind: "text" | "number" | "flag" | "choice" | "json";
  /** What may be chosen, of a choice. */
  choices: unknown[];
  /** What stands there before anything is typed. */
  initial: string;
}

/** What is typed into the fields, by their names. */
export type Typed = Readonly<Record<string, string>>;

interface Schema {
  type?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** The fields of a schema, those that are needed first; null where it names none, and any JSON may be given. */
export function fieldsOf(schema: unknown): Field[] | null {
  const { properties, required = [] } = (schema ?? {}) as Schema;
  if (!properties || Object.keys(properties).length === 0) return null;
  const fields = Object.entries(properties).map(([name, of]): Field => {
    const kind = kindOf(of);
    const initial = of.default === undefined ? "" : kind === "text" ? String(of.default) : jsonOf(of.default);
    return {
      name,
      words: of.description ?? "",
      required: required.includes(name),
      kind,
      choices: kind === "choice" ? (of.enum ?? []) : [],
      initial,
    };
  });
  // The server keeps no order of theirs.
  return fields.toSorted((a, b) => Number(b.required) - Number(a.required));
}

function kindOf({ type, enum: choices }: Schema): Field["kind"] {
  if (choices && choices.length > 0) return "choice";
  switch (type) {
    case "string":
      return "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "flag";
    default:
      return "json";
  }
}

const jsonOf = (value: unknown) => JSON.stringify(value);

/** What is typed, as the workflow is given it; what is left empty is left out. Throws what is wrong, for a person. */
export function argumentsOf(fields: readonly Field[], typed: Typed): Record<string, unknown> | undefined {
  const given: Record<string, unknown> = {};
  for (const field of fields) {
    const text = typed[field.name] ?? field.initial;
    if (text.trim() === "") {
      if (field.required) throw new Error(`${field.name} is needed.`);
    } else given[field.name] = typedAs(field, text);
  }
  return Object.keys(given).length > 0 ? given : undefined;
}

function typedAs({ name, kind }: Field, text: string): unknown {
  if (kind === "text") return text;
  if (kind === "number") {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error(`${name} must be a number, and “${text}” is none.`);
    return number;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not JSON: ${reason(error)}. A text alone is "text".`);
  }
}

/** A whole number above 0, or nothing where nothing is typed. Throws what is wrong, for a person. */
export function limitOf(name: string, text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0) throw new Error(`${name} must be a whole number above 0.`);
  return number;
}
