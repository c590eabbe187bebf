/** Finds the session that a run wants to continue: in its own workflow run, or in an earlier one. */
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { HostPath, ListedArtifact, Services } from '../host/host.ts';
import { printable } from '../printable.ts';
import { askArtifacts, askRun, type FoundArtifact, type Question } from './ask.ts';
import { MAX_SESSION_ARCHIVE, type OpenRequest, openSession } from './open.ts';
import { notAllowed, notThere } from './refusal.ts';
import { refusalOf, type Side } from './rule.ts';
import type { OpenedSession, SessionScope } from './session.ts';

export type FindRequest = Pick<OpenRequest, 'artifact' | 'provider' | 'places'> & {
  readonly question: Question;
  /** For artifacts of earlier runs. A secret. */
  readonly token: string;
  /** Of the run that asks. */
  readonly scope: SessionScope;
  /** Is made; what it holds then is provisioned. */
  readonly directory: HostPath;
};

type Shelf = Pick<Services, 'listArtifacts' | 'downloadArtifact'>;

/** Of so many of one name, the newest ones, it is asked whether this run may have them. */
const MOST_ASKED = 10;

/** @throws {BottleError} `config-invalid`: there is none; `untrusted`: none is for this run. */
export async function findSession(shelf: Shelf, request: FindRequest): Promise<OpenedSession> {
  const { artifact: name, scope } = request;
  const [own] = await shelf.listArtifacts(name).catch((error) => {
    throw notThere('The artifacts of this run could not be listed', printable(messageOf(error)));
  });
  if (own !== undefined) return await openOwn(shelf, request, own);
  const run = Number(scope.workflowRun);
  const found = run > 0 ? await askArtifacts(request.question, name) : [];
  if (found.length === 0) throw notThere('There is no such session', name);
  const present = { scope, run: await askRun(request.question, run) };
  const refusals: string[] = [];
  for (const artifact of found.slice(0, MOST_ASKED)) {
    const opened = await openEarlier(shelf, request, artifact, present);
    if (typeof opened === 'object') return { ...opened, notices: passedOver(name, refusals) };
    refusals.push(opened);
  }
  throw notAllowed('The session is not for this run to continue', `${name}: ${refusals[0]}`);
}

/** A squatter of the name costs the session that is meant nothing; but it is said. */
function passedOver(name: string, refusals: readonly string[]): readonly string[] {
  if (refusals.length === 0) return [];
  return [`Newer artifacts ${name} were passed over, ${refusals.length} of them: ${refusals[0]}`];
}

async function openOwn(
  shelf: Shelf,
  request: FindRequest,
  artifact: ListedArtifact,
): Promise<OpenedSession> {
  const { scope } = request;
  const zip = await download(shelf, request, artifact);
  const opened = await openSession({ ...request, zip });
  const { workflowRun, repository } = opened.record.scope;
  if (workflowRun !== scope.workflowRun || repository.id !== scope.repository.id) {
    const where = printable(`${artifact.name}: ${repository.name}, run ${workflowRun}`);
    throw notAllowed('The session says that it is of another run', where);
  }
  return { ...opened, notices: [], reason: 'It was made in this workflow run' };
}

/** The session, or why this run may not have it: asked of GitHub before anything is downloaded. */
async function openEarlier(
  shelf: Shelf,
  request: FindRequest,
  artifact: FoundArtifact,
  present: Side,
): Promise<Omit<OpenedSession, 'notices'> | string> {
  const { workflowRun } = artifact;
  const run = await askRun(request.question, workflowRun);
  // As if its record said what suits us best.
  const atBest: Side = { scope: { ...present.scope, trigger: 'default-branch' }, run };
  const early = refusalOf(atBest, present);
  if (early !== '') return early;
  const zip = await download(shelf, request, artifact);
  const opened = await openSession({ ...request, zip });
  const { scope } = opened.record;
  if (scope.workflowRun !== String(workflowRun)) {
    const where = printable(
      `${artifact.name}: run ${workflowRun}, session.json: ${scope.workflowRun}`,
    );
    throw notAllowed('The session says that it is of another run', where);
  }
  const refusal = refusalOf({ scope, run }, present);
  if (refusal !== '') return printable(refusal);
  const whose = `${run.trigger} by ${scope.actor.login}`;
  return {
    ...opened,
    reason: printable(`It was made in the workflow run ${workflowRun}: ${whose}`),
  };
}

async function download(
  { downloadArtifact }: Shelf,
  { directory, question, token }: FindRequest,
  artifact: ListedArtifact & Partial<FoundArtifact>,
): Promise<HostPath> {
  const { workflowRun, name } = artifact;
  const from = workflowRun && { workflowRun, token, repository: question.repository };
  const place = join(directory, `download-${artifact.id}`);
  try {
    return await downloadArtifact(artifact, place, MAX_SESSION_ARCHIVE, from || undefined);
  } catch (error) {
    const where = printable(`${name}: ${messageOf(error)}`);
    throw notAllowed('The session could not be downloaded', where);
  }
}
