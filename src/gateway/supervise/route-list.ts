/** The routes as the agent may know them: what it reaches, never with whose secret. */
import type { GatewayRoute } from '../protocol.ts';

/** An agent reads this as text; beyond some hundred lines it would only fill its memory. */
const MAX_ROUTES = 200;

/** JSON: `routes`, and `omitted` where there are more than are listed. */
export function listRoutes(routes: readonly GatewayRoute[]): string {
  const omitted = routes.length - MAX_ROUTES;
  const listed = routes.slice(0, MAX_ROUTES).map(describeRoute);
  return JSON.stringify({ routes: listed, ...(omitted > 0 && { omitted }) }, null, 1);
}

function describeRoute({ host, ports, matches, auth }: GatewayRoute) {
  return {
    host,
    ports,
    ...(matches.length > 0 && { only: matches }),
    ...(auth && { credential: 'added by the gateway' }),
  };
}
