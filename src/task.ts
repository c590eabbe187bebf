/** The text of the task: given, from a file, or from the event that started the run. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { BottleError, messageOf } from './errors.ts';
import type { HostPath } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import { isInside } from './inside.ts';
import type { Event } from './trust/event.ts';
import { type TaskText, taskFromEvent } from './trust/task-text.ts';

const MAX_BYTES = 1024 * 1024;

/** `nothing`: the event's comment is not addressed to us. @throws {BottleError} `config-invalid` */
export async function readTask(inputs: Inputs, event: Event): Promise<TaskText> {
  const { task, checkout, trigger } = inputs;
  switch (task.kind) {
    case 'event':
      return taskFromEvent(event, task.which, trigger);
    case 'file':
      return { kind: 'text', text: await readTaskFile(checkout, task.path) };
    case 'text':
      return { kind: 'text', text: task.text };
    case 'none':
      return { kind: 'text', text: '' };
  }
}

async function readTaskFile(checkout: HostPath, given: HostPath): Promise<string> {
  try {
    const [path, root] = [await realpath(given), await realpath(checkout)];
    // A link of the checkout may be a stranger's; it must not fetch a file of the runner.
    if (isInside(checkout, given) && !isInside(root, path)) {
      throw new Error(`it leads out of the checkout, to ${path}`);
    }
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, at most ${MAX_BYTES}`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `The task file cannot be read: ${messageOf(error)}`,
      where: `input task-file, ${given}`,
      fix: 'Name a file of the checkout, or give the text with the input "task".',
    });
  }
}
