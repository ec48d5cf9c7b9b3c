import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { projectPath } from './project-root.ts';
import { describeLog } from './service.ts';
import { environmentWith } from './settings.ts';

export interface OperatorCommand {
  /** Of src/bin: migrate, ingest. */
  readonly name: string;
  readonly commandArguments?: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** @throws with the end of the command's log unless it exits with 0. */
export async function runOperatorCommand(command: OperatorCommand): Promise<void> {
  const { name, commandArguments = [], variables, logFile } = command;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', projectPath(`dist/bin/${name}.js`), ...commandArguments],
    { stdio: ['ignore', log, log], env: environmentWith(variables), cwd: projectPath('.') },
  );
  closeSync(log);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${name} failed.\n${describeLog(logFile)}`);
}
