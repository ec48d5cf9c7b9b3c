import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../infra/local/ports.ts';
import { removePostgresData } from '../../infra/local/postgres.ts';
import { type Stack, type StackOptions, startStack } from '../../infra/local/stack.ts';
import { scanLogs } from './log-scan.ts';
import { copyPreparedStores, postgresPassword, shippedKnowledgeBase } from './prepared-stores.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export interface TestStackOptions {
  readonly replicas?: number;
  /** Settings of the service, on top of those below. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Gemini-compatible server; without it the knowledge base answers. */
  readonly geminiUrl?: string;
  /** The shipped knowledge base by default; null leaves the store empty. */
  readonly knowledgeBasePath?: string | null;
  readonly addressOf?: StackOptions['addressOf'];
  /** For tests that make replicas throw. */
  readonly allowsUncaughtErrors?: boolean;
}

export interface TestStack extends Stack {
  readonly dataDir: string;
  readonly adminToken: string;
  logFile(name: string): string;
}

/** What nginx and the replicas of every test stack share. */
export const proxySecret = 'secret-of-nginx-in-the-tests';
/** Opens the operators' routes of every test stack. */
export const adminToken = 'operator-of-the-tests';

/**
 * The whole system on free ports, with empty stores in a temporary folder that `stop` removes. `stop` also fails the
 * test file if a replica's log holds a secret, a session id or a question at info or above, or an error that nobody
 * caught.
 */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const { replicas = 3, knowledgeBasePath = shippedKnowledgeBase } = options;
  const dataDir = createTemporaryFolder();
  const stackOptions: StackOptions = {
    dataDir,
    replicas,
    httpPort: await findFreePort(),
    httpsPort: await findFreePort(),
    postgresPassword,
    durable: false,
    variables: {
      ENVIRONMENT: 'development',
      ADMIN_TOKEN: adminToken,
      ANONYMIZE_SALT: 'salt-of-the-tests',
      PROXY_SECRET: proxySecret,
      LOG_CHAT_SESSIONS: 'false',
      ENABLE_RATE_LIMITING: 'false',
      ...(options.geminiUrl && { GEMINI_API_KEY: 'key-of-the-tests', GEMINI_BASE_URL: options.geminiUrl }),
      ...options.env,
    },
    requestTimeoutSeconds: Number(options.env?.REQUEST_TIMEOUT ?? 30),
    trustedProxies: [],
    adminNetworks: ['127.0.0.0/8', '::1'],
    proxySecret: options.env?.PROXY_SECRET ?? proxySecret,
    knowledgeBasePath: knowledgeBasePath ?? undefined,
    addressOf: options.addressOf,
  };
  const removeData = () => {
    removePostgresData(join(dataDir, 'postgres'));
    removeTemporaryFolder(dataDir);
  };
  try {
    if (canBePrepared(stackOptions)) copyPreparedStores(dataDir);
    const stack = await startStack(stackOptions);
    return {
      ...stack,
      dataDir,
      adminToken,
      logFile: (name) => join(dataDir, 'logs', `${name}.log`),
      async stop() {
        const findings = await scanLogs({
          logDirectory: join(dataDir, 'logs'),
          secrets: secretsOf(stackOptions.variables),
          databaseUrl: stack.variables.DATABASE_URL,
        });
        await stack.stop();
        const uncaught = options.allowsUncaughtErrors ? [] : findUncaughtErrors(join(dataDir, 'logs'));
        removeData();
        if (findings.length > 0) throw new Error(`The logs tell too much:\n${findings.join('\n')}`);
        if (uncaught.length > 0) throw new Error(`A replica met what nobody caught.\n${uncaught.join('\n')}`);
      },
    };
  } catch (error) {
    removeData();
    throw error;
  }
}

const secretsOf = ({
  ADMIN_TOKEN,
  ANONYMIZE_SALT,
  GEMINI_API_KEY,
  PROXY_SECRET,
}: StackOptions['variables']): string[] =>
  [ADMIN_TOKEN, ANONYMIZE_SALT, GEMINI_API_KEY, PROXY_SECRET].filter((secret) => secret !== undefined);

/** Lines of the replicas' logs about errors that ended them. */
const findUncaughtErrors = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith('replica-'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => /"msg":"(uncaughtException|unhandledRejection)"/.test(line));

/** The shipped knowledge base in the packaged encoder's embeddings, under the usual name. */
function canBePrepared({ knowledgeBasePath, variables }: StackOptions): boolean {
  const { GEMINI_API_KEY, EMBEDDING_MODEL, CHROMA_COLLECTION_NAME } = variables;
  return (
    knowledgeBasePath === shippedKnowledgeBase &&
    (EMBEDDING_MODEL ?? (GEMINI_API_KEY === undefined ? 'local' : '')) === 'local' &&
    CHROMA_COLLECTION_NAME === undefined
  );
}
