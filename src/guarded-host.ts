/** A host whose every word passes the redactor: the log, live and ours, outputs, the summary. */
import type { GuestLog, Host, Log, LogLocation } from './host/host.ts';
import { createRedactor, type KnownSecret, type Redactor } from './report/redact.ts';

/** How long a whole line may wait for what it might be the beginning of. */
const LONGEST_WAIT_MS = 10;

/**
 * What is registered by `setSecret` is known from then on, also to guest logs that are opened after
 * it. The runner's own masks stay; they come behind these and know fewer encodings.
 */
export function guardHost(host: Host): Host {
  const secrets: KnownSecret[] = [];
  let redactor: Redactor | undefined;
  const current = () => {
    redactor ??= createRedactor(secrets);
    return redactor;
  };
  const clean = (text: string) => (secrets.length === 0 ? text : current().known(text));
  return {
    ...host,
    log: guardLog(host.log, clean, current),
    setSecret(value) {
      host.setSecret(value);
      secrets.push({ name: '', value });
      redactor = undefined;
    },
    setOutput: (name, value) => host.setOutput(name, clean(value)),
    writeSummary: (markdown) => host.writeSummary(clean(markdown)),
    setFailed: (message) => host.setFailed(clean(message)),
  };
}

function guardLog(log: Log, clean: (text: string) => string, current: () => Redactor): Log {
  const cleanPlace = (at?: LogLocation): LogLocation => ({
    ...at,
    ...(at?.file !== undefined && { file: clean(at.file) }),
    ...(at?.title !== undefined && { title: clean(at.title) }),
  });
  return {
    info: (message) => log.info(clean(message)),
    debug: (message) => log.debug(clean(message)),
    notice: (message, at) => log.notice(clean(message), cleanPlace(at)),
    warning: (message, at) => log.warning(clean(message), cleanPlace(at)),
    error: (message, at) => log.error(clean(message), cleanPlace(at)),
    startGroup: (title) => log.startGroup(clean(title)),
    endGroup: () => log.endGroup(),
    openGuestLog: (source) => guardGuestLog(log.openGuestLog(source), current()),
  };
}

/**
 * Within a line nothing is given out early, since the log prints whole lines. A secret over several
 * lines that come more than 10 ms apart is found line by line.
 */
function guardGuestLog(log: GuestLog, redactor: Redactor): GuestLog {
  const redacting = redactor.stream();
  // One after the other, in the order in which they came.
  let last = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const release = () => {
    timer = undefined;
    last = last.then(() => log.write(redacting.release()));
  };
  return {
    write(chunk) {
      // The caller may use its chunk again.
      const own = Uint8Array.from(chunk);
      last = last.then(async () => log.write(await redacting.push(own)));
      timer ??= setTimeout(release, LONGEST_WAIT_MS).unref();
    },
    async end() {
      clearTimeout(timer);
      await last;
      log.write(await redacting.end());
      await log.end();
    },
  };
}
