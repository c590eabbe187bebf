/** The loopback service of the outputs benchmark, in a process of its own; ends with its stdin. */
import { startResultsService } from '../../test/results-service/service.ts';

const service = await startResultsService();
process.stdout.write(`${JSON.stringify(service.env)}\n`);
process.stdin.on('end', async () => {
  await service.close();
  process.exit();
});
process.stdin.resume();
