import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { isEuropeanHost } from './data-region.ts';
import { type Secret, watchSecret } from './secret.ts';
import {
  boolean,
  decimal,
  hosts,
  integer,
  isLongEnough,
  list,
  networks,
  oneOf,
  origins,
  prices,
  proxySecrets,
  redisUrl,
  secret,
  text,
  token,
  tokens,
  url,
} from './variable-types.ts';

/** Every problem of the environment at once; never holds a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

type Environment = Record<string, string | undefined>;

const logLevels = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
} as const;

const privateNetworks = '127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7';

/** Variables whose value never appears in a message, and which may be given as NAME_FILE. */
const secretNames = [
  'GEMINI_API_KEY',
  'OPENAI_API_KEY',
  'REDIS_URL',
  'REDIS_PASSWORD',
  'DATABASE_URL',
  'DATABASE_PASSWORD',
  'ADMIN_TOKEN',
  'ANONYMIZE_SALT',
  'CLIENT_API_KEYS',
  'PROXY_SECRET',
] as const;

/** Every variable the service reads, with its default. Nothing else in the project reads the environment. */
export const environmentSchema = z.object({
  ENVIRONMENT: oneOf({ development: 'development', production: 'production' }).prefault('development'),

  MODEL_PROVIDER: oneOf({ gemini: 'gemini', vertex: 'vertex', openai: 'openai' }).prefault('gemini'),
  DATA_REGION: oneOf({ eu: 'eu' }).optional(),
  EU_MODEL_HOSTS: text.prefault(''),

  GEMINI_API_KEY: secret.optional(),
  GEMINI_BASE_URL: url('http:', 'https:').prefault('https://generativelanguage.googleapis.com'),
  GEMINI_MODEL: text.min(1).prefault('gemini-3.5-flash-lite'),
  GEMINI_FALLBACK_MODEL: text.min(1).prefault('gemini-3.8-flash'),
  GEMINI_MAX_TOKENS: integer(1, 65_536).prefault('4096'),
  GEMINI_TEMPERATURE: decimal(0, 1).prefault('0.7'),
  GEMINI_REQUESTS_PER_MINUTE: integer(0).prefault('0'),
  VERTEX_PROJECT: text.min(1).optional(),
  VERTEX_LOCATION: text.min(1).prefault('eu'),
  VERTEX_CREDENTIALS_FILE: text.min(1).optional(),
  VERTEX_BASE_URL: url('http:', 'https:').prefault('https://aiplatform.eu.rep.googleapis.com'),

  OPENAI_BASE_URL: url('http:', 'https:').optional(),
  OPENAI_API_KEY: secret.optional(),
  OPENAI_MODEL: text.min(1).optional(),
  OPENAI_EMBEDDING_MODEL: text.min(1).optional(),
  OPENAI_EMBEDDING_DIMENSION: integer(1, 8192).prefault('1024'),

  MODEL_PRICES: prices.prefault(''),
  MODEL_DAILY_TOKEN_BUDGET: integer(1).optional(),

  SERVER_HOST: text.min(1).prefault('0.0.0.0'),
  SERVER_PORT: integer(0, 65_535).prefault('8080'),
  METRICS_PORT: integer(1, 65_535).prefault('9464'),
  REPLICA_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'must be 1 to 64 of A-Z a-z 0-9 . _ -' })
    .optional(),
  REQUEST_TIMEOUT: integer(10, 600).prefault('30'),
  MAX_CONCURRENT_CHATS: integer(1).prefault('200'),
  MAX_EVENT_LOOP_DELAY: integer(10).prefault('1000'),
  CORS_ORIGINS: origins.prefault(''),
  TRUSTED_PROXIES: networks.prefault(''),
  ADMIN_NETWORKS: networks.prefault(privateNetworks),
  SERVER_NAMES: hosts.prefault(''),
  EDGE_READS_PER_SECOND: integer(1, 100_000).prefault('200'),
  PROXY_SECRET: proxySecrets.optional(),
  ADMIN_TOKEN: tokens.optional(),
  CLIENT_API_KEYS: secret.optional(),

  ENABLE_RATE_LIMITING: boolean.prefault('true'),
  RATE_LIMIT_REQUESTS: integer(1).prefault('100'),
  RATE_LIMIT_WINDOW: integer(1, 2_147_483).prefault('3600'),
  MAX_CONCURRENT_CHATS_PER_ADDRESS: integer(1).optional(),
  MAX_CONCURRENT_CHATS_PER_USER: integer(1).prefault('4'),

  SESSION_TIMEOUT: integer(1, 2_592_000).prefault('3600'),
  CONVERSATION_HISTORY_LIMIT: integer(0, 400).prefault('12'),
  MAX_HISTORY_LENGTH: integer(0).prefault('8000'),
  MAX_CONTEXT_LENGTH: integer(100).prefault('4000'),

  REDIS_URL: redisUrl.prefault('redis://127.0.0.1:6379'),
  REDIS_PASSWORD: secret.optional(),
  DATABASE_URL: url('postgres:', 'postgresql:').prefault('postgres://tum_chatbot@127.0.0.1:5432/tum_chatbot'),
  DATABASE_PASSWORD: secret.optional(),
  DATABASE_POOL_SIZE: integer(1, 50).prefault('4'),
  CHROMA_URL: url('http:', 'https:').prefault('http://127.0.0.1:8000'),

  CHROMA_COLLECTION_NAME: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,48}[a-zA-Z0-9]$/, {
      error: 'must be 3 to 50 of A-Z a-z 0-9 . _ -, beginning and ending with a letter or digit',
    })
    .prefault('tum_qa_collection'),
  KNOWLEDGE_BASE_PATH: text.prefault('infra/knowledge'),
  INSTITUTION_PATH: text.prefault('infra/institution'),
  EMBEDDING_MODEL: text.optional(),
  SEMANTIC_SEARCH_TOP_K: integer(1, 20).prefault('5'),
  KEYWORD_SEARCH_TOP_K: integer(1, 20).prefault('5'),
  HYBRID_SEARCH_TOP_K: integer(1, 20).prefault('5'),
  SIMILARITY_THRESHOLD: decimal(0, 1).prefault('0.3'),

  LOG_LEVEL: oneOf(logLevels).optional(),
  LOG_FILE: text.prefault(''),
  MAX_LOG_SIZE: integer(1024).prefault('10485760'),
  LOG_BACKUP_COUNT: integer(0, 1000).prefault('5'),
  LOG_CHAT_SESSIONS: boolean.optional(),
  LOG_CHAT_SESSIONS_CONFIRMED: boolean.prefault('false'),
  CHAT_SESSION_FILE: text.prefault('logs/chat_sessions.log'),

  ENABLE_STATISTICS: boolean.prefault('true'),
  TRACK_USER_SESSIONS: boolean.prefault('true'),
  TRACK_QUERY_ANALYTICS: boolean.prefault('true'),
  ANONYMIZE_DATA: boolean.prefault('true'),
  ANONYMIZE_SALT: token.optional(),
  STATISTICS_RETENTION_DAYS: integer(1, 3650).prefault('90'),
  STATISTICS_QUEUE_LIMIT: integer(1000).prefault('50000'),

  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:').optional(),
  OTEL_SERVICE_NAME: text.min(1).prefault('tum-chatbot'),
  OTEL_TRACES_SAMPLER_ARG: decimal(0, 1).prefault('1'),
});

export type EnvironmentVariable = keyof z.input<typeof environmentSchema>;

/**
 * The service's settings, grouped by system. Durations are in the unit of their name.
 * @throws ConfigError with every problem: variable, value unless secret, and what is allowed.
 */
export function parseConfig(environment: Environment) {
  const { values, files, problems } = readVariables(environment);
  const parsed = environmentSchema.safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(describeProblem(issue, values));
  }
  problems.push(...findMissingSettings(values));
  if (parsed.success && parsed.data.METRICS_PORT === parsed.data.SERVER_PORT)
    problems.push('METRICS_PORT: must differ from SERVER_PORT');
  if (parsed.success) problems.push(...findRegionProblems(parsed.data));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return groupVariables(parsed.data, secretReader(parsed.data, files));
}
export type Config = ReturnType<typeof parseConfig>;

/** Takes what the schema knows, blank meaning unset, and the content of NAME_FILE for secrets. */
function readVariables(environment: Environment) {
  const values: Record<string, string> = {};
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const name of Object.keys(environmentSchema.shape)) {
    const value = environment[name]?.trim();
    if (value) values[name] = value;
  }
  for (const name of secretNames) {
    const path = environment[`${name}_FILE`]?.trim();
    if (!path) continue;
    if (values[name] !== undefined)
      problems.push(`${name}: is set as well as ${name}_FILE; keep one of them`);
    try {
      const content = readFileSync(path, 'utf8').trim();
      if (content) values[name] = content;
      files.set(name, path);
    } catch {
      problems.push(`${name}_FILE: cannot read ${path}`);
    }
  }
  return { values, files, problems };
}

function describeProblem(issue: z.core.$ZodIssue, values: Record<string, string>): string {
  const name = String(issue.path[0]);
  const value = values[name];
  const shown =
    value === undefined || (secretNames as readonly string[]).includes(name) ? '' : ` is "${value}",`;
  return `${name}:${shown} ${issue.message}`;
}

function secretReader(values: z.output<typeof environmentSchema>, files: ReadonlyMap<string, string>) {
  return (name: (typeof secretNames)[number]): Secret | undefined => {
    const path = files.get(name);
    const value = values[name] ?? '';
    if (path !== undefined) return watchSecret(path, value);
    return value === '' ? undefined : { read: () => value };
  };
}

type Values = z.output<typeof environmentSchema>;

const neededSettings: Readonly<Record<string, readonly EnvironmentVariable[]>> = {
  vertex: ['VERTEX_PROJECT', 'VERTEX_CREDENTIALS_FILE'],
  openai: ['OPENAI_BASE_URL', 'OPENAI_MODEL'],
};

/** What the chosen provider cannot do without. In development, gemini can: the knowledge base answers. */
function findMissingSettings(values: Record<string, string>): string[] {
  const provider = values.MODEL_PROVIDER?.toLowerCase() ?? 'gemini';
  const isProduction = values.ENVIRONMENT?.toLowerCase() === 'production';
  if (provider === 'gemini' && isProduction && values.GEMINI_API_KEY === undefined) {
    return [
      'GEMINI_API_KEY: must be set when ENVIRONMENT is production (the key of the Gemini API, or GEMINI_API_KEY_FILE)',
    ];
  }
  return (neededSettings[provider] ?? [])
    .filter((name) => values[name] === undefined)
    .map((name) => `${name}: must be set when MODEL_PROVIDER is ${provider}`);
}

function findRegionProblems(values: Values): string[] {
  const address = baseUrlOf(values);
  if (values.DATA_REGION === undefined || !isConfigured(values) || address === undefined) return [];
  const { hostname } = new URL(address.url);
  if (isEuropeanHost(hostname, list(values.EU_MODEL_HOSTS.toLowerCase()))) return [];
  return [
    `${address.name}: ${hostname} is not known to be in the region of DATA_REGION; EU_MODEL_HOSTS can name it`,
  ];
}

/** Where everything goes that a model is to read, its fallback's and the embeddings' included. */
function baseUrlOf(values: Values): { name: string; url: string } | undefined {
  const name = ({ gemini: 'GEMINI_BASE_URL', vertex: 'VERTEX_BASE_URL', openai: 'OPENAI_BASE_URL' } as const)[
    values.MODEL_PROVIDER
  ];
  const url = values[name];
  return url === undefined ? undefined : { name, url };
}

const isConfigured = (values: Values) =>
  values.MODEL_PROVIDER !== 'gemini' || values.GEMINI_API_KEY !== undefined;

const withoutSlash = (address: string) => address.replace(/\/$/, '');

/** The model that embeds, by name; `local` is the packaged encoder. */
function chooseEmbeddingModel(values: Values, notices: string[]): string {
  const hasProvider = isConfigured(values);
  const own = values.OPENAI_EMBEDDING_MODEL === undefined ? [] : [values.OPENAI_EMBEDDING_MODEL];
  const ofProvider =
    values.MODEL_PROVIDER === 'openai' ? own : ['gemini-embedding-001', 'gemini-embedding-2'];
  const wanted = values.EMBEDDING_MODEL;
  const fallback = (hasProvider && ofProvider[0]) || 'local';
  if (wanted === undefined || wanted === 'local') return wanted ?? fallback;
  const isKnown = ofProvider.includes(wanted);
  if (isKnown && hasProvider) return wanted;
  notices.push(
    isKnown
      ? `EMBEDDING_MODEL ${wanted} needs GEMINI_API_KEY; local is used instead`
      : `EMBEDDING_MODEL ${wanted} is not offered here; ${fallback} is used instead`,
  );
  return fallback;
}

function modelsOf(values: Values) {
  const isOpenAi = values.MODEL_PROVIDER === 'openai';
  const own = values.OPENAI_MODEL ?? '';
  return {
    provider: values.MODEL_PROVIDER,
    /** False in development without a key: the knowledge base answers. */
    isConfigured: isConfigured(values),
    model: isOpenAi ? own : values.GEMINI_MODEL,
    fallbackModel: isOpenAi ? own : values.GEMINI_FALLBACK_MODEL,
    maxOutputTokens: values.GEMINI_MAX_TOKENS,
    temperature: values.GEMINI_TEMPERATURE,
    /** Shared by all replicas; 0 means no limit of our own. */
    requestsPerMinute: values.GEMINI_REQUESTS_PER_MINUTE,
    prices: values.MODEL_PRICES,
    /** For all replicas together, in a day of Berlin's calendar; undefined for any number. */
    tokensPerDay: values.MODEL_DAILY_TOKEN_BUDGET,
    /** Where text of people may go; undefined for anywhere. */
    region: values.DATA_REGION,
  };
}

/** Keys that were there and are gone let nobody in: an emptied file must not open what it closed. */
function readClientKeys(keys: Secret | undefined): () => readonly string[] | undefined {
  let hadKeys = false;
  return () => {
    const held = list(keys?.read() ?? '');
    hadKeys ||= held.length > 0;
    return hadKeys ? held : undefined;
  };
}

function groupVariables(
  values: z.output<typeof environmentSchema>,
  secretOf: (name: (typeof secretNames)[number]) => Secret | undefined,
) {
  const notices: string[] = [];
  const isProduction = values.ENVIRONMENT === 'production';
  const geminiKeys = secretOf('GEMINI_API_KEY');
  const openAiKeys = secretOf('OPENAI_API_KEY');
  const adminTokens = secretOf('ADMIN_TOKEN');
  const clientKeys = secretOf('CLIENT_API_KEYS');
  const proxySecret = secretOf('PROXY_SECRET');
  const logChatSessions = values.LOG_CHAT_SESSIONS ?? !isProduction;
  if (isProduction && logChatSessions && !values.LOG_CHAT_SESSIONS_CONFIRMED) {
    notices.push(
      'LOG_CHAT_SESSIONS is ignored in production unless LOG_CHAT_SESSIONS_CONFIRMED is true as well',
    );
  }
  if (isProduction && values.ADMIN_TOKEN === undefined) {
    notices.push('ADMIN_TOKEN is not set: statistics, /api/search and /api/admin are closed');
  }
  if (values.PROXY_SECRET === undefined) {
    notices.push(
      'PROXY_SECRET is not set: every private address is believed to be our nginx, whatever it says of the client',
    );
  }
  if (!values.ANONYMIZE_DATA)
    notices.push('ANONYMIZE_DATA is false: user ids and texts are stored as they are');
  return {
    environment: values.ENVIRONMENT,
    isProduction,
    /** Sentences for the log at the start: settings that were understood differently, or that matter. */
    notices,
    server: {
      host: values.SERVER_HOST,
      port: values.SERVER_PORT,
      metricsPort: values.METRICS_PORT,
      replicaId:
        values.REPLICA_ID ?? `${hostname()}-${process.pid}`.replace(/[^A-Za-z0-9._-]/g, '-').slice(-64),
      requestTimeoutMs: values.REQUEST_TIMEOUT * 1000,
      maxConcurrentChats: values.MAX_CONCURRENT_CHATS,
      maxEventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY,
      corsOrigins: values.CORS_ORIGINS,
      /** Empty: what needs one is closed. One that is too short is none, however it got into its file. */
      adminTokens: () => list(adminTokens?.read() ?? '').filter(isLongEnough),
      /** Keys of OpenAI-compatible clients; undefined lets everyone in. */
      clientApiKeys: readClientKeys(clientKeys),
    },
    models: modelsOf(values),
    gemini: {
      apiKeys: () => (geminiKeys === undefined ? [] : list(geminiKeys.read())),
      baseUrl: withoutSlash(values.GEMINI_BASE_URL),
    },
    vertex: {
      baseUrl: withoutSlash(values.VERTEX_BASE_URL),
      project: values.VERTEX_PROJECT ?? '',
      location: values.VERTEX_LOCATION,
      credentialsFile: values.VERTEX_CREDENTIALS_FILE ?? '',
    },
    openai: {
      baseUrl: withoutSlash(values.OPENAI_BASE_URL ?? ''),
      apiKeys: () => (openAiKeys === undefined ? [] : list(openAiKeys.read())),
      embedding:
        values.OPENAI_EMBEDDING_MODEL === undefined
          ? undefined
          : { model: values.OPENAI_EMBEDDING_MODEL, dimension: values.OPENAI_EMBEDDING_DIMENSION },
    },
    rateLimit: {
      enabled: values.ENABLE_RATE_LIMITING,
      requests: values.RATE_LIMIT_REQUESTS,
      windowSeconds: values.RATE_LIMIT_WINDOW,
      /** Of all replicas together; undefined: a quarter of what they write at once. */
      chatsPerAddress: values.MAX_CONCURRENT_CHATS_PER_ADDRESS,
      chatsPerUser: values.MAX_CONCURRENT_CHATS_PER_USER,
    },
    session: {
      timeoutSeconds: values.SESSION_TIMEOUT,
      historyMessages: values.CONVERSATION_HISTORY_LIMIT,
      maxHistoryCharacters: values.MAX_HISTORY_LENGTH,
      maxContextCharacters: values.MAX_CONTEXT_LENGTH,
    },
    redis: { url: values.REDIS_URL, password: secretOf('REDIS_PASSWORD') },
    postgres: {
      url: values.DATABASE_URL,
      password: secretOf('DATABASE_PASSWORD'),
      poolSize: values.DATABASE_POOL_SIZE,
    },
    chroma: { url: values.CHROMA_URL, collectionName: values.CHROMA_COLLECTION_NAME },
    knowledge: {
      path: values.KNOWLEDGE_BASE_PATH,
      embeddingModel: chooseEmbeddingModel(values, notices),
    },
    /** Folder, from the project's root unless absolute. */
    institutionPath: values.INSTITUTION_PATH,
    retrieval: {
      topK: {
        semantic: values.SEMANTIC_SEARCH_TOP_K,
        keyword: values.KEYWORD_SEARCH_TOP_K,
        hybrid: values.HYBRID_SEARCH_TOP_K,
      },
      similarityThreshold: values.SIMILARITY_THRESHOLD,
    },
    logging: {
      level: values.LOG_LEVEL ?? (isProduction ? ('warn' as const) : ('debug' as const)),
      /** Empty: stdout only. */
      file: values.LOG_FILE,
      maxFileBytes: values.MAX_LOG_SIZE,
      backupCount: values.LOG_BACKUP_COUNT,
      chatSessions: logChatSessions && (!isProduction || values.LOG_CHAT_SESSIONS_CONFIRMED),
      chatSessionFile: values.CHAT_SESSION_FILE,
    },
    statistics: {
      enabled: values.ENABLE_STATISTICS,
      trackUserSessions: values.TRACK_USER_SESSIONS,
      trackQueryAnalytics: values.TRACK_QUERY_ANALYTICS,
      anonymize: values.ANONYMIZE_DATA,
      salt: values.ANONYMIZE_SALT === undefined ? undefined : secretOf('ANONYMIZE_SALT'),
      retentionDays: values.STATISTICS_RETENTION_DAYS,
      queueLimit: values.STATISTICS_QUEUE_LIMIT,
    },
    tracing: {
      /** Undefined: nothing is traced. */
      endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
      serviceName: values.OTEL_SERVICE_NAME,
      sampledShare: values.OTEL_TRACES_SAMPLER_ARG,
    },
    /** nginx, which the launcher and compose configure; what is for it alone is checked so that a wrong value stops the start. */
    proxy: {
      trustedProxies: values.TRUSTED_PROXIES,
      /** Who may reach the operators' routes, in nginx and here. */
      adminNetworks: values.ADMIN_NETWORKS,
      serverNames: values.SERVER_NAMES,
      readsPerSecond: values.EDGE_READS_PER_SECOND,
      /** Empty: private peers are believed. Two while one is replaced; nginx sends the first. */
      secrets: () => list(proxySecret?.read() ?? '').filter(isLongEnough),
    },
  };
}
