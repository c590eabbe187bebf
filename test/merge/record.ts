/** Records of runs, as the artifacts of a fleet hold them. */
import { makeRecord, type RunRecord } from '../../src/report/record.ts';
import { SCENARIOS, SUCCESS } from '../report/scenario.ts';

/** Of a run that ended as the scenario did, under a name of its own. */
export function recordOf(runId: string, scenario = 'success'): RunRecord {
  return { ...makeRecord(SCENARIOS[scenario] ?? SUCCESS), runId };
}

export function jsonOf(record: unknown): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
