import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureBuild } from '../../../infra/local/build.mjs';
import { installPrograms } from '../../../infra/local/programs.ts';
import { projectPath } from '../../../infra/local/project-root.ts';
import { startFaultSystem } from '../faults/fault-system.ts';
import { startSteadyLoad } from '../faults/steady-load.ts';
import { judgeGrowth } from './judge-growth.ts';
import { type Sample, takeSample } from './sample.ts';

const usage = `Usage: npm run soak -- [--minutes N] [--people N]

  --minutes N   how long (60); the first third is warm-up
  --people N    how many people ask (12)`;

const sampleEveryMs = 60_000;
/** As long as claims and replies live, so that as many keys go as come before the warm-up is over. */
const sessionSeconds = 600;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    people: { type: 'string', default: '12' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(usage);
else await run(Number(values.minutes), Number(values.people));

async function run(minutes: number, people: number) {
  process.chdir(projectPath('.'));
  installPrograms(['redis-server', 'nginx']);
  await ensureBuild();
  const env = { SESSION_TIMEOUT: String(sessionSeconds) };
  const system = await startFaultSystem({ requestTimeoutSeconds: 30, env });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void system.stop().then(() => process.exit(130)));
  }
  const load = startSteadyLoad({ origin: system.nginx.url, people, keepsAll: false });
  const samples: Sample[] = [];
  try {
    for (let minute = 1; minute <= minutes; minute++) {
      await sleep(sampleEveryMs);
      const sample = await takeSample(system);
      samples.push(sample);
      const { asked, failed } = load.countSoFar();
      console.log(describe(minute, sample, asked, failed));
    }
    await load.stop();
  } finally {
    await system.stop();
  }
  const { asked, failed } = load.countSoFar();
  const growths = judgeGrowth(samples);
  console.log('\nTrend after the first third:');
  for (const { what, grown, allowed } of growths) {
    console.log(
      `  ${grown > allowed ? 'GROWS' : 'ok   '} ${what}: ${grown.toFixed(2)}, at most ${allowed.toFixed(0)} allowed`,
    );
  }
  const isSound = failed === 0 && growths.every(({ grown, allowed }) => grown <= allowed);
  console.log(`${asked} asked, ${failed} failed: ${isSound ? 'sound' : 'NOT SOUND'}`);
  process.exitCode = isSound ? 0 : 1;
}

function describe(minute: number, sample: Sample, asked: number, failed: number): string {
  return [
    `minute ${minute}`,
    `heap ${sample.heapMegabytes.join(' ')} MB`,
    `resident ${sample.residentMegabytes.map(Math.round).join(' ')} MB`,
    `handles ${sample.handles.join(' ')}`,
    `Redis ${sample.redisMegabytes} MB, ${sample.keys} keys, ${sample.keysWithoutExpiry} without expiry`,
    `backlog ${sample.backlog}`,
    `Postgres connections ${sample.postgresConnections}`,
    `${asked} asked, ${failed} failed`,
  ].join(' | ');
}
