/** The session that the run goes on with, where it is to: found, compared with this run, checked. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Provider } from './agent/provider.ts';
import { type SecretSearch, searchSecrets } from './git-check/secret-search.ts';
import type { Host, HostPath, Services } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import type { Plan } from './plan/plan.ts';
import { findSession } from './session/find.ts';
import { notAllowed } from './session/refusal.ts';
import type { OpenedSession, SessionScope } from './session/session.ts';
import { triggerOf } from './trigger.ts';
import { classOfEvent } from './trigger-class.ts';
import { makeGitHubApi } from './trust/api.ts';
import type { Event } from './trust/event.ts';

/** Whose a session is that this run leaves, and what may be continued by it. */
export function scopeOf({ env }: Pick<Host, 'env'>, event: Event): SessionScope {
  return {
    trigger: classOfEvent(event),
    event: event.name,
    actor: { id: env.GITHUB_ACTOR_ID ?? '', login: env.GITHUB_ACTOR ?? '' },
    repository: { id: String(event.repositoryId), name: event.repository },
    ref: event.ref,
    number: triggerOf(event).number,
    workflowRun: env.GITHUB_RUN_ID ?? '',
  };
}

/** Undefined: a new one. @throws {BottleError} `config-invalid`, `untrusted` */
export async function continueSession(
  host: Host,
  services: Services,
  inputs: Pick<Inputs, 'session' | 'token' | 'mode'>,
  wanted: {
    readonly scope: SessionScope;
    readonly provider: Provider;
    readonly own: HostPath;
  },
): Promise<OpenedSession | undefined> {
  const { session: artifact, token, mode } = inputs;
  const { scope, provider, own } = wanted;
  if (artifact === '' || mode === 'lock' || !provider.resumes) return undefined;
  const { repository } = scope;
  const api = makeGitHubApi(host, token);
  const session = await findSession(services, {
    ...{ artifact, scope, token, provider: provider.template, places: provider.sessionPaths },
    question: { api, repository: repository.name, repositoryId: Number(repository.id) },
    directory: join(own, 'continued'),
  });
  host.log.info(`Continues the session ${artifact}: ${session.reason}.`);
  return session;
}

/** What the run that left it did not know may be a secret of this one: it would be in the bottle. */
export async function requireNoSecret(
  host: Host,
  { secrets, provision: { session } }: Plan,
  token: string,
): Promise<void> {
  if (session.length === 0) return;
  const names = [...new Set(secrets.map(({ name }) => name))];
  const values = names.map((name) => ({ name, value: host.env[name]?.trim() ?? '' }));
  const all = [...values, { name: 'the input token', value: token }];
  const search = searchSecrets(all.filter(({ value }) => value !== ''));
  for (const { from, to } of session) {
    if (!(await holdsSecret(search, from))) continue;
    throw notAllowed('The session holds a secret, and would bring it into the bottle', to);
  }
}

async function holdsSecret(search: SecretSearch, file: HostPath): Promise<boolean> {
  const stream = search.stream();
  for await (const chunk of createReadStream(file)) {
    if ((await stream.push(chunk)).length > 0) return true;
  }
  return (await stream.end()).length > 0;
}
