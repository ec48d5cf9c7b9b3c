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

async function query(expression: string): Promise<string[]> {
  const address = (await project.compose('port', 'prometheus', '9090')).trim();
  const reply = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
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

it('has every rule in effect, and none of those about people fires', async () => {
  expect(await query('count(prometheus_rule_group_rules)')).not.toEqual([]);
  expect(await query('ALERTS{alertname="NobodyIsAnswered", alertstate="firing"}')).toEqual([]);
});
