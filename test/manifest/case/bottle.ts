/** The other fields of a bottle: provider, image, machine, limits, workspace, outputs. */
import { badBottle, goodBottle } from './case.ts';

const SHA = 'a'.repeat(64);
const PATH = 'must be a relative path with forward slashes and without `..`';
const GLOB = 'must be a glob relative to the workspace, or one that begins with `~/`, without `..`';
const NO_URL = 'must be a path, an https address or an OCI reference, without a password';

const providerCases = [
  goodBottle('the default agent', 'agent_provider: {}'),
  goodBottle(
    'claude with a token',
    'agent_provider: {template: claude, auth_token: CLAUDE_TOKEN, version: 2.1.329, model: opus}',
  ),
  goodBottle(
    'codex with its login',
    'agent_provider: {template: codex, forward_host_credentials: true}',
  ),
  goodBottle('a program', 'agent_provider: {template: command, command: [make, check]}'),
  goodBottle(
    'a program whose exit codes mean something',
    'agent_provider: {template: command, command: [x], exit_codes: {"75": rate-limited, "77": auth}}',
  ),
  badBottle(
    'an exit code that is none',
    'agent_provider: {template: command, command: x, exit_codes: {"0": auth}}',
    ['2:62 agent_provider.exit_codes.0: the name must be from 1 to 255'],
  ),
  badBottle(
    'a meaning that is none',
    'agent_provider: {template: command, command: x, exit_codes: {"9": bad}}',
    ['2:67 agent_provider.exit_codes.9: must be'],
  ),
  badBottle('exit codes of an agent that is known', 'agent_provider: {exit_codes: {"9": auth}}', [
    '2:30 agent_provider.exit_codes: goes with `template: command` only',
  ]),
  goodBottle('prices', 'agent_provider: {prices: {input: 3, output: 15, cache_read: 0.3}}'),
  badBottle('half a price', 'agent_provider: {prices: {input: 3}}', [
    '2:26 agent_provider.prices.output: is missing',
  ]),
  goodBottle(
    'a script',
    'agent_provider:\n  template: command\n  command: |\n    make\n    make check',
  ),
  goodBottle(
    'a model API of its own',
    'agent_provider: {template: opencode, auth_token: KEY, base_url: "https://models.example:8443/v1"}',
  ),
  ...[
    'http://models.example',
    'https://10.0.0.7/v1',
    'https://[::1]/v1',
    'https://0x7f.1/v1',
    'https://me:secret@models.example/v1',
    'https://models.example/v1?key=secret',
    'https://models.example/v1#x',
    'https://*.models.example/v1',
    'https://models.example:99999/v1',
    'models.example',
  ].map((url) =>
    badBottle(
      `a model API at ${url}`,
      `agent_provider: {base_url: "${url}"}`,
      [
        '2:28 agent_provider.base_url: must be an https address such as https://models.example.com/v1: a host name, no user, query or fragment',
      ],
      { beyondSchema: /10\.|0x7f|99999/.test(url) },
    ),
  ),
  badBottle(
    'a model API for a program',
    'agent_provider: {template: command, command: x, base_url: "https://models.example"}',
    ['2:59 agent_provider.base_url: does not go with `template: command`'],
  ),
  badBottle(
    'a token for no address',
    'agent_provider: {template: opencode, auth_token: KEY}',
    [
      '2:50 agent_provider.auth_token: needs `base_url` beside it: the address that the token is for',
    ],
    { beyondSchema: true },
  ),
  badBottle('an unknown template', 'agent_provider: {template: claud}', [
    '2:28 agent_provider.template: must be one of claude, codex, gemini, opencode, command. Did you mean "claude"?',
  ]),
  badBottle('a command without its program', 'agent_provider:\n  template: command', [
    '3:13 agent_provider.template: needs `command` beside it',
  ]),
  badBottle('an empty program', 'agent_provider: {template: command, command: []}', [
    '2:46 agent_provider.command: must have at least 1 entries',
  ]),
  badBottle('a program for claude', 'agent_provider:\n  command: [x]', [
    '3:12 agent_provider.command: goes with `template: command` only',
  ]),
  badBottle('a program of numbers', 'agent_provider: {template: command, command: [sleep, 1]}', [
    '2:54 agent_provider.command[1]: must be text, but is a number (quotes make it text)',
  ]),
  badBottle('a model for a program', 'agent_provider: {template: command, command: x, model: y}', [
    '2:56 agent_provider.model: does not go with `template: command`',
  ]),
  badBottle('a token that is a value', 'agent_provider:\n  auth_token: sk-ant-oat01', [
    '3:15 agent_provider.auth_token: must be the name of a variable',
  ]),
  badBottle('a token of the runner', 'agent_provider: {auth_token: RUNNER_X}', [
    '2:30 agent_provider.auth_token: names a variable of the runner itself',
  ]),
  badBottle(
    'the login for claude',
    'agent_provider: {forward_host_credentials: true}',
    ['2:44 agent_provider.forward_host_credentials: goes with `template: codex` only'],
    { beyondSchema: true },
  ),
  badBottle('an unknown key of a provider', 'agent_provider: {tempalte: codex}', [
    '2:18 agent_provider.tempalte: unknown key. Did you mean "template"?',
  ]),
];

const imageCases = [
  goodBottle('a file', 'image: {smolmachine: images/agent.smolmachine}'),
  goodBottle(
    'an address',
    `image: {smolmachine: "https://example.com/a.smolmachine", sha256: ${SHA}}`,
  ),
  goodBottle('an OCI reference', 'image: {smolmachine: "registry.example/me/agent:1"}'),
  goodBottle('an OCI image to build from', `image: {from: "docker.io/library/node@sha256:${SHA}"}`),
  goodBottle('a Smolfile', 'image: {smolfile: images/agent.toml}'),
  goodBottle('the runner itself', 'image: {host: true}'),
  badBottle('no source', 'image: {}', [
    '2:8 image: needs one of smolmachine, from, smolfile, host',
  ]),
  badBottle('two sources', 'image: {smolfile: a, host: true}', [
    '2:28 image.host: cannot stand beside `smolfile`; keep one',
  ]),
  badBottle(
    'an address without a digest',
    'image: {smolmachine: "https://example.com/a"}',
    ['2:22 image.smolmachine: is an address and needs `sha256` beside it'],
    { beyondSchema: true },
  ),
  badBottle('plain http', 'image: {smolmachine: "http://example.com/a"}', [
    `2:22 image.smolmachine: ${NO_URL}`,
  ]),
  badBottle('a password', `image: {smolmachine: "https://u:p@example.com/a", sha256: ${SHA}}`, [
    `2:22 image.smolmachine: ${NO_URL}`,
  ]),
  badBottle('a digest in capitals', `image: {smolmachine: a, sha256: ${'A'.repeat(64)}}`, [
    '2:33 image.sha256: must be 64 lower-case hex digits',
  ]),
  badBottle('a digest without a file', `image: {host: true, sha256: ${SHA}}`, [
    '2:29 image.sha256: goes with `smolmachine` only',
  ]),
  badBottle('an OCI image without a digest', 'image: {from: "node:24"}', [
    '2:15 image.from: must be an OCI image with its digest: name@sha256:<64 hex digits>',
  ]),
  badBottle('not the runner itself', 'image: {host: false}', ['2:15 image.host: must be true.']),
  badBottle('text for an image', 'image: host', ['2:8 image: must be a map, but is text']),
];

const sizeCases = [
  goodBottle('a size', 'machine: {cpus: 4, memory_mib: 8192, storage_gib: 20}'),
  goodBottle(
    'limits',
    'limits: {minutes: 0.5, idle_minutes: 0, turns: 10, tokens: 1000000, requests: 500, output_mib: 10}',
  ),
  badBottle('no processor', 'machine: {cpus: 0}', ['2:17 machine.cpus: must be at least 1']),
  badBottle('half a processor', 'machine: {cpus: 1.5}', [
    '2:17 machine.cpus: must be a whole number, but is a number',
  ]),
  badBottle('memory with a unit', 'machine: {memory_mib: 4G}', [
    '2:23 machine.memory_mib: must be a number, but is text',
  ]),
  badBottle('too little memory', 'machine: {memory_mib: 4}', [
    '2:23 machine.memory_mib: must be at least 256',
  ]),
  badBottle('another unit', 'machine: {memory_mb: 4096}', [
    '2:11 machine.memory_mb: unknown key. Did you mean "memory_mib"? Accepted here: cpus, memory_mib, storage_gib.',
  ]),
  badBottle('no time at all', 'limits: {minutes: 0}', ['2:19 limits.minutes: must be more than 0']),
  badBottle('a month', 'limits: {minutes: 43200}', ['2:19 limits.minutes: must be at most 4320']),
  badBottle('negative turns', 'limits: {turns: -1}', ['2:17 limits.turns: must be at least 1']),
];

const fileCases = [
  goodBottle('a workspace', 'workspace: {path: packages/a, exclude: [node_modules/**, "*.log"]}'),
  goodBottle('outputs', 'outputs: [report.md, "dist/**", "~/.cache/log"]'),
  goodBottle('an engine', 'engine: bubblewrap'),
  badBottle('a workspace above', 'workspace: {path: ../other}', [`2:19 workspace.path: ${PATH}`]),
  badBottle('an absolute workspace', 'workspace: {path: /etc}', [`2:19 workspace.path: ${PATH}`]),
  badBottle('a workspace with backslashes', 'workspace: {path: "a\\\\b"}', [
    `2:19 workspace.path: ${PATH}`,
  ]),
  badBottle('an output above', 'outputs: [a/../../b]', [`2:11 outputs[0]: ${GLOB}`]),
  badBottle('an absolute output', 'outputs: [/tmp/x]', [`2:11 outputs[0]: ${GLOB}`]),
  badBottle('an output of another home', 'outputs: ["~root/x"]', [`2:11 outputs[0]: ${GLOB}`]),
  badBottle('an output twice', 'outputs:\n  - a\n  - b\n  - a', [
    '5:5 outputs[2]: is there twice; keep one (the first is on line 3)',
  ]),
  badBottle('an empty output', 'outputs: [""]', [
    '2:11 outputs[0]: must be one line of text, not empty, without control characters',
  ]),
  badBottle('an unknown engine', 'engine: docker', [
    '2:9 engine: must be one of smolvm, bubblewrap.',
  ]),
];

const ONE_OF = 'must have either `url` or `command`';

const mcpCases = [
  goodBottle(
    'MCP servers',
    'mcp_servers: {docs: {url: "https://mcp.example/mcp", headers: {X-Team: a}}, db: {command: db-mcp, args: [-v], env: {A: b}}}',
  ),
  badBottle('an MCP server that is nowhere', 'mcp_servers: {a: {}}', [
    `2:18 mcp_servers.a: ${ONE_OF}`,
  ]),
  badBottle(
    'an MCP server that is twice',
    'mcp_servers: {a: {url: "https://a.example", command: b}}',
    [`2:18 mcp_servers.a: ${ONE_OF}`],
  ),
  badBottle('a program with headers', 'mcp_servers: {a: {command: b, headers: {c: d}}}', [
    '2:40 mcp_servers.a.headers: goes with `url` only',
  ]),
  badBottle(
    'an address with arguments',
    'mcp_servers: {a: {url: "https://a.example", args: [b]}}',
    ['2:51 mcp_servers.a.args: goes with `command` only'],
  ),
  badBottle('a file for an MCP server', 'mcp_servers: {a: {url: "file:///etc/passwd"}}', [
    '2:24 mcp_servers.a.url: must be an http or https address, without user and fragment',
  ]),
  badBottle(
    'a secret for an MCP server',
    `mcp_servers: {a: {url: "https://a.example", headers: {Authorization: "\${TOKEN}"}}}`,
    ['2:70 mcp_servers.a.headers.Authorization: must be one line without `$`{…}'],
  ),
  badBottle('the gateway’s own name', 'mcp_servers: {supervise: {command: a}}', [
    '2:15 mcp_servers.supervise: the name must be',
  ]),
];

const wholeCases = [
  goodBottle('nothing', '{}'),
  badBottle('a list', '- a', ['2:1 the file: must be a map, but is a list']),
  badBottle('a text', 'hello', ['2:1 the file: must be a map, but is text']),
  badBottle('an unknown key', 'egres: {}', [
    '2:1 egres: unknown key. Did you mean "egress"? Accepted here: agent_provider, egress, egress_groups, engine, env, extends, git-gate, image, limits, machine, mcp_servers, outputs and 1 more.',
  ]),
  badBottle('a key like no other', 'zebra: 1', [
    '2:1 zebra: unknown key. Accepted here: agent_provider',
  ]),
  badBottle('agent fields', 'skills: [a]\nprompt: x', [
    '2:1 skills: unknown key.',
    '3:1 prompt: unknown key.',
  ]),
  badBottle('a parent that is no name', 'extends: [a, b]', [
    '2:10 extends: must be text, but is a list',
  ]),
  badBottle('a parent with capitals', 'extends: Base', [
    '2:10 extends: must be lower-case letters, digits and hyphens, beginning with a letter',
    '2:10 extends: there is no bottle "Base"',
  ]),
];

export const bottleCases = [
  ...providerCases,
  ...imageCases,
  ...sizeCases,
  ...fileCases,
  ...mcpCases,
  ...wholeCases,
];
