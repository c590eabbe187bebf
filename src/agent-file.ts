/** Files and directories that agents and editors obey without being asked: orders, hooks, tools. */

/** They count at any depth, in any case. `.gitignore` is not among them: it gives no order. */
export const AGENT_FILES: readonly string[] = [
  ...['claude.md', 'claude.local.md', '.claude', '.claude.json', '.claude-plugin', '.mcp.json'],
  ...['agents.md', 'agents.override.md', 'agent.md', '.agents', '.codex', '.opencode'],
  ...['opencode.json', 'opencode.jsonc', 'gemini.md', '.gemini', '.geminiignore', '.husky'],
  ...['.cursor', '.cursorrules', '.windsurf', '.windsurfrules', '.clinerules', '.vscode'],
  ...['.gitconfig', '.githooks'],
];
