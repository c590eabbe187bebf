/** Writes the README's tables of inputs and outputs from `action.yml`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ActionFile, readActionFile } from '../test/runner/action-file.ts';

const root = new URL('..', import.meta.url);
const readme = new URL('README.md', root);

/** The README as it should be. @throws When it has lost the marks that its tables stand between. */
export async function readmeWithTables(): Promise<string> {
  const action = await readActionFile(fileURLToPath(root));
  const text = readFileSync(readme, 'utf8');
  return replaceBlock(replaceBlock(text, 'inputs', inputTable(action)), 'outputs', outputs(action));
}

function inputTable({ inputs }: ActionFile): string {
  const rows = Object.entries(inputs).map(
    ([name, input]) =>
      `| \`${name}\` | ${showDefault(input.default)} | ${cell(input.description)} |`,
  );
  return ['| input | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function outputs(action: ActionFile): string {
  const rows = Object.entries(action.outputs).map(
    ([name, output]) => `| \`${name}\` | ${cell(output.description)} |`,
  );
  return ['| output | meaning |', '|---|---|', ...rows].join('\n');
}

function showDefault(value: string): string {
  return value === '' ? 'empty' : `\`${cell(value)}\``;
}

function cell(text: string): string {
  return text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

function replaceBlock(text: string, name: string, table: string): string {
  const begin = `<!-- ${name}:begin -->\n`;
  const start = text.indexOf(begin);
  const end = text.indexOf(`<!-- ${name}:end -->`);
  if (start < 0 || end < start) throw new Error(`README.md has lost its marks for the ${name}`);
  return `${text.slice(0, start + begin.length) + table}\n${text.slice(end)}`;
}

if (import.meta.main) writeFileSync(readme, await readmeWithTables());
