/** How git reaches GitHub's server: the token in the environment, and what the runner says of the network. */
import type { Host } from '../host/host.ts';

/** Of the runner's environment: how it reaches the network. */
const NETWORK = [
  ...['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO'],
];

/** The token goes to this server alone, and in the environment: an argv is for all to read. */
export function accessTo(
  host: Pick<Host, 'env'>,
  server: string,
  token: string,
): Record<string, string> {
  const network = NETWORK.flatMap((name) => {
    const value = host.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const settings = [
    ['http.followRedirects', 'false'],
    ...(token === '' ? [] : [[`http.${server}/.extraheader`, `Authorization: Basic ${basic}`]]),
  ];
  return {
    ...Object.fromEntries(network),
    GIT_ALLOW_PROTOCOL: new URL(server).protocol.slice(0, -1),
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key = '', value = ''], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
