/** The proxy by which the runner reaches the internet, by the variables that its programs read. */
import { BottleError } from './errors.ts';
import type { ProxyServer, UpstreamProxy } from './gateway/protocol.ts';
import type { Host } from './host/host.ts';

/** Undefined: there is none. @throws {BottleError} `config-invalid`: it is of another kind. */
export function readRunnerProxy({ env }: Pick<Host, 'env'>): UpstreamProxy | undefined {
  const read = (name: string) => {
    const found = [name, name.toUpperCase()].find((each) => env[each]?.trim());
    return found === undefined ? undefined : readServer(found, env[found]?.trim() ?? '');
  };
  const [http, https] = [read('http_proxy'), read('https_proxy')];
  if (http === undefined && https === undefined) return undefined;
  const except = env.no_proxy ?? env.NO_PROXY ?? '';
  return {
    ...(http && { http }),
    ...(https && { https }),
    except: except
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((entry) => entry !== ''),
  };
}

/** Without a scheme it is http, as everywhere. The address may hold a password: it is not said. */
function readServer(name: string, text: string): ProxyServer {
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url?.protocol !== 'http:' || url.hostname === '') throw unusable(name);
  const login = [url.username, url.password].map(decode).join(':');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    authorization: login === ':' ? '' : `Basic ${Buffer.from(login).toString('base64')}`,
  };
}

/** What is no encoding stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unusable(name: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: "The gateway cannot use the runner's proxy: it speaks to proxies over plain http alone",
    where: `the runner's variable ${name}`,
    fix: 'Name a proxy as http://host:port, or unset the variable for this step where the runner reaches the internet without one.',
  });
}
