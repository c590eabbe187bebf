/** A run of the built action with a real agent: model server, gateway, bottle; no other network. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EgressLine, parseMessage } from '../../src/gateway/message.ts';
import { openScene, type Scene } from '../action/scene.ts';
import { openToolCache, type RealAgent, VERSIONS } from '../agent-binary/agents.ts';
import { type ModelServerApi, startModelServer } from '../model-server/model-server.ts';
import type { Credential } from '../model-server/request-record.ts';
import type { ScenarioSource } from '../model-server/scenario.ts';
import type { StepRequest } from '../runner/run-step.ts';
import { testAuthority } from '../upstream/authority.ts';

type Vendor = {
  readonly api: ModelServerApi;
  readonly host: string;
  readonly credential: Credential;
  readonly provider?: object;
};

/** What the gateway puts in for the guest's placeholder. */
export const TOKEN = 'real-7f3a9b1c5d2e8f60a4b1-token';
const PLACEHOLDER = 'placeholder-the-gateway-has-the-secret';
const bearer = { header: 'authorization', value: `Bearer ${TOKEN}`, placeholder: PLACEHOLDER };
const keyIn = (header: string) => ({ header, value: TOKEN, placeholder: PLACEHOLDER });

export const VENDORS: Readonly<Record<RealAgent, Vendor>> = {
  claude: { api: 'anthropic', host: 'api.anthropic.com', credential: keyIn('x-api-key') },
  codex: { api: 'openai-responses', host: 'api.openai.com', credential: bearer },
  gemini: {
    api: 'gemini',
    host: 'generativelanguage.googleapis.com',
    credential: keyIn('x-goog-api-key'),
  },
  opencode: {
    api: 'openai-chat',
    host: 'models.example.com',
    credential: bearer,
    provider: { base_url: 'https://models.example.com/v1' },
  },
};

export type RealRun = {
  readonly agent: RealAgent;
  readonly scenario: string | ScenarioSource;
  /** More of the bottle; `agent_provider` is there. */
  readonly bottle?: object;
  /** More of the agent. */
  readonly manifest?: object;
  readonly inputs?: Readonly<Record<string, string>>;
};

/** A workspace of one file and the simplest manifest. */
export function manifestFor({ agent, bottle, manifest }: Omit<RealRun, 'scenario' | 'inputs'>) {
  const { provider = {} } = VENDORS[agent];
  const own = { template: agent, version: VERSIONS[agent], auth_token: 'MODEL_TOKEN' };
  const model = agent === 'claude' ? {} : { model: 'the-model' };
  const whole = {
    bottles: { dev: { agent_provider: { ...own, ...model, ...provider }, ...bottle } },
    agents: { hello: { bottle: 'dev', prompt: 'Be brief and kind.', ...manifest } },
  };
  return { 'bot-bottle.json': JSON.stringify(whole), 'greeting.txt': 'hello\n' };
}

/** All of it is gone when the test is over. */
export async function runReal({ scenario, inputs, ...own }: RealRun) {
  const scene = await openScene(manifestFor(own));
  onTestFinished(() => scene.close());
  const server = await serveModel(own.agent, scenario);
  const request = { env: { MODEL_TOKEN: TOKEN }, ...(inputs && { inputs }) };
  return { ...server, ...(await runScene(scene, request, [server.connectTo])) };
}

/** The agent's model under its own name; `connectTo` leads there. */
export async function serveModel(agent: RealAgent, scenario: RealRun['scenario']) {
  const { api, host, credential } = VENDORS[agent];
  const tls = await (await testAuthority()).issue([host], 'good');
  const model = await startModelServer({ api, scenario, tls, credential });
  onTestFinished(() => model.close());
  return { model, credential, connectTo: `${host}:443=127.0.0.1:${model.port}` };
}

export async function runScene(
  scene: Scene,
  { env, inputs, ...request }: Partial<StepRequest>,
  connectTo: readonly string[],
) {
  const directory = mkdtempSync(join(tmpdir(), 'real-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const ca = join(directory, 'upstream-ca.pem');
  writeFileSync(ca, (await testAuthority()).certificate);
  const result = await scene.run({
    toolCache: openToolCache(join(directory, 'tools')),
    ...request,
    env: { BOTTLE_CONNECT_TO: connectTo.join(' '), NODE_EXTRA_CA_CERTS: ca, ...env },
    inputs: { 'fail-on': 'none', ...inputs },
  });
  const artifact = await scene.artifact(result);
  const text = (name: string) => artifact.get(name)?.toString() ?? '';
  const audit = text('egress.jsonl')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseMessage(line) as EgressLine);
  return { result, artifact, text, audit };
}

/** The walls ask for it before the agent is there; the other is the gateway itself, where its gate is. */
const OWN = ['', 'bottle-probe.invalid', '127.0.0.1'];

/** All that were asked for, whatever the answer was. */
export function hostsIn(audit: readonly EgressLine[]): readonly string[] {
  const decisions = audit.filter((line) => line.type === 'decision');
  const hosts = new Set(decisions.map(({ host }) => host));
  return [...hosts].filter((host) => !OWN.includes(host));
}
