/** The end of a test run: every test that was not run with its reason, then one line of totals. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

type Totals = { passed: number; failed: number; skipped: number; notRun: string[] };

/**
 * Writes when the process exits, so that nothing comes after its last line, and so that the line is
 * there when vitest itself fails before or while it collects tests.
 */
export default class NotRunReporter implements Reporter {
  private totals: Totals = { passed: 0, failed: 0, skipped: 0, notRun: [] };

  onInit(): void {
    process.once('exit', () => process.stdout.write(describe(this.totals)));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    this.totals = count(modules, unhandled.length);
    const list = process.env.FAILED_FILES;
    if (list !== undefined) writeFileSync(list, modules.filter(hasFailed).map(lineOf).join(''));
  }
}

const hasFailed = (module: TestModule) => !module.ok();
const lineOf = ({ relativeModuleId }: TestModule) => `${relativeModuleId}\n`;

/** A module or suite that broke by itself counts as one failure: its tests never came to be. */
function count(modules: readonly TestModule[], unhandled: number): Totals {
  const totals: Totals = { passed: 0, failed: unhandled, skipped: 0, notRun: [] };
  for (const module of modules) {
    totals.failed += [module, ...module.children.allSuites()].filter(brokeByItself).length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') totals.passed++;
      else if (result.state === 'failed') totals.failed++;
      else {
        totals.skipped++;
        const reason = result.state === 'skipped' ? result.note : 'the run ended before it';
        totals.notRun.push(
          `${module.relativeModuleId} > ${test.fullName}: ${reason ?? 'no reason given'}`,
        );
      }
    }
  }
  return totals;
}

function brokeByItself(part: TestModule | TestSuite): boolean {
  return part.errors().length > 0;
}

function describe({ passed, failed, skipped, notRun }: Totals): string {
  const list = notRun.length === 0 ? '' : `\nNot run:\n${notRun.map((t) => `  ${t}\n`).join('')}`;
  return `${list}\n${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
