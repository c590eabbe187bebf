/** Takes a push: hears of it from the hook, judges it, hands it on or keeps it, and says what became of it. */
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../errors.ts';
import type { CheckFinding } from '../../git-check/finding.ts';
import type { CheckPolicy } from '../../git-check/policy.ts';
import type { SecretSearch } from '../../git-check/secret-search.ts';
import { printable } from '../../printable.ts';
import { Denied } from '../denied.ts';
import type { GatewayPush, PushedRef } from '../protocol.ts';
import { handOn } from './hand-on.ts';
import { answerHook, hearHook } from './hook.ts';
import { judgePush, MAX_REFS, type ShownRef } from './judge.ts';
import type { Repository } from './repository.ts';

export type ReceiveParts = {
  readonly repository: Repository;
  readonly policy: CheckPolicy;
  readonly search: SecretSearch;
  readonly report: (push: GatewayPush) => void;
  /** Aborts when git has ended: it was interrupted, or it has our word. */
  readonly ended: AbortSignal;
};

type Verdict = Pick<GatewayPush, 'verdict' | 'findings' | 'detail'>;

const MAX_FINDINGS = 50;
const MAX_SAID = 20;

/** Never rejects; settles when git has ended. */
export async function takePush(channel: Duplex, parts: ReceiveParts): Promise<void> {
  const { repository, search, ended } = parts;
  channel.on('error', () => {});
  try {
    const { objects, refs: pushed } = await hearHook(channel);
    const refs = await Promise.all(pushed.slice(0, MAX_REFS + 1).map((ref) => show(search, ref)));
    const time = new Date().toISOString();
    await repository.alone(async () => {
      ended.throwIfAborted();
      const verdict = await decide(basename(objects), refs, parts);
      parts.report(pushOf(time, refs, verdict, parts));
      answerHook(channel, verdict.verdict !== 'refused', sayVerdict(verdict, parts));
      // git writes the refs now, and so long nobody else may.
      await untilAborted(ended);
    });
  } catch {
    // git ended, or is no more to be understood: without our word nothing is accepted.
    channel.destroy();
  }
}

async function show(search: SecretSearch, pushed: PushedRef): Promise<ShownRef> {
  const bytes = Buffer.from(pushed.ref);
  for (const { start, end } of await search.find(bytes)) bytes.fill('*', start, end);
  return { ...pushed, shown: bytes.toString() };
}

async function decide(
  quarantine: string,
  refs: readonly ShownRef[],
  { repository, policy, ended: signal }: ReceiveParts,
): Promise<Verdict> {
  const { settings, directory } = repository;
  const env = quarantine === '' ? {} : seeing(directory, quarantine);
  let findings: readonly CheckFinding[] = [];
  try {
    const git = repository.git({ env, signal });
    findings = await judgePush(git, refs, { repository: settings, policy });
    // Nobody looks at what goes straight on.
    const isForwarded = settings.push === 'forward';
    const blocks = findings.filter(({ action }) => action === 'block' || isForwarded);
    if (blocks.length > 0) return { verdict: 'refused', findings, detail: sumUp(blocks) };
    if (!isForwarded) {
      repository.keep(refs.map(({ ref }) => ref));
      return { verdict: 'recorded', findings, detail: '' };
    }
    const way = await repository.findWay(signal);
    await handOn(repository.git({ env, signal, far: true }), way, refs);
    return { verdict: 'forwarded', findings, detail: '' };
  } catch (error) {
    return { verdict: 'refused', findings, detail: describe(error, signal) };
  }
}

/** An upstream that was being told takes all of a push or nothing. */
function describe(error: unknown, { aborted }: AbortSignal): string {
  if (aborted) return 'it was interrupted';
  const reason = printable(messageOf(error));
  return error instanceof Denied ? `${error.rule}: ${reason}` : `it could not be judged: ${reason}`;
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

function pushOf(
  time: string,
  refs: readonly ShownRef[],
  { verdict, findings, detail }: Verdict,
  { repository }: ReceiveParts,
): GatewayPush {
  return {
    type: 'push',
    time,
    repository: repository.settings.name,
    verdict,
    refs: refs.slice(0, MAX_REFS).map(({ shown, ...ids }) => ({ ...ids, ref: printable(shown) })),
    findings: findings.slice(0, MAX_FINDINGS),
    detail,
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
