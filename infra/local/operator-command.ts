import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { projectPath } from './project-root.ts';
import { describeLog } from './service.ts';
import { environmentWith } from './settings.ts';

export interface OperatorCommand {
  /** Of src/bin: migrate, ingest. */
  readonly name: string;
  readonly commandArguments?: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Gets each line of progress, which commands write to stderr. */
  readonly report?: ((line: string) => void) | undefined;
}

/** @throws with the end of the command's log unless it exits with 0. */
export async function runOperatorCommand(command: OperatorCommand): Promise<void> {
  const { name, commandArguments = [], variables, logFile } = command;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  try {
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', projectPath(`dist/bin/${name}.js`), ...commandArguments],
      { stdio: ['ignore', 'pipe', 'pipe'], env: environmentWith(variables), cwd: projectPath('.') },
    );
    const keepLines = async (output: Readable, report?: (line: string) => void) => {
      for await (const line of createInterface({ input: output })) {
        writeSync(log, `${line}\n`);
        report?.(line);
      }
    };
    const [[code]] = await Promise.all([
      once(child, 'exit'),
      keepLines(child.stdout),
      keepLines(child.stderr, command.report),
    ]);
    if (code !== 0) throw new Error(`${name} failed.\n${describeLog(logFile)}`);
  } finally {
    closeSync(log);
  }
}
