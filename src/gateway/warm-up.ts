/** Does what the first requests would have to wait for, while the machine starts. */
import { loadTokenRules } from '../secret/token-pattern.ts';
import type { GatewayConfig } from './protocol.ts';
import type { Services } from './services.ts';

/** Certificates that are made before anybody asks for them. */
const MOST_NAMES = 8;

/** What fails here fails again when it is asked for, and is told then. */
export async function warmUp(
  { routes }: Pick<GatewayConfig, 'routes'>,
  { authority }: Pick<Services, 'authority'>,
): Promise<void> {
  const opened = routes.filter(({ tls }) => tls === 'open');
  const names = opened.map(({ host }) => host).filter((host) => !host.startsWith('*'));
  // Whoever has a model is an agent, and asks the gateway for its tools too.
  const isAgent = routes.some(({ meter }) => meter !== undefined);
  const searches = opened.some(({ dlp }) => dlp.outbound.includes('token_patterns'));
  await Promise.allSettled([
    ...names.slice(0, MOST_NAMES).map((host) => authority?.contextFor(host)),
    ...(isAgent ? [import('./supervise/answer.ts')] : []),
    ...(searches ? [loadTokenRules()] : []),
  ]);
}
