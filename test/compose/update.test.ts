import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setGeminiScript, unhurried } from './gemini-script.ts';
import { type LoadResult, startLoad } from './load.ts';
import { type ComposeProject, createComposeProject, testSettings } from './project.ts';
import { type RunResult, run } from './run.ts';

let project: ComposeProject;

beforeAll(async () => {
  project = await createComposeProject({ env: testSettings });
  await project.compose('up', '--detach', '--build', '--scale', 'api=3', '--wait');
  await setGeminiScript(project, unhurried);
});
afterAll(async () => {
  await project?.remove();
});

/** Warm-up and aftermath included, so that the load covers the whole change. */
async function underLoad(change: () => Promise<unknown>): Promise<LoadResult> {
  const load = startLoad(project.httpUrl);
  await expect.poll(load.count, { timeout: 20_000 }).toBeGreaterThan(40);
  try {
    await change();
    const soFar = load.count();
    await expect.poll(load.count, { timeout: 20_000 }).toBeGreaterThan(soFar + 100);
  } finally {
    const { replicas, ...result } = await load.stop();
    console.log({ ...result, replicas: [...replicas] });
    expect(result.byModel).toBeGreaterThan((result.json + result.streams) / 2);
  }
  return load.stop();
}

const imageOf = async (container: string) =>
  (await run('docker', ['inspect', '--format', '{{.Image}}', container])).trim();

it('is scaled from three replicas to five and down to two without a failed request', async () => {
  const up = (count: number) =>
    project.compose('up', '--detach', '--no-recreate', '--scale', `api=${count}`, '--wait');
  const { failures, replicas } = await underLoad(async () => {
    await up(5);
    await expect.poll(() => project.containers('api')).toHaveLength(5);
    await up(2);
  });
  expect(failures).toEqual([]);
  // One more would be a replica that ended and came back.
  expect([...replicas]).toHaveLength(5);
  expect(await project.containers('api')).toHaveLength(2);
});

it('is updated to a new image without a failed request', async () => {
  const before = await project.containers('api');
  const imageBefore = await imageOf(before[0] ?? '');
  appendFileSync(join(project.folder, 'src/web/page/styles.css'), '\n.updated { color: inherit; }\n');
  const { failures } = await underLoad(() => project.script('infra/operations/update.sh'));
  expect(failures).toEqual([]);
  const after = await project.containers('api');
  expect(after).toHaveLength(before.length);
  expect(after.some((id) => before.includes(id))).toBe(false);
  expect(await imageOf(after[0] ?? '')).not.toBe(imageBefore);
});

it('goes back by itself, without a failed request, when the new image never becomes healthy', async () => {
  const before = await project.containers('api');
  const image = await imageOf(before[0] ?? '');
  appendFileSync(
    join(project.folder, 'Dockerfile'),
    '\nHEALTHCHECK --interval=2s --retries=2 CMD ["node", "-e", "process.exit(1)"]\n',
  );
  let update: RunResult | undefined;
  const { failures } = await underLoad(async () => {
    update = await project.tryScript('infra/operations/update.sh');
  });
  expect(update).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Rolling back: a new replica is unhealthy'),
  });
  expect(failures).toEqual([]);
  expect(await project.containers('api')).toEqual(before);
  const tagged = await run('docker', [
    'image',
    'inspect',
    '--format',
    '{{.Id}}',
    `tum-chatbot-backend:${project.name}`,
  ]);
  expect(tagged.trim()).toBe(image);
});
