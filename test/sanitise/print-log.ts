/**
 * A step that prints hostile text through the log, on the real `@actions/core`; see
 * `log.test.ts`.
 */
import * as core from '@actions/core';
import { createLog } from '../../src/host/log.ts';

const log = createLog({ ...core, write: (text) => process.stdout.write(text) });
const hostile =
  'file\n::error::forged\r##[add-mask]a\u2028::set-env name=A::b\x1b]0;\n%0A::warning::x';

log.info(hostile);
const agent = log.openGuestLog(`agent\n::error::${hostile}`);
agent.write(
  Buffer.from('working\n::add-mask::a\n::stop-commands::x\n##[group]forged\n::x::\nhalf'),
);
log.info('an own line');
log.debug(hostile);
log.notice(hostile, { title: hostile, file: hostile, line: 3, column: 4 });
const gateway = log.openGuestLog('gateway');
gateway.write(Buffer.from('::error::forged\n'));
log.startGroup(hostile);
agent.write(Buffer.from(' a line\n::endgroup::'));
log.withCommands(() => core.setSecret('own secret'));
agent.end();
agent.end();
log.warning('while the gateway is open');
gateway.end();
log.error(hostile);
log.endGroup();
