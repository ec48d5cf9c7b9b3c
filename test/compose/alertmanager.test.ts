import { expect, it } from 'vitest';
import { projectPath } from '../../infra/local/project-root.ts';
import { type RunResult, tryRun } from './run.ts';

/** Debian's amtool, in place of Alertmanager, looks at the settings that the script wrote. */
const checkInDebian = `
cd /tmp && apt-get update -qq && apt-get -o APT::Sandbox::User=root download -qq prometheus-alertmanager
dpkg-deb -x prometheus-alertmanager_*.deb /
printf '#!/bin/sh\\namtool check-config "\${1#--config.file=}"\\ncat "\${1#--config.file=}"' >/usr/bin/alertmanager
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

/** Runs the script once for each of the settings. */
function check(all: readonly Readonly<Record<string, string>>[]): Promise<RunResult> {
  const calls = all.map((settings) => {
    const variables = Object.entries({ ...unset, ...settings }).map(
      ([name, value]) => `${name}=${quote(value)}`,
    );
    return `${variables.join(' ')} sh /start.sh`;
  });
  return tryRun('docker', [
    ...['run', '--rm', '--volume', `${projectPath('infra/monitoring/alertmanager.sh')}:/start.sh:ro`],
    ...['--entrypoint', 'sh', 'node:24-slim', '-euc', [checkInDebian, ...calls].join('\n')],
  ]);
}
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

it('takes the settings that are made of .env: mail, webhook, both or neither', async () => {
  const { exitCode, stdout, stderr } = await check([{}, mail, webhook, { ...mail, ...webhook }]);
  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout.match(/SUCCESS/g)).toHaveLength(4);
  expect(stdout.match(/email_configs/g)).toHaveLength(2);
  expect(stdout.match(/webhook_configs/g)).toHaveLength(2);
});
