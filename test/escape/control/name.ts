/** Controls of names and ports. */
import type { Control } from '../controls.ts';

export const NAME_CONTROLS: readonly Control[] = [
  {
    name: 'addresses are refused in every notation',
    file: 'name.ts',
    from: 'if (isAddress(name))',
    to: 'if (false as boolean)',
    red: ['CONNECT to an IP address in octal', 'an absolute address with an IP address dotted'],
  },
  {
    name: 'escapes are undone before an address is looked for',
    file: 'name.ts',
    from: 'const plain = undoEscapes(name)\n',
    to: 'const plain = name\n',
    red: ['CONNECT to an IP address with escaped dots'],
  },
  {
    name: 'digits of all scripts are digits',
    file: 'name.ts',
    from: ".normalize('NFKC')",
    to: ".normalize('NFC')",
    red: ['a Host that is an IP address in circled digits'],
  },
  {
    name: 'a host name has no characters but those of names',
    file: 'name.ts',
    from: 'if (/[\\x00-\\x20\\x7f/\\\\?#%<>^|[\\]:]/.test(name)) {',
    to: 'if (false as boolean) {',
    red: ['a Host with an escaped dot'],
  },
  {
    name: 'a port is a plain number',
    file: 'name.ts',
    from: '/^[1-9][0-9]{0,4}$/.test(text)',
    to: '/^.*$/.test(text)',
    red: ['CONNECT to a port in octal of an allowed host'],
  },
  {
    name: 'what has no route is refused',
    file: 'route-table.ts',
    from: 'if (!route) throw',
    to: 'const [any] = byHost.values();\n      if (any) return { ...any, tls: "tunnel", ports: [port] };\n      if (!route) throw',
    red: ['a secret as a label of a host that is not allowed'],
  },
  {
    name: 'a suffix begins at a dot',
    file: 'route-table.ts',
    from: 'const route = byHost.get(`*',
    to: "const suffix = [...byHost].find(([key]) => host.endsWith(key.replace(/^\\*\\.?/, '')));\n    const route = suffix?.[1] ?? byHost.get(`*",
    red: ['an absolute address with a host that ends like the suffix without its dot'],
  },
  {
    name: 'an exact host is no suffix',
    file: 'route-table.ts',
    from: 'byHost.get(host) ?? findSuffix(byHost, host)',
    to: "byHost.get(host) ?? byHost.get(host.slice(host.indexOf('.') + 1)) ?? findSuffix(byHost, host)",
    red: ['an absolute address with a host below an exact one'],
  },
  {
    name: 'a route has its ports',
    file: 'route-table.ts',
    from: 'if (!route.ports.includes(port))',
    to: 'if (false as boolean)',
    red: ['CONNECT to SSH of an allowed host', 'CONNECT to mail of an allowed host'],
  },
];
