/** A real Chromium for the tests of pages, and what is put beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

/** Debian's, and the one that GitHub's runners have. */
const [CHROMIUM] = ['/usr/bin/chromium', '/usr/bin/google-chrome'].filter((path) =>
  existsSync(path),
);
const MODULES = fileURLToPath(new URL('node_modules/', import.meta.url));

/** Why pages cannot be looked at here; empty when they can. */
export const BROWSER_MISSING =
  CHROMIUM === undefined
    ? 'needs a browser: apt-get install chromium'
    : existsSync(`${MODULES}mermaid`)
      ? ''
      : 'needs Mermaid and axe: npm ci --prefix test/browser';

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM && { executablePath: CHROMIUM }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** The text of a script that pages of tests run. */
export function scriptOf(library: 'mermaid' | 'axe'): string {
  const files = { mermaid: 'mermaid/dist/mermaid.min.js', axe: 'axe-core/axe.min.js' };
  return readFileSync(MODULES + files[library], 'utf8');
}
