/** A later run goes on with a session, through the built bundle, if it may; hostile ones change nothing. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionRecord } from '../../src/session/session.ts';
import { skipWithoutBottle } from '../action/scene.ts';
import type { StepResult } from '../runner/run-step.ts';
import { packZip, type ZipPart } from '../zip-file.ts';
import { ARTIFACT, EARLIER_RUN, openSessionScene, SESSION, type SessionScene } from './scene.ts';

skipWithoutBottle();

let scene: SessionScene;
beforeEach(async () => {
  scene = await openSessionScene();
});
afterEach(async () => {
  expect(scene.github.unexpected).toEqual([]);
  await scene.close();
});

const PLACE = '.claude/projects/-home-node-workspace';
const FIRST = `${PLACE}/${SESSION}.jsonl`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const CONTINUE = { inputs: { session: ARTIFACT } };

type Recorded = { -readonly [K in keyof SessionRecord]: SessionRecord[K] };

/** What an earlier run would have left. */
function sessionOf(
  contents: Readonly<Record<string, string>> = { [FIRST]: 'the first talk\n' },
  change: (record: Recorded, parts: ZipPart[]) => void = () => {},
): Buffer {
  const all = Object.entries(contents).map(([path, text]) => ({
    path,
    content: Buffer.from(text),
  }));
  const record: Recorded = {
    version: 1,
    runId: 'hello-aaaaa',
    provider: 'claude',
    providerVersion: '',
    session: SESSION,
    scope: {
      trigger: 'default-branch',
      event: 'workflow_dispatch',
      actor: { id: '583231', login: 'octocat' },
      repository: { id: '1296269', name: 'octo-org/octo-repo' },
      ref: 'refs/heads/main',
      number: 0,
      workflowRun: String(EARLIER_RUN),
    },
    files: all.map(({ path, content }) => ({
      path,
      size: content.length,
      sha256: sha256(content),
    })),
  };
  const parts = all.map(({ content }, at): ZipPart => ({ name: `file-${at}`, content }));
  change(record, parts);
  const json = { name: 'session.json', content: Buffer.from(JSON.stringify(record)) };
  return packZip([json, ...parts]);
}

function expectRefused(result: StepResult, outcome: string, message: RegExp): void {
  expect(result.conclusion, result.log).toBe('failure');
  expect(result.outputs).toEqual({ outcome });
  expect(result.annotations.at(-1)?.message).toMatch(message);
  expect(result.log).not.toContain('hello |');
  expect(result.leftovers).toEqual([]);
}

describe('a session', () => {
  test('of this workflow run goes on, without asking GitHub', async () => {
    const first = await scene.talk('echo first', {
      inputs: { 'keep-session': 'true', 'artifact-name': 'talk' },
    });
    expect(first.outputs.outcome, first.log).toBe('success');
    const second = await scene.talk('echo second', CONTINUE);
    expect(second.outputs.outcome, second.log).toBe('success');
    expect(second.log.split('\n')).toContain('hello | recalls: echo first');
    expect(second.outputs.session).toBe(SESSION);
    expect(scene.github.asked).toEqual([]);
    const record = JSON.parse((await scene.artifact(second)).get('run.json')?.toString() ?? '');
    const bytes = (await scene.service.readArtifact(ARTIFACT)).get('session.json');
    expect(record.session.continued).toEqual({
      artifact: ARTIFACT,
      workflowRun: '1658821493',
      session: SESSION,
      sha256: sha256(bytes ?? Buffer.of()),
      reason: 'It was made in this workflow run',
    });
  });

  test('of an earlier run goes on, and can be kept again', async () => {
    scene.leave(sessionOf());
    const inputs = { session: ARTIFACT, 'keep-session': 'true', 'artifact-name': 'talk' };
    const result = await scene.talk('stat -c %a "$session"', { inputs });
    expect(result.outputs.outcome, result.log).toBe('success');
    expect(result.log.split('\n')).toContain('hello | recalls: the first talk');
    expect(result.log.split('\n')).toContain('hello | 600');
    expect(result.summary).toContain('Session: continues `talk-session` of an earlier run');
    const files = await scene.service.readArtifact(ARTIFACT);
    expect(files.get('file-0')?.toString()).toBe('the first talk\nstat -c %a "$session"\n');
    expect(JSON.parse(files.get('session.json')?.toString() ?? '').scope.workflowRun).toBe(
      '1658821493',
    );
    expect(result.leftovers).toEqual([]);
  });

  test('is shown by mode: plan, which starts nothing', async () => {
    scene.leave(sessionOf());
    const result = await scene.talk('x', { inputs: { ...CONTINUE.inputs, mode: 'plan' } });
    expect(result.conclusion, result.log).toBe('success');
    expect(result.summary).toContain(`${SESSION} of ${ARTIFACT}: 1 files, 15 bytes`);
    expect(result.log).toMatch(new RegExp(`"--resume",\\s+"${SESSION}"`));
    expect(result.summary).toMatch(
      /It was made in the workflow run 4711: default-branch by octocat/,
    );
    expect(result.log).not.toContain('hello |');
  });

  test('of its own class, actor and ref is found behind newer ones of the same name', async () => {
    scene.leave(sessionOf());
    scene.leave(sessionOf(), { head: 777, event: 'pull_request' });
    const result = await scene.talk('echo on', CONTINUE);
    expect(result.outputs.outcome, result.log).toBe('success');
    expect(result.log).toContain('hello | recalls: the first talk');
    const said = result.annotations.map(({ message }) => message).join('\n');
    expect(said).toMatch(/were passed over, 1 of them: its run is of the class fork/);
  });
});

describe('refused as config-invalid is', () => {
  test.each<[string, RegExp, () => void]>([
    ['one that is not there', /no such session/, () => {}],
    [
      'one that has expired',
      /no such session/,
      () => {
        scene.leave(sessionOf());
        const [artifact] = scene.github.state.artifacts.splice(0);
        if (artifact) scene.github.state.artifacts.push({ ...artifact, expired: true });
      },
    ],
    [
      'one that may not be looked for',
      /did not list.*403.*actions: read/,
      () => Object.assign(scene.github.state.permissions, { actions: false }),
    ],
    [
      'one of another provider',
      /of codex.*of claude/,
      () =>
        scene.leave(sessionOf(undefined, (record) => Object.assign(record, { provider: 'codex' }))),
    ],
  ])('%s', async (_, message, prepare) => {
    prepare();
    expectRefused(await scene.talk('x', CONTINUE), 'config-invalid', message);
  });
});

describe('refused as untrusted is', () => {
  test.each<[string, RegExp, () => void]>([
    [
      'one of a fork, whatever its record says',
      /class fork, which is less trusted than default-branch/,
      () => scene.leave(sessionOf(), { event: 'pull_request', head: 777 }),
    ],
    [
      'one of a comment',
      /class repository, which is less trusted/,
      () => scene.leave(sessionOf(), { event: 'issue_comment' }),
    ],
    [
      'one of another branch',
      /class writers, which is less trusted/,
      () => scene.leave(sessionOf(), { head_branch: 'other' }),
    ],
    [
      'one of a tag that is called like the default branch',
      /class writers, which is less trusted/,
      () => {
        const { bare } = scene.github.state;
        const tree = bare.git('rev-parse', 'main^{tree}');
        scene.leave(sessionOf(), { head_sha: bare.writeCommit(tree, [], 'aside', 'a') });
      },
    ],
    [
      'one whose record says that it is of less',
      /class fork, which is less/,
      () =>
        scene.leave(
          sessionOf(undefined, (record) => {
            record.scope = { ...record.scope, trigger: 'fork' };
          }),
        ),
    ],
    [
      'one whose record is of another run',
      /of another run.*run 4711, session.json: 1/,
      () =>
        scene.leave(
          sessionOf(undefined, (record) => {
            record.scope = { ...record.scope, workflowRun: '1' };
          }),
        ),
    ],
    [
      'one whose run GitHub does not tell',
      /did not say what the run was/,
      () => {
        scene.leave(sessionOf());
        scene.github.state.runs.splice(1);
      },
    ],
  ])('%s', async (_, message, prepare) => {
    prepare();
    expectRefused(await scene.talk('x', CONTINUE), 'untrusted', message);
  });

  test('one that holds a secret of this run', async () => {
    const key = 'model-qwertzuiopasdfgh';
    scene.leave(sessionOf({ [FIRST]: `once ${Buffer.from(key).toString('base64')} was said` }));
    const result = await scene.talk('x', CONTINUE);
    expectRefused(result, 'untrusted', /holds a secret/);
  });
});

describe('an archive is refused that', () => {
  const OTHER = `${PLACE}/other`;
  type Change = Parameters<typeof sessionOf>[1];
  const file = (fields: object): Change => {
    return (record) => Object.assign(record.files[0] ?? {}, fields);
  };
  test.each<[string, RegExp, () => Buffer]>([
    ['climbs', /no plain relative path/, () => sessionOf({ [`${PLACE}/../../x`]: 'x' })],
    ['begins at the root', /no plain relative path/, () => sessionOf({ '/etc/passwd': 'x' })],
    ['fills another place', /no part of such/, () => sessionOf({ '.bashrc': 'x' })],
    ['fills the settings', /no part of such/, () => sessionOf({ '.claude/settings.json': 'x' })],
    ['is next to the place', /no part of such/, () => sessionOf({ '.claude/projects2/a': 'x' })],
    ['hides its name', /no plain relative/, () => sessionOf({ [`${PLACE}/\u202ea`]: 'x' })],
    [
      'has a file in a file',
      /lies in a file/,
      () => sessionOf({ [OTHER]: 'x', [`${OTHER}/below`]: 'y' }),
    ],
    [
      'has a file twice',
      /is in it twice/,
      () => sessionOf({ [FIRST]: 'x', [OTHER]: 'y' }, file({ path: OTHER })),
    ],
    [
      'has another file',
      /was changed/,
      () =>
        sessionOf({}, (record, parts) => {
          record.files = [{ path: FIRST, size: 1, sha256: sha256(Buffer.from('x')) }];
          parts.push({ name: 'file-0', content: Buffer.from('y') });
        }),
    ],
    ['has a longer file', /was changed/, () => sessionOf({ [FIRST]: 'x' }, file({ size: 2 }))],
    ['has a shorter file', /more than 1/, () => sessionOf({ [FIRST]: 'xy' }, file({ size: 1 }))],
    [
      'lacks a file',
      /file-0 is not there/,
      () => sessionOf({ [FIRST]: 'x' }, (_, parts) => parts.splice(0)),
    ],
    [
      'has a file more',
      /file-1 is in it, and not/,
      () => sessionOf(undefined, (_, parts) => parts.push({ name: 'file-1' })),
    ],
    [
      'has a path that leads out',
      /leads out/,
      () => sessionOf(undefined, (_, parts) => parts.push({ name: '../file-1' })),
    ],
    [
      'is too large',
      /more than 16777216 bytes/,
      () => sessionOf({ [FIRST]: 'x' }, file({ size: 16777217 })),
    ],
    [
      'unpacks to more than it says',
      /more bytes than the zip says/,
      () =>
        sessionOf({ [FIRST]: 'x' }, (_, parts) => {
          parts[0] = { name: 'file-0', content: Buffer.alloc(1 << 24), lies: { size: 1 } };
        }),
    ],
    [
      'has too many files',
      /session.json: files/,
      () =>
        sessionOf(
          Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`${PLACE}/${at}`, ''])),
        ),
    ],
    [
      'has a session that is an option',
      /session.json: session/,
      () => sessionOf(undefined, (record) => Object.assign(record, { session: '--dangerous' })),
    ],
    [
      'is of another version',
      /session.json: version/,
      () => sessionOf(undefined, (record) => Object.assign(record, { version: 2 })),
    ],
    [
      'has a field more',
      /session.json/,
      () => sessionOf(undefined, (record) => Object.assign(record, { more: 1 })),
    ],
    ['has no record', /no session.json/, () => packZip([{ name: 'file-0' }])],
    ['is no zip', /no zip file/, () => Buffer.from('hello')],
  ])('%s', async (_, message, make) => {
    scene.leave(make());
    const result = await scene.talk('x', { inputs: { ...CONTINUE.inputs, mode: 'plan' } });
    expectRefused(result, 'untrusted', message);
  });

  test('is a link: it becomes a file that holds its target as text, and no link', async () => {
    // Zip has links as an attribute of a file, which nothing here looks at.
    scene.leave(
      sessionOf({ [FIRST]: '/etc/passwd\n' }, (_, parts) => {
        parts[0] = { ...parts[0], name: 'file-0', attributes: 0o120777 * 65536 };
      }),
    );
    const result = await scene.talk('stat -c %F "$session"', CONTINUE);
    expect(result.outputs.outcome, result.log).toBe('success');
    expect(result.log.split('\n')).toContain('hello | recalls: /etc/passwd');
    expect(result.log.split('\n')).toContain('hello | regular file');
  });
});
