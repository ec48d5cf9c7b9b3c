import { readFileSync } from 'node:fs';

/** Of `utime` and `stime` in /proc: a hundredth of a second on every Linux that Node runs on (proc(5)). */
const msPerTick = 10;

/** Processor time that a process has taken so far, in ms. */
export function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}
