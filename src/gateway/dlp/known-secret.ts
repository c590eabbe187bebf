/** Finds the values that must not leave, in all encodings of `src/secret`. */
import { encodingsOf } from '../../secret/encoding.ts';
import { createMatcher, type Matcher } from '../../secret/matcher.ts';
import type { NamedSecret } from '../protocol.ts';
import type { Detector } from './detector.ts';

export type KnownSecrets = {
  readonly text: Matcher;
  /** For host names, which have lost their capitals. */
  readonly host: Matcher;
};

/** Made when it is first asked for: it takes some 10 ms a secret. One for all who look. */
export type SecretIndex = () => KnownSecrets;

export function openSecretIndex(secrets: readonly NamedSecret[]): SecretIndex {
  let made: KnownSecrets | undefined;
  return () => {
    made ??= indexSecrets(secrets);
    return made;
  };
}

function indexSecrets(secrets: readonly NamedSecret[]): KnownSecrets {
  const needles = secrets.flatMap(({ name, value }) =>
    encodingsOf(value).map((form) => ({ label: name, ...form })),
  );
  const lower = needles.map(({ bytes, ...rest }) => ({
    ...rest,
    bytes: Buffer.from(Buffer.from(bytes).toString('latin1').toLowerCase(), 'latin1'),
  }));
  return { text: createMatcher(needles), host: createMatcher(lower) };
}

/**
 * What finds a route's own credential in what its upstream answers: whole and in one piece, so that
 * the last letters of an event are not kept back until the next one comes.
 */
export function indexReflection({ name, value }: NamedSecret): Matcher {
  const whole = encodingsOf(value).filter(({ bytes, run }) => run === bytes.length);
  return createMatcher(
    whole.map((form) => ({ label: name, ...form })),
    'none',
  );
}

export function detectSecrets(matcher: Matcher): Detector {
  const stream = matcher.stream();
  return {
    async push(chunk) {
      return stream.push(chunk).map((match) => ({ detector: 'known_secrets', ...match }));
    },
    end: async () => [],
    held: () => stream.held(),
  };
}
