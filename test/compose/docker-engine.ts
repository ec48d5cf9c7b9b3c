import { run, tryRun } from './run.ts';

/** Why containers cannot be run here, in a sentence; undefined when they can. */
export async function findContainerObstacle(projectFolder: string): Promise<string | undefined> {
  const engine = await tryRun('docker', ['version', '--format', '{{.Server.Version}}']);
  if (engine.exitCode !== 0) return 'no Docker engine answers here';
  const compose = await tryRun('docker', ['compose', 'version']);
  if (compose.exitCode !== 0) return 'the Docker engine has no compose plugin';
  for (const image of await listForeignImages(projectFolder)) {
    const isHere = (await tryRun('docker', ['image', 'inspect', image])).exitCode === 0;
    if (isHere || (await tryRun('docker', ['pull', '--quiet', image])).exitCode === 0) continue;
    return `the image ${image} is not here and cannot be pulled`;
  }
  return undefined;
}

/** Images of the base file and of the Dockerfile that come from a registry. */
async function listForeignImages(projectFolder: string): Promise<string[]> {
  const composeFile = `${projectFolder}/compose/docker-compose.yml`;
  const images = await run('docker', ['compose', '-f', composeFile, 'config', '--images'], {
    env: { GEMINI_API_KEY: 'any' },
  });
  const named = images.split('\n').filter((image) => image !== '' && !image.startsWith('tum-chatbot'));
  return [...new Set(['node:24-slim', ...named])];
}
