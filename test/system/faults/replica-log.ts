import { existsSync, readFileSync, statSync } from 'node:fs';
import type { FaultSystem } from './fault-system.ts';

export interface LogLine {
  readonly replica: string;
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How far the logs of all replicas are written. */
export type LogPosition = ReadonlyMap<string, number>;

export const fromTheStart: LogPosition = new Map();

const pathsOf = (system: FaultSystem) => system.replicas().map(({ logFile }) => logFile);

export const markLogs = (system: FaultSystem): LogPosition =>
  new Map(pathsOf(system).map((path) => [path, existsSync(path) ? statSync(path).size : 0]));

/** What the replicas wrote since; lines that are not the service's own are left out. */
export function readLogsSince(
  system: FaultSystem,
  position: LogPosition,
): { text: string; lines: LogLine[] } {
  const text = pathsOf(system)
    .map((path) =>
      readFileSync(path)
        .subarray(position.get(path) ?? 0)
        .toString('utf8'),
    )
    .join('');
  const lines = text
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
  return { text, lines };
}

/** Lines that an operator is to see: everything above the line per request. */
export const stateLines = (lines: readonly LogLine[]) =>
  lines.filter(({ level }) => level !== 'INFO' && level !== 'DEBUG');

/** How often the most repeated state line was written by one replica. */
export function countMostRepeated(lines: readonly LogLine[]): { count: number; line: string } {
  const counts = new Map<string, number>();
  for (const { replica, msg, dependency, task } of stateLines(lines)) {
    const key = [replica, msg, dependency, task].filter((part) => part !== undefined).join(' / ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [line, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return { count, line };
}
