/** TLS to the upstream, as client: nothing is said to a server whose certificate is not its name's. */
import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { Denied } from './denied.ts';
import type { Target } from './name.ts';

const TIMEOUT_MS = 10_000;

/** Node's and OpenSSL's codes, as people say it. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of an unknown issuer: itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown issuer',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of an unknown issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an unknown issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown issuer',
};

const contexts = new Map<string, SecureContext>();

/**
 * Opens TLS (1.2 or later) over a connected socket and verifies chain and name. The socket is
 * destroyed when it fails.
 *
 * @param authorities PEM of certificates to trust beside the runner's store and Node's own.
 * @param alpn Protocols to offer, best first; none: the extension is left out.
 * @throws {Denied} `upstream-tls`, `upstream-timeout` or `upstream-reset`.
 */
export function secure(
  socket: Socket,
  target: Target,
  authorities: string,
  alpn: readonly string[],
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const secured = connect({
    socket,
    servername: target.host,
    secureContext: contextFor(authorities),
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
  });
  const fail = (denied: Denied) => {
    settle();
    // What comes after is of no interest, but an error that nobody hears ends the process.
    secured.on('error', () => {});
    secured.destroy();
    reject(denied);
  };
  const onError = (error: Error) => fail(explain(error, target));
  const onClose = () =>
    fail(new Denied('upstream-reset', `${target.host} closed the connection before TLS was open`));
  const timer = setTimeout(
    () => fail(new Denied('upstream-timeout', `${target.host} did not open TLS in time`)),
    TIMEOUT_MS,
  );
  function settle(): void {
    clearTimeout(timer);
    secured.off('close', onClose);
  }
  secured.once('error', onError);
  secured.once('close', onClose);
  secured.once('secureConnect', () => {
    settle();
    secured.off('error', onError);
    resolve(secured);
  });
  return promise;
}

/** PEM of all that is trusted: the runner's store, Node's own, and these. Takes some 60 ms. */
export function authoritiesWith(authorities: string): string[] {
  const stores = [...getCACertificates('system'), ...getCACertificates('bundled')];
  return [...new Set(stores), ...(authorities === '' ? [] : [authorities])];
}

/** Made once, when the first upstream needs it. */
function contextFor(authorities: string): SecureContext {
  const known = contexts.get(authorities);
  if (known) return known;
  const ca = authoritiesWith(authorities);
  const context = createSecureContext({ ca, minVersion: 'TLSv1.2' });
  contexts.set(authorities, context);
  return context;
}

function explain(error: Error, { host }: Target): Denied {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new Denied('upstream-reset', `${host} reset the connection before TLS was open`);
  }
  const reason = REASONS[code] ?? `no protocol or cipher that both know (${code})`;
  return new Denied('upstream-tls', `TLS to ${host} failed: ${reason}`);
}
