import { execFileSync } from 'node:child_process';
import type { FaultFigures } from './measure-fault.ts';

const seconds = (ms: number) => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'never');

/** One line for the terminal while the run goes on. */
export function describeProgress(figures: FaultFigures, position: string): string {
  const { name, requests, failed, degraded, addedP99Ms, p99Factor, recoveryMs, note, problems } = figures;
  const verdict = problems.length === 0 ? 'pass' : 'FAIL';
  const counts = `${requests} asked, ${failed} failed, ${degraded} degraded`;
  const times = `p99 +${seconds(addedP99Ms)} (${p99Factor.toFixed(2)} times the usual), recovered in ${seconds(recoveryMs)}`;
  const rest = [note, ...problems.map((problem) => `! ${problem.slice(0, 300)}`)].filter(
    (part) => part !== '',
  );
  return [`${position} ${verdict} ${name}: ${counts}; ${times}`, ...rest].join('\n      ');
}

const columns: readonly (readonly [title: string, cell: (figures: FaultFigures) => string | number])[] = [
  ['Fault', ({ title }) => title],
  ['Asked', ({ requests }) => requests],
  ['Failed', ({ failed }) => failed],
  ['Degraded', ({ degraded }) => degraded],
  ['Doubled', ({ duplicateTurns, duplicateRows }) => duplicateTurns + duplicateRows],
  ['Lost rows', ({ lostRows }) => lostRows],
  ['p99 +', ({ addedP99Ms }) => seconds(addedP99Ms)],
  ['Recovery', ({ recoveryMs }) => seconds(recoveryMs)],
  ['State lines', ({ stateLines }) => stateLines],
  ['Goal', ({ problems }) => (problems.length === 0 ? 'met' : 'MISSED')],
  ['Note', ({ note }) => note],
];

/** The table in Markdown, with what it takes to make it again. */
export function formatTable(rows: readonly FaultFigures[], people: number): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const table = [
    line(columns.map(([title]) => title)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row)))),
  ];
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const source = `\`npm run faults\` at commit ${commit}: three replicas on 2 cores, ${people} people asking one question after the other.`;
  return [source, '', ...table, ''].join('\n');
}
