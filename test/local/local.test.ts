import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runLocal } from '../../scripts/local.ts';
import { makeFakeAction } from '../runner/fake-action.ts';

/** What runs in the step, and what a person sees of it. */
type Local = { code: number; printed: string; directory: string; out: string };

type Given = {
  readonly main?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly prepare?: (directory: string, out: string) => void;
  readonly interruptWhen?: string;
};

async function local(given: Given): Promise<Local> {
  const root = mkdtempSync(join(tmpdir(), 'local-test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const directory = join(root, 'example');
  const out = join(root, 'out');
  mkdirSync(directory);
  for (const [name, text] of Object.entries(given.files ?? {})) {
    writeFileSync(join(directory, name), text);
  }
  given.prepare?.(directory, out);
  const action = await makeFakeAction(`import * as fs from 'node:fs';\n${given.main ?? ''}`);
  onTestFinished(() => action.remove());
  const printed: string[] = [];
  let interrupt = () => {};
  const args = given.args ?? [directory];
  const code = await runLocal(
    [...args.map((a) => a.replace(/^DIR/, () => directory)), '--out', out],
    action.actionDir,
    {
      print(line) {
        printed.push(line);
        if (given.interruptWhen !== undefined && line.includes(given.interruptWhen)) interrupt();
      },
      colour: false,
      onInterrupt(callback) {
        interrupt = callback;
        return () => {};
      },
    },
  );
  return { code, printed: printed.join('\n'), directory, out };
}

const json = (out: string) => JSON.parse(readFileSync(join(out, 'outputs.json'), 'utf8'));

describe('npm run local', () => {
  test('leaves outputs, summary and log, and shows progress without marks', async () => {
    const { code, printed, out } = await local({
      files: { 'a.txt': 'x' },
      main: `
        const add = (name, text) => fs.appendFileSync(process.env['GITHUB_' + name], text);
        add('OUTPUT', 'answer=42\\n');
        add('STEP_SUMMARY', '# Done\\n');
        console.log('::group::Phase\\ninside\\n::endgroup::\\n::warning::careful');`,
    });
    expect(code).toBe(0);
    expect(json(out)).toEqual({ answer: '42' });
    expect(readFileSync(join(out, 'summary.md'), 'utf8')).toBe('# Done\n');
    expect(readFileSync(join(out, 'log.txt'), 'utf8')).toContain('##[group]Phase\ninside\n');
    expect(printed).toContain('Phase\n  inside\nwarning: careful');
    expect(readdirSync(out).sort()).toEqual([
      'artifacts',
      'cache',
      'log.txt',
      'outputs.json',
      'summary.md',
    ]);
  });

  test('copies a directory and makes it a repository of one commit', async () => {
    const { printed, directory } = await local({
      files: { 'a.txt': 'x' },
      main: `
        import { execFileSync } from 'node:child_process';
        const git = (...args) => execFileSync('git', args).toString().trim();
        console.log('commits', git('rev-list', '--count', 'HEAD'), git('branch', '--show-current'));
        console.log('head', git('rev-parse', 'HEAD') === process.env.GITHUB_SHA);
        console.log('in', process.cwd());
        fs.writeFileSync('b.txt', 'written');`,
    });
    expect(printed).toContain('commits 1 main');
    expect(printed).toContain('head true');
    expect(printed).not.toContain(`in ${directory}\n`);
    expect(existsSync(join(directory, 'b.txt'))).toBe(false);
    expect(existsSync(/in (.*)/.exec(printed)?.[1] ?? '')).toBe(false);
  });

  test('works in place where the directory is a repository of its own', async () => {
    const { printed, directory } = await local({
      prepare: (path) => execFileSync('git', ['init', '--quiet', path]),
      main: `console.log('in', process.cwd());`,
    });
    expect(printed).toContain(`in ${directory}`);
  });

  test('takes inputs from the example, then from the command line', async () => {
    const { printed } = await local({
      files: { 'action-inputs.yml': 'mode: plan\ntask-file: 7\n' },
      args: ['DIR', '--input', 'mode=doctor', '--env', 'STAGE=dev=1'],
      main: `const e = process.env;
        console.log(e.INPUT_MODE, e['INPUT_TASK-FILE'], e['INPUT_MANIFEST-REF'], e.STAGE);`,
    });
    expect(printed).toContain('doctor 7 worktree dev=1');
  });

  test('names bubblewrap only when nobody names an engine, and says so', async () => {
    const main = `console.log('engine', process.env.INPUT_ENGINE);`;
    const chosen = await local({ main });
    const named = await local({ main, args: ['DIR', '--engine', 'smolvm'] });
    expect(named.printed).toContain('engine smolvm');
    expect(named.printed).not.toContain('isolation is weaker');
    expect(chosen.printed.includes('isolation is weaker')).toBe(
      chosen.printed.includes('engine bubblewrap'),
    );
  });

  test('passes an event that the file names', async () => {
    const payload = { pull_request: { number: 7, head: { ref: 'topic' }, base: { ref: 'main' } } };
    const { printed } = await local({
      args: ['DIR', '--event', 'DIR/pull_request.opened.json'],
      files: { 'pull_request.opened.json': JSON.stringify(payload) },
      main: `const e = process.env;
        console.log(e.GITHUB_EVENT_NAME, e.GITHUB_REF, e.GITHUB_HEAD_REF, e.GITHUB_BASE_REF);`,
    });
    expect(printed).toContain('pull_request refs/pull/7/merge topic main');
  });

  test('exits as the step does', async () => {
    expect((await local({ main: 'process.exit(3);' })).code).toBe(3);
    expect((await local({ main: `console.log('::set-env name=A::1');` })).code).toBe(1);
  });

  test('cancels the step on Ctrl-C and still leaves its files', async () => {
    const { code, printed, out } = await local({
      interruptWhen: 'ready',
      main: `
        process.on('SIGINT', () => {
          fs.appendFileSync(process.env.GITHUB_OUTPUT, 'outcome=cancelled\\n');
          process.exit(0);
        });
        setInterval(() => {}, 1000);
        console.log('ready');`,
    });
    expect(code).toBe(1);
    expect(json(out)).toEqual({ outcome: 'cancelled' });
    expect(printed).toContain('cancelled after');
  });

  test('replaces what an earlier run left', async () => {
    const { code, out } = await local({
      prepare(_, path) {
        mkdirSync(join(path, 'artifacts/old'), { recursive: true });
        writeFileSync(join(path, 'log.txt'), 'old');
      },
    });
    expect(code).toBe(0);
    expect(readdirSync(join(out, 'artifacts'))).toEqual([]);
  });
});

describe('a wrong command line is one paragraph, a usage line and exit code 2', () => {
  test.each<[string, Given, RegExp]>([
    ['no directory', { args: [] }, /Give one directory/],
    ['two directories', { args: ['DIR', 'DIR'] }, /not 2/],
    ['not a directory', { args: ['DIR/none'] }, /none is not a directory/],
    ['an unknown option', { args: ['DIR', '--engin', 'x'] }, /--engin/],
    [
      'an unknown input',
      { args: ['DIR', '--input', 'taks=x'] },
      /the action's inputs are task-file/,
    ],
    ['an input without a value', { args: ['DIR', '--input', 'mode'] }, /NAME=VALUE/],
    ['an event file that is not there', { args: ['DIR', '--event', 'push.json'] }, /ENOENT/],
    ['an event file without a name', { args: ['DIR', '--event', '1.json'] }, /after its event/],
    ['broken YAML', { files: { 'action-inputs.yml': 'a: [' } }, /is not YAML/],
    ['inputs that are no map', { files: { 'action-inputs.yml': '- a' } }, /must be a map/],
    ['inputs in inputs', { files: { 'action-inputs.yml': 'a: {b: 1}' } }, /a must be a plain/],
    [
      'an out directory that holds something else',
      {
        prepare(_, out) {
          mkdirSync(out);
          writeFileSync(join(out, 'thesis.tex'), '');
        },
      },
      /holds thesis.tex/,
    ],
    ['an out that is a file', { prepare: (_, out) => writeFileSync(out, '') }, /not a directory/],
  ])('%s', async (_, given, message) => {
    const { code, printed, out } = await local({ args: ['DIR'], ...given });
    expect(printed).toMatch(message);
    expect(printed).toMatch(/\nUsage: npm run local -- DIR [^\n]*$/);
    expect(code).toBe(2);
    if (given.prepare === undefined) expect(existsSync(out)).toBe(false);
  });

  test('and the real command does the same', () => {
    const script = fileURLToPath(new URL('../../scripts/local.ts', import.meta.url));
    const run = () => execFileSync(process.execPath, [script], { stdio: 'pipe' });
    expect(run).toThrow(expect.objectContaining({ status: 2 }));
  });
});
