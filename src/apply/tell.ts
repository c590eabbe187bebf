/** What `apply` says at its end: outputs, log, and a page in the summary. */
import type { Host } from '../host/host.ts';
import { changeSection } from '../report/change-summary.ts';
import { code, codeBlock, say } from '../report/page.ts';
import { pageMarkdown } from '../report/page-markdown.ts';
import type { RunRecord } from '../report/record.ts';
import { writeBackGlance, writeBackSection } from '../report/write-back-section.ts';
import type { WriteBack } from '../write-back/written.ts';

export async function tellApplied(
  host: Host,
  record: RunRecord,
  written: WriteBack,
): Promise<void> {
  const { outcome, writeBack, reason, where, fix } = record;
  host.setOutput('outcome', outcome);
  host.setOutput('branch', writeBack.branch);
  host.setOutput('commit', writeBack.commit);
  host.setOutput('pull-request-url', writeBack.pullRequest?.url ?? '');
  for (const notice of written.notices) host.log.notice(notice);
  if (writeBack.branch !== '') {
    host.log.info(`The branch ${writeBack.branch} is at ${writeBack.commit}.`);
  }
  const isFine = outcome === 'success';
  const failure = `What:  ${reason}\nWhere: ${where}\nFix:   ${fix}`;
  await host.writeSummary(
    pageMarkdown({
      mark: isFine ? 'PASS' : 'FAIL',
      sentence: isFine ? 'The proposal was checked again' : 'The proposal was not written back',
      lead: [
        say('Agent ', code(record.agent.name), ' · run ', code(record.runId)),
        ...(isFine ? [] : codeBlock(failure)),
        ...writeBackGlance(writeBack).map((text) => say(...text)),
      ],
      sections: [changeSection(record, ''), writeBackSection(writeBack)],
    }),
  );
}
