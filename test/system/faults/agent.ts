import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { projectPath } from '../../../infra/local/project-root.ts';

/** What the agent inside of a replica can do there. */
export interface Agent {
  /** Keeps the event loop busy. */
  block(forMs: number): Promise<void>;
  /** Lets the heap grow until the process dies. */
  exhaustMemory(): Promise<void>;
  /** In bytes, after a full garbage collection. */
  memory(): Promise<{ heapUsed: number; rss: number; external: number }>;
  /** Moves what `Date` says; 0 puts it right. */
  shiftClock(offsetMs: number): Promise<void>;
  throwUncaught(): Promise<void>;
  rejectUnhandled(): Promise<void>;
}

/** Variables for replicas, so that each brings its agent. */
export const agentVariables = (folder: string) => ({
  FAULT_AGENT_DIR: folder,
  // An own limit makes running out of memory quick, and is far above what a replica needs.
  NODE_OPTIONS: `--import=${projectUrl('test/system/faults/agent.mjs')} --max-old-space-size=256`,
});

const projectUrl = (path: string) => new URL(`file://${projectPath(path)}`).href;

export function createAgent(folder: string, replicaId: string): Agent {
  async function send(command: string, amount = 0): Promise<unknown> {
    const socket = connect(join(folder, `${replicaId}.sock`));
    await once(socket, 'connect');
    socket.write(`${JSON.stringify({ command, amount })}\n`);
    // A replica that dies of the command closes without a reply.
    return JSON.parse((await text(socket).catch(() => '')) || 'null');
  }
  return {
    block: async (forMs) => void (await send('block', forMs)),
    exhaustMemory: async () => void (await send('exhaustMemory')),
    memory: async () => (await send('memory')) as Awaited<ReturnType<Agent['memory']>>,
    shiftClock: async (offsetMs) => void (await send('shiftClock', offsetMs)),
    throwUncaught: async () => void (await send('throwUncaught')),
    rejectUnhandled: async () => void (await send('rejectUnhandled')),
  };
}
