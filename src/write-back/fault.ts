/** Says why GitHub did not do something, and which permission, setting or rule is in the way. */
import { BottleError } from '../errors.ts';
import { type ApiAnswer, ApiSilence } from '../github/client.ts';
import { printable } from '../printable.ts';

type Texts = { readonly what: string; readonly where: string; readonly fix: string };

export function pushFailed(texts: Texts, cause?: unknown): BottleError {
  return new BottleError({ outcome: 'push-failed', ...texts, cause });
}

const SETTING = '"Allow GitHub Actions to create and approve pull requests"';

/** What is known of GitHub's refusals, by what it says. */
const CAUSES: readonly (readonly [status: number, said: RegExp, fix: string])[] = [
  [
    403,
    /not permitted to create or approve pull requests/i,
    `Turn on ${SETTING} in the settings of the repository or its organisation, at Actions, General; or give the input \`token\` an app's token.`,
  ],
  [
    403,
    /workflows?. permission|without .workflows?/i,
    "The token may not change workflow files: leave them out, or give the input `token` an app's token that has the permission `workflows`.",
  ],
  [
    403,
    /./,
    "Give the job `permissions: {contents: write, pull-requests: write}`, or the input `token` one that has them. A fork's token never has.",
  ],
  [401, /./, 'The input `token` is not valid, or no longer: give the default, or a fresh one.'],
  [
    404,
    /./,
    'Give the job `permissions: {contents: write}`: a token that may not write is told that there is nothing.',
  ],
  [
    422,
    /rule violation|protected branch|ruleset/i,
    'A ruleset or a branch protection forbids it: let the token bypass it, or name another `branch`.',
  ],
  [
    422,
    /\bbase\b.*invalid|invalid.*\bbase\b/i,
    'The branch that the pull request goes into is not there: correct the input `base`.',
  ],
];

/** An answer that is none of those that were hoped for. `call`: `POST /repos/…`. */
export function refusedBy(what: string, call: string, { status, body }: ApiAnswer): BottleError {
  const said = messageOfAnswer(body) || 'no reason';
  const known = CAUSES.find(([code, pattern]) => code === status && pattern.test(said));
  const fix = known?.[2] ?? 'See what GitHub says there; the change is in the artifact.';
  return pushFailed({ what, where: `${call}: status ${status}, ${said}`, fix });
}

/** GitHub's `message`, and what its `errors` say beside it. */
export function messageOfAnswer(body: unknown): string {
  const { message, errors } = (body ?? {}) as { message?: unknown; errors?: unknown };
  const more = Array.isArray(errors) ? errors.map(textOfError) : [];
  return printable([message, ...more].filter((part) => typeof part === 'string').join(': '), 400);
}

function textOfError(error: unknown): unknown {
  if (typeof error === 'string') return error;
  const { message, field, code } = (error ?? {}) as Record<string, unknown>;
  return message ?? [field, code].filter((part) => typeof part === 'string').join(' ');
}

/** Anything that was thrown on the way. */
export function toPushError(what: string, error: unknown, isCancelled: boolean): BottleError {
  if (error instanceof BottleError) return error;
  const said = printable(error instanceof Error ? error.message : String(error), 400);
  const fix = isCancelled
    ? 'The run was cancelled; the change is in the artifact.'
    : error instanceof ApiSilence && error.isLimit
      ? "GitHub's rate limit is reached: run it again later. The change is in the artifact."
      : 'Run it again; if it stays, check that the runner reaches GitHub. The change is in the artifact.';
  return pushFailed({ what, where: said, fix }, error);
}
