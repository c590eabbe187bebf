/**
 * How git runs on the runner: as if nobody had configured anything. A checkout is somebody's data,
 * and its configuration, hooks, attributes and replaced objects would be carried out or believed.
 */

/** Arguments that come before git's command; these win over the repository's own configuration. */
export const GIT_CONFIG: readonly string[] = [
  // A container's root, or another user's checkout.
  'safe.directory=*',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  // What we write is scratch, which need not outlive a power cut.
  'core.fsync=none',
  // A cache of what commits hold, which is believed without a look at them.
  'core.commitGraph=false',
  'gc.auto=0',
].flatMap((setting) => ['-c', setting]);

/** Beside PATH and a HOME without configuration: nothing else is inherited. */
export const GIT_ENVIRONMENT: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  // An empty list: git talks to nobody, but for a fetch that names its one protocol.
  GIT_ALLOW_PROTOCOL: '',
};
