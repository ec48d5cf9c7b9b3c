import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../infra/local/project-root.ts';
import { ask } from './ask.ts';
import { findContainerObstacle } from './docker-engine.ts';
import { type ComposeProject, createComposeProject, testSettings } from './project.ts';
import { run } from './run.ts';

const obstacle =
  process.env.TEST_CONTAINERS === undefined
    ? 'TEST_CONTAINERS is not set'
    : await findContainerObstacle(projectPath('.'));
if (obstacle !== undefined) console.log(`The containers are not tried: ${obstacle}.`);

/** What .env may hold besides the tests' own settings. */
const secrets = {
  CLIENT_API_KEYS: 'client-key-of-the-tests',
  ANONYMIZE_SALT: 'salt-of-the-tests',
  REDIS_PASSWORD: 'redis-password-of-the-tests',
  DATABASE_PASSWORD: 'database-password-of-the-tests',
  ALERT_SMTP_PASSWORD: 'mail-password-of-the-tests',
  ALERT_WEBHOOK: 'https://example.org/webhook-of-the-tests',
  GRAFANA_PASSWORD: 'grafana-password-of-the-tests',
};

describe.skipIf(obstacle !== undefined)('docker compose up --scale api=3 from a fresh clone', () => {
  let project: ComposeProject;

  beforeAll(async () => {
    project = await createComposeProject({ env: { ...testSettings, ...secrets } });
    await project.compose('up', '--detach', '--build', '--scale', 'api=3', '--wait', '--wait-timeout', '240');
  }, 330_000);
  afterAll(async () => {
    await project?.remove();
  }, 120_000);

  it('answers from each of three replicas', async () => {
    const replicas = new Set<string>();
    for (let index = 0; index < 12; index += 1) {
      const answer = await ask(project.httpUrl, 'When is the library in Garching open?');
      expect(answer.answered_by).toBe('model');
      expect(answer.sources.length).toBeGreaterThan(0);
      replicas.add(answer.replica);
    }
    expect(replicas.size).toBe(3);
  });

  it('is healthy, speaks TLS with HTTP/2 and leads there from port 80', async () => {
    const health = (await (await fetch(`${project.httpUrl}/health`)).json()) as { status: string };
    expect(health.status).toBe('healthy');
    const version = await run('curl', [
      ...['--silent', '--insecure', '--http2', '--output', '/dev/null', '--write-out'],
      '%{http_code} %{http_version}',
      `${project.httpsUrl}/api/health`,
    ]);
    expect(version).toBe('200 2');
    const redirect = await fetch(`${project.redirectUrl}/docs`, { redirect: 'manual' });
    expect(redirect.status).toBe(308);
    expect(redirect.headers.get('location')).toMatch(/^https:/);
  });

  it('runs everything without root, capabilities or a writable root, and opens only nginx’s ports', async () => {
    const services = ['api', 'chroma', 'nginx', 'postgres', 'redis'];
    const ids = (await Promise.all(services.map((service) => project.containers(service)))).flat();
    expect(ids).toHaveLength(7);
    const inspected = JSON.parse(await run('docker', ['inspect', ...ids])) as Inspected[];
    for (const { Name, Config, HostConfig, NetworkSettings } of inspected) {
      expect(Config.User, Name).not.toMatch(/^(0|root)?(:|$)/);
      expect(HostConfig.ReadonlyRootfs, Name).toBe(true);
      expect(HostConfig.CapDrop, Name).toEqual(['ALL']);
      expect(HostConfig.SecurityOpt, Name).toContain('no-new-privileges:true');
      const published = Object.values(NetworkSettings.Ports).filter((bindings) => bindings !== null);
      expect(published.length > 0, Name).toBe(Name.includes('nginx'));
      const effective = await run('docker', ['exec', Name.slice(1), 'grep', 'CapEff', '/proc/1/status']);
      expect(effective, Name).toMatch(/0{16}/);
    }
  });

  it('shows no secret in the environment of any running container', async () => {
    const ids = (await project.compose('ps', '--quiet')).trim().split('\n');
    const environments = await run('docker', [
      'inspect',
      '--format',
      '{{.Name}} {{json .Config.Env}}',
      ...ids,
    ]);
    expect(environments).toContain('CORS_ORIGINS=');
    const { GEMINI_API_KEY, ADMIN_TOKEN } = testSettings;
    for (const secret of Object.values({ GEMINI_API_KEY, ADMIN_TOKEN, ...secrets })) {
      expect(environments).not.toContain(secret);
    }
  });

  it('keeps nginx away from the stores', async () => {
    const script =
      'for port in redis/6379 postgres/5432 chroma/8000; do (exec 3<>/dev/tcp/$port) 2>&1; done; true';
    const output = await project.compose('exec', '-T', 'nginx', 'bash', '-c', script);
    expect(output.match(/Name or service not known|Temporary failure in name resolution/g)).toHaveLength(3);
  });
});

interface Inspected {
  Name: string;
  Config: { User: string };
  HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[]; SecurityOpt: string[] };
  NetworkSettings: { Ports: Record<string, unknown[] | null> };
}
