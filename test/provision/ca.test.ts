/** The guest's trust in the run's authority: real programs, in a real bottle, with and without. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, makeAuthority } from '../../src/gateway/authority.ts';
import type { ExecOptions, Machine } from '../../src/machine/machine.ts';
import { caEnvironment, caFiles, caStep, runnerRoots } from '../../src/provision/ca.ts';
import { unpackInGuest } from '../../src/provision/guest-unpack.ts';
import { javaKeyStore } from '../../src/provision/java-key-store.ts';
import { provision } from '../../src/provision/provision.ts';
import { whyNoBottle } from '../machine/bottle.ts';
import { gather } from '../machine/gather.ts';
import { CLIENTS, clientStep, PAGES } from './https-client.ts';
import { bootOpened, runBehindRelay } from './opened-host.ts';
import { makeScene, type Scene } from './scene.ts';
import { treeOf } from './tree.ts';

const HOME = '/home/node';
/** As a client says that it does not know who signed. */
const DISTRUST = /certificate|PKIX|self.signed|x509/i;

const obstacle = await whyNoBottle();
const { certificatePem } = await makeAuthority();

describe.skipIf(obstacle !== '')('in a bottle', () => {
  let authority: Authority;
  let machine: Machine;

  beforeAll(async () => {
    authority = await makeAuthority();
    machine = await bootOpened(authority, PAGES);
    const steps = [caStep(HOME, authority.certificatePem), clientStep(HOME)];
    await unpackInGuest(machine, steps, undefined);
  }, 120_000);
  afterAll(() => machine?.destroy());

  test.for(CLIENTS)(
    '$name trusts the authority by the variables alone',
    async (client, context) => {
      const { exitCode: absent } = await machine.exec(['sh', '-c', client.present]);
      if (absent !== 0) context.skip(`no ${client.name} in a bottle of this runner`);
      // First without: npm keeps what it has read.
      const without = caEnvironment(HOME, '');
      const refused = await runBehindRelay(machine, client.script, without);
      expect(refused.stdout).not.toBe(client.output);
      expect(refused.stderr).toMatch(DISTRUST);
      const given = caEnvironment(HOME, authority.certificatePem);
      const done = await runBehindRelay(machine, client.script, given);
      expect(done).toMatchObject({ exitCode: 0, stdout: client.output });
    },
  );

  test('the files are open to all and belong to the agent', async () => {
    const { directory } = caFiles(HOME);
    const { text } = await gather(machine, ['sh', '-c', `cd ${directory} && stat -c '%n %a %U' *`]);
    expect(text.trim().split('\n')).toEqual([
      'ca-bundle.jks 644 node',
      'ca-bundle.pem 644 node',
      'ca.pem 644 node',
      'wgetrc 644 node',
    ]);
  });
});

describe('the files', () => {
  test('are the authority alone, and with all that the runner trusts, each once', async () => {
    const scene = makeScene();
    const steps = [caStep(scene.home, certificatePem)];
    await unpackInGuest(scene.machine, steps, undefined);
    const files = caFiles(scene.home);
    expect(readFileSync(files.own, 'utf8')).toBe(certificatePem);
    const bundle = certificatesIn(readFileSync(files.bundle, 'utf8'));
    expect(new Set(bundle).size).toBe(bundle.length);
    const trusted = [certificatePem, ...runnerRoots()].map((pem) => fingerprint(pem));
    expect(new Set(bundle)).toEqual(new Set(trusted));
    for (const root of rootCertificates) expect(bundle).toContain(fingerprint(root));
  });

  test('are none, and the roots are not read, when the gateway opens nothing', () => {
    const read = () => {
      throw new Error('the roots were read');
    };
    expect(caStep(HOME, '', read)).toEqual({});
  });

  test('are placed by provisioning, in its one exec', async () => {
    const scene = makeScene();
    await scene.provision({}, { certificate: certificatePem });
    expect(scene.machine.executed).toHaveLength(1);
    expect(treeOf(join(scene.home, '.bottle'))).toHaveProperty('ca-bundle.pem');
  });

  test('that cannot be placed end the run', async () => {
    const scene = makeScene();
    writeFileSync(join(scene.home, '.bottle'), 'in the way');
    const provisioned = scene.provision({}, { certificate: certificatePem });
    await expect(provisioned).rejects.toMatchObject({ outcome: 'provision-failed' });
  });
});

describe('where the engine has a root', () => {
  /** A guest that is this computer must never get at its store: root's command is only noted. */
  function withRoot(scene: Scene, exitCode: number): Machine & { rootCommands: number } {
    const machine = {
      ...scene.machine,
      engine: 'smolvm' as const,
      rootCommands: 0,
      exec: async (argv: readonly string[], options?: ExecOptions) => {
        if (options?.user !== 'root') return scene.machine.exec(argv, options);
        machine.rootCommands += 1;
        return { exitCode, timedOut: false, aborted: false, durationMs: 0 };
      },
    };
    return machine;
  }

  test.each([
    ['its own store is tried too', certificatePem, 0, 1, 0],
    ['a failure there is a notice', certificatePem, 1, 1, 1],
    ['nothing is tried without a certificate', '', 1, 0, 0],
  ])('%s', async (_, certificate, exitCode, commands, notices) => {
    const scene = makeScene();
    const machine = withRoot(scene, exitCode);
    const options = { scratch: scene.scratch, certificate };
    const provisioned = await provision(scene.host, machine, scene.plan(), options);
    expect(machine.rootCommands).toBe(commands);
    const ofStore = provisioned.notices.filter((notice) => notice.includes('certificate store'));
    expect(ofStore).toHaveLength(notices);
  });
});

describe('the variables', () => {
  test('name files that are there, and no other', () => {
    const files: readonly string[] = Object.values(caFiles(HOME));
    const named = Object.values(caEnvironment(HOME, certificatePem))
      .flatMap((value) => value.split(/[ =]/))
      .filter((word) => word.startsWith('/'));
    expect(named.filter((path) => !files.includes(path))).toEqual([]);
  });

  test('are Java’s way to the proxy alone, when there is nothing to trust', () => {
    expect(caEnvironment(HOME, '')).toEqual({
      JAVA_TOOL_OPTIONS:
        '-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=7711 ' +
        '-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=7711',
    });
  });
});

test('keytool reads the trust store, with and without its password', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'key-store-'));
  try {
    const roots = [...new Set([certificatePem, ...rootCertificates])];
    const store = join(directory, 'store.jks');
    writeFileSync(store, javaKeyStore(roots.map((pem) => new X509Certificate(pem).raw)));
    for (const password of [['-storepass', 'changeit'], []]) {
      const listed = keytool(['-list', '-rfc', '-keystore', store, ...password]);
      if (listed === undefined) return context.skip('no keytool on this computer');
      expect(certificatesIn(listed).sort()).toEqual(roots.map(fingerprint).sort());
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** What keytool prints; undefined when there is none. */
function keytool(args: readonly string[]): string | undefined {
  try {
    return execFileSync('keytool', args, { input: '\n', stdio: 'pipe' }).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function certificatesIn(text: string): string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map(fingerprint);
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}
