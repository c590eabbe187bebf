/** A route on its way into the plan, with what the rest of the plan has to know about it. */
import type { Problem } from '../errors.ts';
import type { RouteRule } from '../gateway/protocol.ts';
import { placeOf } from './notice.ts';

export type Opening = {
  readonly rule: RouteRule;
  /** Of the rule's `auth`. */
  readonly credential?: {
    /** `route api.example.com`, `model API`, `GitHub`. */
    readonly use: string;
    /** Where the manifest names it. */
    readonly source: string;
    /** What the guest finds under the names that its programs look for. */
    readonly placeholders: Readonly<Record<string, string>>;
  };
};

/** It says what it is to whoever meets it, and no detector takes it for a secret. */
export const PLACEHOLDER = 'placeholder-the-gateway-has-the-secret';

type OneAHost = {
  readonly openings: readonly Opening[];
  /** One for each route that gives way. */
  readonly notices: readonly Problem[];
};

/** The first one decides about its host. Later ones that say the same add their ports to it. */
export function oneAHost(all: readonly Opening[]): OneAHost {
  const byHost = new Map<string, Opening>();
  const notices: Problem[] = [];
  for (const next of all) {
    const { host, ports, source } = next.rule;
    const winner = byHost.get(host);
    if (winner === undefined) byHost.set(host, next);
    else if (isSame(winner.rule, next.rule)) {
      const rule = { ...winner.rule, ports: [...new Set([...winner.rule.ports, ...ports])] };
      byHost.set(host, { ...winner, rule });
    } else {
      const message = `${host}: the route of ${source} gives way to that of ${winner.rule.source}`;
      notices.push({ message, ...placeOf(source) });
    }
  }
  return { openings: [...byHost.values()], notices };
}

/** But for the ports, and for who says it. */
function isSame(one: RouteRule, other: RouteRule): boolean {
  const same = { ports: [], source: '' };
  return JSON.stringify({ ...one, ...same }) === JSON.stringify({ ...other, ...same });
}
