/** Signed provenance through the built action: Sigstore's own stand-ins sign, its own verifier checks. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openScene, type Scene, scripted, skipWithoutBottle } from '../action/scene.ts';
import type { StepRequest } from '../runner/run-step.ts';
import { testAuthority } from '../upstream/authority.ts';
import { type LoopbackSigstore, SIGSTORE_MISSING, startSigstore } from './sigstore.ts';

skipWithoutBottle();
beforeEach(({ skip }) => skip(SIGSTORE_MISSING !== '', SIGSTORE_MISSING));

let directory: string;
let sigstore: LoopbackSigstore;
let scene: Scene;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'attest-'));
  const certificateFile = join(directory, 'ca.pem');
  writeFileSync(certificateFile, (await testAuthority()).certificate);
  sigstore = await startSigstore(certificateFile);
});
afterEach(async () => {
  await scene?.close();
  await sigstore?.close();
  if (directory) rmSync(directory, { recursive: true });
});

/** The agent changes a file and leaves one. */
const WORK = 'echo two > readme.txt; echo out > "$BOTTLE_OUTPUT_DIR/a.txt"';
/** And tries to see what the job has. */
const LOOK = `${WORK}; env; cat /proc/*/environ; true`;

async function run(request: Partial<StepRequest> = {}, script = WORK) {
  scene = await openScene(scripted(script));
  const result = await scene.run({ env: sigstore.env, ...request });
  expect(result.outputs.outcome, result.log).toBe('success');
  const files = await scene.artifact(result);
  const text = (name: string) => files.get(name)?.toString() ?? '';
  return { result, files, text };
}

const sha256 = (bytes: Buffer | undefined) =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');

describe('provenance', () => {
  test('is signed where the job may, verifies offline, and names what the run made', async () => {
    const { result, files, text } = await run();
    const bundle = JSON.parse(text('provenance.sigstore.json'));
    const statement = sigstore.verify(bundle);
    expect(statement).toEqual(JSON.parse(text('provenance.intoto.json')));
    const named = Object.fromEntries(
      statement.subject.map((one) => [
        one.name,
        (one as { digest?: { sha256: string } }).digest?.sha256,
      ]),
    );
    expect(named).toEqual({
      'run.json': sha256(files.get('run.json')),
      'changes.patch': sha256(files.get('changes.patch')),
      'proposal.bundle': sha256(files.get('proposal.bundle')),
      'outputs/a.txt': sha256(files.get('outputs/a.txt')),
    });
    expect(sigstore.stored).toEqual([bundle]);
    expect(result.summary).toContain('provenance signed');
    expect(result.annotations).toEqual([]);
  });

  test('does not verify when a byte of it is changed', async () => {
    const { text } = await run();
    const bundle = JSON.parse(text('provenance.sigstore.json'));
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const forged = Buffer.from(payload.replace('changes.patch', 'changes.potch'));
    bundle.dsseEnvelope.payload = forged.toString('base64');
    expect(() => sigstore.verify(bundle)).toThrow(/signature/);
  });

  test('never shows the identity or the right to ask for it to the guest or in the log', async () => {
    const { result, files } = await run({}, LOOK);
    const left = [result.rawLog, ...[...files.values()].map(String)].join('\n');
    expect(left).toContain('BOTTLE_OUTPUT_DIR');
    for (const secret of [sigstore.identity, 'request-token-of-the-tests', '/oidc?']) {
      expect(left).not.toContain(secret);
    }
  });

  test('stays signed where GitHub does not keep it, and says so', async () => {
    sigstore.refuse('store');
    const { result, text } = await run();
    expect(sigstore.verify(JSON.parse(text('provenance.sigstore.json')))).toBeDefined();
    expect(result.annotations).toEqual([
      expect.objectContaining({ level: 'notice', message: expect.stringContaining('403') }),
    ]);
  });

  test('stays unsigned where Sigstore refuses, and the outcome with it', async () => {
    sigstore.refuse('fulcio');
    const { result, files } = await run();
    expect(files.has('provenance.sigstore.json')).toBe(false);
    expect(result.summary).toContain('provenance unsigned');
    expect(result.annotations).toEqual([
      expect.objectContaining({
        level: 'notice',
        message: expect.stringContaining('The provenance is not signed'),
      }),
    ]);
  });

  test.each([
    ['without the right', { env: {} }],
    ['with attest: off', { inputs: { attest: 'off' } }],
  ])('is a plain statement %s', async (_, request) => {
    const { files, text, result } = await run(request);
    expect(JSON.parse(text('provenance.intoto.json'))).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
    });
    expect(files.has('provenance.sigstore.json')).toBe(false);
    expect(sigstore.asked).toEqual([]);
    expect(result.annotations).toEqual([]);
  });
});
