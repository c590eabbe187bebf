import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { BottleError } from '../../src/errors.ts';
import type { Host, LogLocation, UploadedArtifact } from '../../src/host/host.ts';
import type { Proposal } from '../../src/proposal/proposal.ts';
import { actionOutputs, OUTPUT_NAMES } from '../../src/report/action-output.ts';
import { makeRecord, runRecordSchema } from '../../src/report/record.ts';
import { type ReportInput, report, reportEarly } from '../../src/report/report.ts';
import {
  CHANGE,
  COLLECTED,
  PATCH,
  PLAN,
  SCENARIOS,
  type Scenario,
  SUCCESS,
  sha256,
} from './scenario.ts';

const SECRET = 'hunter2-"of"-the-deep';
const ARTIFACT: UploadedArtifact = {
  id: '7',
  url: 'https://github.example/artifacts/7',
  digest: `sha256:${sha256('zip')}`,
  size: 10,
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

/** A host that keeps what it is told. */
function recordingHost(cancelled = new AbortController().signal) {
  const said = {
    errors: [] as { message: string; location: LogLocation | undefined }[],
    warnings: [] as string[],
    outputs: {} as Record<string, string>,
    summary: '',
  };
  const host = {
    cancelled,
    log: {
      error: (message: string, location?: LogLocation) => said.errors.push({ message, location }),
      warning: (message: string) => said.warnings.push(message),
      info: () => {},
    },
    setOutput: (name: string, value: string) => {
      said.outputs[name] = value;
    },
    writeSummary: async (markdown: string) => {
      said.summary = markdown;
    },
  } as unknown as Host;
  return { host, said };
}

const neverAsked = async () => {
  throw new Error('nothing was to be signed');
};

/** A service that keeps what it was sent, as it was at that moment. */
function recordingServices() {
  const sent: Record<string, string> = {};
  const names: string[] = [];
  const uploadArtifact = async (name: string, files: readonly string[], root: string) => {
    for (const file of files) sent[relative(root, file)] = readFileSync(file, 'utf8');
    names.push(name);
    return ARTIFACT;
  };
  return { services: { uploadArtifact, attest: neverAsked }, sent, names };
}

const refusing = {
  attest: neverAsked,
  uploadArtifact: async () => {
    throw new Error('503 from the service');
  },
};

/** Writes the collected files to the directory, and gives the input for a report on them. */
function inputOf(facts: Scenario, contents: Readonly<Record<string, string>> = {}): ReportInput {
  const files = Object.entries(contents).map(([path, content]) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
    return { path, size: Buffer.byteLength(content), sha256: sha256(content) };
  });
  const collected = facts.collected && { ...facts.collected, directory, files };
  const proposal = facts.proposal && placed(facts.proposal, facts.patchText ?? '');
  const record = makeRecord(collected ? { ...facts, collected } : facts);
  return {
    record,
    plan: PLAN,
    directory,
    secrets: [{ name: 'DEEP', value: SECRET }],
    signing: { mode: 'off', token: '' },
    logs: [],
    ...(proposal && { proposal }),
  };
}

/** With its patch and its bundle in the directory. */
function placed(proposal: Proposal, patchText: string): Proposal {
  if (proposal.kind !== 'change') return proposal;
  const place = (name: string, content: string) => {
    if (content === '') return '';
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const bundle = place('proposal.bundle', proposal.bundle && 'bundle');
  return { ...proposal, patch: place('changes.patch', patchText), bundle };
}

describe('the report', () => {
  test.each(Object.entries(SCENARIOS))('tells everything after %s', async (_, facts) => {
    const { host, said } = recordingHost();
    const { services, sent, names } = recordingServices();
    const contents = facts.collected ? { 'outputs/report.txt': 'report' } : {};
    const reported = await report(host, services, inputOf(facts, contents));

    expect(Object.keys(said.outputs).sort()).toEqual([...OUTPUT_NAMES].sort());
    expect(said.outputs.outcome).toBe(facts.outcome);
    expect(said.outputs['artifact-id']).toBe(ARTIFACT.id);
    // The step's failure is the caller's one error; these are for places alone.
    expect(said.errors).toHaveLength(reported.record.problems.length);
    expect(said.warnings).toHaveLength(reported.record.secretsFound);
    expect(said.summary).toBe(sent['summary.md']);
    for (const name of names) expect(said.summary).toContain(name);
    const { artifacts, ...written } = runRecordSchema.parse(JSON.parse(sent['run.json'] ?? ''));
    expect({ ...written, artifacts: [] }).toEqual(reported.record);
    const kept = reported.artifacts.filter(({ kind }) => kind !== 'result');
    expect(artifacts).toEqual(kept.map(({ url: _, ...artifact }) => artifact));
    expect(sent['changes.patch']).toBe(facts.patchText);
    const { patchSha256, bundleSha256 } = reported.record.change;
    expect(patchSha256).toBe(facts.patchText ? sha256(facts.patchText) : '');
    expect(bundleSha256).toBe(sent['proposal.bundle'] ? sha256('bundle') : '');
    expect(sent['result.md']).toBe(facts.collected?.result || undefined);
    expect(sent['outputs/report.txt']).toBe(contents['outputs/report.txt']);
    const kinds = [
      'result',
      ...(facts.patchText || sent['proposal.bundle'] ? ['proposal'] : []),
      ...(facts.collected ? ['outputs'] : []),
    ];
    expect(names).toEqual(
      [...kinds.slice(1), 'result'].map((kind) => `${PLAN.artifact.name}-${kind}`),
    );
    expect(Object.keys(JSON.parse(said.outputs.artifacts ?? ''))).toEqual(kinds);
  });

  test('counts the secrets that blocked a change, though nothing of them leaves', async () => {
    const { services, sent } = recordingServices();
    const input = inputOf(SCENARIOS.hostile ?? SUCCESS);
    const { record } = await report(recordingHost().host, services, input);
    expect(record.secretsFound).toBe(1);
    expect(record.change).toMatchObject({ verdict: 'blocked', bundleSha256: '' });
    expect(Object.keys(sent)).not.toContain('proposal.bundle');
  });

  test('gives what, where and fix in one line, for the failure of the step', async () => {
    const input = inputOf(SCENARIOS['boot-failed'] ?? SUCCESS);
    const { message } = await report(recordingHost().host, recordingServices().services, input);
    expect(message).toBe(
      'The machine did not answer in 30 s. · input image: ./demo.smolmachine · ' +
        'Name an image that this runner can boot.',
    );
  });

  test('takes known secrets out of all that it writes', async () => {
    const { host, said } = recordingHost();
    const { services, sent } = recordingServices();
    const leak = (text: string) => text.replaceAll('SECRET', SECRET);
    const binary = `\0${SECRET}`;
    const collected = {
      ...COLLECTED,
      refused: [{ path: leak('SECRET/link'), reason: 'a link' }],
      result: `It is ${Buffer.from(`x${SECRET}`).toString('base64')} in base64`,
      notices: [leak('saw SECRET')],
    };
    const proposal = { ...CHANGE, stat: [{ path: leak('SECRET.txt'), added: 1, removed: 0 }] };
    const patchText = leak(PATCH.replace('world', 'SECRET'));
    const error = new BottleError({
      outcome: 'provision-failed',
      what: leak('SECRET failed'),
      where: leak('at SECRET'),
      fix: leak('not SECRET'),
      problems: [{ message: leak('SECRET') }],
    });
    const input = inputOf(
      { ...SUCCESS, outcome: error.outcome, error, collected, proposal, patchText },
      {
        'outputs/text.txt': leak('one SECRET and SECRET'),
        [leak('outputs/SECRET.txt')]: 'named',
        'outputs/clean.txt': 'clean',
        'outputs/binary': binary,
      },
    );
    writeFileSync(join(directory, 'log.txt'), leak('\0 the agent said SECRET'));
    const { record } = await report(host, services, {
      ...input,
      logs: [join(directory, 'log.txt')],
    });

    const { 'outputs/binary': kept, ...text } = sent;
    expect(JSON.stringify([text, said])).not.toMatch(/hunter2|HVudGVyM|odW50ZXIy|aHVudGVyMi/);
    expect(kept).toBe(binary);
    expect(Object.keys(sent)).toContain('outputs/clean.txt');
    expect(sent['log.txt']).toBe('\0 the agent said ***');
    expect(record.outputs.refused).toContainEqual({
      path: 'outputs/***.txt',
      reason: 'its name holds a secret',
    });
    expect(record.outputs.files).toContainEqual({
      path: 'outputs/text.txt',
      size: 'one *** and ***'.length,
      sha256: sha256('one *** and ***'),
    });
    expect(record.change.patchSha256).toBe(sha256(sent['changes.patch'] ?? ''));
    expect(record.notices).toContainEqual(expect.stringContaining('outputs/binary is binary'));
    // Patch, its file's name, refused, result, notice, error 4, text 2, name, binary, log.
    expect(said.outputs['secrets-found']).toBe('14');
    expect(said.warnings).toEqual(['Secret values found in what leaves the run: 14']);
    expect(readdirSync(directory)).not.toContain('.redacting');
  });

  test('outlives a service that refuses the artifact', async () => {
    const { host, said } = recordingHost();
    const { artifacts } = await report(host, refusing, inputOf(SUCCESS));
    expect(artifacts).toEqual([]);
    expect(said.outputs.outcome).toBe('success');
    expect(said.outputs['artifact-id']).toBe('');
    const refused = ['proposal', 'result'].map(
      (kind) => `${PLAN.artifact.names[kind as 'result']} was not`,
    );
    expect(said.warnings).toEqual(refused.map((text) => expect.stringContaining(text)));
    expect(said.warnings[0]).toContain('503 from the service');
    expect(said.warnings[0]).toContain(directory);
    expect(said.summary).toContain('was not uploaded');
    expect(readFileSync(said.outputs['run-record'] ?? '', 'utf8')).toContain('"success"');
    expect(readFileSync(said.outputs.patch ?? '', 'utf8')).toBe(PATCH);
  });

  test('outlives a disk and a summary that cannot be written', async () => {
    const { host, said } = recordingHost();
    host.writeSummary = async () => {
      throw new Error('ENOSPC');
    };
    const input = { ...inputOf(SUCCESS), directory: join(directory, 'file') };
    writeFileSync(input.directory, '');
    await report(host, recordingServices().services, input);
    expect(said.outputs).toMatchObject({ outcome: 'success', 'run-record': '', patch: '' });
    expect(said.warnings).toHaveLength(2);
  });

  test.each([
    ['600 s as a rule', 599_000, false],
    ['3 s once the run is cancelled', 2_900, true],
  ])('waits for the service %s', async (_, almost, cancel) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const cancellation = new AbortController();
    const { host, said } = recordingHost(cancellation.signal);
    const started = Promise.withResolvers<void>();
    const uploadArtifact = async (name: string) => {
      if (name !== PLAN.artifact.names.result) return ARTIFACT;
      started.resolve();
      return new Promise<UploadedArtifact>(() => {});
    };
    const done = report(host, { uploadArtifact, attest: neverAsked }, inputOf(SUCCESS));
    await started.promise;
    await vi.advanceTimersByTimeAsync(60_000);
    if (cancel) cancellation.abort();
    await vi.advanceTimersByTimeAsync(cancel ? almost : almost - 60_000);
    expect(said.warnings).toEqual([]);
    expect(said.outputs.outcome).toBe('success');
    await vi.advanceTimersByTimeAsync(2_000);
    await done;
    expect(said.warnings).toEqual([expect.stringContaining('no answer within')]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer when the service has answered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await report(recordingHost().host, recordingServices().services, inputOf(SUCCESS));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps to the ten errors that the runner shows', async () => {
    const { host, said } = recordingHost();
    const problems = Array.from({ length: 30 }, (_, index) => ({
      message: `p${index}`,
      file: 'a.md',
      line: index + 1,
    }));
    const fields = {
      outcome: 'config-invalid',
      what: 'w',
      where: 'x',
      fix: 'f',
      problems,
    } as const;
    expect(await reportEarly(host, new BottleError(fields))).toBe('w · x · f');
    // The tenth is the step's failure.
    expect(said.errors).toHaveLength(9);
    expect(said.errors[0]).toEqual({ message: 'p0', location: { file: 'a.md', line: 1 } });
    expect(said.outputs).toEqual({ outcome: 'config-invalid' });
    expect(said.summary).toContain('`a.md:30` `p29`');
  });
});

describe("the action's outputs", () => {
  test('are those of action.yml', () => {
    const text = readFileSync(new URL('../../action.yml', import.meta.url), 'utf8');
    expect(Object.keys(parseYaml(text).outputs)).toEqual([...OUTPUT_NAMES]);
  });

  test('stay small', () => {
    const record = makeRecord(SUCCESS);
    const files = Array.from({ length: 5000 }, (_, index) => ({
      path: `${'ü'.repeat(30)}\n${index}`,
      added: 1,
      removed: 0,
    }));
    const big = { ...record, result: '𝕏'.repeat(100_000), change: { ...record.change, files } };
    const outputs = actionOutputs(big, { patch: '', record: '', structured: '' });
    const names: string[] = JSON.parse(outputs['changed-files']);
    expect(names.length).toBeGreaterThan(500);
    expect(names[3]).toBe(files[3]?.path);
    expect(outputs.result).toContain('result.md of the artifact');
    for (const value of Object.values(outputs)) {
      expect(Buffer.byteLength(value)).toBeLessThan(66 * 1024);
      expect(value.isWellFormed()).toBe(true);
    }
  });
});
