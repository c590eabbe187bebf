/** What it takes to run one kind of agent in a bottle, and to understand what it says. */
import type { FailureReason } from '../errors.ts';
import type { ModelApi, RouteAuth } from '../gateway/protocol.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { Selected } from '../manifest/manifest.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { command } from './command.ts';
import type { Reading } from './event.ts';
import { gemini } from './gemini.ts';
import { opencode } from './opencode.ts';

/** As the manifest describes the agent's program. */
export type ProviderSettings = Selected['bottle']['agent_provider'];

/** One file each. Nothing else in the code knows a vendor but egress presets and the meter. */
export type Provider = {
  readonly template: ProviderSettings['template'];
  /** Where its model is; absent: it has none that we know of. */
  readonly model?: ModelPlace;
  /** Absent: there is nothing to install. */
  readonly program?: AgentProgram;
  /** Can it go on with a session that it had? */
  readonly resumes: boolean;
  /** Below its home: what to keep for that; a directory is kept whole. */
  readonly sessionPaths: readonly string[];
  /** Does it see to the output schema by itself? Otherwise it is told so beside its task. */
  readonly knowsSchema: boolean;
  /** After a resume its counts are of the whole session; otherwise of what came since. */
  readonly countsSession: boolean;
  /** Pure. @throws {BottleError} `config-invalid` */
  prepare(request: AgentRequest): PreparedAgent;
  /** A new one for each run of its program. */
  reader(): AgentReader;
};

export type ModelPlace = {
  readonly host: string;
  /** Whose usage fields its answers have. */
  readonly meter: ModelApi;
  /** `name`: of the step's variable that holds the credential; all that is known of it here. */
  key(name: string): ModelKey;
};

export type ModelKey = Pick<RouteAuth, 'scheme' | 'header'> & {
  /** The variable that the agent's program looks for. */
  readonly variable: string;
  /** What the program wants its credential to begin with. */
  readonly prefix: string;
};

/** A package of npm, and the program in it. */
export type AgentProgram = {
  readonly npm: string;
  /** Its name on PATH, where an image has it. */
  readonly binary: string;
  /** Does it tell its version by itself when it runs? Otherwise it is asked before. */
  readonly tellsVersion: boolean;
  /** Where npm puts it, by the guest's processor; the package's own scripts are not run. */
  readonly files: Readonly<Record<'x64' | 'arm64', string>>;
};

/** What the manifest and the plan say, in no agent's words. */
export type AgentRequest = {
  readonly settings: ProviderSettings;
  /** Where a setting stands, for errors: `command` → `.bot-bottle/bottles/dev.md:7`. */
  source(setting: string): string;
  /** The program: a name on the guest's PATH, or its path. Empty where the provider has none. */
  readonly program: string;
  readonly home: GuestPath;
  readonly workspace: GuestPath;
  /** What is added to the system prompt; both empty: nothing. The file is there in any case. */
  readonly prompt: { readonly text: string; readonly file: GuestPath | '' };
  readonly taskFile: GuestPath;
  /** Null: no limit. We keep them too; an agent that can keeps them better. */
  readonly limits: { readonly turns: number | null; readonly costUsd: number | null };
  /** Absent: any text will do. */
  readonly outputSchema?: { readonly json: string; readonly file: GuestPath };
  readonly mcpServers: readonly McpServer[];
  /** The session to go on with; empty: a new one. */
  readonly session: string;
};

export type McpServer =
  | {
      readonly name: string;
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly name: string;
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    };

/** A part of the plan: plain data. The task is on stdin whatever stands here. */
export type PreparedAgent = {
  readonly argv: readonly string[];
  /** Written before it starts, mode 0600: settings, trust entries, what it takes for a system prompt. */
  readonly files: readonly AgentFile[];
  /** Beside the placeholder of its key; what the manifest says wins. Never a secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it looks for skills. */
  readonly skills: GuestPath;
  /** Exit codes that mean something. */
  readonly exitCodes: Readonly<Record<number, FailureReason>>;
  /** What was asked for and it cannot do: one sentence each. */
  readonly notices: readonly string[];
};

export type AgentFile = { readonly to: GuestPath; readonly text: string };

/** Reads the standard output of one run of the agent's program. All that it reads is hostile. */
export type AgentReader = {
  /** One line without its break. Undefined: it is no event of the vendor's, but plain text. */
  line(text: string): readonly Reading[] | undefined;
  /** What is left to say once the program has ended. */
  end(exit: AgentExit): readonly Reading[];
};

export type AgentExit = {
  /** Null: we ended it. */
  readonly exitCode: number | null;
  /** The end of what it wrote there. */
  readonly stderr: string;
};

const PROVIDERS: Readonly<Record<Provider['template'], Provider>> = {
  claude,
  codex,
  gemini,
  opencode,
  command,
};

/** The schema of the manifest names no other. */
export function findProvider(template: Provider['template']): Provider {
  return PROVIDERS[template];
}
