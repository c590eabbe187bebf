/** Turns a scripted shell command into a call of the shell tool that the agent offers. */
import { listAt, member, type OfferedTool, type Part } from './vendor-api.ts';

/** Names that shell tools have: Claude Code, opencode, Codex, Gemini CLI. */
const SHELL = /^(bash|shell|shell_command|exec_command|run_shell_command)$/i;

/** Codex lets some models have one tool only, which runs JavaScript that calls the others. */
const SCRIPT = 'exec';

/** Throws when no shell tool is on offer: the scenario does not fit the request. */
export function shellCall(command: string, tools: readonly OfferedTool[]): Part {
  if (tools.some(({ name }) => name === SCRIPT)) {
    const input = `text(await tools.exec_command(${JSON.stringify({ cmd: command })}));`;
    return { kind: 'tool', name: SCRIPT, input };
  }
  const tool = tools.find(({ name }) => SHELL.test(name));
  if (tool === undefined) {
    const offered = tools.map(({ name }) => name).join(', ');
    throw new Error(`The scenario needs a shell tool; offered are: ${offered || 'none'}.`);
  }
  const properties = member(tool.schema, 'properties');
  const key = member(properties, 'cmd') === undefined ? 'command' : 'cmd';
  const isList = member(member(properties, key), 'type') === 'array';
  const input: Record<string, unknown> = { [key]: isList ? ['bash', '-lc', command] : command };
  const required = listAt(tool.schema, 'required');
  if (required.includes('description')) input.description = 'Runs a command';
  return { kind: 'tool', name: tool.name, input };
}
