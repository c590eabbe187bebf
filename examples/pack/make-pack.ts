/** Makes bottle.smolmachine beside this file from programs of this machine; Linux only, no network. */
import { fileURLToPath } from 'node:url';
import { writeRootfsPack } from '../../test/pack/rootfs.ts';

const path = fileURLToPath(new URL('bottle.smolmachine', import.meta.url));
const { sha256, bytes } = await writeRootfsPack(path);
console.log(`${sha256}  ${path} (${bytes} bytes)`);
