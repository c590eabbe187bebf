/** A fork's pull request, from the event to the files that rule the run, as `prepare` tells it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadManifest } from '../../src/manifest/load.ts';
import { worktreeFiles } from '../../src/manifest/worktree.ts';
import { pinAgentConfig } from '../../src/trust/agent-config.ts';
import { makeGitHubApi } from '../../src/trust/api.ts';
import { gitFiles } from '../../src/trust/git-files.ts';
import { compareManifest } from '../../src/trust/manifest-difference.ts';
import { readEvent } from '../../src/trust/read-event.ts';
import { openRepository } from '../../src/trust/repository.ts';
import { decideTrust } from '../../src/trust/trust.ts';
import { fileServer, makeGitScene } from './git-scene.ts';
import { REPOSITORY } from './github-api.ts';
import { makeHost } from './host.ts';
import { tell } from './payload.ts';

const manifest = (prompt: string) =>
  `bottles: {dev: {}}\nagents:\n  demo:\n    bottle: dev\n    prompt: ${prompt}\n`;

test('the base rules, the head is data', async () => {
  const scene = makeGitScene();
  const base = scene.commit({ 'bot-bottle.yml': manifest('Good'), 'CLAUDE.md': 'good' });
  const head = scene.commit({ 'bot-bottle.yml': manifest('Evil'), 'CLAUDE.md': 'evil' });
  scene.clone('--depth=1');
  const payload = JSON.stringify(tell({ event: 'pull_request', head: 'fork' }));
  const eventPath = join(scene.root, 'event.json');
  writeFileSync(eventPath, payload.replace('b'.repeat(40), base));
  const host = makeHost({
    RUNNER_TEMP: join(scene.root, 'temp'),
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_SHA: head,
    GITHUB_REPOSITORY: REPOSITORY,
    GITHUB_SERVER_URL: fileServer(scene),
  });
  const inputs = { manifestRef: '', allowedActors: [], allowUntrustedHead: false };
  const event = readEvent(host);
  const repository = await openRepository(host, {
    checkout: scene.checkout,
    token: '',
    scratch: join(scene.root, 'temp'),
  });
  if (repository === undefined) throw new Error('no repository');
  try {
    const trust = await decideTrust({ event, inputs, repository, api: makeGitHubApi(host, '') });
    expect(trust).toMatchObject({
      ref: { kind: 'commit', sha: base },
      head: 'untrusted',
      cacheTrusted: false,
      dropCredentials: true,
    });
    const trusted = gitFiles(repository, base);
    const loaded = await loadManifest(trusted);
    expect(loaded.agents.get('demo')?.value).toMatchObject({ prompt: 'Good' });
    const inHead = worktreeFiles(scene.checkout);
    expect(await compareManifest(trusted, inHead, loaded.carrier)).toContain(
      '-    prompt: Good\n+    prompt: Evil',
    );
    const pinned = await pinAgentConfig(repository, base, await repository.listHead());
    expect(pinned).toEqual([
      {
        path: 'CLAUDE.md',
        guest: { kind: 'file', bytes: Buffer.from('good'), mode: 0o644 },
        headAs: '.bottle-head/CLAUDE.md.head',
      },
    ]);
  } finally {
    await repository.close();
  }
});
