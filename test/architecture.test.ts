/** Who may import whom: the rules of the design, read from the source. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Folders of the pipeline: each knows the others' types at most. */
const STAGES = [
  'agent',
  'gateway',
  'image',
  'machine',
  'manifest',
  'outputs',
  'plan',
  'proposal',
  'provision',
  'report',
  'session',
  'trust',
  'walls',
  'write-back',
];
/** What a stage may use at run time beside its own folder. */
const SHARED = [
  'agent-file.ts',
  'artifact-kind.ts',
  'errors.ts',
  'download.ts',
  'git-check',
  'git-settings.ts',
  'github',
  'inside.ts',
  'lfs-filter.ts',
  'lock',
  'output-schema.ts',
  'price.ts',
  'printable.ts',
  'relay',
  'secret',
  'tar',
  'tool-cache.ts',
  'trigger-class.ts',
  'zip.ts',
];
const ENTRIES = ['main.ts', 'post.ts', 'gateway.ts', 'merge.ts', 'apply.ts'];

type Import = { from: string; to: string; typeOnly: boolean };
type Source = { file: string; text: string; imports: Import[] };

function parseImports(file: string, text: string): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;
  for (const [, , type, statement, dynamic] of text.matchAll(pattern)) {
    const specifier = statement ?? dynamic ?? '';
    const to = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
    found.push({ from: file, to, typeOnly: type !== undefined });
  }
  return found;
}

const sources: Source[] = globSync('src/**/*.ts', { cwd: root })
  .sort()
  .map((path) => {
    const file = path.slice('src/'.length);
    const text = readFileSync(join(root, path), 'utf8');
    return { file, text, imports: parseImports(file, text) };
  });

const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file);
const isOurs = (to: string) => sources.some(({ file }) => file === to);
const withoutComments = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
const offenders = (rule: RegExp, allowed: (file: string) => boolean) =>
  sources
    .filter(({ file, text }) => !allowed(file) && rule.test(withoutComments(text)))
    .map((s) => s.file);

/** Stages that import more than another stage's types. */
function stageViolations(imports: readonly Import[]): string[] {
  return imports
    .filter(({ from, to, typeOnly }) => {
      const [stage, target] = [folderOf(from), folderOf(to)];
      if (!STAGES.includes(stage) || typeOnly || stage === target) return false;
      return !SHARED.includes(target) && (STAGES.includes(target) || to.endsWith('.ts'));
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe('the direction of imports', () => {
  const imports = sources.flatMap((source) => source.imports);

  test('the parser sees imports of every form', () => {
    const text = `import a from './a.ts';\nimport type { B } from '../b/b.ts';\nimport {\n  c,\n} from '../c/c.ts';\nawait import('@x/y');\nexport * from './d.ts';`;
    expect(parseImports('m/m.ts', text)).toEqual([
      { from: 'm/m.ts', to: 'm/a.ts', typeOnly: false },
      { from: 'm/m.ts', to: 'b/b.ts', typeOnly: true },
      { from: 'm/m.ts', to: 'c/c.ts', typeOnly: false },
      { from: 'm/m.ts', to: '@x/y', typeOnly: false },
      { from: 'm/m.ts', to: 'm/d.ts', typeOnly: false },
    ]);
  });

  test('a stage never imports another stage at run time', () => {
    expect(stageViolations(imports)).toEqual([]);
    const bad = [{ from: 'agent/run.ts', to: 'machine/smolvm.ts', typeOnly: false }];
    expect(stageViolations(bad)).toEqual(['agent/run.ts imports machine/smolvm.ts']);
  });

  test('host/ imports nothing of ours outside itself', () => {
    const outside = imports.filter(
      ({ from, to }) => from.startsWith('host/') && isOurs(to) && !to.startsWith('host/'),
    );
    expect(outside).toEqual([]);
  });

  test('shared leaves import nothing of ours but each other and types', () => {
    const outside = imports.filter(
      ({ from, to, typeOnly }) =>
        SHARED.includes(folderOf(from)) &&
        isOurs(to) &&
        !typeOnly &&
        !SHARED.includes(folderOf(to)),
    );
    expect(outside).toEqual([]);
  });

  test('only the entries build a real host', () => {
    const real = imports.filter(({ from, to, typeOnly }) => {
      return (
        !typeOnly && to.startsWith('host/') && !from.startsWith('host/') && !ENTRIES.includes(from)
      );
    });
    expect(real).toEqual([]);
  });

  test('the post step loads neither cache, artifact nor zod', () => {
    const reached = new Set<string>();
    const visit = (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) visit(to);
    };
    visit('post.ts');
    const forbidden = ['@actions/cache', '@actions/artifact', 'zod', 'yaml'];
    expect([...reached].filter((name) => forbidden.includes(name))).toEqual([]);
  });
});

describe('the outside world', () => {
  const inHost = (file: string) => file.startsWith('host/');
  test.each([
    ['the environment', /\bprocess\.env\b/],
    ['process.exit', /\bprocess\.exit\b/],
    ['standard streams', /\bprocess\.(stdout|stderr|stdin)\b|\bconsole\./],
    ['child processes', /['"](node:)?child_process['"]/],
    ['the toolkit', /['"]@actions\//],
  ])('%s: in host/ alone', (_, rule) => {
    expect(offenders(rule, inHost)).toEqual([]);
  });

  test('a step is failed in one place', () => {
    // The guard hands on what the action says.
    expect(offenders(/\.setFailed\(/, inHost)).toEqual([
      'action.ts',
      'apply/story.ts',
      'guarded-host.ts',
      'merge/merge.ts',
    ]);
  });

  test('inputs are read in one place', () => {
    expect(offenders(/\bhost\.input\(|\bgetInput\(/, inHost)).toEqual([
      'inputs.ts',
      'merge/inputs.ts',
    ]);
  });
});

describe('size and manner', () => {
  const lines = (text: string) => text.trimEnd().split('\n').length;

  test('entries are at most 10 lines, the story at most 60', () => {
    for (const { file, text } of sources) {
      if (ENTRIES.includes(file)) expect(lines(text), file).toBeLessThanOrEqual(10);
      if (file === 'action.ts') expect(lines(text), file).toBeLessThanOrEqual(60);
    }
  });

  test('every file says in its first line what it is for', () => {
    expect(sources.filter(({ text }) => !text.startsWith('/**')).map(({ file }) => file)).toEqual(
      [],
    );
  });

  test('no folder or file is a drawer for anything', () => {
    const drawers = /(^|[/-])(utils?|helpers?|common|manager|misc)([/.-]|$)/;
    expect(sources.filter(({ file }) => drawers.test(file))).toEqual([]);
  });

  test('no test replaces a module', () => {
    const tests = globSync('{test,bench}/**/*.ts', { cwd: root });
    const mocking = new RegExp(['vi', '\\.', '(do)?[mM]ock\\('].join(''));
    const found = tests.filter((file) => mocking.test(readFileSync(join(root, file), 'utf8')));
    expect(found).toEqual([]);
  });
});
