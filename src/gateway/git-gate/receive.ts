/** Takes a push: hears of it from the hook, judges it, hands it on or keeps it, and says what became of it. */
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { CheckFinding } from '../../git-check/finding.ts';
import { printable } from '../../printable.ts';
import { deniedBy } from '../answer.ts';
import type { GatewayPush, PushedRef } from '../protocol.ts';
import { handOn } from './hand-on.ts';
import { answerHook, hearHook } from './hook.ts';
import { type JudgeParts, judgePush } from './judge.ts';
import type { Repository } from './repository.ts';

export type ReceiveParts = Omit<JudgeParts, 'repository'> & {
  readonly repository: Repository;
  readonly report: (push: GatewayPush) => void;
  /** Aborts when git has ended: it was interrupted, or it has our word. */
  readonly ended: AbortSignal;
};

type Verdict = Pick<GatewayPush, 'verdict' | 'findings' | 'detail'>;

const MAX_FINDINGS = 50;
const MAX_SAID = 20;

/** Never rejects; settles when git has ended. */
export async function takePush(channel: Duplex, parts: ReceiveParts): Promise<void> {
  const { repository, ended } = parts;
  channel.on('error', () => {});
  try {
    const { objects, refs } = await hearHook(channel);
    const time = new Date().toISOString();
    await repository.alone(async () => {
      ended.throwIfAborted();
      const verdict = await decide(basename(objects), refs, parts);
      parts.report(messageOf(time, refs, verdict, parts));
      answerHook(channel, verdict.verdict !== 'refused', sayVerdict(verdict, parts));
      // git writes the refs now, and so long nobody else may.
      await untilAborted(ended);
    });
  } catch {
    // git ended, or is no more to be understood: without our word nothing is accepted.
    channel.destroy();
  }
}

async function decide(
  quarantine: string,
  refs: readonly PushedRef[],
  parts: ReceiveParts,
): Promise<Verdict> {
  const { repository, policy, cover, ended: signal } = parts;
  const { settings, directory } = repository;
  const env = quarantine === '' ? {} : seeing(directory, quarantine);
  const judgeWith = { repository: settings, policy, cover };
  const findings = await judgePush(repository.git({ env, signal }), refs, judgeWith);
  const isForwarded = settings.push === 'forward';
  // Nobody looks at what goes straight on.
  const blocks = findings.filter(({ action }) => action === 'block' || isForwarded);
  if (blocks.length > 0) return { verdict: 'refused', findings, detail: sumUp(blocks) };
  if (!isForwarded) {
    repository.keep(refs.map(({ ref }) => ref));
    return { verdict: 'recorded', findings, detail: '' };
  }
  try {
    const way = await repository.findWay(signal);
    await handOn(repository.git({ env, signal, far: true }), way, refs);
    return { verdict: 'forwarded', findings, detail: '' };
  } catch (error) {
    signal.throwIfAborted();
    const { rule, message } = deniedBy(error);
    return { verdict: 'refused', findings, detail: `${rule}: ${printable(message)}` };
  }
}

/** The objects of the push, and behind them those of the repository. */
function seeing(directory: string, quarantine: string): Record<string, string> {
  const objects = join(directory, 'objects');
  return {
    GIT_OBJECT_DIRECTORY: join(objects, quarantine),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
  };
}

function sumUp(findings: readonly CheckFinding[]): string {
  const rules = new Set(findings.map(({ rule }) => rule));
  return `the checks found: ${[...rules].join(', ')}`;
}

/** What the guest's git shows. */
function sayVerdict(
  { verdict, findings, detail }: Verdict,
  { repository }: ReceiveParts,
): string[] {
  const shown = findings.slice(0, MAX_SAID).map(sayFinding);
  const more = findings.length - shown.length;
  const last = {
    refused: `refused, and nothing was changed: ${detail}`,
    recorded: 'checked and kept on the runner; the upstream is not told of it',
    forwarded: `checked and sent on to ${repository.settings.name}`,
  }[verdict];
  return [...shown, ...(more > 0 ? [`and ${more} more`] : []), last].map(
    (line) => `bottle-action: ${line}`,
  );
}

function sayFinding({ rule, action, path, line, commit, detail }: CheckFinding): string {
  const where = [path + (line > 0 ? `:${line}` : ''), commit && `commit ${commit.slice(0, 12)}`];
  const what = action === 'block' ? 'refused' : 'to be reviewed';
  return `${what} (${rule}): ${where.filter(Boolean).join(', ')}: ${detail}`;
}

function messageOf(
  time: string,
  refs: readonly PushedRef[],
  { verdict, findings, detail }: Verdict,
  { repository, cover }: ReceiveParts,
): GatewayPush {
  return {
    type: 'push',
    time,
    repository: repository.settings.name,
    verdict,
    refs: refs.slice(0, 200).map(({ ref, ...ids }) => ({ ref: printable(cover(ref)), ...ids })),
    findings: findings.slice(0, MAX_FINDINGS),
    detail,
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
