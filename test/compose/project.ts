import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findFreePort } from '../../infra/local/ports.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { type RunResult, run, tryRun } from './run.ts';

export interface ComposeProject {
  /** A checkout of its own, with its own .env. */
  readonly folder: string;
  readonly name: string;
  readonly httpUrl: string;
  readonly httpsUrl: string;
  /** The redirecting port. */
  readonly redirectUrl: string;
  compose(...composeArguments: string[]): Promise<string>;
  tryCompose(...composeArguments: string[]): Promise<RunResult>;
  /** Runs a script of the checkout with the project's settings. */
  script(path: string, scriptArguments?: readonly string[], options?: { input?: string }): Promise<string>;
  tryScript(path: string, scriptArguments?: readonly string[]): Promise<RunResult>;
  /** Ids of the running containers of a service, oldest first. */
  containers(service: string): Promise<string[]>;
  writeEnv(settings: Readonly<Record<string, string>>): void;
  /** Ends and removes containers, networks and volumes, and the folder. */
  remove(): Promise<void>;
}

export interface ComposeProjectOptions {
  /** The lines of .env, besides the ports. */
  readonly env: Readonly<Record<string, string>>;
  /** Compose files on top of the base and the Gemini-compatible server. */
  readonly files?: readonly string[];
}

/** What a fresh clone holds, in a folder of its own, on free ports: as an operator would begin. */
export async function createComposeProject(options: ComposeProjectOptions): Promise<ComposeProject> {
  const folder = mkdtempSync(join(tmpdir(), 'tum-chatbot-compose-'));
  await copyCheckout(folder);
  const name = folder.replace(/.*-/, 'tum-chatbot-test-').toLowerCase();
  const [httpPort, httpsPort, redirectPort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const environment = {
    COMPOSE_PROJECT_NAME: name,
    COMPOSE_FILE: ['compose/docker-compose.yml', 'test/compose/gemini.yml', ...(options.files ?? [])].join(
      ':',
    ),
    // As .env.example has it.
    COMPOSE_BAKE: 'false',
    // Compose replaces its whole picture for each line otherwise.
    COMPOSE_PROGRESS: 'plain',
  };
  const settings = { cwd: folder, env: environment };
  const compose = (...composeArguments: string[]) =>
    run('docker', ['compose', ...composeArguments], settings);
  const tryCompose = (...composeArguments: string[]) =>
    tryRun('docker', ['compose', ...composeArguments], settings);

  function writeEnv(lines: Readonly<Record<string, string>>) {
    const all = {
      ...lines,
      PUBLISH_ADDRESS: '127.0.0.1',
      HTTP_PORT: String(redirectPort),
      HTTPS_PORT: String(httpsPort),
      LOCAL_PORT: String(httpPort),
      IMAGE_TAG: name,
    };
    writeFileSync(
      join(folder, '.env'),
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
      { mode: 0o600 },
    );
  }
  writeEnv(options.env);

  return {
    folder,
    name,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    httpsUrl: `https://localhost:${httpsPort}`,
    redirectUrl: `http://127.0.0.1:${redirectPort}`,
    compose,
    tryCompose,
    script: (path, scriptArguments = [], { input } = {}) =>
      run(join(folder, path), scriptArguments, { ...settings, ...(input !== undefined && { input }) }),
    tryScript: (path, scriptArguments = []) => tryRun(join(folder, path), scriptArguments, settings),
    containers: async (service) => {
      const ids = (await compose('ps', '--quiet', service)).split('\n').filter((id) => id !== '');
      if (ids.length === 0) return [];
      const created = await run('docker', ['inspect', '--format', '{{.Created}} {{.Id}}', ...ids]);
      return created
        .trim()
        .split('\n')
        .sort()
        .map((line) => line.split(' ')[1] ?? '');
    },
    writeEnv,
    async remove() {
      await tryCompose('down', '--volumes', '--remove-orphans', '--timeout', '10');
      await tryRun('docker', ['image', 'rm', `tum-chatbot-backend:${name}`]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function copyCheckout(target: string): Promise<void> {
  const tracked = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: projectPath('.'),
  });
  for (const path of tracked.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(projectPath(path), join(target, path), { verbatimSymlinks: true });
  }
}

/** The settings of an ordinary deployment, with the Gemini-compatible server and no limit on the tests' one address. */
export const testSettings = {
  ENVIRONMENT: 'production',
  GEMINI_API_KEY: 'key-of-the-tests',
  GEMINI_BASE_URL: 'http://gemini:8090',
  CORS_ORIGINS: 'https://www.example.org',
  ADMIN_TOKEN: 'operator-of-the-tests',
  ENABLE_RATE_LIMITING: 'false',
};

export const readEnvFile = (project: ComposeProject) => readFileSync(join(project.folder, '.env'), 'utf8');
