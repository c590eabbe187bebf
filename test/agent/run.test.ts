/** The agent in a real bottle: what it is given, and how its end is told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunAgentOptions, runAgent } from '../../src/agent/run.ts';
import { engineHost } from '../machine/engine-host.ts';
import { TOKEN } from '../relay/gateway.ts';
import { ENGINES, type Scene } from '../relay/scene.ts';
import { filesIn, limited, type Plan, planOf } from './plan.ts';

const { obstacle, open } = ENGINES.bubblewrap;
if (obstacle === '') describe('the agent', describeAgent);
else test('the agent', (context) => context.skip(obstacle));

const host = engineHost({ env: { NPM_TOKEN: 'from the runner' } });

function describeAgent(): void {
  let scene: Scene;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'agent-'));
    scene = await open();
  });
  afterAll(async () => {
    await scene?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = async (plan: Plan, changes: Partial<RunAgentOptions> = {}) => {
    const files = filesIn(mkdtempSync(join(directory, 'run-')));
    const end = await runAgent(host, scene.machine, plan, {
      files,
      signal: new AbortController().signal,
      token: TOKEN,
      environment: { SSL_CERT_FILE: '/etc/bottle/ca.pem', MODE: 'of the run' },
      secretEnvironment: { CANARY: 'tweet' },
      ...changes,
    });
    const read = (path: string) => readFileSync(path, 'utf8');
    const events = read(files.events)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return { end, output: read(files.raw), stderr: read(files.stderr), events };
  };

  test('finds the relay, the plan and what the run adds in its environment', async () => {
    const { output } = await run(planOf('env; pwd; cat'));
    const lines = output.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'http_proxy=http://127.0.0.1:7711',
        'HTTPS_PROXY=http://127.0.0.1:7711',
        'no_proxy=localhost,127.0.0.1,::1',
        'NODE_USE_ENV_PROXY=1',
        'SSL_CERT_FILE=/etc/bottle/ca.pem',
        'CANARY=tweet',
        'MODE=of the manifest',
        'NPM=from the runner',
        'BOTTLE_RUN_ID=hello-abcde',
        '/tmp',
        'the task',
      ]),
    );
    expect(output).not.toContain(TOKEN);
    expect(output).not.toContain('listening');
  });

  test('talks to the gateway through the relay', async () => {
    const ask = `exec 3<>/dev/tcp/127.0.0.1/7711; echo echo >&3; echo hello >&3; read -r x <&3; echo "$x"`;
    const { output } = await run(planOf(`bash -c '${ask}'`));
    expect(output).toBe('hello\n');
  });

  test.each([
    ['exit 0', { kind: 'exited', exitCode: 0 }],
    ['exit 91', { kind: 'exited', exitCode: 91 }],
    ['kill -TERM $$', { kind: 'exited', exitCode: 143 }],
  ])('`%s` is told as its own end', async (script, end) => {
    expect((await run(planOf(script))).end).toMatchObject(end);
  });

  test('is timed out, idle or stopped', async () => {
    const endOf = async (limits: Record<string, number>, signal?: AbortSignal) => {
      const plan = planOf('echo; exec sleep 1000', { limits: limited(limits) });
      return (await run(plan, signal ? { signal } : {})).end.kind;
    };
    expect(await endOf({ minutes: 0.01, idleMinutes: 0 })).toBe('timed-out');
    expect(await endOf({ minutes: 1, idleMinutes: 0.01 })).toBe('idle');
    expect(await endOf({ minutes: 1, idleMinutes: 0 }, AbortSignal.timeout(500))).toBe('stopped');
  });

  test('is heard: events are taken as such, all else as text, in order', async () => {
    const { end, output, stderr, events } = await run(
      planOf(
        [
          'printf "one\\ntwo\\n"; echo oops >&2',
          `echo '{"type":"turn"}'`,
          `echo '{"type":"tool-call","id":"1","name":"Read","input":{"path":"a"}}'`,
          `echo '{"type":"tool-call","id":"1"}'`,
          `printf '{"type":"finished","ok":true,"turns":1,"result":"done"}'`,
        ].join('\n'),
      ),
    );
    expect(end.kind === 'exited' && end.failure).toBe(undefined);
    expect(output).toMatch(/^one\ntwo\n\{"type":"turn"\}\n/);
    expect(stderr).toBe('oops\n');
    const withoutTime = events.map(({ time, ...event }) => {
      expect(time).toMatch(/^\d{4}-.*Z$/);
      return event;
    });
    expect(withoutTime).toEqual([
      { type: 'text', turn: 0, text: 'one\ntwo' },
      { type: 'tool-call', turn: 1, id: '1', name: 'Read', input: { path: 'a' } },
      { type: 'text', turn: 1, text: '{"type":"tool-call","id":"1"}' },
      { type: 'finished', turn: 1, ok: true, turns: 1, result: 'done' },
    ]);
    expect(end.told).toMatchObject({ turns: 1, tools: [{ name: 'Read', calls: 1 }] });
    expect(end.files.map((path) => basename(path))).toEqual([
      ...['agent.log', 'agent.stderr.log', 'transcript.jsonl'],
    ]);
  });

  test('is ended when it begins a turn that it does not have', async () => {
    const turn = `echo '{"type":"turn"}'`;
    const plan = planOf(`${turn}; ${turn}; ${turn}; exec sleep 1000`, {
      limits: limited({ minutes: 1, idleMinutes: 0, turns: 2 }),
    });
    expect((await run(plan)).end).toMatchObject({ kind: 'turns', allowed: 2 });
  });

  test.each([
    [
      'an error that it did not get over',
      `{"type":"error","reason":"rate-limited","status":429,"message":"wait"}`,
      'rate-limited',
    ],
    [
      'a tool that it was refused',
      `{"type":"permission-denied","tool":"Bash"}`,
      'permission-denied',
    ],
    ['that it gave up', `{"type":"finished","ok":false,"turns":1,"result":""}`, 'api-error'],
  ])('fails with exit code 0 and %s', async (_, event, reason) => {
    const { end } = await run(planOf(`echo '${event}'`));
    expect(end).toMatchObject({ kind: 'exited', exitCode: 0, failure: { reason } });
  });

  describe('its answer as data', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const said = (more: object) =>
      `printf '%s\\n' '${JSON.stringify({ type: 'finished', ok: true, turns: 1, result: '', ...more })}'`;
    const asking = (script: string, again: readonly string[] = []): Plan => {
      const plan = planOf(script);
      const outputSchema = {
        ...{ schema, source: 'test', instruction: '', schemaFile: '/home/node/schema.json' },
        file: '/home/node/structured.json',
      };
      const resume = { argv: again, session: '{session}' };
      return { ...plan, agent: { ...plan.agent, outputSchema, resume } };
    };

    test.each([
      ['as data', said({ structured: { n: 1 } })],
      ['as its last words', said({ result: '{"n": 1}' })],
      ['in a fence', said({ result: 'Here:\n```json\n{"n": 1}\n```\n' })],
      ['in a file', `echo '{"n": 1}' > "$BOTTLE_STRUCTURED_FILE"`],
    ])('is taken %s', async (_, script) => {
      expect((await run(asking(script))).end).toMatchObject({ structured: { n: 1 } });
    });

    test.each([
      ['another type', said({ structured: { n: 'x' } }), /^\/n must be integer \(rule type\)$/],
      ['nothing', 'rm -f "$BOTTLE_STRUCTURED_FILE"', /no JSON/],
      ['no JSON', `${said({ result: 'n is 1' })}; rm -f "$BOTTLE_STRUCTURED_FILE"`, /no JSON/],
    ])('%s fails it', async (_, script, message) => {
      const { end } = await run(asking(script));
      expect(end.failure).toMatchObject({ reason: 'schema-invalid' });
      expect(end.failure?.message).toMatch(message);
      expect(end).not.toHaveProperty('structured');
    });

    const started = `echo '{"type":"started","session":"s-1","model":"","version":""}'`;
    const bad = said({ structured: {} });

    test('is asked for once more, in the same session, with what is wrong', async () => {
      const again = `${said({ structured: { n: 2 } })}; echo "session $1"; cat`;
      const argv = ['/bin/sh', '-c', again, 'sh', '{session}'];
      const { end, output } = await run(asking(`${started}; ${bad}`, argv));
      expect(end).toMatchObject({ failure: undefined, structured: { n: 2 } });
      expect(output).toContain('session s-1\n');
      expect(output).toMatch(/must have required property 'n' \(rule required\)/);
    });

    test('is asked for once more and no oftener', async () => {
      const { end, output } = await run(asking(`${started}; ${bad}`, ['/bin/sh', '-c', bad]));
      expect(end.failure).toMatchObject({ reason: 'schema-invalid' });
      expect(output.match(/"finished"/g)).toHaveLength(2);
    });

    test('is not asked for by a session that is an option', async () => {
      const hostile = started.replace('s-1', '--evil');
      const argv = ['/bin/sh', '-c', 'echo again', 'sh', '{session}'];
      const { end, output } = await run(asking(`${hostile}; ${bad}`, argv));
      expect(end.failure).toMatchObject({ reason: 'schema-invalid' });
      expect(output).not.toContain('again');
    });
  });

  test('does not run where no relay can', async () => {
    const plan = planOf('echo ran');
    const env = [{ name: 'PATH', kind: 'literal', value: '/nowhere', source: 'test' } as const];
    await expect(run({ ...plan, env })).rejects.toMatchObject({ outcome: 'provision-failed' });
  });
}
