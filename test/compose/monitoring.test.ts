import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectPath } from '../../infra/local/project-root.ts';
import { ask } from './ask.ts';
import { type ComposeProject, createComposeProject, testSettings } from './project.ts';
import { run } from './run.ts';

let project: ComposeProject;

beforeAll(async () => {
  project = await createComposeProject({
    env: { ...testSettings, PROMETHEUS_PORT: '0' },
    files: ['compose/docker-compose.monitoring.yml'],
  });
  await project.compose('up', '--detach', '--build', '--scale', 'api=2', '--wait', 'nginx', 'prometheus');
});
afterAll(async () => {
  await project?.remove();
});

const promtool = (...promtoolArguments: string[]) =>
  run('docker', [
    ...['run', '--rm', '--volume', `${projectPath('infra/monitoring')}:/rules:ro`, '--workdir', '/rules'],
    ...['--entrypoint', '/bin/promtool', 'prom/prometheus:v3.5.0'],
    ...promtoolArguments,
  ]);

const prometheusUrl = async () => `http://${(await project.compose('port', 'prometheus', '9090')).trim()}`;

async function query(expression: string): Promise<string[]> {
  const reply = await fetch(`${await prometheusUrl()}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await reply.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map(({ value: [, value] }) => value);
}

it('takes the rules, and each fires on what it is for', async () => {
  expect(await promtool('check', 'rules', 'alerts.yml')).toContain('SUCCESS');
  expect(await promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
});

it('finds all replicas and counts what they answer', async () => {
  await ask(project.httpUrl, 'When is the library in Garching open?');
  await expect.poll(() => query('up{job="api"}'), { timeout: 60_000 }).toEqual(['1', '1']);
  await expect.poll(() => query('sum(tum_chatbot_answers_total)'), { timeout: 60_000 }).toEqual(['1']);
});

it('evaluates every rule, and none of those about people fires', async () => {
  const reply = await fetch(`${await prometheusUrl()}/api/v1/rules`);
  const { data } = (await reply.json()) as { data: { groups: { name: string; rules: Rule[] }[] } };
  const rules = data.groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(20);
  expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  const people = data.groups.find(({ name }) => name === 'people')?.rules ?? [];
  // The prober behind EdgeDown is not started here.
  expect(people.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
});

interface Rule {
  name: string;
  health: string;
  state: string;
}
