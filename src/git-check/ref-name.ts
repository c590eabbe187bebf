/** Which names of refs are plain enough for every git, file system and command line. */
import { printable } from '../printable.ts';
import { type CheckFinding, collectFindings } from './finding.ts';
import { foldName, nameFault } from './path-name.ts';

const MAX_NAME = 250;
const ALLOWED = /^refs\/(?:heads|tags|notes)\/./;
/** `git check-ref-format`, and what the shells of file systems make of a name. */
const FORBIDDEN = /\.\.|@\{|[\0-\x20\x7f~^:?*[\\]|(?:^|\/)[.-]|\.(?:\/|$)|\.lock(?:\/|$)|\/\/|\/$/;
/** git takes these for something else, wherever they stand. */
const SPECIAL = /^(?:@|HEAD|.*_HEAD|[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Full names, such as `refs/heads/main`. The path of a finding is the ref. */
export function checkRefs(refs: readonly string[]): readonly CheckFinding[] {
  const findings = collectFindings();
  const add = (ref: string, detail: string) =>
    findings.add({ rule: 'ref-name', path: printable(ref, 100), detail });
  const names = new Map<string, string>();
  for (const ref of refs) {
    const fault = refNameFault(ref);
    if (fault !== undefined) add(ref, fault);
    const folded = foldName(ref);
    if (names.has(folded)) add(ref, 'another ref has the same name but for its case');
    names.set(folded, ref);
  }
  for (const folded of names.keys())
    for (let at = folded.indexOf('/'); at >= 0; at = folded.indexOf('/', at + 1))
      if (names.has(folded.slice(0, at)))
        add(names.get(folded) ?? '', 'it stands below another ref');
  return findings.list();
}

/** Undefined: it is a good name of a branch, a tag or notes. */
export function refNameFault(ref: string): string | undefined {
  if (ref.length > MAX_NAME) return `it is longer than ${MAX_NAME} characters`;
  if (!ALLOWED.test(ref)) return 'it is neither a branch nor a tag nor notes';
  if (FORBIDDEN.test(ref)) return 'git does not allow such a name';
  const parts = ref.split('/').slice(2);
  if (parts.some((part) => SPECIAL.test(part))) return 'git would take it for something else';
  return parts.map(nameFault).find((fault) => fault !== undefined);
}
