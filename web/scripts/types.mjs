// Makes the types of the wire from the server's schemas: `npm run types`; `npm run types -- --check` only says whether they are up to date.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const SCHEMAS = new URL("../../schemas/", import.meta.url);
const TARGET = new URL("../src/wire/generated/", import.meta.url);
const check = process.argv.includes("--check");

const files = readdirSync(SCHEMAS).filter((file) => file.endsWith(".json") && file !== "openapi.json");
if (files.length === 0) {
  console.error("There are no schemas in schemas/: write them with `reenact schemas` first.");
  process.exit(1);
}

mkdirSync(TARGET, { recursive: true });
let stale = 0;
for (const file of files.sort()) {
  const name = file.slice(0, -".json".length);
  const schema = closed(JSON.parse(readFileSync(new URL(file, SCHEMAS), "utf8")));
  const made = await compile({ ...schema, title: `${name} schema` }, name, {
    bannerComment: `// Made from schemas/${file} by \`npm run types\`: change the server's types, not this file.`,
    unreachableDefinitions: true,
    additionalProperties: false,
    format: true,
    style: { printWidth: 110 },
  });
  const text = plain(made);
  const target = new URL(`${name}.ts`, TARGET);
  if (current(target) === text) continue;
  stale += 1;
  if (check)
    console.error(`src/wire/generated/${name}.ts is not what schemas/${file} says: run \`npm run types\`.`);
  else writeFileSync(target, text);
}
console.log(`${files.length} schemas, ${stale} ${check ? "differ" : "written"}`);
if (check && stale > 0) process.exitCode = 1;

function current(target) {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return null;
  }
}

/** What would only give the same type a second name is left out: words beside a reference, formats of numbers. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  if (typeof node.$ref === "string") {
    const { $ref, properties, required } = node;
    // A tagged variant: the fields of a type, and its tag beside them.
    return properties ? { allOf: [{ $ref }, closed({ type: "object", properties, required })] } : { $ref };
  }
  const entries = Object.entries(node).filter(
    ([key, value]) => key !== "format" || typeof value !== "string",
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, closed(value)]));
}

/** Without the words that the generator adds to every type. */
function plain(text) {
  return text
    .replaceAll(
      /\n \*\n \* This interface was referenced by `.*?`'s JSON-Schema\n \* via the `definition` ".*?"\./g,
      "",
    )
    .replaceAll(
      /\/\*\*\n \* This interface was referenced by `.*?`'s JSON-Schema\n \* via the `definition` ".*?"\.\n \*\/\n/g,
      "",
    );
}
