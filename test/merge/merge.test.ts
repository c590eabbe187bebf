/** `merge` through its built bundle, as the runner runs it, with artifacts that other jobs have left. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MERGE_INPUTS } from '../../src/merge/inputs.ts';
import { ROOT } from '../action/scene.ts';
import { makeWorkspace, type Workspace } from '../results-service/call-clients.ts';
import { type ResultsService, startResultsService } from '../results-service/service.ts';
import { readActionFile } from '../runner/action-file.ts';
import { runStep, type StepResult } from '../runner/run-step.ts';
import { jsonOf, recordOf } from './record.ts';

const MERGE = join(ROOT, 'merge');

let directory: string;
let service: ResultsService;
let clients: Workspace;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'merge-'));
  service = await startResultsService();
  clients = await makeWorkspace();
});
afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
  await clients.remove();
  rmSync(directory, { recursive: true });
});

function merge(inputs: Record<string, string>): Promise<StepResult> {
  return runStep({
    actionDir: MERGE,
    workspace: directory,
    serviceEnv: service.env,
    inputs,
  });
}

function write(path: string, content: string | Buffer): string {
  const file = join(directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** Uploads through GitHub's own client, as the runs do. */
async function leave(name: string, files: Record<string, string>): Promise<void> {
  const paths = Object.entries(files).map(([path, content]) => {
    writeFileSync(join(clients.directory, path), content);
    return join(clients.directory, path);
  });
  const call = ['artifact', 'uploadArtifact', name, paths, clients.directory] as const;
  const [done] = await clients.call(service.env, [...call]);
  expect(done?.error).toBeUndefined();
}

describe('the records of a fleet', () => {
  test('come from its artifacts, are told in one table and kept in one artifact', async () => {
    await leave('bottle-a-1-result', { 'run.json': jsonOf(recordOf('a-1')), 'report.html': 'x' });
    await leave('bottle-b-2-result', { 'run.json': jsonOf(recordOf('b-2', 'timed-out')) });
    await leave('bottle-a-1-transcript', { 'agent.log': 'x' });
    await leave('something-else', { 'run.json': jsonOf(recordOf('no-3')) });
    const result = await merge({ expected: '2' });

    expect(result.conclusion).toBe('failure');
    expect(result.outputs).toMatchObject({
      count: '2',
      succeeded: '1',
      outcomes: '{"success":1,"timed-out":1}',
      missing: '0',
      broken: '0',
      tokens: String(2 * 51_234),
    });
    expect(result.summary).toMatch(/^## FAIL: 1 of 2 runs succeeded\n/);
    expect(result.summary).toContain('| `a-1`');
    expect(result.summary).toContain('**timed-out**');
    const [error] = result.annotations.filter(({ level }) => level === 'error');
    expect(error?.message).toContain('b-2: timed-out');

    const files = await service.readArtifact('fleet');
    const fleet = JSON.parse(files.get('fleet.json')?.toString() ?? '');
    const schema = readFileSync(join(ROOT, 'schema/fleet.schema.json'), 'utf8');
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(schema));
    validate(fleet);
    expect(validate.errors).toBeNull();
    expect(files.get(fleet.runs[0].file)?.toString()).toBe(jsonOf(recordOf('a-1')));
    expect(files.get('summary.md')?.toString()).toBe(result.summary);
    expect(files.get('report.html')?.toString()).toContain('<!doctype html>');
    expect(result.leftovers).toEqual([]);
  });

  test('come from a directory, and a copy of one counts once', async () => {
    write('down/bottle-a-1-proposal/run.json', jsonOf(recordOf('a-1')));
    write('down/bottle-a-1-result/run.json', jsonOf(recordOf('a-1')));
    const result = await merge({ path: 'down', pattern: '', 'fail-on': 'none' });
    expect(result.conclusion).toBe('success');
    expect(result.outputs.count).toBe('1');
    expect(result.summary).toMatch(/^## PASS: 1 of 1 run succeeded\n/);
  });

  test('that are broken, hostile or too large are said and cost the others nothing', async () => {
    const good = recordOf('good-1');
    write('down/1/run.json', '{');
    write('down/2/run.json', jsonOf({ ...good, version: 2 }));
    write('down/3/run.json', jsonOf({ ...good, extra: '`|<img src=x>\n::error::x' }));
    write('down/4/run.json', Buffer.from([0xff, 0xfe, 0x00]));
    write('down/5/run.json', Buffer.alloc(9 * 1024 * 1024, ' '));
    write('down/6/run.json', '['.repeat(200_000));
    symlinkSync('/etc/passwd', join(directory, 'down/run.json'));
    write('down/good/run.json', jsonOf(good));
    const result = await merge({ path: 'down', pattern: '', 'fail-on': 'none', expected: '8' });
    expect(result.conclusion).toBe('success');
    expect(result.outputs).toMatchObject({ count: '1', broken: '6', missing: '1' });
    expect(result.annotations.filter(({ level }) => level === 'warning')).toHaveLength(6);
    expect(result.summary).toContain('1 run left no record');
    expect(result.summary).not.toContain('<img');
    expect(result.commands.map(({ name }) => name)).not.toContain('error');
  });

  test('never draw what a guest wrote', async () => {
    const record = { ...recordOf('hostile-1', 'hostile'), runId: '`</details><b>|x' };
    write('down/run.json', jsonOf(record));
    const result = await merge({ path: 'down', pattern: '', 'fail-on': 'none' });
    expect(result.outputs.count).toBe('1');
    const files = await service.readArtifact('fleet');
    expect(files.get('report.html')?.toString()).not.toMatch(/<b>|<img|<script/);
    expect([...files.keys()].every((name) => /^[\w./-]+$/.test(name))).toBe(true);
  });

  test.each([
    ['any', 'failure'],
    ['missing', 'failure'],
    ['idle', 'success'],
    ['none', 'success'],
  ])('that are missing: fail-on %s is a %s', async (failOn, conclusion) => {
    write('down/run.json', jsonOf(recordOf('a-1')));
    const inputs = { path: 'down', pattern: '', expected: '2', 'fail-on': failOn };
    const result = await merge(inputs);
    expect(result.conclusion).toBe(conclusion);
    expect(result.outputs.missing).toBe('1');
  });

  test('of 256 runs fit one summary', async () => {
    for (let at = 0; at < 256; at++) {
      write(`down/${at}/run.json`, jsonOf(recordOf(`run-${at}`, 'hostile')));
    }
    const result = await merge({ path: 'down', pattern: '', 'fail-on': 'none' });
    expect(result.outputs.count).toBe('256');
    expect(result.summary.length).toBeGreaterThan(10_000);
    expect(result.summary.match(/\| `run-/g)).toHaveLength(256);
  });

  test('whose artifact is not the one that was listed are not read', async () => {
    await leave('bottle-a-1-result', { 'run.json': jsonOf(recordOf('a-1')) });
    service.faults.inject('GetBlob', { kind: 'corrupt', at: 40 });
    const result = await merge({ 'fail-on': 'none' });
    expect(result.outputs).toMatchObject({ count: '0', broken: '1' });
    expect(result.summary).toContain('digest of bottle-a-1-result');
  });

  test('that cannot be listed or kept are a warning, and the story is told', async () => {
    service.faults.inject('ListArtifacts', { kind: 'status', status: 400 });
    const result = await merge({ 'fail-on': 'none' });
    expect(result.conclusion).toBe('success');
    expect(result.outputs.broken).toBe('1');
    expect(result.summary).toContain('could not be used');
  });
});

describe('the tasks of a fleet', () => {
  test('come out as a matrix', async () => {
    const tasks = [
      'Fix the tests',
      { task: 'Say "hi"\nto all', name: 'hi', agent: 'b', minutes: 5 },
    ];
    const result = await merge({ tasks: JSON.stringify(tasks) });
    expect(result.conclusion).toBe('success');
    const empty = { agent: '', bottle: '', minutes: '', ref: '', branch: '' };
    expect(JSON.parse(result.outputs.matrix ?? '')).toEqual({
      include: [
        { number: 1, name: 'Fix the tests', task: 'Fix the tests', ...empty },
        { ...empty, number: 2, name: 'hi', task: 'Say "hi"\nto all', agent: 'b', minutes: '5' },
      ],
    });
    expect(result.outputs.count).toBe('2');
    expect(service.listArtifacts()).toEqual([]);
  });

  test.each([
    { tasks: '[', problem: 'tasks is no JSON' },
    { tasks: '{}', problem: 'tasks is an object: give a list' },
    { tasks: '[]', problem: 'tasks is an empty list' },
    {
      tasks: JSON.stringify(Array(257).fill('x')),
      problem: 'tasks has 257 entries: one matrix makes at most 256',
    },
    {
      tasks: '[{"task":"a","minuts":3}]',
      problem: '"minuts" is no key of a task. Did you mean "minutes"?',
    },
    { tasks: '[{"task":""}]', problem: 'tasks[0].task' },
    { tasks: '["a", 7]', problem: 'tasks[1]' },
  ])('are refused with what is wrong: $problem', async ({ tasks, problem }) => {
    const result = await merge({ tasks });
    expect(result.conclusion).toBe('failure');
    expect(result.outputs.matrix).toBeUndefined();
    expect(result.annotations.map(({ message }) => message).join('\n')).toContain(problem);
  });
});

test('merge/action.yml has the inputs that are read', async () => {
  const { inputs } = await readActionFile(MERGE);
  expect(Object.keys(inputs).sort()).toEqual([...MERGE_INPUTS].sort());
});

test('every input that is wrong is named at once', async () => {
  const result = await merge({ expected: '-1', 'fail-on': 'sucess', pattern: 'a/b' });
  const messages = result.annotations.map(({ message }) => message).join('\n');
  for (const name of ['expected', 'fail-on', 'pattern']) expect(messages).toContain(`\`${name}\``);
});
