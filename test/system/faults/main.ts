import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from '../../../infra/local/build.mjs';
import { installPrograms } from '../../../infra/local/programs.ts';
import { projectPath } from '../../../infra/local/project-root.ts';
import { allFaults } from './catalog/all-faults.ts';
import { startFaultSystem } from './fault-system.ts';
import { type FaultFigures, measureFault } from './measure-fault.ts';
import { describeProgress, formatTable } from './report.ts';

const usage = `Usage: npm run faults -- [--only NAME[,NAME]] [--people N] [--seconds N] [--write FILE] [--list]

  --only NAME     only faults whose name is or begins with this
  --people N      how many people ask (24)
  --seconds N     no fault lasts longer; without it each lasts until its effect has shown
  --write FILE    writes the table there, in Markdown
  --list          the names of all faults`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    people: { type: 'string', default: '24' },
    seconds: { type: 'string', default: 'Infinity' },
    write: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else if (values.list) for (const { name, title } of allFaults) console.log(`${name.padEnd(28)}${title}`);
else await run();

async function run() {
  process.chdir(projectPath('.'));
  const wanted = values.only?.split(',');
  const faults = allFaults.filter(({ name }) => !wanted || wanted.some((start) => name.startsWith(start)));
  if (faults.length === 0) throw new Error(`No fault is called ${values.only}.\n\n${usage}`);
  installPrograms(['redis-server', 'nginx']);
  await ensureBuild();
  const people = Number(values.people);
  const startedAtMs = Date.now();
  const system = await startFaultSystem({ requestTimeoutSeconds: 30 });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void system.stop().then(() => process.exit(130)));
  }
  const rows: FaultFigures[] = [];
  try {
    for (const [index, fault] of faults.entries()) {
      const figures = await measureFault(system, fault, {
        people,
        baselineMs: 6000,
        lastsMs: Math.min(fault.lastsMs, Number(values.seconds) * 1000),
      });
      rows.push(figures);
      console.log(describeProgress(figures, `[${index + 1}/${faults.length}]`));
    }
  } finally {
    await system.stop();
  }
  const table = formatTable(rows, people);
  console.log(`\n${table}`);
  if (values.write) {
    mkdirSync(dirname(values.write), { recursive: true });
    writeFileSync(values.write, table);
  }
  const missed = rows.filter(({ problems }) => problems.length > 0);
  const minutes = ((Date.now() - startedAtMs) / 60_000).toFixed(1);
  console.log(`${rows.length - missed.length} of ${rows.length} goals met, in ${minutes} minutes`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}
