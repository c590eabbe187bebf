/** The step summary: the page of a run in GitHub's Markdown. */
import type { BottleError } from '../errors.ts';
import { pageMarkdown } from './page-markdown.ts';
import type { RunRecord } from './record.ts';
import { makeEarlyPage, makeRunPage, type PageExtras } from './run-page.ts';

/**
 * Below 900 KiB, whatever the run left: GitHub drops a summary over 1 MiB as a whole. Both arguments
 * have had their secrets removed; of the patch the beginning is enough.
 */
export function renderSummary(record: RunRecord, extras: PageExtras): string {
  return pageMarkdown(makeRunPage(record, extras));
}

/** The summary of a run that ended before it had a plan. */
export function renderEarlySummary(error: BottleError): string {
  return pageMarkdown(makeEarlyPage(error));
}
