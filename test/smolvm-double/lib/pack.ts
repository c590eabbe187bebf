/** `pack create`, `pack run`, `pack inspect`. Registries are out of reach for the double. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writePack } from '../../pack/writer.ts';
import { type Command, flag, list, numberOf, parseArgs, SmolvmError, value } from './command.ts';
import { create, localImage } from './create.ts';
import { exec } from './exec.ts';
import { machineFiles } from './layout.ts';
import { probeState } from './machine.ts';
import { ARCH, parsePack } from './pack-file.ts';
import { getRecord } from './record.ts';
import { startMachine } from './start.ts';
import { remove } from './stop.ts';

const HOST_PLATFORM = `${process.platform}/${ARCH}`;

/** From a stopped machine, or (of the double alone) from a directory with a root file system. */
export const packCreate: Command = {
  name: 'pack create',
  options: [
    value('image', 'I'),
    { ...value('from-vm'), conflicts: ['image'] },
    { ...value('output', 'o'), required: true },
    ...['cpus', 'mem', 'oci-platform', 'entrypoint', 'staging-dir'].map((long) => value(long)),
    flag('no-sign'),
    flag('single-file'),
  ],
  operands: 0,
  async run(args) {
    const output = args.get('output') ?? '';
    if (output.endsWith('.smolmachine')) {
      throw new SmolvmError(
        `config operation failed: --output names the executable stub; the sidecar is written beside it`,
      );
    }
    const vm = args.get('from-vm');
    const rootfs = vm === undefined ? imageTree(args.get('image') ?? '') : await stoppedTree(vm);
    const layer = `${output}.layer.tar`;
    const tar = spawnSync('tar', ['-c', '--numeric-owner', '-C', rootfs, '-f', layer, '.']);
    if (tar.status !== 0) throw new SmolvmError(`storage operation failed: ${tar.stderr}`);
    await writePack(`${output}.smolmachine`, {
      layers: [{ path: layer }],
      manifest: {
        cpus: numberOf(args, 'cpus', 4),
        mem: numberOf(args, 'mem', 8192),
        image: args.get('image') ?? `vm:${vm}`,
        host_platform: HOST_PLATFORM,
        entrypoint: args.list('entrypoint'),
        cmd: [],
      },
    });
    rmSync(layer);
    writeFileSync(output, '#!/bin/sh\nexec smolvm pack run --sidecar "$0.smolmachine" -- "$@"\n', {
      mode: 0o755,
    });
    process.stdout.write(`Packed ${output} and ${output}.smolmachine\n`);
    return 0;
  },
};

function imageTree(image: string): string {
  const tree = localImage(image);
  if (tree !== undefined) return tree;
  throw new SmolvmError(`agent operation failed: pull image: crane manifest failed for ${image}`);
}

async function stoppedTree(name: string): Promise<string> {
  const record = getRecord(name);
  const state = await probeState(record);
  if (state === 'stopped') return machineFiles(name).rootfs;
  throw new SmolvmError(
    `config operation failed: machine '${name}' must be stopped before it is packed (state: ${state})`,
  );
}

/** Unlike `create --from` it verifies the CRC and wants the very platform of the build. */
export const packRun: Command = {
  name: 'pack run',
  options: [
    value('sidecar'),
    ...[flag('info'), flag('force-extract'), flag('net')],
    ...[list('volume', 'v'), list('port', 'p'), list('env', 'e'), value('workdir', 'w')],
    ...[value('cpus'), value('mem'), value('timeout'), flag('interactive', 'i'), flag('tty', 't')],
  ],
  operands: 'rest',
  async run(args) {
    const sidecar = args.get('sidecar');
    if (sidecar === undefined) {
      throw new SmolvmError('config operation failed: no sidecar: use --sidecar PATH');
    }
    const { manifest, crcFits } = parsePack(readFileSync(sidecar));
    if (!crcFits) {
      throw new SmolvmError(
        `checksum mismatch for ${sidecar}: sidecar may be corrupt or tampered with.`,
      );
    }
    if (manifest.host_platform !== HOST_PLATFORM) {
      throw new SmolvmError(
        `platform mismatch: this artifact was built for ${manifest.host_platform} but the current platform is ${HOST_PLATFORM}`,
      );
    }
    if (args.has('info')) {
      process.stdout.write(`Image: ${manifest.image}\nPlatform: ${manifest.platform}\n`);
      return 0;
    }
    return await runOnce(sidecar, args.operands);
  },
};

async function runOnce(sidecar: string, command: readonly string[]): Promise<number> {
  const name = `pack-${process.pid}-${process.hrtime.bigint()}`;
  await create.run(parseArgs(create, ['--name', name, '--from', sidecar]));
  try {
    await startMachine(name);
    return await exec.run(parseArgs(exec, ['--name', name, '-i', '--', ...command]));
  } finally {
    await remove.run(parseArgs(remove, ['--name', name, '-f']));
  }
}

/** smolvm takes a registry reference; the double also a file. */
export const packInspect: Command = {
  name: 'pack inspect',
  options: [flag('json')],
  operands: 1,
  run(args) {
    const [reference = ''] = args.operands;
    if (!reference.endsWith('.smolmachine')) {
      throw new SmolvmError(`registry operation failed: cannot reach the registry of ${reference}`);
    }
    process.stdout.write(
      `${JSON.stringify(parsePack(readFileSync(reference)).manifest, null, 2)}\n`,
    );
    return 0;
  },
};
