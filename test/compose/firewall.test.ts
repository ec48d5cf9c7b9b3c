import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectPath } from '../../infra/local/project-root.ts';
import { run, tryRun } from './run.ts';

/** Three network namespaces: a client outside, the host, and a container that the host forwards ports to. */
const client = `client-${process.pid}`;
const host = `host-${process.pid}`;
const container = `box-${process.pid}`;
const namespaces = [client, host, container];
const inside = (namespace: string, command: string) =>
  run('ip', ['netns', 'exec', namespace, 'bash', '-ec', command]);

const published = [443, 5432];

beforeAll(async () => {
  for (const namespace of namespaces) {
    await run('ip', ['netns', 'add', namespace]);
    await inside(namespace, 'ip link set lo up');
  }
  await inside(
    host,
    `ip link add wan type veth peer name eth0 netns ${client}
     ip link add bridge type veth peer name eth0 netns ${container}
     ip addr add 203.0.113.1/24 dev wan; ip addr add 172.30.0.1/24 dev bridge
     ip link set wan up; ip link set bridge up
     sysctl -qw net.ipv4.ip_forward=1
     iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER`,
  );
  await inside(client, 'ip addr add 203.0.113.2/24 dev eth0; ip link set eth0 up');
  await inside(
    container,
    'ip addr add 172.30.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 172.30.0.1',
  );
  // As Docker publishes ports: another port inside than outside.
  for (const port of published) {
    await inside(
      host,
      `iptables -t nat -A PREROUTING -i wan -p tcp --dport ${port} -j DNAT --to-destination 172.30.0.2:${port + 10_000}`,
    );
  }
});
afterAll(async () => {
  for (const namespace of namespaces) await tryRun('ip', ['netns', 'del', namespace]);
});

/** "refused" came through to the container or the host, where nobody listens; "lost" did not. */
async function knock(port: number): Promise<'refused' | 'lost'> {
  const { stderr } = await tryRun('ip', [
    ...['netns', 'exec', client, 'timeout', '2', 'bash', '-c'],
    `exec 3<>/dev/tcp/203.0.113.1/${port}`,
  ]);
  return stderr.includes('refused') ? 'refused' : 'lost';
}

const firewall = (...scriptArguments: string[]) =>
  run('ip', [
    ...['netns', 'exec', host, 'env', 'WAN_INTERFACE=wan'],
    projectPath('infra/operations/firewall.sh'),
    ...scriptArguments,
  ]);

it('lets in what is meant to be open, and no other port that Docker publishes', async () => {
  expect(await Promise.all([443, 5432, 22, 9000].map(knock))).toEqual([
    'refused',
    'refused',
    'refused',
    'refused',
  ]);
  await firewall();
  await firewall();
  expect(await Promise.all([443, 5432, 22, 9000].map(knock))).toEqual(['refused', 'lost', 'refused', 'lost']);
  const rules = await inside(host, 'iptables -S DOCKER-USER');
  expect(rules.match(/-j TUM-CHATBOT/g)).toHaveLength(1);
});

it('fails when it could not close anything, or not what Docker publishes', async () => {
  const script = projectPath('infra/operations/firewall.sh');
  const inHost = ['netns', 'exec', host, 'env', 'WAN_INTERFACE=wan'];
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'bash', '-s'];
  const refused = await tryRun('ip', [...inHost, ...asNobody], { input: readFileSync(script, 'utf8') });
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toContain('iptables cannot be used here');

  await inside(host, 'iptables -D FORWARD -j DOCKER-USER; iptables -F DOCKER-USER; iptables -X DOCKER-USER');
  const withoutDocker = await tryRun('ip', [...inHost, script]);
  expect(withoutDocker).toMatchObject({ exitCode: 1, stdout: '' });
  expect(withoutDocker.stderr).toContain('no chain DOCKER-USER');
  expect(await inside(host, 'iptables -S INPUT')).toContain('-j TUM-CHATBOT');
  await inside(host, 'iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER');
});

it('can be taken away again', async () => {
  await firewall('--remove');
  expect(await knock(5432)).toBe('refused');
});
