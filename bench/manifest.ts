/** Measures how long a manifest directory takes to load, and how that grows with its entries. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadManifest } from '../src/manifest/load.ts';
import { worktreeFiles } from '../src/manifest/worktree.ts';

export type LoadTime = {
  readonly entries: number;
  /** Medians over new processes, in milliseconds, imports not counted: by the clock … */
  readonly wallMs: number;
  /** … and of the main thread's work, which a busy runner does not change. */
  readonly threadMs: number;
};

const SIZES = [500, 1000, 2000, 4000];
const ROUNDS = 5;

/** Goal: 2,000 entries in at most 300 ms; the time of one entry must not grow with their number. */
export function benchManifest(): LoadTime[] {
  const root = mkdtempSync(join(tmpdir(), 'bench-manifest-'));
  try {
    return SIZES.map((entries) => {
      const directory = join(root, String(entries));
      writeManifest(directory, entries);
      const loads = Array.from({ length: ROUNDS }, () => loadInNewProcess(directory));
      return {
        entries,
        wallMs: median(loads.map(({ wallMs }) => wallMs)),
        threadMs: median(loads.map(({ threadMs }) => threadMs)),
      };
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Nine of ten entries are agents, as where one bottle serves many of them. */
function writeManifest(root: string, entries: number): void {
  for (const kind of ['bottles', 'agents'])
    mkdirSync(join(root, '.bot-bottle', kind), { recursive: true });
  for (let index = 0; index < entries; index += 1) {
    const isBottle = index % 10 === 0;
    const text = isBottle ? bottleText(index) : agentText(index);
    const name = isBottle ? `bottles/b${index}.md` : `agents/a${index}.md`;
    writeFileSync(join(root, '.bot-bottle', name), text);
  }
}

function bottleText(index: number): string {
  const parent = index === 0 ? '' : 'extends: b0\n';
  return `---
${parent}env:
  LOG_LEVEL: debug
  TOKEN: \${TOKEN_${index}}
egress:
  presets: [npm, github]
  routes:
    - host: api${index}.example.com
      auth:
        scheme: Bearer
        token_ref: API_TOKEN_${index}
      matches:
        - methods: [GET, POST]
          paths:
            - type: prefix
              value: /v1/
limits:
  minutes: 20
---
What this bottle is for.
`;
}

function agentText(index: number): string {
  return `---
bottle: b${index - (index % 10)}
skills:
  - review
  - verify
outputs: [report.md]
---
You review the change with the number ${index}. ${'Say what you would do otherwise. '.repeat(10)}
`;
}

type Load = { readonly wallMs: number; readonly threadMs: number };

function loadInNewProcess(directory: string): Load {
  const script = fileURLToPath(import.meta.url);
  return JSON.parse(
    execFileSync(process.execPath, [script, '--load', directory], { encoding: 'utf8' }),
  );
}

function median(times: readonly number[]): number {
  return Math.round(times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0);
}

async function load(directory: string): Promise<Load> {
  const start = performance.now();
  const busy = process.threadCpuUsage();
  await loadManifest(worktreeFiles(directory));
  const { user, system } = process.threadCpuUsage(busy);
  return { wallMs: performance.now() - start, threadMs: (user + system) / 1000 };
}

const [flag, directory] = process.argv.slice(2);
if (flag === '--load' && directory !== undefined)
  console.log(JSON.stringify(await load(directory)));
else if (import.meta.main) console.table(benchManifest());
