/** The story of a step. Each line is a file or a folder of that name. */
import { runAgent } from './agent/run.ts';
import { answerDoctor, answerLock, answerPlan, warnOfWriteBack } from './answer.ts';
import { bringBack } from './bring-back.ts';
import { concludeEarly, concludeRun } from './conclude.ts';
import { openGateway } from './gateway-request.ts';
import type { Host, Services } from './host/host.ts';
import { fetchImage } from './image-request.ts';
import { readInputs } from './inputs.ts';
import { type ReadyEngine, requireEngine } from './machine/engine.ts';
import { preparePlan } from './prepare.ts';
import { fetchProgram } from './program.ts';
import { provision } from './provision/provision.ts';
import { agentOptions, closeRun, machineSpec, openRun, type Run, wallOptions } from './run.ts';
import { openStepDirectory } from './state.ts';
import { proveWalls } from './walls/prove.ts';
import { writeOut } from './write-out.ts';

export async function runAction(host: Host, services: Services): Promise<void> {
  const failure = await takeStep(host, services).catch((error) => concludeEarly(host, error));
  if (failure !== undefined) host.setFailed(failure);
}

/** The failure of the step in one line, or undefined. */
async function takeStep(host: Host, services: Services): Promise<string | undefined> {
  const inputs = readInputs(host);
  if (inputs.mode === 'doctor') return await answerDoctor(host, inputs);
  const own = await openStepDirectory(host);
  const plan = await preparePlan(host, services, inputs, own);
  if (plan === undefined || inputs.mode === 'plan') return await answerPlan(host, inputs, plan);
  const engine = await requireEngine(host, plan.engine.value, inputs);
  if (inputs.mode === 'lock') return await answerLock(host, services, inputs, plan, engine);
  await warnOfWriteBack(host, inputs, plan);
  const run = await openRun(host, plan, engine, { own, workflowToken: inputs.token });
  await carryOut(host, services, engine, run).catch(() => {});
  await writeOut(host, run).catch(() => {});
  return await concludeRun(host, services, run, inputs);
}

async function carryOut(host: Host, services: Services, engine: ReadyEngine, run: Run) {
  const { plan, paths, signal } = run;
  try {
    const image = await run.phase('image', () => fetchImage(host, services, plan, engine));
    await fetchProgram(host, run);
    const gateway = await run.phase('gateway', () => openGateway(host, run));
    const machine = await run.phase('boot', () => engine.create(machineSpec(run, image), signal));
    await run.phase('walls', () => proveWalls(host, machine, wallOptions(run)));
    const into = { signal, scratch: paths.scratch, certificate: gateway.certificate };
    const given = await run.phase('provision', () => provision(host, machine, plan, into));
    void services.prepareUpload();
    try {
      await run.phase('agent', () => runAgent(host, machine, plan, agentOptions(run)));
    } finally {
      await bringBack(host, run, machine, given);
    }
  } finally {
    await run.phase('clean up', () => closeRun(host, run));
  }
}
