/** The addresses of git's repositories, and all the ways in which one and the same is written. */

export type Address = {
  readonly scheme: 'https' | 'ssh';
  /** Of ssh; empty for https. */
  readonly user: string;
  /** Lower case. */
  readonly host: string;
  /** With its colon; empty: the scheme's own. */
  readonly port: string;
  /** Without a slash at its ends and without `.git`. */
  readonly path: string;
};

const URL_FORM = /^(?<scheme>ssh|https):\/\/(?:(?<user>[^@/]+)@)?(?<host>[^:/]+)(?<port>:\d+)?\//;
const SHORT_FORM = /^(?<user>[^@:/]+)@(?<host>[^:/]+):/;

/** Undefined for whatever is neither `ssh://`, `https://` nor `user@host:path`. */
export function parseAddress(text: string): Address | undefined {
  const match = URL_FORM.exec(text) ?? SHORT_FORM.exec(text);
  if (match === null) return undefined;
  const { scheme = 'ssh', user = '', host = '', port = '' } = match.groups ?? {};
  const path = text.slice(match[0].length).replace(/^\/+|(?:\.git)?\/*$/g, '');
  if (path === '' || !/^[^\s?#]+$/.test(path)) return undefined;
  const isHttps = scheme === 'https';
  return {
    scheme: isHttps ? 'https' : 'ssh',
    // Whoever stands in an https address may be a credential.
    user: isHttps ? '' : user,
    host: host.toLowerCase(),
    port,
    path,
  };
}

/** The same repository, whatever it is reached by? GitHub and its like look at no letter's case. */
export function isSameRepository(one: Address, other: Address): boolean {
  return one.host === other.host && one.path.toLowerCase() === other.path.toLowerCase();
}

/**
 * All that `git clone` is usually given for it. git looks for the longest beginning that fits, so
 * that with `.git` stands beside the one without.
 */
export function spellingsOf({ scheme, user, host, port, path }: Address): readonly string[] {
  const login = user === '' ? 'git' : user;
  const ports = (of: Address['scheme']) => (of === scheme && port !== '' ? [port, ''] : ['']);
  const plain = [
    ...ports('https').map((own) => `https://${host}${own}/${path}`),
    ...ports('ssh').map((own) => `ssh://${login}@${host}${own}/${path}`),
    `${login}@${host}:${path}`,
  ];
  return plain.flatMap((text) => [text, `${text}.git`]);
}
