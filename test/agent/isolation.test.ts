/** No agent opens what the runner's own user has of agents and of git: seen in every call to its files. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NO_BOTTLE, openScene, ROOT } from '../action/scene.ts';
import { REAL_AGENTS, VERSIONS, whyNotInstalled } from '../agent-binary/agents.ts';
import { findProgram } from '../agent-binary/on-path.ts';
import { manifestFor, runScene, serveModel, TOKEN } from './real-scene.ts';

const SLOW_MS = 180_000;
const NO_STRACE = findProgram('strace') ? '' : 'needs strace: apt-get install strace';

/** What a developer's or a persistent runner's home holds. */
const CANARIES = [
  ...['.claude.json', '.claude/settings.json', '.claude/.credentials.json', '.claude/CLAUDE.md'],
  ...['.codex/config.toml', '.codex/auth.json', '.codex/AGENTS.md'],
  ...['.gemini/settings.json', '.gemini/oauth_creds.json', '.gemini/GEMINI.md'],
  ...['.config/opencode/opencode.json', '.local/share/opencode/auth.json'],
  ...['.gitconfig', '.config/git/config', '.git-credentials', 'credential-helper'],
];

/** A home with a canary in each place; git's helper is a program that would be run. */
function makeHome(directory: string): string {
  const home = join(directory, 'runner-home');
  for (const path of CANARIES) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), 'canary\n', { mode: 0o755 });
  }
  const helper = `[credential]\n\thelper = ${join(home, 'credential-helper')}\n`;
  writeFileSync(join(home, '.gitconfig'), helper);
  return home;
}

/** Each call that names a file, with the directories that it counts from. */
const TRACING = ['-f', '-qq', '-y', '-e', 'trace=%file', '-o'];

/** What is below the home, or a canary in the home that this test itself runs in. */
function touchedIn(trace: string, home: string): readonly string[] {
  const canaries = [homedir(), home].flatMap((one) => CANARIES.map((path) => join(one, path)));
  const forbidden = [...canaries.map((path) => `"${path}"`), `<${home}`];
  const lines = readFileSync(trace, 'utf8').split('\n');
  return lines.filter((line) => forbidden.some((path) => line.includes(path)));
}

/** The action, whose main writes down each file that it and all of its descendants name. */
function makeTraced(directory: string, trace: string): string {
  const action = join(directory, 'action');
  mkdirSync(join(action, 'dist/main'), { recursive: true });
  cpSync(join(ROOT, 'action.yml'), join(action, 'action.yml'));
  symlinkSync(join(ROOT, 'dist/post'), join(action, 'dist/post'));
  const main = JSON.stringify(join(ROOT, 'dist/main/index.js'));
  const options = JSON.stringify([...TRACING, trace]);
  const wrapper = `
    import { spawnSync } from 'node:child_process';
    const argv = [...${options}, process.execPath, ${main}];
    const { status } = spawnSync('strace', argv, { stdio: 'inherit' });
    process.exitCode = status ?? 1;
  `;
  writeFileSync(join(action, 'dist/main/index.js'), wrapper);
  writeFileSync(join(action, 'dist/main/package.json'), '{"type":"module"}');
  return action;
}

test('a canary that is read is seen, by its whole name and from where it lies', ({ skip }) => {
  skip(NO_STRACE !== '', NO_STRACE);
  const directory = mkdtempSync(join(tmpdir(), 'isolation-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [home, trace] = [makeHome(directory), join(directory, 'trace')];
  for (const script of ['cat "$0/.gitconfig"', 'cd "$0/.codex" && cat auth.json']) {
    execFileSync('strace', [...TRACING, trace, 'sh', '-c', script, home]);
    expect(touchedIn(trace, home)).not.toEqual([]);
  }
});

for (const agent of REAL_AGENTS) {
  test(
    `${agent} ${VERSIONS[agent]}`,
    async ({ skip }) => {
      const obstacle = NO_BOTTLE || NO_STRACE || whyNotInstalled(agent);
      skip(obstacle !== '', obstacle);
      const directory = mkdtempSync(join(tmpdir(), 'isolation-'));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const [home, trace] = [makeHome(directory), join(directory, 'trace')];
      const scene = await openScene(manifestFor({ agent }));
      onTestFinished(() => scene.close());
      const server = await serveModel(agent, 'two-commands');
      const actionDir = makeTraced(directory, trace);
      const env = { HOME: home, MODEL_TOKEN: TOKEN };
      const { result } = await runScene(scene, { actionDir, env }, [server.connectTo]);
      expect(result.outputs.outcome, result.log).toBe('success');

      // The agent itself was watched: it wrote in the workspace by the model's command.
      expect(readFileSync(trace, 'utf8')).toContain('"greeting.txt"');
      expect(touchedIn(trace, home)).toEqual([]);
    },
    SLOW_MS,
  );
}
