import type { Fault } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';

const megabyte = 1024 * 1024;
const allowedGrowthMegabytes = 50;

/** The same fault, at whose height no replica's memory (after a garbage collection) may have grown by more than 50 MB. */
export function judgingMemory(fault: Fault): Fault {
  return {
    ...fault,
    async run(context) {
      const before = await measureMemory(context.system);
      let grownMegabytes = 0;
      const finding = await fault.run({
        ...context,
        async hold() {
          await context.hold();
          const after = await measureMemory(context.system);
          const grown = after.map((bytes, replica) => bytes - (before[replica] ?? 0));
          grownMegabytes = Math.round(Math.max(...grown) / megabyte);
        },
      });
      return {
        note: [finding?.note, `replicas grew by ${grownMegabytes} MB at most`].filter(Boolean).join('; '),
        problems: [
          ...(finding?.problems ?? []),
          ...(grownMegabytes > allowedGrowthMegabytes ? [`a replica grew by ${grownMegabytes} MB`] : []),
        ],
      };
    },
  };
}

/** Bytes of each replica. */
const measureMemory = (system: FaultSystem): Promise<number[]> =>
  Promise.all(
    system.replicas().map(async (replica) => {
      const { heapUsed, external } = await system.agentOf(replica).memory();
      return heapUsed + external;
    }),
  );
