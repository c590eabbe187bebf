/** `report.html`: the page of a run for a browser, from the same record as the step summary. */
import { pageHtml } from './page-html.ts';
import type { RunRecord } from './record.ts';
import { makeRunPage, type PageExtras } from './run-page.ts';

/** Both arguments have had their secrets removed. */
export function renderHtmlReport(record: RunRecord, extras: PageExtras): string {
  const title = `${record.agent.name.slice(0, 100)}, run ${record.runId.slice(0, 100)}`;
  return pageHtml(makeRunPage(record, extras), title);
}
