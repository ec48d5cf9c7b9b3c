import { execFile } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code. */
export function tryRun(
  program: string,
  programArguments: readonly string[],
  { cwd, env, input }: RunOptions = {},
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      programArguments,
      { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ exitCode, stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}

/** @returns what it printed. @throws with its output when it fails. */
export async function run(
  program: string,
  programArguments: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await tryRun(program, programArguments, options);
  if (exitCode === 0) return stdout;
  throw new Error(
    `${program} ${programArguments.join(' ')} ended with ${exitCode}\n${stdout.slice(-4000)}\n${stderr.slice(-8000)}`,
  );
}
