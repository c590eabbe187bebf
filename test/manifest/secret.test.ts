/** Nothing that is written where a secret may have been pasted comes back in a message. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { memoryFiles } from './memory-files.ts';

const secret = fc
  .string({ minLength: 12, maxLength: 40, unit: fc.constantFrom(...'abcXYZ019-_?$:{}[]"\'# ') })
  .map((text) => `S3CRET${text}`);

/** Every place of a bottle that takes text, filled with one secret; all but a few are wrong there. */
function everywhere(value: string): object {
  return {
    extends: value,
    env: { A: `?${value}`, B: `\${${value}}`, C: [value], D: { K: value } },
    agent_provider: {
      template: value,
      auth_token: value,
      version: [value],
      forward_host_credentials: value,
    },
    'git-gate': {
      user: { name: [value] },
      repos: { r: { url: value, host_key: value, key: { provider: value } } },
    },
    egress: {
      mode: value,
      presets: [value],
      max_bytes: value,
      routes: [
        { host: value, auth: { scheme: value, token_ref: value, header: value } },
        {
          host: `https://u:${value}@a.example`,
          matches: [{ methods: [value], paths: [{ type: value, value: value }] }],
          dlp: { outbound_on_match: value, outbound_detectors: [value] },
        },
      ],
    },
    image: { smolmachine: `https://u:${value}@a.example/x`, sha256: value, from: value },
    machine: { cpus: value },
    limits: value,
    workspace: { path: `/${value}` },
    outputs: [`/${value}`],
    engine: value,
  };
}

async function messagesOf(files: Record<string, string>): Promise<string> {
  try {
    await loadManifest(memoryFiles(files));
    return '';
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    return JSON.stringify([error.message, error.problems]) + error.stack;
  }
}

test('from JSON', async () => {
  await fc.assert(
    fc.asyncProperty(secret, async (value) => {
      const text = JSON.stringify({ bottles: { dev: everywhere(value) } });
      const said = await messagesOf({ 'bot-bottle.json': text });
      expect(said).toContain('problems');
      // A parent is a name and is said, so that its misspelling can be seen.
      expect(said.replaceAll(/there is no bottle .*?Bottles:/g, '')).not.toContain('S3CRET');
    }),
    { numRuns: 200 },
  );
});

test('from YAML that is broken by it', async () => {
  await fc.assert(
    fc.asyncProperty(
      secret,
      fc.constantFrom('', '"', "'", '[', '{', '&', '*', '!', '|', '%', '@'),
      async (value, before) => {
        const text = `bottles:\n  dev:\n    agent_provider:\n      auth_token: ${before}${value}\n      x: [\n`;
        expect(await messagesOf({ 'bot-bottle.yml': text })).not.toContain('S3CRET');
      },
    ),
    { numRuns: 500 },
  );
});
