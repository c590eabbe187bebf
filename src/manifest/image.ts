/** The schema of `image`: what the machine boots from. */
import { z } from 'zod';
import { line, relativePath } from './name.ts';

const SOURCES = ['smolmachine', 'from', 'smolfile', 'host'] as const;

const smolmachine = line.max(2048).regex(/^(?!(?!https:\/\/)[\w+.-]+:\/\/)(?!https:\/\/[^/]*@)/, {
  error: 'must be a path, an https address or an OCI reference, without a password',
});

export const image = z
  .strictObject({
    smolmachine: smolmachine
      .optional()
      .describe(
        'A `.smolmachine`: a path in the repository, an https address or an OCI reference.',
      ),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 lower-case hex digits' })
      .optional()
      .describe('Its SHA-256, lower-case hex. An https address needs it.'),
    from: line
      .max(2048)
      .regex(/^(?!\w+:\/\/)[^\s@]+@sha256:[0-9a-f]{64}$/, {
        error: 'must be an OCI image with its digest: name@sha256:<64 hex digits>',
      })
      .optional()
      .describe('An OCI image with its digest, from which the machine is built.'),
    smolfile: relativePath
      .optional()
      .describe('A Smolfile in the repository, from which the machine is built.'),
    host: z
      .literal(true)
      .optional()
      .describe('The runner’s own `/usr`, read-only; for bubblewrap.'),
  })
  .superRefine(
    (value, context) => {
      const given = SOURCES.filter((name) => value[name] !== undefined);
      const refuse = (field: string | undefined, message: string) =>
        context.addIssue({ code: 'custom', path: field === undefined ? [] : [field], message });
      if (given.length === 0) refuse(undefined, `needs one of ${SOURCES.join(', ')}`);
      if (given.length > 1) refuse(given[1], `cannot stand beside \`${given[0]}\`; keep one`);
      if (value.sha256 !== undefined && value.smolmachine === undefined) {
        refuse('sha256', 'goes with `smolmachine` only');
      }
      if (/^https:/i.test(value.smolmachine ?? '') && value.sha256 === undefined) {
        refuse('smolmachine', 'is an address and needs `sha256` beside it');
      }
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .meta({
    oneOf: SOURCES.map((name) => ({ required: [name] })),
    dependentRequired: { sha256: ['smolmachine'] },
  });
