/** The part of a run's names that says whose run it is. */

/**
 * A machine's name takes 128 characters and an artifact's 256; the path of a unix socket, about
 * 100, and it is people who read them.
 */
const LONGEST = 40;

/** smolvm takes no `--` in a machine's name and no hyphen at its end; an agent's may have both. */
export function slugOf(agentName: string): string {
  return agentName.replace(/-+/g, '-').slice(0, LONGEST).replace(/-$/, '');
}
