/** The session of the agent: one that it goes on with, and whether what becomes of it is kept. */
import { BottleError } from '../errors.ts';
import type { PlanRequest } from './make-plan.ts';
import type { SessionPlan } from './plan.ts';

/** @throws {BottleError} `config-invalid`: this agent has no sessions. */
export function planSession(request: PlanRequest): SessionPlan {
  const { inputs, provider, session, scope } = request;
  const asked = [
    ...(inputs.session === '' ? [] : ['session']),
    ...(inputs.keepSession ? ['keep-session'] : []),
  ];
  if (!provider.resumes && asked.length > 0) throw cannot(request, asked.join(' and '));
  const keep = { value: inputs.keepSession, source: 'input keep-session' };
  if (session === undefined) return { keep, scope, continues: null };
  const { artifact, sha256, bytes, files, reason, record } = session;
  const { workflowRun } = record.scope;
  const facts = { artifact, sha256, bytes, files: files.length, reason, workflowRun };
  return { keep, scope, continues: { ...facts, session: record.session } };
}

/** A session of another version may be one that this program does not understand. */
export function sessionNotices({ session, selected, provider }: PlanRequest): readonly string[] {
  if (session === undefined) return [];
  const { providerVersion: then } = session.record;
  const { template, version: now } = selected.bottle.agent_provider;
  const isOther = now !== undefined && then !== '' && now !== then;
  const other = `The session was made with version ${then} of ${template}, and goes on with ${now}`;
  const whole =
    `By ${template}'s own count, tokens and cost are those of the whole session, earlier runs' too; ` +
    "the gateway counts this run's.";
  return [
    ...session.notices,
    ...(isOther ? [other] : []),
    ...(provider.countsSession ? [whole] : []),
  ];
}

function cannot({ provider, selected }: PlanRequest, asked: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `The provider "${provider.template}" has no session that could be kept or continued`,
    where: `input ${asked}; agent_provider.template, ${selected.source('bottle.agent_provider.template')}`,
    fix: 'Leave the input out, or let the agent be claude, codex, gemini or opencode.',
  });
}
