/** What the manifest declares and nothing comes of: said before a run relies on it. */
import type { Problem } from '../errors.ts';
import type { RouteRule } from '../gateway/protocol.ts';
import type { Selected } from '../manifest/manifest.ts';

const NO_MODEL = 'but no route leads to the API of a model, so nothing is counted';

/** @param routes all that the plan opens */
export function findNotices(
  { bottle, source }: Selected,
  routes: readonly RouteRule[],
): readonly Problem[] {
  const { agent_provider, egress, limits } = bottle;
  const counts = routes.some(({ meter }) => meter !== undefined);
  const toGitHub = routes.some(({ host }) => /^(?:.*\.)?github\.com$/.test(host));
  const declared: readonly (readonly [path: string, value: unknown, message: string])[] = [
    [
      'bottle.egress.github',
      !toGitHub && egress?.github,
      'egress.github is declared, but nothing opens GitHub: name the preset github',
    ],
    ['bottle.limits.tokens', !counts && limits?.tokens, `limits.tokens is declared, ${NO_MODEL}`],
    [
      'bottle.limits.requests',
      !counts && limits?.requests,
      `limits.requests is declared, ${NO_MODEL}`,
    ],
    [
      'bottle.limits.cost_usd',
      agent_provider.template !== 'claude' && !agent_provider.prices && limits?.cost_usd,
      'limits.cost_usd is declared, but without agent_provider.prices nobody knows what is spent',
    ],
    [
      'bottle.agent_provider.forward_host_credentials',
      agent_provider.forward_host_credentials,
      'agent_provider.forward_host_credentials has no effect in this version: name an auth_token',
    ],
  ];
  return [
    ...declared.flatMap(([path, value, message]) =>
      value ? [{ message, ...placeOf(source(path)) }] : [],
    ),
    ...findUnreachable(bottle.mcp_servers ?? {}, routes).map(({ name, host }) => ({
      message: `mcp_servers.${name} is at ${host}, but no route leads there`,
      ...placeOf(source(['bottle', 'mcp_servers', name])),
    })),
  ];
}

type Servers = NonNullable<Selected['bottle']['mcp_servers']>;

/** MCP servers outside of the bottle that the agent will not get to. */
function findUnreachable(servers: Servers, routes: readonly RouteRule[]) {
  return Object.entries(servers).flatMap(([name, server]) => {
    if (server.url === undefined) return [];
    const host = new URL(server.url).hostname;
    const isInside = host === 'localhost' || host === '127.0.0.1';
    const leadsThere = (route: RouteRule) =>
      route.host === host || (route.host.startsWith('*.') && host.endsWith(route.host.slice(1)));
    return isInside || routes.some(leadsThere) ? [] : [{ name, host }];
  });
}

/** `.bot-bottle/bottles/dev.md:7` as an annotation has it. */
export function placeOf(source: string): Pick<Problem, 'file' | 'line'> {
  const { file, line } = /^(?<file>.+):(?<line>\d+)$/s.exec(source)?.groups ?? {};
  return file ? { file, line: Number(line) } : {};
}
