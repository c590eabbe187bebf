/** GitHub's artifact and cache services. Their clients are loaded at first use: they cost 140 ms. */
import type { Host, Services } from './host.ts';

export function createServices(env: Host['env']): Services {
  const run = `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
  return {
    uploadArtifact: async (name, files, root, options) => {
      const { DefaultArtifactClient } = await import('@actions/artifact');
      const uploaded = await new DefaultArtifactClient().uploadArtifact(
        name,
        [...files],
        root,
        options,
      );
      const id = String(uploaded.id ?? '');
      return {
        id,
        url: `${run}/artifacts/${id}`,
        digest: uploaded.digest === undefined ? '' : `sha256:${uploaded.digest}`,
        size: uploaded.size ?? 0,
      };
    },
    restoreCache: async (paths, key) => {
      const cache = await import('@actions/cache');
      // The service matches keys by prefix; only the exact one is ours.
      return (await cache.restoreCache([...paths], key)) === key;
    },
    saveCache: async (paths, key) => {
      const cache = await import('@actions/cache');
      return (await cache.saveCache([...paths], key)) !== -1;
    },
  };
}
