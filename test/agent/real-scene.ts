/** A run of the built action with a real agent: model server, gateway, bottle. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EgressLine, parseMessage } from '../../src/gateway/message.ts';
import { openScene } from '../action/scene.ts';
import { openToolCache, type RealAgent, VERSIONS } from '../agent-binary/agents.ts';
import { type ModelServerApi, startModelServer } from '../model-server/model-server.ts';
import type { Credential } from '../model-server/request-record.ts';
import type { ScenarioSource } from '../model-server/scenario.ts';
import { testAuthority } from '../upstream/authority.ts';

export type RealRun = {
  readonly agent: RealAgent;
  readonly scenario: string | ScenarioSource;
  /** More of the bottle; `agent_provider` is there. */
  readonly bottle?: object;
  readonly manifestAgent?: object;
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
};

type Vendor = {
  readonly api: ModelServerApi;
  readonly host: string;
  readonly credential: Credential;
  readonly provider?: object;
};

const TOKEN = 'real-7f3a9b1c5d2e8f60a4b1-token';
const PLACEHOLDER = 'placeholder-the-gateway-has-the-secret';
const bearer = { header: 'authorization', value: `Bearer ${TOKEN}`, placeholder: PLACEHOLDER };

export const VENDORS: Readonly<Record<RealAgent, Vendor>> = {
  claude: {
    api: 'anthropic',
    host: 'api.anthropic.com',
    credential: { header: 'x-api-key', value: TOKEN, placeholder: PLACEHOLDER },
  },
  codex: { api: 'openai-responses', host: 'api.openai.com', credential: bearer },
  gemini: {
    api: 'gemini',
    host: 'generativelanguage.googleapis.com',
    credential: { header: 'x-goog-api-key', value: TOKEN, placeholder: PLACEHOLDER },
  },
  opencode: {
    api: 'openai-chat',
    host: 'models.example.test',
    credential: bearer,
    provider: { base_url: 'https://models.example.test/v1' },
  },
};

/** All of it is gone when the test is over. */
export async function runReal(request: RealRun) {
  const { agent, scenario, bottle = {}, manifestAgent = {}, files = {} } = request;
  const { api, host, credential, provider = {} } = VENDORS[agent];
  const directory = mkdtempSync(join(tmpdir(), 'real-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const authority = await testAuthority();
  const tls = await authority.issue([host], 'good');
  const model = await startModelServer({ api, scenario, tls, credential });
  onTestFinished(() => model.close());
  const ca = join(directory, 'upstream-ca.pem');
  writeFileSync(ca, authority.certificate);
  const manifest = {
    bottles: {
      dev: {
        agent_provider: {
          template: agent,
          version: VERSIONS[agent],
          auth_token: 'MODEL_TOKEN',
          model: agent === 'claude' ? undefined : 'the-model',
          ...provider,
        },
        ...bottle,
      },
    },
    agents: { hello: { bottle: 'dev', prompt: 'Be brief and kind.', ...manifestAgent } },
  };
  const scene = await openScene({
    'bot-bottle.json': JSON.stringify(manifest),
    'greeting.txt': 'hello\n',
    ...files,
  });
  onTestFinished(() => scene.close());
  const result = await scene.run({
    toolCache: openToolCache(join(directory, 'tools')),
    env: {
      BOTTLE_CONNECT_TO: `${host}:443=127.0.0.1:${model.port}`,
      NODE_EXTRA_CA_CERTS: ca,
      MODEL_TOKEN: TOKEN,
      ...request.env,
    },
    inputs: { 'fail-on': 'none', ...request.inputs },
  });
  const artifact = await scene.artifact(result).catch(() => new Map<string, Buffer>());
  const text = (name: string) => artifact.get(name)?.toString() ?? '';
  const audit = text('egress.jsonl')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseMessage(line) as EgressLine);
  return { result, artifact, text, audit, model, credential, scene };
}
