// Pictures of the workflows of a project, of a run, and of two runs beside each other.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openProject } from "./harness.mjs";

const SURVEY = `export const meta = { name: 'survey', description: 'Reads a project in parts and sums up',
  phases: [{ title: 'Read' }, { title: 'Sum up' }],
  args: { type: 'object', properties: { question: { type: 'string', description: 'What to look for' } } } }
phase('Read')
const parts = await parallel(['source', 'tests', 'documents'].map((name) => () =>
  agent('read README.md\\n' + (name === 'tests' ? args?.question : 'all of it') + '\\nfor ' + name, { label: name })))
log(parts.length + ' parts were read')
phase('Sum up')
return { parts: parts.length, summary: await agent('say hello', { label: 'summary' }) }
`;

/** The pictures, on a server of its own. */
export async function runs(browser, server, options, shot) {
  const folder = join(server.project, ".claude", "workflows");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "survey.js"), SURVEY);
  const page = await openProject(browser, server, options);
  await page.getByRole("button", { name: /^Trust/ }).click();
  await page.goto(`${page.url().split("?")[0]}/workflows`);
  for (const question of ["what is missing?", "what is slow?"]) {
    // The engine may have to be compiled first.
    await page.getByRole("button", { name: "Run survey" }).click({ timeout: 90_000 });
    await page.getByRole("textbox", { name: /^question/ }).fill(question);
    await page.getByRole("button", { name: "Run it" }).click();
    await page.getByRole("region", { name: "Result" }).waitFor();
    await page.getByRole("button", { name: /^tests/ }).click();
    await page.getByRole("region", { name: /: tests$/ }).waitFor();
    await shot(page, "run");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "All workflows" }).click();
    await page.getByRole("heading", { name: "Runs" }).waitFor();
  }
  await page.getByText("Reads a project in parts").waitFor();
  await shot(page, "workflows");
  await page
    .getByRole("link", { name: /^Compare survey/ })
    .first()
    .click();
  await page.getByRole("button", { name: /^tests/ }).click();
  await page.getByRole("region", { name: "Asked" }).waitFor();
  await shot(page, "compare");
  await page.context().close();
}
