/** Runs that ended in every way there is, for the tests of the report. */
import { createHash } from 'node:crypto';
import { nameArtifacts } from '../../src/artifact-kind.ts';
import { BottleError, type Outcome } from '../../src/errors.ts';
import type { EgressFacts } from '../../src/gateway/egress-log.ts';
import type { Collected } from '../../src/outputs/outputs.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Change } from '../../src/proposal/proposal.ts';
import { stepOrigin } from '../../src/report/origin-record.ts';
import type { RunFacts } from '../../src/report/record.ts';
import type { PageExtras } from '../../src/report/run-page.ts';
import { NO_GIT } from '../plan/no-git.ts';
import { NO_SESSION } from '../plan/no-session.ts';

const fromDefault = <T>(value: T) => ({ value, source: 'default' });

export const PLAN: Plan = {
  version: 1,
  runId: 'hello-k3x9q',
  trust: { ref: 'worktree', head: 'trusted', dropCredentials: false, reason: 'A local run.' },
  manifest: { path: '.bot-bottle', sha256: sha256('manifest') },
  agent: {
    name: { value: 'hello', source: 'input agent' },
    bottles: { value: ['dev'], source: '.bot-bottle/agents/hello.md:2' },
    provider: fromDefault('command'),
    program: fromDefault({ kind: 'command' }),
    argv: ['/bin/sh', '-c', 'true'],
    resume: { argv: [], session: '{session}' },
    exitCodes: {},
    sessionPaths: [],
    prices: null,
    outputSchema: null,
  },
  engine: { value: 'bubblewrap', source: 'input engine' },
  isolation: 'namespaces',
  machine: {
    name: 'bottle-hello-k3x9q',
    cpus: fromDefault(2),
    memoryMib: fromDefault(2048),
    storageGib: fromDefault(10),
  },
  image: fromDefault({ kind: 'host' }),
  cache: { mode: 'off', trusted: false, lock: { file: '.bot-bottle/images.lock', text: '' } },
  user: { name: 'node', uid: 1000, gid: 1000, home: '/home/node' },
  socket: '/run/bottle/gateway.sock',
  env: [],
  provision: {
    workspace: { from: '/w', to: '/home/node/workspace', exclude: [], pinned: [] },
    prompt: { text: '', to: '/home/node/.claude-bottle-prompt.txt' },
    skills: { list: [], to: '/home/node/.claude/skills' },
    task: { text: 'Say hello.', to: '/home/node/.bottle/task.md' },
    outputDirectory: '/home/node/outputs',
    gitUser: { name: 'bottle', email: 'bottle@localhost' },
    session: [],
    agentFiles: [],
  },
  limits: {
    minutes: { value: 10, source: 'input minutes' },
    idleMinutes: { value: 5, source: '.bot-bottle/bottles/dev.md:7' },
    outputMib: fromDefault(256),
    turns: fromDefault(null),
    costUsd: fromDefault(null),
  },
  outputs: fromDefault([]),
  resultFile: '/home/node/.bottle/result.md',
  artifact: {
    name: 'bottle-hello-k3x9q',
    names: nameArtifacts('bottle-hello-k3x9q'),
    retentionDays: 0,
  },
  session: NO_SESSION,
  attest: { value: 'auto', source: 'input attest' },
  reach: {
    mode: fromDefault('enforce'),
    presets: fromDefault([]),
    routes: [],
    limits: { tokens: fromDefault(null), requests: fromDefault(null), bytes: fromDefault(null) },
  },
  git: NO_GIT,
  secrets: [],
  sources: {
    workspace: 'default',
    exclude: 'default',
    prompt: 'default',
    task: 'input task',
    skills: 'default',
    skillsDirectory: 'default',
    gitName: 'default',
    gitEmail: 'default',
    imageSha256: 'default',
    artifactName: 'default',
    retentionDays: 'default',
  },
  notices: [],
};

export const PATCH = `diff --git a/greeting.txt b/greeting.txt
index 1111111..2222222 100644
--- a/greeting.txt
+++ b/greeting.txt
@@ -1,2 +1,3 @@
-hello
+hello, world
+and all who live on it
 bye
`;

export const COLLECTED: Collected = {
  directory: '/run/artifact',
  files: [{ path: 'outputs/report.txt', size: 1536, sha256: sha256('report') }],
  clean: new Set(),
  refused: [{ path: 'outputs/link', reason: 'a link that leaves the root' }],
  sent: { work: '/run/bundles/work.bundle', commits: '', unchanged: false },
  result: 'The greeting is friendlier now.\n',
  notices: [],
};

export const CHANGE: Change = {
  kind: 'change',
  base: 'b'.repeat(40),
  tip: 'd'.repeat(40),
  commits: [{ sha: 'd'.repeat(40), subject: 'Greet the world', author: 'Ada <ada@example.com>' }],
  bundle: '/run/artifact/proposal.bundle',
  patch: '/run/artifact/changes.patch',
  stat: [{ path: 'greeting.txt', added: 2, removed: 1 }],
  findings: [],
  verdict: 'clean',
  repository: '/run/scratch/proposal.git',
  notices: [],
};

/** Two routes were used, three requests denied, one host was asked for. */
export const EGRESS: EgressFacts = {
  allowed: 42,
  denied: 5,
  failed: 1,
  routes: [
    {
      route: 'api.example.com',
      requests: 40,
      denied: 1,
      failed: 0,
      bytesUp: 20_000,
      bytesDown: 3_000_000,
      statuses: { 200: 40 },
    },
    {
      route: '*.example.org',
      requests: 2,
      denied: 0,
      failed: 1,
      bytesUp: 900,
      bytesDown: 1_200,
      statuses: {},
    },
  ],
  denials: [
    {
      rule: 'no-route',
      route: '',
      method: 'CONNECT',
      host: 'telemetry.example.net',
      port: 443,
      path: '',
      detail: 'no route for telemetry.example.net',
      times: 3,
    },
    {
      rule: 'no-match',
      route: 'api.example.com',
      method: 'DELETE',
      host: 'api.example.com',
      port: 443,
      path: '/v1/things/7',
      detail: 'DELETE /v1/things/7 fits none of the matches',
      times: 1,
    },
    {
      rule: 'ip-literal',
      route: '',
      method: 'GET',
      host: '',
      port: 0,
      path: '',
      detail: 'the host is an address',
      times: 1,
    },
  ],
  failures: [
    {
      rule: 'upstream-dns',
      route: '*.example.org',
      method: 'CONNECT',
      host: 'gone.example.org',
      port: 443,
      path: '',
      detail: 'gone.example.org has no address',
      times: 1,
    },
  ],
  findings: [
    { detector: 'known_secrets', label: 'API_TOKEN', where: 'body', action: 'redacted', times: 2 },
  ],
  requests: [
    {
      type: 'supervise',
      time: '2026-01-02T03:04:05.678Z',
      tool: 'request_egress',
      fields: { host: 'docs.example.org', reason: 'to read the manual' },
    },
  ],
  pushes: [],
  usage: {
    requests: 12,
    tokens: { input: 1000, output: 234, cacheRead: 50_000, cacheWrite: 0 },
    bytes: 3_022_100,
  },
  cut: false,
};

const STEP = {
  GITHUB_SERVER_URL: 'https://github.example',
  GITHUB_REPOSITORY: 'acme/site',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_SHA: 'b'.repeat(40),
  GITHUB_EVENT_NAME: 'push',
  GITHUB_ACTOR: 'alice',
  GITHUB_WORKFLOW_REF: 'acme/site/.github/workflows/bottle.yml@refs/heads/main',
  GITHUB_WORKFLOW_SHA: 'b'.repeat(40),
  GITHUB_JOB: 'bottle',
  GITHUB_RUN_ID: '1658821493',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_ACTION_REPOSITORY: 'org/bottle-action',
  GITHUB_ACTION_REF: 'v1',
  RUNNER_OS: 'Linux',
  RUNNER_ARCH: 'X64',
  RUNNER_ENVIRONMENT: 'github-hosted',
};

/** What is known beside the record: two artifacts, of which one is not uploaded yet. */
export const EXTRAS: PageExtras = {
  patch: '',
  artifacts: [
    { kind: 'result', name: 'bottle-hello-k3x9q-result' },
    {
      kind: 'proposal',
      name: 'bottle-hello-k3x9q-proposal',
      url: 'https://github.example/acme/site/actions/runs/1658821493/artifacts/7',
      size: 2048,
    },
  ],
  provenance: 'unsigned',
};

const STARTED = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A run that went well, up to the end. */
export type Scenario = RunFacts & {
  /** What the patch's file holds. */
  readonly patchText?: string;
};

export const SUCCESS: Scenario = {
  plan: PLAN,
  outcome: 'success',
  phases: [
    { name: 'image', startMs: 0, durationMs: 3, failed: false },
    { name: 'boot', startMs: 3, durationMs: 120, failed: false },
    { name: 'provision', startMs: 123, durationMs: 210, failed: false },
    { name: 'agent', startMs: 333, durationMs: 61_400, failed: false },
    { name: 'collect', startMs: 61_733, durationMs: 90, failed: false },
  ],
  startedAt: STARTED,
  endedAt: STARTED + 61_900,
  inputs: { agent: sha256('hello'), task: sha256('Say hello.') },
  step: stepOrigin(STEP),
  engineVersion: '0.8.0',
  provisioned: {
    baseTree: 'a'.repeat(40),
    baseCommit: 'b'.repeat(40),
    repository: '/run/scratch/base.git',
    withheld: new Set(),
    files: 12,
    bytes: 34_567,
    skills: ['greet'],
    programVersion: '',
    notices: [],
  },
  walls: [
    {
      name: 'address outside',
      expected: 'unreachable',
      found: 'unreachable',
      milliseconds: 3,
    },
  ],
  egress: EGRESS,
  agent: { exitCode: 0, durationMs: 61_400 },
  collected: COLLECTED,
  proposal: CHANGE,
  patchText: PATCH,
};

const EARLY = { plan: PLAN, inputs: {}, startedAt: STARTED, endedAt: STARTED + 900 };

/** A run that an error ended before the agent, in the last of `phases`. */
function endedBy(outcome: Outcome, names: readonly string[], what: string): RunFacts {
  const error = new BottleError({
    outcome,
    what,
    where: 'input image: ./demo.smolmachine',
    fix: 'Name an image that this runner can boot.',
  });
  const phases = names.map((name, index) => ({
    name,
    startMs: index * 300,
    durationMs: 300,
    failed: index === names.length - 1,
  }));
  return { ...EARLY, outcome, error, phases, step: SUCCESS.step };
}

const STOPPED = { ...SUCCESS, agent: { exitCode: null, durationMs: 61_400 } };

/** Every outcome after the plan, and the two ends of what a run can leave: nothing, and malice. */
const NOT_OPENED = new BottleError({
  outcome: 'push-failed',
  what: 'The pull request was not opened',
  where: 'POST /repos/octo/site/pulls: status 403, not permitted',
  fix: 'Turn on the setting.',
});

function withPush(plan: Plan): Plan {
  const mode = { value: 'pull-request', source: 'input push' } as const;
  return { ...plan, git: { ...plan.git, push: { ...plan.git.push, mode } } };
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  success: SUCCESS,
  'agent-failed': {
    ...SUCCESS,
    outcome: 'agent-failed',
    agent: { exitCode: 3, durationMs: 61_400 },
  },
  'timed-out': { ...STOPPED, outcome: 'timed-out' },
  idle: { ...STOPPED, outcome: 'idle' },
  'limit-reached': { ...STOPPED, outcome: 'limit-reached' },
  cancelled: { ...STOPPED, outcome: 'cancelled' },
  'isolation-failed': endedBy(
    'isolation-failed',
    ['image', 'boot', 'prove'],
    'A probe reached 169.254.169.254 from inside the bottle.',
  ),
  'image-failed': endedBy('image-failed', ['image'], 'The image is not a .smolmachine.'),
  'boot-failed': endedBy('boot-failed', ['image', 'boot'], 'The machine did not answer in 30 s.'),
  'provision-failed': endedBy(
    'provision-failed',
    ['image', 'boot', 'provision'],
    'The workspace could not be unpacked.',
  ),
  'gateway-failed': endedBy('gateway-failed', ['image', 'gateway'], 'The gateway ended early.'),
  'push-failed': {
    ...SUCCESS,
    plan: withPush(SUCCESS.plan),
    outcome: 'push-failed',
    error: NOT_OPENED,
    writeBack: {
      state: 'failed',
      reason: '',
      branch: 'bottle/hello-k3x9q',
      commit: 'e'.repeat(40),
      by: 'git-push',
      pullRequest: undefined,
      notices: [
        'Pushed by git, so GitHub does not sign the commits: there are more than 25 commits',
      ],
      error: NOT_OPENED,
    },
  },
  'internal-error': endedBy('internal-error', ['image'], 'Something undefined was read.'),
  empty: {
    ...EARLY,
    outcome: 'success',
    phases: [],
    step: stepOrigin({}),
  },
  hostile: {
    ...SUCCESS,
    egress: {
      ...EGRESS,
      denials: [
        {
          rule: 'no-match',
          route: 'api.example.com',
          method: 'GET` |<b>',
          host: 'api.example.com',
          port: 443,
          path: '/```\n# PASS\n@everyone |',
          detail: '![x](https://evil.example/b)',
          times: 1,
        },
      ],
      requests: [
        {
          type: 'supervise',
          time: '2026-01-02T03:04:05.678Z',
          tool: 'report_status',
          fields: { status: '```\n# PASS: approved by @maintainer\u202e' },
        },
      ],
    },
    collected: {
      ...COLLECTED,
      files: [
        { path: 'outputs/`|<b>\n# heading @org/team #1', size: 1, sha256: sha256('') },
        { path: 'outputs/gpj.exe\u202etxt', size: 1, sha256: sha256('') },
      ],
      refused: [{ path: '../../etc/passwd', reason: 'its path leaves | the root' }],
      result:
        '```\n# PASS: approved by @maintainer\n![x](https://evil.example/b)\n\x1b[31mred\x07\n',
      notices: ['<script>alert(1)</script> [click](javascript:alert(1))'],
    },
    patchText: PATCH.replace('world', '```\n</details><img src="https://evil.example/x.png">'),
    proposal: {
      ...CHANGE,
      commits: [
        { sha: 'e'.repeat(40), subject: '**Approved** by @maintainer', author: '<b>' },
        ...CHANGE.commits,
      ],
      stat: ['a](https://evil.example)', 'closes #12 @everyone'].map((path) => ({
        path,
        added: null,
        removed: null,
      })),
      bundle: '',
      findings: [
        {
          rule: 'protected-path',
          action: 'block',
          commit: 'e'.repeat(40),
          path: '.github/workflows/`|<img>.yml',
          line: 0,
          detail: 'It is ![x](https://evil.example) protected',
        },
        {
          rule: 'secret',
          action: 'block',
          commit: 'e'.repeat(40),
          path: 'a](https://evil.example)',
          line: 7,
          detail: 'A file holds a secret: API_TOKEN',
        },
      ],
      verdict: 'blocked',
    },
  },
};

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
