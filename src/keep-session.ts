/** Keeps the agent's session for a later run: as files with numbers, and `session.json` beside them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { searchSecrets } from './git-check/secret-search.ts';
import type { Host } from './host/host.ts';
import type { Machine } from './machine/machine.ts';
import { collectSession } from './outputs/collect-session.ts';
import { type Run, secretsOf } from './run.ts';
import {
  type KeptSession,
  numbered,
  SESSION_FILE,
  SESSION_LIMITS,
  SESSION_NAME,
  type SessionRecord,
  sessionSchema,
} from './session/session.ts';

/** After a cancellation there is no time for it. Throws for the runner's own disk alone. */
export async function keepSession(host: Host, run: Run, machine: Machine): Promise<void> {
  if (!run.plan.session.keep.value || host.cancelled.aborted) return;
  await run.phase('session', async () => {
    const kept = await takeSession(run, machine);
    if (kept.reason !== '') host.log.notice(`The session is not kept: ${kept.reason}`);
    return kept;
  });
}

async function takeSession(run: Run, machine: Machine): Promise<KeptSession> {
  const { plan, paths, made, salvaging } = run;
  const session = made.agent?.told.session ?? '';
  if (session === '') return notKept('the agent did not say what it is called');
  if (!SESSION_NAME.test(session)) return notKept('the agent gave it a name that is none');
  const directory = paths.session;
  const search = searchSecrets(secretsOf(run));
  const collected = await collectSession(machine, {
    ...{ ...salvaging.collecting, directory, search },
    places: plan.agent.sessionPaths,
    home: plan.user.home,
    limits: SESSION_LIMITS,
    nameOf: numbered,
  });
  if (collected.kind === 'refused') return notKept(collected.reason);
  const record = recordOf(run, session, collected.files);
  // Held to what a later run will accept.
  const problem = sessionSchema.safeParse(record).error?.issues[0];
  if (problem !== undefined) {
    return notKept(`${SESSION_FILE}: ${problem.path.join('.')} ${problem.message}`);
  }
  await writeFile(join(directory, SESSION_FILE), `${JSON.stringify(record, null, 2)}\n`);
  return {
    reason: '',
    directory,
    names: [SESSION_FILE, ...record.files.map((_, at) => numbered(at))],
    files: record.files.length,
    bytes: record.files.reduce((sum, { size }) => sum + size, 0),
  };
}

function recordOf(
  { plan, made }: Run,
  session: string,
  files: SessionRecord['files'],
): SessionRecord {
  return {
    version: 1,
    runId: plan.runId,
    provider: plan.agent.provider.value,
    providerVersion: made.provision?.programVersion || made.agent?.told.version || '',
    session,
    scope: plan.session.scope,
    files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
  };
}

function notKept(reason: string): KeptSession {
  return { reason, directory: '', names: [], files: 0, bytes: 0 };
}
