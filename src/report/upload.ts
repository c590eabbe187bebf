/** Uploads with an end in sight: the client retries for longer than a cancelled run has. */
import type { UploadedArtifact } from '../host/host.ts';

const LONGEST_MS = 10 * 60_000;
/** After a cancellation the runner leaves 7.5 s and then 2.5 s for all that is still to do. */
const LONGEST_AFTER_CANCEL_MS = 3_000;

/**
 * Throws what the service answered, or that time is up; the client cannot be stopped and may still
 * go on after that.
 */
export async function uploadInTime(
  start: () => Promise<UploadedArtifact>,
  cancelled: AbortSignal,
): Promise<UploadedArtifact> {
  const late = Promise.withResolvers<never>();
  const expire = (limitMs: number) =>
    setTimeout(() => late.reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  let timer = expire(cancelled.aborted ? LONGEST_AFTER_CANCEL_MS : LONGEST_MS);
  const hurry = () => {
    clearTimeout(timer);
    timer = expire(LONGEST_AFTER_CANCEL_MS);
  };
  cancelled.addEventListener('abort', hurry, { once: true });
  try {
    return await Promise.race([start(), late.promise]);
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', hurry);
  }
}
