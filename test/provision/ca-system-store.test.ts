/** The guest's own store of certificates, where the engine has a root: smolvm, by its double. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeAuthority } from '../../src/gateway/authority.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { caStep } from '../../src/provision/ca.ts';
import { unpackInGuest } from '../../src/provision/guest-unpack.ts';
import { trustInSystem } from '../../src/provision/system-store.ts';
import { gather } from '../machine/gather.ts';
import { writeRootfsPack } from '../pack/rootfs.ts';
import { type DoubleScene, openDouble, whyNoDouble } from '../smolvm-double/double.ts';

const HOME = '/home/node';
const STORE = '/etc/ssl/certs/ca-certificates.crt';
const [OTHER = ''] = rootCertificates;

/** What provisioning and the stores' programs call. */
const PROGRAMS = [
  ...['sh', 'cat', 'chmod', 'chown', 'cp', 'find', 'grep', 'id', 'ln', 'mkdir', 'mktemp', 'mv'],
  ...['readlink', 'rm', 'sed', 'setpriv', 'sort', 'tail', 'tar', 'test', 'touch', 'wc'],
  ...['basename', 'openssl', 'update-ca-certificates'],
];

const obstacle = whyNoDouble();
const { certificatePem } = await makeAuthority();

describe.skipIf(obstacle !== '')('the system store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'system-store-'));
  const pack = join(directory, 'image.smolmachine');
  let scene: DoubleScene;
  let machine: Machine;

  beforeAll(() => writeRootfsPack(pack, PROGRAMS));
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeEach(async () => {
    scene = await openDouble({ spec: { image: { kind: 'smolmachine', path: pack } } });
    machine = await scene.boot();
    await asRoot(
      `cd /usr/sbin; [ ! -e update-ca-certificates ] || mv update-ca-certificates debian`,
    );
    const roots = () => rootCertificates;
    await unpackInGuest(machine, [caStep(HOME, certificatePem, roots)], undefined);
  });
  afterEach(async () => {
    await machine.destroy();
    scene.close();
  });

  const trust = () => trustInSystem(machine, HOME, new AbortController().signal);

  /** What a program of the agent's finds in a file of the guest, as the certificates' names. */
  async function subjectsIn(path: string): Promise<string[]> {
    const { text } = await gather(machine, ['cat', path]);
    const found =
      text.match(/^-----BEGIN CERTIFICATE-----$[^-]+^-----END CERTIFICATE-----$/gm) ?? [];
    return found.map((pem) => new X509Certificate(pem).subject);
  }

  async function asRoot(script: string, stdin = ''): Promise<void> {
    const options = { user: 'root', stdin: Buffer.from(stdin) } as const;
    expect((await gather(machine, ['sh', '-c', script], options)).exitCode).toBe(0);
  }

  async function install(program: string, script: string): Promise<void> {
    const path = `/usr/sbin/${program}`;
    await asRoot(`cat >${path}; chmod 755 ${path}`, `#!/bin/sh\n${script}\n`);
  }

  test('of an image that has none becomes the whole bundle', async () => {
    expect(await trust()).toEqual([]);
    const subjects = await subjectsIn(STORE);
    expect(subjects[0]).toBe('CN=bottle run authority');
    expect(subjects).toHaveLength(rootCertificates.length + 1);
  });

  test('of an image without a program for it is added to, once', async () => {
    // A file that ends without a line break must not swallow the next certificate.
    await asRoot(`mkdir -p /etc/ssl/certs; cat >${STORE}`, OTHER.trimEnd());
    expect(await trust()).toEqual([]);
    expect(await trust()).toEqual([]);
    const other = new X509Certificate(OTHER).subject;
    expect(await subjectsIn(STORE)).toEqual([other, 'CN=bottle run authority']);
  });

  test('is left to Debian’s program, and OpenSSL finds it there', async (context) => {
    if (!existsSync('/usr/sbin/update-ca-certificates')) {
      context.skip('needs Debian’s program: apt-get install ca-certificates');
    }
    const verify = () => gather(machine, ['openssl', 'verify', `${HOME}/.bottle/ca.pem`]);
    const place = `cd /usr/sbin; mv debian update-ca-certificates
      mkdir -p /usr/local/share/ca-certificates /usr/lib/ssl /etc/ssl/certs
      echo '# none' >/etc/ca-certificates.conf; ln -s /etc/ssl/certs /usr/lib/ssl/certs`;
    await asRoot(place);
    expect((await verify()).exitCode).not.toBe(0);
    expect(await trust()).toEqual([]);
    expect((await verify()).exitCode).toBe(0);
    expect(await subjectsIn(STORE)).toEqual(['CN=bottle run authority']);
  });

  test('is left to Fedora’s program', async () => {
    const [anchors, store] = ['/etc/pki/ca-trust/source/anchors', '/etc/pki/tls/certs'];
    await install('update-ca-trust', `cat ${anchors}/*.crt >${store}/ca-bundle.crt`);
    await asRoot(`mkdir -p ${anchors} ${store}; touch ${store}/ca-bundle.crt`);
    expect(await trust()).toEqual([]);
    expect(await subjectsIn(`${store}/ca-bundle.crt`)).toEqual(['CN=bottle run authority']);
  });

  test('of an image whose program fails is added to all the same', async () => {
    await install('update-ca-certificates', 'echo no >&2; exit 1');
    await asRoot(`mkdir -p /etc/ssl/certs; touch ${STORE}`);
    expect(await trust()).toEqual([]);
    expect(await subjectsIn(STORE)).toEqual(['CN=bottle run authority']);
  });

  test('that cannot be written is a notice, with what the guest said', async () => {
    await asRoot('rm -rf /etc/ssl; echo in the way >/etc/ssl');
    const [notice] = await trust();
    expect(notice).toMatch(/not changed \(exit code \d+, .*\/etc\/ssl.*\): /);
  });
});
