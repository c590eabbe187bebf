/** Bundles that lie, secrets, and a runner in trouble: what is good comes back, all else has a name. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import { makeProposal, type ProposalRequest } from '../../src/proposal/make-proposal.ts';
import type { Proposal } from '../../src/proposal/proposal.ts';
import { type Brought, type Guest, makeGuest } from '../outputs/guest-scene.ts';
import { withRepository } from '../outputs/repository-scene.ts';
import { agentCommits, changeOf } from './scene.ts';

/** A guest with one commit and something beside it, and what it sent. */
async function committed(): Promise<{ guest: Guest; brought: Brought }> {
  const guest = await withRepository(makeGuest());
  guest.leave('workspace/committed.txt', 'c\n');
  agentCommits(guest, 'One');
  guest.leave('workspace/left.txt', 'l\n');
  return { guest, brought: await guest.collect() };
}

function proposeAgain(
  guest: Guest,
  { sent }: Pick<Brought, 'sent'>,
  request: Partial<ProposalRequest> = {},
): Promise<Proposal> {
  const { baseCommit, baseTree, repository, withheld } = guest.given();
  const directory = join(guest.root, 'again');
  rmSync(directory, { recursive: true, force: true });
  return makeProposal(guest.host, {
    sent,
    base: { commit: baseCommit, tree: baseTree, repository, withheld },
    author: { name: '', email: '' },
    message: 'Work',
    policy: { ...DEFAULT_POLICY, secrets: [] },
    scratch: join(guest.root, 'proposal'),
    directory,
    signal: new AbortController().signal,
    ...request,
  });
}

const damage = (path: string) => {
  const bytes = readFileSync(path);
  bytes[bytes.length - 30] = (bytes.at(-30) ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
};

describe('a bundle that is damaged', () => {
  test('the commits: the work comes back as one commit', async () => {
    const { guest, brought } = await committed();
    damage(brought.sent.commits);
    const proposal = await proposeAgain(guest, brought);
    expect(proposal).toMatchObject({ kind: 'change', verdict: 'clean' });
    if (proposal.kind !== 'change') return;
    expect(proposal.commits.map(({ subject }) => subject)).toEqual(['Work']);
    expect(proposal.stat.map(({ path }) => path)).toEqual(['committed.txt', 'left.txt']);
    expect(proposal.notices).toEqual([
      expect.stringMatching(
        /^The agent's commits were refused \(.*, so its work comes back as one/,
      ),
    ]);
  });

  test('the work: the commits come back', async () => {
    const { guest, brought } = await committed();
    damage(brought.sent.work);
    const proposal = await proposeAgain(guest, brought);
    expect(proposal).toMatchObject({ kind: 'change', stat: [{ path: 'committed.txt' }] });
    expect(proposal.notices).toEqual([
      'The files as the agent left them were refused: only its commits come back',
    ]);
  });

  test('both: refused, with the reason', async () => {
    const { guest, brought } = await committed();
    damage(brought.sent.work);
    damage(brought.sent.commits);
    expect(await proposeAgain(guest, brought)).toMatchObject({
      kind: 'refused',
      findings: [{ rule: 'fsck' }, { rule: 'fsck' }],
      reason: expect.stringContaining('was refused'),
    });
  });

  test('anywhere: never a crash, never a tip that was not sent', async () => {
    const { guest, brought } = await committed();
    const whole = readFileSync(brought.sent.work);
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 25)) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x01;
      writeFileSync(brought.sent.work, at % 2 === 0 ? bytes : whole.subarray(0, at));
      const sent = { ...brought.sent, commits: '' };
      const proposal = await proposeAgain(guest, { sent });
      // A name in the header may change, and a line that nobody reads.
      if (proposal.kind !== 'refused') {
        expect(proposal).toMatchObject({ stat: [{ path: 'committed.txt' }, { path: 'left.txt' }] });
        expect(at).toBeLessThan(200);
      }
    }
  });
});

describe('a secret', () => {
  const secret = 'correct-horse-battery-staple';
  const policy = { secrets: [{ name: 'API_TOKEN', value: secret }] };
  const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

  test.each<[string, (guest: Guest) => void]>([
    ['left in a file', (g) => g.leave('workspace/a', `key ${secret}\n`)],
    [
      'in a commit that another one cleans up',
      (g) => {
        g.leave('workspace/a', `${Buffer.from(secret).toString('base64')}\n`);
        agentCommits(g, 'One');
        rmSync(join(g.guestWorkspace, 'a'));
        g.leave('workspace/b', 'b\n');
        agentCommits(g, 'Two');
      },
    ],
    [
      'in a message',
      (g) => {
        g.leave('workspace/a', 'a\n');
        agentCommits(g, `Use ${secret} and ${token}`);
      },
    ],
    ['in a name', (g) => g.leave(`workspace/${token}/a`, 'a\n')],
    ['of a vendor', (g) => g.leave('workspace/a', `token = "${token}"\n`)],
  ])('%s: blocked, no bundle, and nothing shows it', async (_name, work) => {
    const guest = await withRepository(makeGuest());
    work(guest);
    const brought = await guest.collect({ policy });
    const change = changeOf(brought);
    expect(change).toMatchObject({ verdict: 'blocked', bundle: '' });
    expect(change.findings).toContainEqual(
      expect.objectContaining({ rule: 'secret', action: 'block' }),
    );
    const shown = JSON.stringify([change, brought.notices, brought.patch]);
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(token);
    expect(change.stat).toHaveLength(1);
  });

  test('a protected path blocks as well; the patch is there to be read', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/.github/workflows/x.yml', 'on: push\n');
    const brought = await guest.collect();
    expect(changeOf(brought)).toMatchObject({ verdict: 'blocked', bundle: '' });
    expect(brought.patch).toContain('+on: push');
  });

  test('what asks for a review has its bundle', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/kept.txt', 'x\n');
    const protectedPaths = [{ glob: 'kept.txt', action: 'review' as const }];
    const change = changeOf(await guest.collect({ policy: { protectedPaths } }));
    expect(change.verdict).toBe('review');
    expect(change.bundle).not.toBe('');
  });
});

describe('a runner', () => {
  test('without time: refused, and says so', async () => {
    const { guest, brought } = await committed();
    expect(await proposeAgain(guest, brought, { signal: AbortSignal.abort() })).toMatchObject({
      kind: 'refused',
      reason: "The agent's work could not be taken: there was no time left",
    });
  });

  test('whose time runs out at any git: never a bundle that was not checked', async () => {
    const { guest, brought } = await committed();
    const kinds = new Set<string>();
    for (let last = 0; last < 40; last += 3) {
      const time = new AbortController();
      let started = 0;
      const host = {
        ...guest.host,
        spawn: async (...args: Parameters<typeof guest.host.spawn>) => {
          started += 1;
          if (started > last) time.abort(new Error('no time'));
          return guest.host.spawn(...args);
        },
      };
      const proposal = await proposeAgain({ ...guest, host }, brought, { signal: time.signal });
      kinds.add(proposal.kind === 'change' ? proposal.verdict : proposal.kind);
      if (proposal.kind !== 'change' || !time.signal.aborted) continue;
      if (proposal.verdict === 'blocked') expect(proposal.bundle).toBe('');
    }
    expect([...kinds].sort()).toEqual(['blocked', 'clean', 'refused']);
  });

  test('without a disk to write to: refused, and says so', async () => {
    const { guest, brought } = await committed();
    const scratch = join(guest.root, 'file');
    writeFileSync(scratch, '');
    expect(await proposeAgain(guest, brought, { scratch })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ENOTDIR'),
    });
    const directory = join(scratch, 'artifact');
    expect(await proposeAgain(guest, brought, { directory })).toMatchObject({ kind: 'refused' });
  });

  test('whose disk is full: what does not fit is missing, and nothing half written', async (ctx) => {
    const { guest, brought } = await committed();
    const directory = join(guest.root, 'small');
    mkdirSync(directory);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', directory], {
        stdio: 'ignore',
      });
    } catch {
      ctx.skip('needs root to mount a small disk');
    }
    try {
      writeFileSync(join(directory, 'filler'), Buffer.alloc(4096));
      const proposal = await proposeAgain(guest, brought, { directory });
      expect(proposal).toMatchObject({ kind: 'change', patch: '', bundle: '' });
      expect(proposal.notices).toEqual([
        expect.stringMatching(/^There is no patch: ENOSPC/),
        expect.stringMatching(/^There is no bundle of the change: .*No space left/),
      ]);
      expect(execFileSync('ls', [directory], { encoding: 'utf8' })).toBe('filler\n');
    } finally {
      execFileSync('umount', [directory]);
    }
  });
});

describe('what the guest sent', () => {
  test('is a change of 50,000 files: listed, within limits that allow it', async () => {
    const guest = await withRepository(makeGuest());
    for (let index = 0; index < 50_000; index++) {
      if (index % 1000 === 0) mkdirSync(join(guest.guestWorkspace, `d${index / 1000}`));
      writeFileSync(
        join(guest.guestWorkspace, `d${Math.floor(index / 1000)}`, `f${index}`),
        `${index}\n`,
      );
    }
    const change = changeOf(await guest.collect({ outputMib: 200, policy: { maxFiles: 60_000 } }));
    expect(change.verdict).toBe('clean');
    expect(change.stat).toHaveLength(50_000);
    // The scene is removed in a hook, which has less time.
    execFileSync('rm', ['-rf', guest.guestWorkspace]);
  }, 300_000);

  test('did not all come: refused, and the collection says why', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/large', Buffer.alloc(3 << 20, 'x'));
    guest.leave(
      'workspace/random',
      Buffer.from(Array.from({ length: 2 << 20 }, () => Math.random() * 256)),
    );
    const brought = await guest.collect({ outputMib: 1 });
    expect(brought.proposal).toMatchObject({
      kind: 'refused',
      reason: "The agent's work did not come out of the guest",
    });
    expect(brought.refused.map(({ reason }) => reason)).toEqual(['is over 1 MiB']);
  });
});
