import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../infra/local/service.ts';
import { readCpuMs } from './cpu-time.ts';
import { percentile } from './percentile.ts';
import { type BenchmarkRequest, sendMany } from './send-many.ts';

const inFlight = 20;
/** Work that a program does after its last reply counts as well. */
const settleMs = 300;

/** One cell of the table: what is asked of which program. */
export interface CostCase {
  row: string;
  column: string;
  program: Service;
  requests: number;
  next: (worker: number) => BenchmarkRequest;
}

/** CPU milliseconds of the program for one request, by row and column. */
export type Costs = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Runs all cases in turn, round after round, so that whatever else keeps the machine busy meets all of them, and takes
 * each one's median. A round before them warms up.
 */
export async function measureCosts(cases: readonly CostCase[], rounds: number): Promise<Costs> {
  const measured = cases.map((each) => ({ each, costs: [] as number[] }));
  for (let round = -1; round < rounds; round += 1) {
    for (const { each, costs } of measured) {
      const costMs = await measureOnce(each);
      if (round >= 0) costs.push(costMs);
    }
  }
  const table = new Map<string, Map<string, number>>();
  for (const { each, costs } of measured) {
    const row = table.get(each.row) ?? new Map<string, number>();
    table.set(each.row, row.set(each.column, percentile(costs, 0.5)));
  }
  return table;
}

async function measureOnce({ program, requests, next }: CostCase): Promise<number> {
  const pid = program.pid();
  if (pid === undefined) throw new Error(`${program.name} is not running`);
  const beforeMs = readCpuMs(pid);
  await sendMany(program.url, requests, inFlight, next);
  await sleep(settleMs);
  return (readCpuMs(pid) - beforeMs) / requests;
}

/** The table in Markdown, with the ratio to the first column behind each other one. */
export function describeCosts(costs: Costs, columns: readonly string[]): string[] {
  const cell = (row: ReadonlyMap<string, number>, column: string): string => {
    const [value, own] = [row.get(column), row.get(columns[0] ?? '')];
    if (value === undefined) return '';
    const ratio = own === undefined || column === columns[0] ? '' : ` (${(own / value).toFixed(2)})`;
    return `${value.toFixed(2)}${ratio}`;
  };
  return [
    `| CPU ms per request | ${columns.join(' | ')} |`,
    `|---${'|---'.repeat(columns.length)}|`,
    ...[...costs].map(
      ([name, row]) => `| ${name} | ${columns.map((column) => cell(row, column)).join(' | ')} |`,
    ),
  ];
}
