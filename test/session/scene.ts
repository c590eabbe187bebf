/** Runs that keep and continue sessions: a double of Claude Code, a results service, GitHub's API. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git, openScene, type Scene } from '../action/scene.ts';
import { requestFor, VERSIONS } from '../agent-binary/agents.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { REPOSITORY_ID, TOKEN, type WorkflowRun } from '../github-api/state.ts';
import type { StepRequest, StepResult } from '../runner/run-step.ts';

export const SESSION = '8b1e2d3c-77aa-4c1d-9e5f-5d3f9a7c1e2b';
export const ARTIFACT = 'talk-session';
/** Of the runner harness. */
export const THIS_RUN = 1658821493;
export const EARLIER_RUN = 4711;
const ACTOR = 583231;

/**
 * What it is told goes into its session, and is run by a shell; a session that goes on is recalled.
 * `$session` is its file.
 */
const DOUBLE = `#!/bin/sh
id=${SESSION}
for word; do
  [ "$last" != --resume ] || id=$word resumed=yes
  last=$word
done
session=~/.claude/projects/-home-node-workspace/$id.jsonl
task=$(cat)
printf '{"type":"system","subtype":"init","session_id":"%s","model":"m","claude_code_version":"1.0.0"}\\n' "$id"
if [ -n "$resumed" ]; then
  if [ -f "$session" ]; then cat "$session" | sed 's/^/recalls: /'; else echo "no session $id"; exit 1; fi
fi
mkdir -p "\${session%/*}"
printf '%s\\n' "$task" >>"$session"
eval "$task"
printf '{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"Done."}]}}\\n'
printf '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done.","session_id":"%s"}\\n' "$id"
`;

export type SessionScene = Scene & {
  readonly github: GitHubServer;
  readonly files: Readonly<Record<string, string>>;
  /** Into the checkout. */
  write(path: string, text: string): void;
  /** The run of this step, as GitHub tells it. */
  present(facts?: Partial<WorkflowRun>): void;
  /** Puts an artifact of an earlier run on GitHub. */
  leave(bytes: Buffer, run?: Partial<WorkflowRun>, name?: string): void;
  talk(task: string, request?: Partial<StepRequest>): Promise<StepResult>;
};

export async function openSessionScene(): Promise<SessionScene> {
  const provider = { template: 'claude', version: VERSIONS.claude, auth_token: 'MODEL_TOKEN' };
  const manifest = {
    bottles: { dev: { agent_provider: provider } },
    agents: { hello: { bottle: 'dev' } },
  };
  const files = { 'bot-bottle.json': JSON.stringify(manifest), 'readme.txt': 'one\n' };
  const scene = await openScene(files);
  const github = await startGitHub();
  git(scene.workspace, 'push', '-q', github.state.bare.directory, 'HEAD:refs/heads/main');
  const sha = git(scene.workspace, 'rev-parse', 'HEAD').trim();
  const tools = mkdtempSync(join(tmpdir(), 'session-tools-'));
  installDouble(tools);
  const runOf = (id: number, facts: Partial<WorkflowRun> = {}): WorkflowRun => ({
    id,
    event: 'workflow_dispatch',
    head_branch: 'main',
    head_sha: sha,
    head: REPOSITORY_ID,
    actor: ACTOR,
    triggering_actor: ACTOR,
    ...facts,
  });
  const { runs, artifacts } = github.state;
  runs.push(runOf(THIS_RUN));
  return {
    ...scene,
    github,
    files,
    write: (path, text) => writeFileSync(join(scene.workspace, path), text),
    present: (facts) => void runs.splice(0, 1, runOf(THIS_RUN, facts)),
    leave(bytes, facts = {}, name = ARTIFACT) {
      const id = facts.id ?? EARLIER_RUN + artifacts.length;
      runs.push(runOf(id, facts));
      artifacts.push({ id: artifacts.length + 1, name, run: id, bytes, digest: '' });
    },
    talk: (task, request = {}) =>
      scene.run({
        toolCache: tools,
        token: TOKEN,
        ...request,
        inputs: { task, ...request.inputs },
        env: {
          MODEL_TOKEN: 'model-qwertzuiopasdfgh',
          GITHUB_API_URL: github.url,
          ...request.env,
        },
      }),
    close: async () => {
      await github.close();
      await scene.close();
      rmSync(tools, { recursive: true, force: true });
    },
  };
}

/** As npm would have left it. */
function installDouble(tools: string): void {
  const { npm, version, file } = requestFor('claude');
  const key = `${npm.replace('/', '+')}-${version}-linux-${process.arch}`;
  const place = join(tools, 'bottle/agent', key);
  const program = join(place, file);
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, DOUBLE);
  chmodSync(program, 0o755);
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const packages = { [`node_modules/${npm}`]: { version, integrity } };
  writeFileSync(join(place, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
}
