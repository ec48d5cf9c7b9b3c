import { join } from 'node:path';
import { findFreePort } from '../../infra/local/ports.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export interface TestStackOptions {
  readonly replicas?: number;
  /** Settings of the service, on top of those below. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Gemini-compatible server; without it the knowledge base answers. */
  readonly geminiUrl?: string;
  /** The shipped knowledge base by default; null leaves the store empty. */
  readonly knowledgeBasePath?: string | null;
}

export interface TestStack extends Stack {
  readonly dataDir: string;
  readonly adminToken: string;
  logFile(name: string): string;
}

const adminToken = 'operator-of-the-tests';

/** The whole system on free ports, with empty stores in a temporary folder that `stop` removes. */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const { replicas = 3, knowledgeBasePath = 'infra/knowledge' } = options;
  const dataDir = createTemporaryFolder();
  const variables = {
    ENVIRONMENT: 'development',
    ADMIN_TOKEN: adminToken,
    ANONYMIZE_SALT: 'salt-of-the-tests',
    LOG_CHAT_SESSIONS: 'false',
    ENABLE_RATE_LIMITING: 'false',
    ...(options.geminiUrl && { GEMINI_API_KEY: 'key-of-the-tests', GEMINI_BASE_URL: options.geminiUrl }),
    ...options.env,
  };
  try {
    const stack = await startStack({
      dataDir,
      replicas,
      httpPort: await findFreePort(),
      httpsPort: await findFreePort(),
      postgresPassword: 'password-of-the-tests',
      durable: false,
      variables,
      requestTimeoutSeconds: Number(options.env?.REQUEST_TIMEOUT ?? 30),
      trustedProxies: [],
      adminNetworks: ['127.0.0.0/8', '::1'],
      knowledgeBasePath: knowledgeBasePath ?? undefined,
    });
    return {
      ...stack,
      dataDir,
      adminToken,
      logFile: (name) => join(dataDir, 'logs', `${name}.log`),
      async stop() {
        await stack.stop();
        removeTemporaryFolder(dataDir);
      },
    };
  } catch (error) {
    removeTemporaryFolder(dataDir);
    throw error;
  }
}
