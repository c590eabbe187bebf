/** The route to the model of the agent's provider, with its credential. */
import type { RouteAuth } from '../gateway/protocol.ts';
import type { Selected } from '../manifest/manifest.ts';
import { type Opening, PLACEHOLDER } from './opening.ts';
import { makeRule, USUAL_DLP } from './route.ts';
import { ANTHROPIC, GOOGLE, OPENAI, type Vendor } from './vendor.ts';

type Template = Exclude<Selected['bottle']['agent_provider']['template'], 'command'>;
type Key = Pick<RouteAuth, 'scheme' | 'header'> & {
  /** The variable that the agent's program looks for, and what it finds. */
  readonly variable: string;
  readonly placeholder: string;
};

const BEARER = { scheme: 'Bearer', header: 'authorization' } as const;
const OPENAI_KEY: Key = {
  ...BEARER,
  variable: 'OPENAI_API_KEY',
  placeholder: `sk-${PLACEHOLDER}`,
};

const MODELS: Readonly<Record<Template, { readonly vendor: Vendor; key(name: string): Key }>> = {
  claude: { vendor: ANTHROPIC, key: keyOfClaude },
  codex: { vendor: OPENAI, key: () => OPENAI_KEY },
  gemini: {
    vendor: GOOGLE,
    key: () => ({
      scheme: 'header',
      header: 'x-goog-api-key',
      variable: 'GEMINI_API_KEY',
      placeholder: PLACEHOLDER,
    }),
  },
  // Of OpenAI's API it has the words alone; where it is, the manifest says.
  opencode: { vendor: OPENAI, key: () => OPENAI_KEY },
};

/** None without a token, and none for a plain command. */
export function openModel({ bottle, source }: Selected): readonly Opening[] {
  const { template, auth_token: name, base_url } = bottle.agent_provider;
  if (template === 'command' || name === undefined) return [];
  const { vendor, key } = MODELS[template];
  const { scheme, header, variable, placeholder } = key(name);
  const rule = makeRule({
    ...placeOfModel(base_url ?? `https://${vendor.host}`),
    auth: { scheme, header, name },
    meter: vendor.meter,
    // A finding here is a part of a conversation; to refuse it would end the conversation.
    dlp: { ...USUAL_DLP, onMatch: 'redact' },
    source: `provider ${template}`,
  });
  const credential = {
    use: 'model API',
    source: source('bottle.agent_provider.auth_token'),
    placeholders: { [variable]: placeholder },
  };
  return [{ rule, credential }];
}

/** The value decides which of the two it is, and only the name is known here. */
function keyOfClaude(name: string): Key {
  if (/OAUTH/i.test(name)) {
    const placeholder = `sk-ant-oat01-${PLACEHOLDER}`;
    return { ...BEARER, variable: 'CLAUDE_CODE_OAUTH_TOKEN', placeholder };
  }
  return {
    scheme: 'header',
    header: 'x-api-key',
    variable: 'ANTHROPIC_API_KEY',
    placeholder: `sk-ant-api03-${PLACEHOLDER}`,
  };
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
