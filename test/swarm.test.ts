import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectPath } from '../infra/local/project-root.ts';
import { environmentSchema, parseConfig } from '../src/config/parse-config.ts';

interface Service {
  environment: Readonly<Record<string, string>>;
  secrets?: readonly (string | { source: string })[];
  healthcheck?: unknown;
  deploy: { mode?: string; update_config?: Readonly<Record<string, unknown>> };
}
interface Stack {
  services: Readonly<Record<string, Service>>;
  secrets: Readonly<Record<string, unknown>>;
}

const read = (path: string) => readFileSync(projectPath(path), 'utf8');
const { services, secrets } = parse(read('compose/swarm.yml'), { merge: true }) as Stack;
const service = (name: string): Service => {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};

/** A replica's own address and name, and what the image holds. */
const imageOwn = [
  'SERVER_HOST',
  'SERVER_PORT',
  'METRICS_PORT',
  'REPLICA_ID',
  'KNOWLEDGE_BASE_PATH',
  'INSTITUTION_PATH',
];
/** Where the stack's own stores are. */
const stores = ['REDIS_URL', 'DATABASE_URL', 'CHROMA_URL'];
const ofNginx = ['TRUSTED_PROXIES', 'ADMIN_NETWORKS', 'SERVER_NAMES', 'EDGE_READS_PER_SECOND'];
const secretNames = [
  'GEMINI_API_KEY',
  'ADMIN_TOKEN',
  'ANONYMIZE_SALT',
  'REDIS_PASSWORD',
  'DATABASE_PASSWORD',
  'CLIENT_API_KEYS',
  'PROXY_SECRET',
];
const others = new Set([...imageOwn, ...stores, ...ofNginx, ...secretNames]);
const settings = Object.keys(environmentSchema.shape).filter((name) => !others.has(name));

describe('the Swarm stack', () => {
  it('hands on every setting, and a blank one is the default', () => {
    const { environment } = service('api');
    for (const name of settings)
      expect(environment[name], name).toMatch(new RegExp(`^\\$\\{${name}:-\\w*\\}$`));
    for (const name of ofNginx)
      expect(service('nginx').environment[name], name).toMatch(new RegExp(`^\\$\\{${name}:-`));
    const comparable = (environment: Record<string, string>) =>
      JSON.stringify(parseConfig({ ...environment, REPLICA_ID: 'r' }));
    expect(comparable(Object.fromEntries(settings.map((name) => [name, ''])))).toBe(comparable({}));
  });

  it('tells nginx and the replicas the same networks and the same secret', () => {
    expect(service('api').environment.ADMIN_NETWORKS).toBe(service('nginx').environment.ADMIN_NETWORKS);
    expect(service('nginx').environment.PROXY_SECRET_FILE).toBe('/run/secrets/proxy_secret');
    expect(service('nginx').secrets).toContainEqual(expect.objectContaining({ source: 'proxy_secret' }));
  });

  it('takes every secret from the cluster', () => {
    for (const name of ['api', 'migrate', 'ingest']) {
      for (const secret of secretNames) {
        const file = secret.toLowerCase();
        expect(service(name).environment[`${secret}_FILE`]).toBe(`/run/secrets/${file}`);
        expect(service(name).environment).not.toHaveProperty(secret);
        expect(service(name).secrets).toContain(file);
        expect(secrets[file]).toEqual({ external: true });
      }
    }
  });

  it('starts new replicas first and goes back by itself', () => {
    expect(service('api').deploy.update_config).toMatchObject({
      order: 'start-first',
      failure_action: 'rollback',
      parallelism: 1,
    });
  });

  it('knows how every service is that stays', () => {
    expect(read('Dockerfile')).toContain('HEALTHCHECK');
    for (const name of ['nginx', 'redis', 'postgres', 'chroma'])
      expect(service(name), name).toHaveProperty('healthcheck.test');
  });
});
