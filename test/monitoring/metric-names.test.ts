import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectPath } from '../../infra/local/project-root.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const read = (path: string) => readFileSync(projectPath(`infra/monitoring/${path}`), 'utf8');

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}
const rules = (parse(read('alerts.yml')) as Rules).groups.flatMap((group) => group.rules);

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}
const dashboards = readdirSync(projectPath('infra/monitoring/dashboards'));
const panels = dashboards.flatMap((file) => (JSON.parse(read(`dashboards/${file}`)) as Dashboard).panels);

const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Of the exporters: node_exporter 1.9, redis_exporter 1.74, postgres_exporter 0.17, blackbox 0.27, nginx 1.4. */
const foreignMetrics = [
  'up',
  'node_filesystem_avail_bytes',
  'node_filesystem_size_bytes',
  'node_memory_MemAvailable_bytes',
  'node_memory_MemTotal_bytes',
  'redis_up',
  'pg_up',
  'redis_memory_used_bytes',
  'redis_memory_max_bytes',
  'pg_stat_activity_count',
  'pg_settings_max_connections',
  'pg_database_size_bytes',
  'probe_success',
  'probe_ssl_earliest_cert_expiry',
  'nginx_connections_active',
  'nginx_connections_waiting',
];

const ownMetrics = (await createMetrics({ version: '1' }).render())
  .split('\n')
  .filter((line) => line.startsWith('# TYPE '))
  .flatMap((line) => {
    const [, , name = '', type] = line.split(' ');
    return type === 'histogram' ? ['_bucket', '_count', '_sum'].map((suffix) => name + suffix) : [name];
  });

/** Names are what has an underscore and is no function, plus `up`; labels and strings are left out. */
function metricsOf(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(by|without)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/\b(up|[a-zA-Z]\w*_\w+)\b(?!\s*\()/g)].map(([name]) => name);
}

describe('rules and dashboards', () => {
  it('use only metrics that exist', () => {
    const known = new Set([...ownMetrics, ...foreignMetrics]);
    for (const [title, expression] of expressions) {
      const used = metricsOf(expression);
      expect(used, title).not.toEqual([]);
      expect(
        used.filter((name) => !known.has(name)),
        title,
      ).toEqual([]);
    }
  });

  it('test every alert, and that none fires while all is well', () => {
    const tests = read('alerts.test.yml');
    for (const { alert } of rules) {
      expect(tests, alert).toContain(`alertname="${alert}", alertstate="firing"`);
      expect(tests, alert).toContain(`{ eval_time: 15m, alertname: ${alert} }`);
    }
  });
});
