/** The same in a real bottle: what the agent's user left there, killed or not, comes back. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { searchSecrets } from '../../src/git-check/secret-search.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { collect } from '../../src/outputs/collect.ts';
import { provision } from '../../src/provision/provision.ts';
import { bootBottle, whyNoBottle } from '../machine/bottle.ts';
import { makePlan } from '../provision/plan.ts';
import { commitAll, startRepository } from '../provision/repository.ts';
import { makeScene } from '../provision/scene.ts';
import { pathsOf, propose } from './guest-scene.ts';

const HOME = '/home/node';
const why = await whyNoBottle();

describe('in a bottle', () => {
  let machine: Machine;
  let directory: string;
  beforeEach(({ skip }) => skip(why !== '', why));
  beforeAll(async () => {
    if (why !== '') return;
    machine = await bootBottle();
    directory = mkdtempSync(join(tmpdir(), 'collect-'));
  });
  afterAll(async () => {
    await machine?.destroy();
    if (why === '') rmSync(directory, { recursive: true, force: true });
  });

  test('patch, outputs and result come back from an agent that was killed', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('a.txt', 'one\n');
    commitAll(scene);
    const scratch = join(scene.root, 'scratch');
    mkdirSync(scratch, { recursive: true });
    const whole = makePlan(scene.workspace, HOME);
    const { host } = scene;
    const provisioned = await provision(host, machine, whole, { scratch, certificate: '' });

    const script = `mkdir -p .bottle workspace/dist; echo done >.bottle/result.md
      echo two >>workspace/a.txt; echo x >workspace/dist/x.txt; echo o >outputs/o
      ln -s / outputs/root; mkfifo outputs/pipe; chmod 000 outputs/o; echo ready; sleep 600`;
    const killing = new AbortController();
    const ended = await machine.exec(['sh', '-c', script], {
      onStdout: () => killing.abort(),
      signal: killing.signal,
    });
    expect(ended.aborted).toBe(true);

    const plan = {
      provision: whole.provision,
      user: whole.user,
      outputs: { value: ['dist/*.txt', '/etc/hostname'], source: 'test' },
      resultFile: `${HOME}/.bottle/result.md`,
      limits: {
        minutes: { value: 1, source: 'test' },
        idleMinutes: { value: 0, source: 'test' },
        outputMib: { value: 1, source: 'test' },
      },
    };
    const bundles = join(scratch, 'bundles');
    const options = { bundles, search: searchSecrets([]), timeoutMs: 20_000 };
    const collected = await collect(machine, plan, provisioned, directory, options);
    expect(pathsOf(collected)).toContain('workspace/dist/x.txt');
    expect(collected.result).toBe('done\n');
    const { proposal } = await propose(scene, collected, provisioned);
    expect(proposal).toHaveProperty('stat', [
      { path: 'a.txt', added: 1, removed: 0 },
      { path: 'dist/x.txt', added: 1, removed: 0 },
    ]);
    expect(collected.refused.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['is a named pipe', 'is a symbolic link']),
    );
    // The agent took away its own right to read it.
    expect(collected.notices.join('\n')).toMatch(/outputs\/o: .*denied/);
    expect(readdirSync(directory)).not.toContain('.collect');
  });
});
