/** The route to the model of the agent's provider, with its credential. */
import type { Provider } from '../agent/provider.ts';
import type { Selected } from '../manifest/manifest.ts';
import { type Opening, PLACEHOLDER } from './opening.ts';
import { makeRule, USUAL_DLP } from './route.ts';

/** None without a token, and none for an agent of whose model nothing is known. */
export function openModel(
  { bottle, source }: Selected,
  { template, model }: Provider,
): readonly Opening[] {
  const { auth_token: name, base_url } = bottle.agent_provider;
  if (model === undefined || name === undefined) return [];
  const { scheme, header, variable, prefix } = model.key(name);
  const rule = makeRule({
    ...placeOfModel(base_url ?? `https://${model.host}`),
    auth: { scheme, header, name },
    meter: model.meter,
    // A finding here is a part of a conversation; to refuse it would end the conversation.
    dlp: { ...USUAL_DLP, onMatch: 'redact' },
    source: `provider ${template}`,
  });
  const credential = {
    use: 'model API',
    source: source('bottle.agent_provider.auth_token'),
    placeholders: { [variable]: prefix + PLACEHOLDER },
  };
  return [{ rule, credential }];
}

/** An address with a path is for what lies below it. */
function placeOfModel(address: string) {
  const { hostname, port, pathname } = new URL(address);
  const path = pathname.replace(/\/+$/, '');
  const paths = [{ type: 'prefix', value: path } as const];
  return {
    host: hostname,
    ports: [port === '' ? 443 : Number(port)],
    matches: path === '' ? [] : [{ paths }],
  };
}
