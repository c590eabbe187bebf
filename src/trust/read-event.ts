/** Reads what started the run from the runner's variables and the event file. */
import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { COMMON, type Event, PAYLOADS } from './event.ts';

/** GitHub's own limit for a payload is 25 MB. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;

/** @throws {BottleError} `untrusted` when the event cannot be read, or lacks what trust needs. */
export function readEvent({ env }: Pick<Host, 'env'>): Event {
  const name = env.GITHUB_EVENT_NAME ?? '';
  const path = env.GITHUB_EVENT_PATH ?? '';
  const payload = name === '' ? {} : readPayload(name, path);
  const { action, sender, repository } = parse(COMMON, payload, name, path);
  const common = {
    name,
    action,
    sender,
    repository: env.GITHUB_REPOSITORY ?? '',
    repositoryId: Number(env.GITHUB_REPOSITORY_ID) || repository?.id || 0,
    defaultBranch: repository?.default_branch ?? '',
    sha: env.GITHUB_SHA ?? '',
    ref: env.GITHUB_REF ?? '',
  };
  if (name === '') return { ...common, kind: 'local' };
  if (!isKnown(name)) return { ...common, kind: 'other' };
  const fields = parse(PAYLOADS[name] as z.ZodType<object>, payload, name, path);
  return { ...fields, ...common, kind: name } as Event;
}

function isKnown(name: string): name is keyof typeof PAYLOADS {
  return Object.hasOwn(PAYLOADS, name);
}

function readPayload(name: string, path: string): unknown {
  try {
    const { size } = statSync(path);
    if (size > MAX_EVENT_BYTES) throw new Error(`it has ${size} bytes`);
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unreadable(name, path, error instanceof SyntaxError ? 'no JSON' : messageOf(error));
  }
}

function parse<T>(schema: z.ZodType<T>, payload: unknown, name: string, path: string): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 5);
  // The values are others' words; the paths are ours.
  const wrong = issues.map((issue) => issue.path.join('.') || 'the whole payload');
  throw unreadable(name, path, `not as GitHub documents it: ${wrong.join(', ')}`);
}

function unreadable(name: string, path: string, detail: string): BottleError {
  return new BottleError({
    outcome: 'untrusted',
    what: `What started this run cannot be read: ${detail}`,
    where: `event ${name}, GITHUB_EVENT_PATH ${path}`,
    fix: 'Run the action as a step of a GitHub workflow and leave the event file as it is.',
  });
}
