/** One request of the guest: judged, given its credential, forwarded, answered and written down. */
import { type Asked, admit } from './admit.ts';
import { deniedBy, type Refusal, refusalOf } from './answer.ts';
import { type Entry, openEntry } from './audit.ts';
import { Denied } from './denied.ts';
import { DlpDenied } from './dlp/scan.ts';
import { type Admitted, forward } from './forward.ts';
import type { Guest } from './guest.ts';
import { finalAnswer } from './meter.ts';
import type { Origin } from './origin.ts';
import type { Services } from './services.ts';

/** How long a guest that was refused may go on sending before its connection is closed. */
const LINGER_MS = 2_000;

/** `ask` says where the request is to go, or throws Denied. Never throws itself. */
export async function exchange(
  services: Services,
  guest: Guest,
  ask: (guest: Guest, entry: Entry) => Asked,
  carry: (admitted: Admitted) => Promise<void> = forward,
): Promise<void> {
  const entry = openEntry(services.recorder);
  entry.method = guest.method;
  let origin: Origin | undefined;
  try {
    const held = services.ready();
    if (held !== undefined) await held;
    const asked = ask(guest, entry);
    origin = asked.origin;
    await carry(await admit({ services, guest, entry, ...asked }));
    entry.close();
  } catch (error) {
    if (error instanceof DlpDenied) entry.findings = [...entry.findings, ...error.findings];
    // A guest that hangs up is not refused anything.
    if (guest.isGone() && !(error instanceof Denied)) return entry.close();
    const denied = deniedBy(error);
    if (guest.answered()) guest.abort();
    else refuse(guest, entry, refusalFor(origin, denied));
    entry.close(denied);
  }
}

/** A model's client would try again after a plain refusal, again and again. */
function refusalFor(origin: Origin | undefined, denied: Denied): Refusal {
  const api = denied.rule.startsWith('limit-') ? origin?.route.meter : undefined;
  if (api === undefined) return refusalOf(denied);
  const { status, headers, body } = finalAnswer(api, denied);
  const length: [string, string] = ['content-length', String(Buffer.byteLength(body))];
  return { status, headers: [...Object.entries(headers), length], body };
}

/** The guest may still be sending: it hears the refusal first, and then the connection closes. */
export function refuse(guest: Guest, entry: Entry, { status, headers, body }: Refusal): void {
  entry.status = status;
  const target = guest.answer({ status, headers: guest.closing(headers) });
  if (!guest.hasBody || guest.body.readableEnded) {
    target.end(body);
    return;
  }
  target.write(body);
  const end = () => {
    clearTimeout(timer);
    target.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  guest.body.once('close', end).resume();
  // What is no HTTP any more has no end to wait for.
  guest.onBroken(end);
}
