/** The schema of one route: a host, with whose credentials, which requests, how checked. */
import { z } from 'zod';
import { host } from './host.ts';
import { distinct, hostVariable, line, refuseRepeats } from './name.ts';
import { checkPathRegex } from './path-regex.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const headerName = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, {
    error: 'must be the name of an HTTP header',
  });

/** They say how a message travels; setting one would change what the upstream reads. */
const TRAVEL_HEADERS = new Set([
  'connection',
  'content-length',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const authHeader = headerName.refine((name) => !TRAVEL_HEADERS.has(name.toLowerCase()), {
  error: 'is a header that no credential travels in',
});

const auth = z
  .strictObject({
    scheme: z
      .enum(['Bearer', 'token', 'header'])
      .describe('`Authorization: Bearer …`, `Authorization: token …`, or a header of its own.'),
    token_ref: hostVariable.describe(
      'Name of the variable in the step’s `env` that holds the secret. Only the gateway sees it.',
    ),
    header: authHeader.optional().describe('Name of the header, for `scheme: header` only.'),
  })
  .superRefine(
    (value, context) => {
      const wanted = value.scheme === 'header';
      if (wanted === (value.header !== undefined)) return;
      const message = wanted
        ? 'needs `header`, the header’s name'
        : 'goes with `scheme: header` only';
      context.addIssue({ code: 'custom', path: [wanted ? 'scheme' : 'header'], message });
    },
    { when: ({ value, issues }) => isObject(value) && issues.length === 0 },
  )
  .meta({
    description: 'The credential that the gateway adds to requests for this host.',
    if: { properties: { scheme: { const: 'header' } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: { required: ['header'] },
    else: { properties: { header: false } },
  });

const pathMatch = z
  .strictObject({
    type: z.enum(['exact', 'prefix', 'regex']).describe('How `value` is compared with the path.'),
    value: line.max(512).describe('A path that begins with `/`, or a regular expression for one.'),
  })
  .superRefine(({ type, value }, context) => {
    const message = type === 'regex' ? checkPathRegex(value) : checkPath(value);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['value'], message });
  });

function checkPath(value: string): string | undefined {
  return value.startsWith('/') ? undefined : 'must begin with `/`';
}

const headerMatch = z.strictObject({
  name: headerName.describe('Name of the header. Case does not count.'),
  value: line.describe('The value that it must have, exactly.'),
});

const match = z
  .strictObject({
    paths: z.array(pathMatch).min(1).optional().describe('One of these must fit the path.'),
    methods: distinct(z.enum(METHODS))
      .min(1)
      .optional()
      .describe('One of these must be the method.'),
    headers: z.array(headerMatch).min(1).optional().describe('All of these must be there.'),
  })
  .refine((value) => Object.keys(value).length > 0, {
    error:
      'is empty and would allow everything; name `paths`, `methods` or `headers`, or remove it',
  })
  .meta({
    description:
      'A kind of request. All parts of an entry must fit; one entry of the list is enough.',
    minProperties: 1,
  });

const OUTBOUND = ['token_patterns', 'known_secrets', 'entropy'] as const;
const INBOUND = ['naive_injection_detection'] as const;

const dlp = z
  .strictObject({
    outbound_detectors: z
      .union([z.literal(false), distinct(z.enum(OUTBOUND))], { error: 'must be a list or `false`' })
      .optional()
      .describe('What is looked for in requests; `false` for nothing.'),
    inbound_detectors: z
      .union([z.literal(false), distinct(z.enum(INBOUND))], { error: 'must be a list or `false`' })
      .optional()
      .describe('What is looked for in answers; `false` for nothing.'),
    outbound_on_match: z
      .enum(['block', 'redact', 'supervise'])
      .transform((action) => (action === 'supervise' ? 'block' : action))
      .optional()
      .describe('What happens to a request with a finding. `supervise` means `block` in CI.'),
  })
  .describe('Scanning of what goes out and comes in.');

const route = z
  .strictObject({
    host,
    ports: distinct(z.int().min(1).max(65_535))
      .min(1)
      .optional()
      .describe('Ports of the host; default 443 and 80.'),
    auth: auth.optional(),
    matches: z
      .array(match)
      .min(1)
      .optional()
      .describe('Kinds of requests that are allowed; absent: all. One entry is enough.'),
    dlp: dlp.optional(),
    max_bytes: z
      .int()
      .min(1)
      .optional()
      .describe('Largest total of bytes through this route, both ways.'),
  })
  .meta({ id: 'route', description: 'A host that the bottle may reach.' });

export const routes = z.array(route).superRefine(
  (list, context) => {
    refuseRepeats(
      list.map((entry) => entry?.host),
      (index, first) =>
        context.addIssue({
          code: 'custom',
          path: [index, 'host'],
          message: 'has a route already; merge the two',
          params: { first: [first, 'host'] },
        }),
    );
  },
  { when: ({ value }) => Array.isArray(value) },
);

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
