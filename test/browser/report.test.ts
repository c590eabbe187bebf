/** `report.html` and the summary's charts as a browser shows them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { renderHtmlReport } from '../../src/report/html-report.ts';
import { makeRecord } from '../../src/report/record.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { EXTRAS, SCENARIOS, type Scenario } from '../report/scenario.ts';
import { BROWSER_MISSING, launchChromium, scriptOf } from './chromium.ts';

beforeEach(({ skip }) => skip(BROWSER_MISSING !== '', BROWSER_MISSING));

let browser: Browser;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'browser-'));
  if (BROWSER_MISSING === '') browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true });
});

type Seen = { readonly requests: string[]; readonly noise: string[] };

/** Opens the file as a person does, and keeps what the page asks for and says. */
async function look<T>(
  html: string,
  action: (page: Page, seen: Seen) => Promise<T>,
  options: BrowserContextOptions = {},
): Promise<T> {
  const file = join(directory, 'report.html');
  writeFileSync(file, html);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const seen: Seen = { requests: [], noise: [] };
  page.on('request', (request) => seen.requests.push(request.url()));
  page.on('console', (message) => seen.noise.push(message.text()));
  page.on('pageerror', (error) => seen.noise.push(error.message));
  page.on('dialog', (dialog) => {
    seen.noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  try {
    await page.goto(pathToFileURL(file).href);
    return await action(page, seen);
  } finally {
    await context.close();
  }
}

const htmlOf = (facts: Scenario) =>
  renderHtmlReport(makeRecord(facts), { ...EXTRAS, patch: facts.patchText ?? '' });

/** Everything that a guest may write tries to run, to fetch and to hide. */
const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</code></pre></main><h1>PASS</h1>',
  '</title><meta http-equiv=refresh content="0;url=https://evil.example">',
  '<svg onload=alert(1)><style>@import "https://evil.example/x.css"</style>',
  "' onmouseover='alert(1)",
  'javascript:alert(1)',
  '<iframe src=https://evil.example></iframe><link rel=stylesheet href=//evil.example>',
  '<base href=https://evil.example>&#60;b&#62;\u202e\0',
].join(' ');

function attacked(): string {
  const record = JSON.parse(
    JSON.stringify(makeRecord(SCENARIOS.hostile as Scenario)),
    (key, value: unknown) =>
      typeof value === 'string' && !OURS.includes(key) ? `${ATTACKS}${value}` : value,
  );
  const artifacts = [{ kind: 'result', name: ATTACKS, url: '' } as const];
  return renderHtmlReport(record, { patch: ATTACKS, artifacts });
}
const OURS = ['outcome', 'verdict', 'isolation', 'kind', 'startedAt', 'server', 'action', 'hit'];

describe('report.html', () => {
  test.each(Object.entries(SCENARIOS))(
    'of %s asks for nothing, runs nothing and reads as it did',
    async (name, facts) => {
      await look(htmlOf(facts), async (page, { requests, noise }) => {
        expect(requests).toEqual([page.url()]);
        expect(noise).toEqual([]);
        expect(await page.locator('script, iframe, object, img, link').count()).toBe(0);
        const outline = await page.locator('body').ariaSnapshot();
        await expect(`${outline}\n`).toMatchFileSnapshot(`../report/outline/${name}.yml`);
      });
    },
  );

  test('is not changed by what a guest wrote', async () => {
    await look(attacked(), async (page, { requests, noise }) => {
      await page.mouse.move(200, 200);
      expect(requests).toEqual([page.url()]);
      expect(noise).toEqual([]);
      expect(await page.locator('h1').count()).toBe(1);
      expect(await page.locator('script, iframe, object, img, link, base, b').count()).toBe(0);
      const handlers = await page.evaluate(
        `[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])
          .filter(({ name }) => name.startsWith('on')).length`,
      );
      expect(handlers).toBe(0);
      const addresses = await page.evaluate(
        `[...document.querySelectorAll('a')].map(({ protocol }) => protocol)`,
      );
      expect((addresses as string[]).filter((one) => one !== 'https:')).toEqual([]);
    });
  });

  test('would be stopped by its own policy, if a script got in', async () => {
    const html = htmlOf(SCENARIOS.success as Scenario);
    const hole = '<script>document.title = "taken"</script><img src="https://evil.example/x.png">';
    await look(html.replace('<main>', `<main>${hole}`), async (page, { noise }) => {
      expect(await page.title()).not.toBe('taken');
      expect(noise.join('\n')).toContain('Content Security Policy');
    });
  });

  test.each([
    ['success', 'light'],
    ['success', 'dark'],
    ['hostile', 'light'],
    ['hostile', 'dark'],
    ['limit-reached', 'light'],
    ['isolation-failed', 'dark'],
    ['empty', 'light'],
  ] as const)(
    'of %s is accessible in %s: contrast, headings, tables, names',
    async (name, scheme) => {
      await look(
        htmlOf(SCENARIOS[name] as Scenario),
        async (page) => {
          await page.evaluate(
            `for (const one of document.querySelectorAll('details')) one.open = true`,
          );
          await page.evaluate(scriptOf('axe'));
          const { violations, passes } = (await page.evaluate('axe.run()')) as {
            violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
            passes: { id: string }[];
          };
          expect(
            violations.map(({ id, nodes }) => [id, nodes.map((node) => node.failureSummary)]),
          ).toEqual([]);
          expect(passes.map(({ id }) => id)).toEqual(
            expect.arrayContaining(['color-contrast', 'heading-order', 'html-has-lang']),
          );
          expect(await contrastsOfDrawing(page)).toEqual([]);
        },
        { colorScheme: scheme },
      );
    },
  );

  test.each(['success', 'hostile', 'limit-reached'])('of %s fits a phone', async (name) => {
    await look(
      htmlOf(SCENARIOS[name] as Scenario),
      async (page) => {
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width).toBeLessThanOrEqual(360);
      },
      { viewport: { width: 360, height: 740 } },
    );
  });

  test('tells all of the first glance on one screen', async () => {
    await look(
      htmlOf(SCENARIOS.success as Scenario),
      async (page) => {
        const bottom = (await page.evaluate(
          `document.querySelector('table').getBoundingClientRect().bottom`,
        )) as number;
        expect(bottom).toBeLessThan(720);
      },
      { viewport: { width: 1280, height: 720 } },
    );
  });

  test('prints', async () => {
    await look(htmlOf(SCENARIOS.success as Scenario), async (page) => {
      const pdf = await page.pdf({ format: 'A4' });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    });
  });
});

/** Of the drawing's words on what lies behind them; axe looks at HTML alone. */
async function contrastsOfDrawing(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const light = (color) => {
      const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const value = Number(part) / 255;
        return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const ratio = (a, b) => {
      const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
      return (high + 0.05) / (low + 0.05);
    };
    const page = getComputedStyle(document.body).backgroundColor;
    const track = document.querySelector('.track');
    return [...document.querySelectorAll('svg text')].flatMap((text) => {
      const fill = getComputedStyle(text).fill;
      const behind = [page, ...(track ? [getComputedStyle(track).fill] : [])];
      return behind.map((color) => ratio(fill, color)).filter((found) => found < 4.5);
    });
  })()`);
}

describe('the chart of the summary', () => {
  test('is drawn by Mermaid, with every phase in it', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.setContent('<main id="here"></main>');
    await page.addScriptTag({ content: scriptOf('mermaid') });
    await page.evaluate(`mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' })`);
    let drawn = 0;
    for (const [name, facts] of Object.entries(SCENARIOS)) {
      const summary = renderSummary(makeRecord(facts), EXTRAS);
      const chart = /```mermaid\n(.*?)\n```/s.exec(summary)?.[1];
      if (chart === undefined) {
        expect(facts.phases, name).toEqual([]);
        continue;
      }
      const bars = await page.evaluate(`(async () => {
        const { svg } = await mermaid.render('c${drawn}', ${JSON.stringify(chart)});
        const here = document.getElementById('here');
        here.innerHTML = svg;
        return [here.querySelectorAll('rect.task').length, here.querySelector('svg > title')?.textContent];
      })()`);
      expect(bars, name).toEqual([facts.phases.length, 'The phases of the run']);
      drawn++;
    }
    expect(drawn).toBeGreaterThan(8);
    await context.close();
  });

  test('would be refused if it were none', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addScriptTag({ content: scriptOf('mermaid') });
    await expect(page.evaluate(`mermaid.parse('ganttt\\n1 image :0, 3ms')`)).rejects.toThrow();
    await context.close();
  });
});
