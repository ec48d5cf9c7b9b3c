import { mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ConfigError, environmentSchema, parseConfig } from '../../src/config/parse-config.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** What compose and the operators' scripts read for themselves; nothing of it reaches a replica's settings. */
const operatorVariables =
  /^(COMPOSE|ALERT|BACKUP|GRAFANA|PROMETHEUS)_|^(IMAGE_TAG|VERSION|REVISION|PUBLISH_ADDRESS|(HTTP|HTTPS|LOCAL)_PORT|CERTIFICATE_FOLDER|STOP_GRACE_PERIOD|HEALTH_URL|LOG_ERROR_THRESHOLD|ROTATION_OVERLAP|UPDATE_TIMEOUT)$/;

describe('configuration', () => {
  it('needs nothing in development', () => {
    const config = parseConfig({});
    expect(config.environment).toBe('development');
    expect(config.knowledge.embeddingModel).toBe('local');
    expect(config.logging.level).toBe('debug');
  });

  it('needs only the Gemini key in production', () => {
    expect(problemsOf({ ENVIRONMENT: 'production' })).toEqual([expect.stringContaining('GEMINI_API_KEY')]);
    const config = parseConfig({ ENVIRONMENT: 'production', GEMINI_API_KEY: 'a, b' });
    expect(config.gemini.apiKeys()).toEqual(['a', 'b']);
    expect(config.knowledge.embeddingModel).toBe('gemini-embedding-001');
    expect(config.logging.level).toBe('warn');
    expect(config.logging.chatSessions).toBe(false);
  });

  it('takes booleans as people write them', () => {
    for (const word of ['True', 'true', '1', 'YES'])
      expect(parseConfig({ ANONYMIZE_DATA: word }).statistics.anonymize).toBe(true);
    for (const word of ['False', '0', 'No'])
      expect(parseConfig({ ANONYMIZE_DATA: word }).statistics.anonymize).toBe(false);
  });

  it('lists every problem at once, without the value of a secret', () => {
    const problems = problemsOf({
      ENVIRONMENT: 'staging',
      SERVER_PORT: '80a',
      GEMINI_TEMPERATURE: '1.5',
      RATE_LIMIT_WINDOW: '0.5',
      ENABLE_STATISTICS: 'maybe',
      CORS_ORIGINS: 'example.org',
      ADMIN_NETWORKS: '10.0.0.0/33',
      LOG_LEVEL: 'loud',
      ADMIN_TOKEN: 'short-secret',
      REDIS_URL: 'redis+cluster://user:hunter2@host:1',
    });
    expect(problems).toHaveLength(10);
    const text = problems.join('\n');
    expect(text).toContain('SERVER_PORT: is "80a", must be a whole number from 0 to 65535');
    expect(text).toContain('ENVIRONMENT: is "staging", must be one of development, production');
    expect(text).toContain('Redis Cluster');
    expect(text).not.toContain('short-secret');
    expect(text).not.toContain('hunter2');
  });

  it('treats blank as unset, and knows the old names of log levels', () => {
    expect(parseConfig({ LOG_LEVEL: '', SERVER_PORT: ' ' }).server.port).toBe(8080);
    expect(parseConfig({ LOG_LEVEL: 'WARNING' }).logging.level).toBe('warn');
    expect(parseConfig({ LOG_LEVEL: 'CRITICAL' }).logging.level).toBe('fatal');
  });

  it('notes an embedding model that is not offered, and takes the default', () => {
    const config = parseConfig({ EMBEDDING_MODEL: 'all-MiniLM-L6-v2' });
    expect(config.knowledge.embeddingModel).toBe('local');
    expect(config.notices.join()).toContain('all-MiniLM-L6-v2');
  });

  it('needs LOG_CHAT_SESSIONS to be said twice in production', () => {
    const base = { ENVIRONMENT: 'production', GEMINI_API_KEY: 'k', LOG_CHAT_SESSIONS: 'true' };
    expect(parseConfig(base).logging.chatSessions).toBe(false);
    expect(parseConfig({ ...base, LOG_CHAT_SESSIONS_CONFIRMED: 'true' }).logging.chatSessions).toBe(true);
  });

  it('reads a secret from its file, again when the file changes', () => {
    vi.useFakeTimers({ now: Date.now() });
    const path = join(mkdtempSync(join(tmpdir(), 'secret-')), 'key');
    writeFileSync(path, 'first\n');
    const config = parseConfig({ GEMINI_API_KEY_FILE: path });
    expect(config.gemini.apiKeys()).toEqual(['first']);
    writeFileSync(path, 'second\n');
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    vi.advanceTimersByTime(1500);
    expect(config.gemini.apiKeys()).toEqual(['second']);
    vi.useRealTimers();
  });

  it('has no secret that was emptied or is too short, whenever its file comes to that', () => {
    vi.useFakeTimers({ now: Date.now() });
    const path = join(mkdtempSync(join(tmpdir(), 'secret-')), 'token');
    let changes = 0;
    const write = (content: string) => {
      writeFileSync(path, content);
      changes += 1;
      utimesSync(path, new Date(), new Date(Date.now() + changes * 5000));
      vi.advanceTimersByTime(1500);
    };
    const long = 'x'.repeat(16);
    write(long);
    const { server } = parseConfig({ ADMIN_TOKEN_FILE: path, CLIENT_API_KEYS_FILE: path });
    const seen = () => [server.adminTokens(), server.clientApiKeys()];
    expect(seen()).toEqual([[long], [long]]);
    write('short');
    expect(seen()).toEqual([[], ['short']]);
    write(`short,${long}`);
    expect(server.adminTokens()).toEqual([long]);
    write('');
    expect(seen()).toEqual([[], []]);
    write(long);
    expect(seen()).toEqual([[long], [long]]);
    expect(parseConfig({}).server.clientApiKeys()).toBeUndefined();
    vi.useRealTimers();
  });

  it('refuses a secret that is given twice, and a file that is not there', () => {
    expect(problemsOf({ ADMIN_TOKEN: 'x'.repeat(20), ADMIN_TOKEN_FILE: '/nowhere/token' })).toEqual([
      expect.stringContaining('is set as well as'),
      expect.stringContaining('cannot read /nowhere/token'),
    ]);
  });

  it('is what .env.example shows, name by name and default by default', () => {
    const example = new Map<string, string>();
    for (const line of readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').split('\n')) {
      const match = /^#?([A-Z][A-Z0-9_]+)=(.*)$/.exec(line);
      if (match?.[1] !== undefined) example.set(match[1], match[2] ?? '');
    }
    for (const name of [...example.keys()].filter((name) => operatorVariables.test(name)))
      example.delete(name);
    expect([...example.keys()].sort()).toEqual(Object.keys(environmentSchema.shape).sort());
    const defaults = environmentSchema.parse({});
    const shown = environmentSchema.parse(
      Object.fromEntries([...example].filter(([name, value]) => value !== '' && name !== 'ENVIRONMENT')),
    );
    expect(shown).toEqual(defaults);
  });

  it('asks for what the chosen provider of models needs, and for the key of Gemini only with Gemini', () => {
    const production = { ENVIRONMENT: 'production' };
    const problemsOf = (environment: Record<string, string>) => {
      try {
        parseConfig({ ...production, ...environment });
        return [];
      } catch (error) {
        return (error as ConfigError).problems.map((problem) => problem.split(':')[0]);
      }
    };
    expect(problemsOf({})).toEqual(['GEMINI_API_KEY']);
    expect(problemsOf({ MODEL_PROVIDER: 'vertex' })).toEqual(['VERTEX_PROJECT', 'VERTEX_CREDENTIALS_FILE']);
    expect(problemsOf({ MODEL_PROVIDER: 'openai' })).toEqual(['OPENAI_BASE_URL', 'OPENAI_MODEL']);
    const own = { MODEL_PROVIDER: 'openai', OPENAI_BASE_URL: 'http://vllm:8000/v1/', OPENAI_MODEL: 'own' };
    expect(problemsOf(own)).toEqual([]);
    const { models, knowledge, openai } = parseConfig(own);
    expect(models).toMatchObject({
      provider: 'openai',
      model: 'own',
      fallbackModel: 'own',
      isConfigured: true,
    });
    expect(openai.baseUrl).toBe('http://vllm:8000/v1');
    expect(knowledge.embeddingModel).toBe('local');
    expect(parseConfig({ ...own, OPENAI_EMBEDDING_MODEL: 'e' }).knowledge.embeddingModel).toBe('e');
  });

  it('reads prices of models', () => {
    const { models } = parseConfig({ MODEL_PRICES: 'a=0.1/0.4, b-2=3/12' });
    expect([...models.prices]).toEqual([
      ['a', { input: 0.1, output: 0.4 }],
      ['b-2', { input: 3, output: 12 }],
    ]);
    expect(() => parseConfig({ MODEL_PRICES: 'a=0.1' })).toThrow(/MODEL_PRICES.*MODEL=INPUT\/OUTPUT/);
  });

  it('is what the README lists, in its order', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const listed = [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(environmentSchema.shape));
  });
});
