/** Signs the provenance through Sigstore where the job may; what cannot be signed stays as it is. */
import { messageOf } from '../errors.ts';
import type { Host, Services } from '../host/host.ts';
import type { Statement } from './provenance.ts';

/** Sigstore and GitHub answer within seconds; the run is over, and somebody waits for its report. */
const LONGEST_MS = 60_000;

export type Signing = {
  /** `off`: the input said so, or the run had no right to credentials. */
  readonly mode: 'auto' | 'off';
  /** For GitHub's API. */
  readonly token: string;
};

/** Sigstore's bundle as JSON; undefined when the statement stays unsigned, which is said in the log. */
export async function signStatement(
  host: Host,
  services: Pick<Services, 'attest'>,
  { mode, token }: Signing,
  statement: Statement,
): Promise<string | undefined> {
  if (mode === 'off' || host.cancelled.aborted) return undefined;
  if (!host.env.ACTIONS_ID_TOKEN_REQUEST_URL) {
    host.log.info('The provenance is not signed: the job has no `id-token: write`.');
    return undefined;
  }
  try {
    const signed = await inTime(services.attest(statement, token), host.cancelled);
    if (signed.stored === '') host.log.info('The signed provenance is stored at GitHub.');
    else host.log.notice(`The signed provenance is in the artifact alone: ${signed.stored}`);
    return `${JSON.stringify(signed.bundle)}\n`;
  } catch (error) {
    host.log.notice(`The provenance is not signed: ${messageOf(error)}`);
    return undefined;
  }
}

async function inTime<T>(answer: Promise<T>, cancelled: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${LONGEST_MS / 1000} s`)),
    LONGEST_MS,
  );
  const stop = () => late.reject(new Error('the run was cancelled'));
  cancelled.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', stop);
  }
}
