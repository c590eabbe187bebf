/** The schema files, the reference in the documents and the examples follow the schema in the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles, manifestJsonSchema } from '../../scripts/docs-manifest.ts';
import { splitFrontmatter } from '../../src/manifest/frontmatter.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { worktreeFiles } from '../../src/manifest/worktree.ts';
import { memoryFiles } from './memory-files.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const published = (name: string) => JSON.parse(read(`schema/${name}.schema.json`));

test.each([...generatedFiles()])(
  '%s is up to date (node scripts/docs-manifest.ts)',
  (path, text) => {
    expect(read(path)).toBe(text);
  },
);

test('every field has a description', () => {
  const missing: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [key, value] of Object.entries(schema)) {
      const isField = path.endsWith('/properties') && typeof value === 'object';
      if (isField && !('description' in value)) missing.push(`${path}/${key}`);
      if (key !== 'if' && key !== 'then' && key !== 'else') walk(value, `${path}/${key}`);
    }
  };
  walk(manifestJsonSchema(), '');
  expect(missing).toEqual([]);
});

/** As an editor does: by the schema that the file itself names, or the one for its kind. */
const ajv = new Ajv2020({ strictRequired: false });
ajv.addSchema(published('manifest'), 'manifest.schema.json');
const validators = {
  bottles: ajv.compile({ ...published('bottle'), $id: 'bottle.schema.json' }),
  agents: ajv.compile({ ...published('agent'), $id: 'agent.schema.json' }),
};

const validateWhole = ajv.getSchema('manifest.schema.json');

const examples = readdirSync(new URL('examples', root));

/** Each YAML part of an example's manifest, with the check that an editor would make of it. */
function partsOf(name: string) {
  const inDirectory = (['bottles', 'agents'] as const).flatMap((kind) => {
    const directory = `examples/${name}/.bot-bottle/${kind}`;
    const files = existsSync(new URL(directory, root)) ? readdirSync(new URL(directory, root)) : [];
    return files.map((file) => {
      const parts = splitFrontmatter(read(`${directory}/${file}`));
      const yaml = 'yaml' in parts ? parts.yaml : '';
      return { path: `${directory}/${file}`, yaml, validate: validators[kind] };
    });
  });
  const inOneFile = ['bot-bottle.yml', 'bot-bottle.yaml', 'bot-bottle.json']
    .map((file) => `examples/${name}/${file}`)
    .filter((path) => existsSync(new URL(path, root)))
    .map((path) => ({ path, yaml: read(path), validate: validateWhole }));
  return [...inDirectory, ...inOneFile];
}

describe.each(examples)('example %s', (name) => {
  test('loads without a notice', async () => {
    const files = worktreeFiles(fileURLToPath(new URL(`examples/${name}`, root)));
    expect((await loadManifest(files)).notices).toEqual([]);
  });

  test.each(partsOf(name))('$path is valid in an editor', ({ yaml, validate }) => {
    expect(validate?.(parse(yaml) ?? {}), JSON.stringify(validate?.errors)).toBe(true);
  });
});

/** Fenced blocks below a line that is nothing but a file's path and a colon. */
const blocks = [...read('docs/manifest.md').matchAll(/^`(\S+)`:\n\n```\w+\n([\s\S]*?)```/gm)];

test('the documents show manifests that load', async () => {
  expect(blocks.length).toBe(5);
  const files = blocks.map(([, path = '', text = '']) => [path, text] as const);
  const directory = files.filter(([path]) => path.startsWith('.bot-bottle/'));
  await loadManifest(memoryFiles(Object.fromEntries(directory)));
  for (const [path, text] of files.filter((file) => !directory.includes(file))) {
    await loadManifest(memoryFiles({ [path]: text }));
  }
});
