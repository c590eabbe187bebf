/**
 * Makes the guest trust the run's certificate authority, by files in the agent's home and variables
 * that name them. It works on any image and with no rights: that is all that a bubblewrap bottle
 * can have, whose `/etc` is read-only and which knows no root. Where there is a root the guest's
 * own store takes it too (`system-store.ts`).
 */
import { getCACertificates } from 'node:tls';
import type { GuestPath } from '../machine/machine.ts';
import { RELAY_PORT } from '../relay/relay.ts';
import { javaKeyStore } from './java-key-store.ts';
import { type Step, textFile } from './step.ts';

const MODE = 0o644;

/** Where the guest has them. */
export function caFiles(home: GuestPath) {
  const directory: GuestPath = `${home}/.bottle`;
  return {
    directory,
    /** The run's authority alone, for programs that add it to their own. */
    own: `${directory}/ca.pem`,
    /** With what the runner trusts, for programs that trust this file instead of their own. */
    bundle: `${directory}/ca-bundle.pem`,
    java: `${directory}/ca-bundle.jks`,
    /** wget takes no path from a variable, but its settings. */
    wget: `${directory}/wgetrc`,
  } satisfies Record<string, GuestPath>;
}

/** What the runner trusts, as PEM: its own store, what its variables add, and Node's. */
export function runnerRoots(): readonly string[] {
  return (['system', 'extra', 'bundled'] as const).flatMap((type) => getCACertificates(type));
}

/** @param certificate PEM; empty: the gateway opens nothing, so there is nothing to trust */
export function caStep(
  home: GuestPath,
  certificate: string,
  roots: () => readonly string[] = runnerRoots,
): Step {
  if (certificate === '') return {};
  const files = caFiles(home);
  const all = uniqueCertificates([certificate, ...roots()]);
  return {
    make: [files.directory],
    entries: [
      textFile(files.own, certificate, MODE),
      textFile(files.bundle, all.map(pemOf).join(''), MODE),
      {
        kind: 'file',
        path: files.java.slice(1),
        mode: MODE,
        data: javaKeyStore(all.map((base64) => Buffer.from(base64, 'base64'))),
      },
      textFile(files.wget, `ca_certificate = ${files.bundle}\n`, MODE),
    ],
  };
}

/** In base64, without line breaks. */
function uniqueCertificates(texts: readonly string[]): readonly string[] {
  const pattern = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g;
  const found = [...texts.join('\n').matchAll(pattern)];
  return [...new Set(found.map(([, base64 = '']) => base64.replace(/\s/g, '')))];
}

function pemOf(base64: string): string {
  const lines = base64.replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

/** The variables for the agent, beside `proxyEnvironment`: Java finds the relay by none of those. */
export function caEnvironment(
  home: GuestPath,
  certificate: string,
): Readonly<Record<string, string>> {
  const { own, bundle, java, wget } = caFiles(home);
  const javaOptions = ['http', 'https'].flatMap((scheme) => [
    `-D${scheme}.proxyHost=127.0.0.1`,
    `-D${scheme}.proxyPort=${RELAY_PORT}`,
  ]);
  if (certificate === '') return { JAVA_TOOL_OPTIONS: javaOptions.join(' ') };
  javaOptions.push(
    `-Djavax.net.ssl.trustStore=${java}`,
    // The default is PKCS #12, and not every Java looks what a file really is.
    '-Djavax.net.ssl.trustStoreType=JKS',
  );
  return {
    // Everything in Node: npm, yarn, pnpm, and the agents.
    NODE_EXTRA_CA_CERTS: own,
    DENO_CERT: own,
    // Only because an image's npmrc may name a file of its own, which npm then trusts alone.
    npm_config_cafile: bundle,
    // What uses OpenSSL or follows it: Go, Rust, Ruby, PHP, Python's own library, uv, .NET.
    SSL_CERT_FILE: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    PIP_CERT: bundle,
    CURL_CA_BUNDLE: bundle,
    GIT_SSL_CAINFO: bundle,
    CARGO_HTTP_CAINFO: bundle,
    CODEX_CA_CERTIFICATE: bundle,
    AWS_CA_BUNDLE: bundle,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundle,
    WGETRC: wget,
    JAVA_TOOL_OPTIONS: javaOptions.join(' '),
  };
}
