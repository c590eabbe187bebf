/** The files of `/etc` that a bottle has of its own: who is there, and that there is no network. */
import type { GuestUser } from '../machine.ts';

type EtcFiles = Readonly<Record<string, string>>;

/** What an image says about its users; empty texts when there is no image. */
export type ImageUsers = { readonly passwd: string; readonly group: string };

/** File name → content. The image's other users stay; the agent's user is as the plan says. */
export function etcFiles(user: GuestUser, hostname: string, image: ImageUsers): EtcFiles {
  const { name, uid, gid, home } = user;
  const passwd =
    image.passwd || 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n';
  const group = image.group || 'root:x:0:\nnogroup:x:65534:\n';
  return {
    passwd: `${name}:x:${uid}:${gid}:${name}:${home}:/bin/sh\n${without(passwd, name, uid)}`,
    group: `${name}:x:${gid}:\n${without(group, name, gid)}`,
    hosts: `127.0.0.1 localhost ${hostname}\n::1 localhost\n`,
    hostname: `${hostname}\n`,
    'resolv.conf': '',
  };
}

/** On top of those where no image brings its own. */
export const NSSWITCH =
  'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n';

function without(table: string, name: string, id: number): string {
  return table
    .split('\n')
    .filter((line) => {
      const [lineName, , lineId] = line.split(':');
      return line !== '' && lineName !== name && lineId !== String(id);
    })
    .map((line) => `${line}\n`)
    .join('');
}
