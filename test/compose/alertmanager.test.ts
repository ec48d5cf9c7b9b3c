import { expect, it } from 'vitest';
import { projectPath } from '../../infra/local/project-root.ts';
import { type RunResult, tryRun } from './run.ts';

/** Debian's Alertmanager and amtool, in place of the image's. */
const install = `
cd /tmp && apt-get update -qq && apt-get -o APT::Sandbox::User=root download -qq prometheus-alertmanager
dpkg-deb -x prometheus-alertmanager_*.deb / && mkdir -p /alertmanager
`;
/** amtool looks at the settings that the script wrote. */
const checkInstead = `
printf '#!/bin/sh\\namtool check-config "\${1#--config.file=}"\\ncat "\${1#--config.file=}"' >/usr/bin/alertmanager
chmod +x /usr/bin/alertmanager
`;
/** Alertmanager itself, which here need not wait for more of the same. */
const runSoon = `
printf '#!/bin/sh\\nsed -i "s/group_wait: .*/group_wait: 1s/" /tmp/alertmanager.yml\\nexec prometheus-alertmanager "$@"' >/usr/bin/alertmanager
chmod +x /usr/bin/alertmanager
`;
const unset = {
  ALERT_EMAIL: '',
  ALERT_EMAIL_FROM: '',
  ALERT_SMTP_HOST: 'localhost:25',
  ALERT_SMTP_USER: '',
  ALERT_SMTP_PASSWORD: '',
  ALERT_WEBHOOK: '',
};
const mail = {
  ALERT_EMAIL: 'operators@example.org',
  ALERT_SMTP_HOST: 'mail.example.org:587',
  ALERT_SMTP_USER: 'alerts',
  ALERT_SMTP_PASSWORD: `it's "quoted": #1 {a}`,
};
const webhook = { ALERT_WEBHOOK: 'https://hooks.example.org/T0/B1?token=a&b=c' };

function inDebian(...script: readonly string[]): Promise<RunResult> {
  return tryRun('docker', [
    ...['run', '--rm', '--volume', `${projectPath('infra/monitoring/alertmanager.sh')}:/start.sh:ro`],
    ...['--entrypoint', 'sh', 'node:24-slim', '-euc', [install, ...script].join('\n')],
  ]);
}

function start(settings: Readonly<Record<string, string>>): string {
  const variables = Object.entries({ ...unset, ...settings }).map(
    ([name, value]) => `${name}=${quote(value)}`,
  );
  return `${variables.join(' ')} sh /start.sh`;
}
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

it('takes the settings that are made of .env: mail, webhook, both or neither', async () => {
  const all = [{}, mail, webhook, { ...mail, ...webhook }];
  const { exitCode, stdout, stderr } = await inDebian(checkInstead, ...all.map(start));
  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout.match(/SUCCESS/g)).toHaveLength(4);
  expect(stdout.match(/email_configs/g)).toHaveLength(2);
  expect(stdout.match(/slack_configs/g)).toHaveLength(2);
});

/** A webhook that prints what it is sent, and a Prometheus that has three alerts. */
const hookAndAlerts = `
const alerts = [
  ['ManyRequestsFail', 'critical', '7 % of the requests fail'],
  ['SomeRequestsFail', 'warning', '7 % of the requests fail'],
  ['DependencyDown', 'warning', 'redis "does not" answer'],
].map(([alertname, severity, summary]) => ({ labels: { alertname, severity }, annotations: { summary } }));
require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => { console.log(body); response.end('ok'); });
}).listen(9999, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:9093/api/v2/alerts';
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts) };
  while (!(await fetch(url, init).catch(() => undefined))?.ok) await new Promise((go) => setTimeout(go, 200));
  setTimeout(() => process.exit(), 8000);
});
`;

it("calls a webhook in Slack's format, and a critical alert mutes nothing but its own warning", async () => {
  const { stdout, stderr } = await inDebian(
    runSoon,
    `${start({ ALERT_WEBHOOK: 'http://127.0.0.1:9999/hook' })} >&2 &`,
    `node -e ${quote(hookAndAlerts)}`,
  );
  const posts = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { attachments: { title: string; text: string }[] });
  const told = posts.flatMap(({ attachments }) => attachments.map(({ title, text }) => `${title}: ${text}`));
  expect(told.sort(), stderr).toEqual([
    'CRITICAL: ManyRequestsFail: 7 % of the requests fail\n',
    'WARNING: DependencyDown: redis "does not" answer\n',
  ]);
});
