/** Workflows and action.yml through GitHub's own parser. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const trace = new NoOperationTraceWriter();
const WORKFLOWS = globSync(['.github/workflows/*.yml', 'examples/*/workflow.yml'], { cwd: root });

const fileOf = (path: string) => ({ name: path, content: readFileSync(`${root}/${path}`, 'utf8') });

function problemsOf(file: { name: string; content: string }): string[] {
  const { context } = parseWorkflow(file, trace);
  return context.errors.getErrors().map(({ message }) => message);
}

test.each(WORKFLOWS)('%s is a workflow', (path) => {
  expect(problemsOf(fileOf(path))).toEqual([]);
});

test('a workflow with a mistake would be found wrong', () => {
  const { name, content } = fileOf('examples/hello/workflow.yml');
  expect(problemsOf({ name, content: content.replace('runs-on', 'run-on') })).not.toEqual([]);
});

test.each(['action.yml', 'merge/action.yml', 'apply/action.yml'])('%s is an action', (path) => {
  const { context } = parseAction(fileOf(path), trace);
  expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
});
