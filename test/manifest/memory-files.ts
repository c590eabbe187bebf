/** A source of manifest files that lives in memory. */
import type { FileEntry, ManifestFiles } from '../../src/manifest/manifest.ts';

export function memoryFiles(files: Readonly<Record<string, string | Uint8Array>>): ManifestFiles {
  const bytesOf = (content: string | Uint8Array) =>
    typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    root: 'memory',
    read: async (path) => {
      const content = files[path];
      return content === undefined ? undefined : bytesOf(content);
    },
    list: async (directory) => {
      const below = Object.entries(files).filter(([path]) => path.startsWith(`${directory}/`));
      const entries = below.map(([path, content]): FileEntry => {
        const [name = '', ...deeper] = path.slice(directory.length + 1).split('/');
        return {
          name,
          kind: deeper.length > 0 ? 'directory' : 'file',
          size: bytesOf(content).length,
        };
      });
      return below.length === 0 ? undefined : entries;
    },
  };
}
