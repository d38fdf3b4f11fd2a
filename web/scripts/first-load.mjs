// Says how much JavaScript the first load takes, gzipped, and fails above the bar.
import { readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BAR = 260 * 1024;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const files = new Set(["theme.js"]);
const visit = (key) => {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) visit(imported);
};
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
// Panes load when they are first shown; one that opens at a chat needs this one at once.
visit("src/panes/chat/index.tsx");

// The manifest was for this; it is no part of what is served.
rmSync(new URL(".vite/", dist), { recursive: true });

let total = 0;
for (const file of files) total += gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
console.log(
  `first load: ${(total / 1024).toFixed(1)} KiB of JavaScript, gzipped (at most ${BAR / 1024} KiB)`,
);
if (total > BAR) {
  console.error("The first load is too large: load what is not needed at once with import().");
  process.exit(1);
}
