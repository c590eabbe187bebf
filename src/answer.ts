/** Modes that run no agent: `plan` shows what a run would do, `doctor` whether it could, `lock` pins its image. */
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BottleError } from './errors.ts';
import type { Host, HostPath, Services } from './host/host.ts';
import { ensureImage } from './image/image.ts';
import { parseImagesLock, writeImagesLock } from './image/images-lock.ts';
import { imageRequest } from './image-request.ts';
import type { Inputs } from './inputs.ts';
import { diagnose, failuresOf, type ReadyEngine } from './machine/engine.ts';
import type { EngineName } from './machine/machine.ts';
import { longestSocketPath, machineSocket } from './machine/smolvm/state.ts';
import type { Plan } from './plan/plan.ts';
import { renderFindings } from './report/doctor-summary.ts';
import { describePlan, renderPlan } from './report/plan-summary.ts';
import { pathsOf } from './run.ts';
import { type PreflightLine, preflight } from './write-back/preflight.ts';
import { placeOf } from './write-out.ts';

/** Without a plan there is nothing to do, which has been said. */
export async function answerPlan(
  host: Host,
  { token }: Pick<Inputs, 'token'>,
  plan: Plan | undefined,
): Promise<undefined> {
  if (plan === undefined) return;
  host.log.startGroup('The plan as JSON');
  host.log.info(JSON.stringify(describePlan(plan), null, 2));
  host.log.endGroup();
  const lines = await preflight(host, { push: plan.git.push, place: placeOf(host, token) });
  for (const line of lines) host.log.info(sayPreflight(line));
  await host.writeSummary(renderPlan(plan, lines));
  host.setOutput('run-id', plan.runId);
}

/** Before money is spent: what GitHub says that it will not take is a warning. */
export async function warnOfWriteBack(host: Host, { token }: Inputs, plan: Plan): Promise<void> {
  const lines = await preflight(host, { push: plan.git.push, place: placeOf(host, token) });
  for (const line of lines.filter(({ answer }) => answer === 'no')) {
    host.log.warning(`The change will not be written back as it is asked. ${sayPreflight(line)}`);
  }
}

function sayPreflight({ what, answer, found }: PreflightLine): string {
  return `Writing back: ${what}: ${answer} (${found})`;
}

/** Writes the digest of the plan's image into the lock file of the checkout. */
export async function answerLock(
  host: Host,
  services: Services,
  inputs: Inputs,
  plan: Plan,
  engine: ReadyEngine,
): Promise<undefined> {
  // The lock that is there must not hold back the one that is to be.
  const request = { ...imageRequest(host, plan, engine), lock: { ...plan.cache.lock, text: '' } };
  const { facts } = await ensureImage(host, services, request);
  const { file, text } = plan.cache.lock;
  if (facts.hit === 'host') {
    host.log.notice("There is nothing to lock: the image is the runner's own /usr.");
    return;
  }
  const path = await safePath(inputs.checkout, file);
  // As it is checked out: an earlier step of this job may have locked another image.
  const now = await readFile(path, 'utf8').catch(() => text);
  const others = parseImagesLock(file, now).filter(
    ({ source, platform }) => source !== facts.source || platform !== facts.platform,
  );
  const fresh = `${path}.${host.randomName(8)}`;
  await writeFile(fresh, writeImagesLock([...others, facts]), { flag: 'wx' });
  await rename(fresh, path);
  host.log.info(`Wrote ${file}: ${facts.sha256} for ${facts.source} on ${facts.platform}.`);
  host.setOutput('image-digest', `sha256:${facts.sha256}`);
}

/** The file's path, whose directory exists and lies in the checkout whatever its links say. */
async function safePath(checkout: HostPath, file: string): Promise<HostPath> {
  const directory = dirname(join(checkout, file));
  await mkdir(directory, { recursive: true }).catch(() => {});
  const [real, root] = [await realpath(directory), await realpath(checkout)];
  if (real === join(root, dirname(file))) return join(real, basename(file));
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The lock file would be written outside of the checkout',
    where: `${file}: its directory is ${real}`,
    fix: `Make ${dirname(file)} a directory of the repository, not a link.`,
  });
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** The failure of the step when this runner cannot boot a bottle. */
export async function answerDoctor(host: Host, inputs: Inputs): Promise<string | undefined> {
  const engine = inputs.engine ?? 'smolvm';
  const findings = await diagnose(host, engine, inputs, socketsOf(host, engine));
  for (const { level, probe, found, remedy } of findings) {
    host.log.info(`${MARKS[level]} ${probe}: ${found}${remedy && ` · ${remedy}`}`);
  }
  await host.writeSummary(renderFindings(engine, findings));
  const failed = failuresOf(findings);
  if (failed.length === 0) return undefined;
  return `This runner cannot boot a bottle with ${engine}: ${failed.map(({ probe }) => probe).join(', ')}`;
}

/** The sockets of a run whose agent has a name of one letter. */
function socketsOf(host: Host, engine: EngineName) {
  const name = 'bottle-a-12345';
  const { socket, machineState } = pathsOf(join(host.env.RUNNER_TEMP || tmpdir(), 'bottle-12345'));
  const most = longestSocketPath(host.platform);
  const gateway = { what: "the gateway's socket", length: Buffer.byteLength(socket), most };
  if (engine === 'bubblewrap') return [gateway];
  const length = Buffer.byteLength(machineSocket(host.platform, machineState, name));
  return [gateway, { what: "the machine's socket", length, most }];
}
