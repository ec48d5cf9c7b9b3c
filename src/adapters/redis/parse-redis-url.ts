import type { RedisOptions } from 'ioredis';

/**
 * ioredis options for redis://, rediss:// and redis+sentinel://HOST:PORT,HOST:PORT/PRIMARY_NAME[/DATABASE].
 * parse-config.ts lets no other form through.
 */
export function parseRedisUrl(url: string): RedisOptions {
  const sentinel = /^(rediss?)\+sentinel:\/\/(?:([^@/]*)@)?([^/]+)\/([^/?]+)(?:\/(\d+))?/.exec(url);
  if (!sentinel) {
    const { protocol, username, password, pathname, host: authority } = new URL(url);
    const { host, port } = parseHost(authority, 6379);
    return {
      ...login(username, password),
      ...(protocol === 'rediss:' && { tls: {} }),
      host,
      port,
      db: Number(pathname.slice(1) || 0),
    };
  }
  const [, scheme, user = '', hosts = '', name = '', database] = sentinel;
  const [username = '', password = ''] = user.split(':');
  return {
    ...login(username, password),
    ...(scheme === 'rediss' && { tls: {}, enableTLSForSentinelMode: true }),
    sentinels: hosts.split(',').map((host) => parseHost(host, 26379)),
    name,
    role: 'master',
    db: Number(database ?? 0),
  };
}

function login(username: string, password: string): RedisOptions {
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

function parseHost(authority: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${authority}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort) };
}
