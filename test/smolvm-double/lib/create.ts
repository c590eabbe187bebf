/** `machine create`. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import {
  type Args,
  type Command,
  flag,
  list,
  numberOf,
  type Option,
  SmolvmError,
  value,
} from './command.ts';
import { applyFault } from './fault.ts';
import { parseMount, parseNetwork, parsePort, parseSocket } from './flag.ts';
import { machineFiles } from './layout.ts';
import { extractAssets, type PackFacts, readPack } from './pack-file.ts';
import { insertRecord, type MachineRecord } from './record.ts';

const CPUS = 4;
const MEMORY_MIB = 8192;

const WITH_FROM = ['image', 'smolfile'];

const OPTIONS: readonly Option[] = [
  value('name', 'n'),
  ...['label', 'volume', 'port', 'env', 'init', 'secret-env', 'secret-file'].map((long) =>
    list(long, { volume: 'v', port: 'p', env: 'e' }[long]),
  ),
  ...['allow-cidr', 'allow-host', 'expose-socket', 'mount-socket'].map((long) => list(long)),
  ...['cpus', 'mem', 'storage', 'overlay', 'max-image-size', 'net-backend', 'dns', 'network'].map(
    (long) => value(long),
  ),
  ...['net', 'outbound-localhost-only', 'ssh-agent', 'docker-socket', 'gpu', 'rosetta'].map(
    (long) => flag(long),
  ),
  value('image', 'I'),
  value('smolfile', 's'),
  value('workdir', 'w'),
  { ...value('from'), conflicts: WITH_FROM },
];

export const create: Command = {
  name: 'machine create',
  options: OPTIONS,
  operands: 'rest',
  async run(args) {
    await applyFault('create');
    const name = args.get('name') ?? `vm-${crypto.randomUUID().slice(0, 8)}`;
    checkName(name);
    noteStrayFlags(args);
    const network = parseNetwork(args);
    const from = args.get('from');
    const pack = from === undefined ? undefined : readPack(from);
    checkImage(args.get('image'), network);
    const record = makeRecord(name, args, network, pack);
    insertRecordWithFiles(record, from);
    process.stdout.write(`Created machine: ${name}\n`);
    process.stdout.write(`  CPUs: ${record.cpus}, Memory: ${record.memoryMib} MiB\n`);
    process.stdout.write(`\nStart it with: smolvm machine start --name ${name}\n`);
    return 0;
  },
};

function makeRecord(
  name: string,
  args: Args,
  network: boolean,
  pack: PackFacts | undefined,
): MachineRecord {
  const cpus = numberOf(args, 'cpus', CPUS);
  const memoryMib = numberOf(args, 'mem', MEMORY_MIB);
  if (cpus === 0) throw new SmolvmError('config operation failed: cpus must be at least 1');
  if (memoryMib < 64)
    throw new SmolvmError('config operation failed: memory must be at least 64 MiB');
  const manifest = pack?.manifest;
  return {
    name,
    state: 'created',
    pid: null,
    // A value that equals the default counts as not given: it cannot override a manifest.
    cpus: manifest !== undefined && cpus === CPUS ? (manifest.cpus ?? cpus) : cpus,
    memoryMib:
      manifest !== undefined && memoryMib === MEMORY_MIB ? (manifest.mem ?? memoryMib) : memoryMib,
    storageGib: args.has('storage') ? positive(args, 'storage') : null,
    overlayGib: args.has('overlay') ? positive(args, 'overlay') : null,
    image: manifest === undefined ? (args.get('image') ?? null) : imageOf(manifest),
    packed: manifest !== undefined,
    entrypoint: args.operands.length > 0 ? [] : (manifest?.entrypoint ?? []),
    cmd: args.operands.length > 0 ? args.operands : (manifest?.cmd ?? []),
    env: [...(manifest?.env ?? []), ...args.list('env').flatMap(hostVariable)],
    // With --from, --workdir and the secrets are ignored without a word.
    secretEnv: manifest === undefined ? args.list('secret-env') : [],
    workdir: manifest === undefined ? (args.get('workdir') ?? null) : (manifest.workdir ?? null),
    mounts: parseMounts(args),
    ports: args.list('port').map(parsePort),
    sockets: args.list('mount-socket').map(parseSocket),
    init: args.list('init'),
    network: network || manifest?.network === true,
    labels: Object.fromEntries(args.list('label').map(splitLabel)),
    createdAt: Math.floor(Date.now() / 1000),
    prepared: false,
  };
}

function imageOf(manifest: PackFacts['manifest']): string | null {
  return manifest.mode === 'vm' ? null : (manifest.image ?? 'unknown');
}

/** The record comes last; when it cannot be had, nothing is left on disk. */
function insertRecordWithFiles(record: MachineRecord, from: string | undefined): void {
  const files = machineFiles(record.name);
  const fresh = !existsSync(files.directory);
  try {
    if (from !== undefined) {
      process.stdout.write('Extracting .smolmachine assets...\n');
      extractAssets(from, files.pack);
    }
    insertRecord(record);
  } catch (error) {
    if (fresh) rmSync(files.directory, { recursive: true, force: true });
    throw error;
  }
}

export function checkName(name: string): void {
  const fits = /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name) && name.length <= 128;
  if (fits && !name.endsWith('-') && !name.includes('--')) return;
  throw new SmolvmError(
    `config operation failed: machine name '${name}' must be 1 to 128 letters, digits, _ and -`,
  );
}

/** Since 1.9.2: everything after \`--\` is the workload, also what looks like an option. */
function noteStrayFlags(args: Args): void {
  const known = OPTIONS.flatMap(({ long, short }) => [`--${long}`, `-${short}`]);
  for (const word of args.operands.filter((operand) => known.includes(operand))) {
    process.stderr.write(
      `note: ${word} came after \`--\`, so it is passed to the workload, not to smolvm\n`,
    );
  }
}

function checkImage(image: string | undefined, network: boolean): void {
  if (image === undefined) return;
  const local = /^(\/|\.\/|\.\.\/|-$)/.test(image) || /\.(tar|tar\.gz|tgz)$/.test(image);
  if (local && /(^|\/)Dockerfile$/.test(image)) {
    throw new SmolvmError(
      `config operation failed: '${image}' looks like a Dockerfile, not an image`,
    );
  }
  if (local && image !== '-' && !existsSync(image)) {
    throw new SmolvmError(`config operation failed: image source not found: ${image}`);
  }
  if (!local && !network) {
    throw new SmolvmError(
      `config operation failed: image '${image}' must be pulled from a registry, but this machine has no network`,
    );
  }
}

function parseMounts(args: Args): MachineRecord['mounts'] {
  const mounts = args.list('volume').map(parseMount);
  const targets = mounts.map(({ guest }) => guest);
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined)
    throw new SmolvmError(`config operation failed: duplicate mount target: ${twice}`);
  return mounts;
}

/** `K=V`, or `K` for the runner's own value; what is neither is dropped without a word. */
function hostVariable(entry: string): string[] {
  if (entry.includes('=')) return [entry];
  const own = process.env[entry];
  return own === undefined ? [] : [`${entry}=${own}`];
}

function splitLabel(label: string): [string, string] {
  const [key = '', ...rest] = label.split('=');
  return [key, rest.join('=')];
}

function positive(args: Args, long: string): number {
  const size = numberOf(args, long, 1);
  if (size === 0) throw new SmolvmError(`config operation failed: ${long} must be at least 1 GiB`);
  return size;
}

/** A local image that is a directory serves as the root file system; archives are not read here. */
export function localImage(image: string): string | undefined {
  const path = isAbsolute(image) ? image : join(process.cwd(), image);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : undefined;
}
