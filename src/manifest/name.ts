/** The small pieces of the schema: names, one-line texts, paths, environment entries. */
import { z } from 'zod';

/** Of bottles and agents; in a directory, the file's own name. */
export const ENTRY_NAME = /^[a-z][a-z0-9-]*$/;

export const entryName = z.string().max(63).regex(ENTRY_NAME, {
  error: 'must be lower-case letters, digits and hyphens, beginning with a letter',
});

const RUNNERS_OWN =
  'names a variable of the runner itself (ACTIONS_…, GITHUB_…, RUNNER_…), which no bottle gets. ' +
  'Of these only GITHUB_TOKEN is accepted';

/** The name of a variable in the step's environment. Its value never enters the manifest. */
export const hostVariable = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error:
      'must be the name of a variable in the step’s `env` (letters, digits, underscores), ' +
      'never the secret itself',
  })
  .regex(/^(?!ACTIONS_|RUNNER_|GITHUB_(?!TOKEN$))/, { error: RUNNERS_OWN });

export const guestVariable = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'must be letters, digits and underscores, not beginning with a digit',
  });

/** A directory or repository name that is safe as one segment of a path. */
export const segment = z
  .string()
  .max(100)
  .regex(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._-]*$/, {
    error: 'must be letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
  });

/** One line of text that is not empty. */
export const line = z
  .string()
  .max(4096)
  .regex(/^[^\u0000-\u001f\u007f\u2028\u2029]+$/, {
    error: 'must be one line of text, not empty, without control characters',
  });

/** Relative, POSIX, without `..`. */
export const relativePath = line.regex(/^(?![/~\\])(?!.*\\)(?!(?:.*\/)?\.\.(?:\/|$))/, {
  error: 'must be a relative path with forward slashes and without `..`',
});

/** Relative to the workspace, or `~/` for the guest's home. */
export const guestGlob = line.regex(/^(?!\/)(?!~(?!\/))(?!.*\\)(?!(?:.*\/)?\.\.(?:\/|$))/, {
  error: 'must be a glob relative to the workspace, or one that begins with `~/`, without `..`',
});

/** A variable of the guest: its text, or the name of the step's variable that holds it. */
export type EnvironmentEntry =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'host'; readonly hostVar: string };

export const environmentEntry = z
  .string()
  .max(32_768)
  .regex(/^[^\u0000]*$/, { error: 'must not hold a NUL character' })
  .regex(/^(?!\?)/, { error: (issue) => promptRefused(String(issue.path?.at(-1))) })
  .regex(/^(?!\$\{[\s\S]*\}$)|^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/, {
    error: `must be \`\${NAME}\` with nothing else inside the braces, or a text without them`,
  })
  .regex(/^(?!\$\{(?:ACTIONS_|RUNNER_|GITHUB_(?!TOKEN\})))/, { error: RUNNERS_OWN })
  .transform(parseEnvironmentEntry);

function promptRefused(name: string): string {
  return (
    'asks a person for a value (`?`), and nobody answers in CI. ' +
    `Write "\${${name}}" and set ${name} in the step’s \`env\``
  );
}

function parseEnvironmentEntry(text: string): EnvironmentEntry {
  return text.startsWith('${') && text.endsWith('}')
    ? { kind: 'host', hostVar: text.slice(2, -1) }
    : { kind: 'literal', value: text };
}

/** Calls `refuse` for each member of `list` that was there before, at `first`. */
export function refuseRepeats(
  list: readonly unknown[],
  refuse: (index: number, first: number) => void,
): void {
  const seen = new Map<unknown, number>();
  for (const [index, value] of list.entries()) {
    const first = seen.get(value);
    if (first === undefined) seen.set(value, index);
    else if (value !== undefined) refuse(index, first);
  }
}

/** A list in which nothing is there twice. */
export function distinct<T extends z.ZodType>(member: T) {
  const unique = z.array(member).superRefine(
    (list, context) => {
      refuseRepeats(list, (index, first) =>
        context.addIssue({
          code: 'custom',
          path: [index],
          message: 'is there twice; keep one',
          params: { first: [first] },
        }),
      );
    },
    { when: ({ value }) => Array.isArray(value) },
  );
  return unique.meta({ uniqueItems: true });
}
