/** Builds a case in a directory of its own, has it judged, and looks whether anything of it ran. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckFinding } from '../../src/git-check/finding.ts';
import type { CheckPolicy } from '../../src/git-check/policy.ts';
import { bundleOf, makeObjects, type ObjectStore } from '../git-check/object-store.ts';
import { BASE_FILES, PATH, POLICY, PROGRAM } from '../git-check/repository.ts';
import type { HostileCase, World } from './case.ts';

export type Delivery = {
  /** The guest's file. */
  readonly bundle: string;
  readonly base: string;
  /** The objects of the runner's checkout. */
  readonly objects: string;
  readonly policy: CheckPolicy;
  /** An empty directory. */
  readonly scratch: string;
  /** Puts what the case has for it into our own repository. */
  readonly spoil: (directory: string) => void;
};

export type Judge = (delivery: Delivery) => Promise<readonly CheckFinding[]>;

export type Verdict = {
  readonly findings: readonly CheckFinding[];
  /** Something of it ran. */
  readonly sprung: boolean;
  /** The same trap springs where nothing is hardened; undefined: the case says nothing of it. */
  readonly proven: boolean | undefined;
  readonly milliseconds: number;
};

export async function judgeCase(one: HostileCase, judge: Judge): Promise<Verdict> {
  const root = mkdtempSync(join(tmpdir(), 'hostile-git-'));
  try {
    const [canary, trap] = [join(root, 'canary'), join(root, 'trap')];
    writeFileSync(trap, `#!/bin/sh\necho sprung >> '${canary}'\n`, { mode: 0o755 });
    const world = makeWorld(root, trap);
    const config = one.config?.(world) ?? '';
    one.prepare?.(world);
    appendFileSync(join(world.checkout, '.git/config'), config);
    const spoil = (directory: string) => {
      appendFileSync(join(directory, 'config'), config);
      one.spoil?.(directory, world);
    };
    const delivery = { ...makeDelivery(root, world, one), spoil };
    const before = performance.now();
    const findings = await judge(delivery);
    const milliseconds = performance.now() - before;
    const sprung = existsSync(canary);
    const proven = one.proof ? springs(world.checkout, one.proof, canary) : undefined;
    return { findings, sprung, proven, milliseconds };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** All cases begin with the same, and to copy it takes less than to make it. */
let template: string | undefined;

function makeCheckout(store: ObjectStore, base: string): string {
  const checkout = mkdtempSync(join(tmpdir(), 'hostile-checkout-'));
  process.once('exit', () => rmSync(checkout, { recursive: true, force: true }));
  const run = (args: readonly string[], input: Uint8Array = Buffer.alloc(0)) =>
    execFileSync(PROGRAM, args, { cwd: checkout, input, env: { PATH } });
  run(['init', '-q', '--template=', '-b', 'main']);
  run(['index-pack', '--stdin'], store.pack());
  writeFileSync(join(checkout, '.git/refs/heads/main'), `${base}\n`);
  run(['reset', '-q', '--hard']);
  return checkout;
}

function makeWorld(root: string, trap: string): World {
  const checkout = join(root, 'checkout');
  const store = makeObjects();
  const base = store.commit({ tree: store.files(BASE_FILES), message: 'Base' });
  template ??= makeCheckout(store, base);
  cpSync(template, checkout, { recursive: true });
  const known = store.ids();
  const newPack = () => store.pack(known);
  return {
    ...{ ...store, base, checkout, trap, newPack },
    save: (files, fields = {}) =>
      store.commit({ tree: store.files({ ...BASE_FILES, ...files }), parents: [base], ...fields }),
    bundle: (refs, pack = newPack()) => bundleOf(refs, [base], pack),
  };
}

function makeDelivery(root: string, world: World, one: HostileCase): Omit<Delivery, 'spoil'> {
  const made = one.deliver?.(world) ?? world.save({ 'new.txt': 'new\n' });
  const bundle = join(root, 'guest.bundle');
  const bytes = typeof made === 'string' ? world.bundle({ 'refs/heads/work': made }) : made;
  writeFileSync(bundle, bytes);
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const objects = join(world.checkout, '.git/objects');
  const policy = { ...POLICY, ...one.policy };
  return { bundle, base: world.base, objects, policy, scratch };
}

function springs(checkout: string, args: readonly string[], canary: string): boolean {
  rmSync(canary, { force: true });
  const env = { PATH, HOME: checkout, EMAIL: 'a@b.test' };
  spawnSync(PROGRAM, args, {
    cwd: checkout,
    env,
    timeout: 10_000,
    input: 'protocol=https\nhost=x.test\n\n',
  });
  return existsSync(canary);
}
