import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processGuard } from './process-guard.ts';
import { listProcessTree, signalProcess } from './process-tree.mjs';

/** What has to be known to run one server process. */
export interface ServiceSpecification {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Both outputs are appended here. */
  readonly logFile: string;
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run as this user, where the server refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Asks the server itself; false or a rejection means not yet. */
  isReady(): Promise<boolean>;
  readonly stopSignal?: NodeJS.Signals;
  readonly startTimeoutMs?: number;
  /** After this the whole process tree is killed. */
  readonly stopTimeoutMs?: number;
}

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server process on a fixed port and data folder. It can go and come back, by our will or not. */
export interface Service {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly logFile: string;
  /** Undefined while the process is not there. */
  pid(): number | undefined;
  /** Resolves once the server answers; rejects with the end of its log if it does not come up. */
  start(): Promise<void>;
  /** Resolves once the process is gone; does nothing if it is not there. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Ends the whole process tree at once, as a crash would; resolves once it is gone. */
  kill(): Promise<void>;
  /** Freezes the whole process tree: connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Sends a signal to the main process alone. */
  signal(signal: NodeJS.Signals): void;
  /** Calls back when a server that was ready ends without `stop`. */
  onUnexpectedExit(listener: (exit: ServiceExit) => void): void;
}

const defaultStartTimeoutMs = 30_000;
const defaultStopTimeoutMs = 10_000;
const readinessPollMs = 50;

const runningServices = new Set<Service>();

/** What this process started and has not stopped: for an end in the middle of a start. */
export const listRunningServices = (): readonly Service[] => [...runningServices];

export function createService(specification: ServiceSpecification): Service {
  const { name, logFile } = specification;
  const stopSignal = specification.stopSignal ?? 'SIGTERM';
  const listeners: Array<(exit: ServiceExit) => void> = [];
  let running: { child: ChildProcess; pid: number; gone: Promise<unknown> } | undefined;
  /** Only the end of a server that was ready, and was not asked to stop, is unexpected. */
  let isExpectedToRun = false;

  async function launch(): Promise<NonNullable<typeof running>> {
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    const child = spawn(specification.program, specification.programArguments, {
      stdio: ['ignore', log, log],
      detached: true, // the terminal's Ctrl-C reaches the launcher alone, which stops things in order
      env: specification.env,
      cwd: specification.cwd,
      ...specification.user,
    });
    closeSync(log);
    const gone = once(child, 'exit').catch(() => undefined);
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new Error(`${name} could not be run: ${specification.program}`, { cause });
    });
    const pid = child.pid ?? 0;
    processGuard().watch(pid, stopSignal);
    runningServices.add(service);
    child.once('exit', (code, signal) => {
      processGuard().unwatch(pid);
      running = undefined;
      runningServices.delete(service);
      if (isExpectedToRun) for (const listener of listeners) listener({ code, signal });
    });
    return { child, pid, gone };
  }

  async function start() {
    if (running) return;
    isExpectedToRun = false;
    running = await launch();
    const deadlineAtMs = Date.now() + (specification.startTimeoutMs ?? defaultStartTimeoutMs);
    while (!(await specification.isReady().catch(() => false))) {
      if (!running) throw new Error(`${name} ended while it was starting.\n${describeLog(logFile)}`);
      if (Date.now() > deadlineAtMs) {
        await kill();
        throw new Error(`${name} did not become ready in time.\n${describeLog(logFile)}`);
      }
      await sleep(readinessPollMs);
    }
    isExpectedToRun = true;
  }

  async function stop() {
    if (!running) return;
    isExpectedToRun = false;
    const { pid, gone } = running;
    resume(); // a frozen process hears no signal
    signalProcess(pid, stopSignal);
    const timeout = new AbortController();
    await Promise.race([
      gone,
      sleep(specification.stopTimeoutMs ?? defaultStopTimeoutMs, undefined, { signal: timeout.signal }).catch(
        () => {},
      ),
    ]);
    timeout.abort();
    await kill();
  }

  async function kill() {
    if (!running) return;
    const { gone } = running;
    signalTree('SIGKILL');
    await gone;
  }

  function signalTree(signal: NodeJS.Signals) {
    if (running) for (const pid of listProcessTree(running.pid)) signalProcess(pid, signal);
  }

  function resume() {
    signalTree('SIGCONT');
  }

  const service: Service = {
    name,
    url: specification.url,
    port: specification.port,
    logFile,
    pid: () => running?.pid,
    start,
    stop,
    async restart() {
      await stop();
      await start();
    },
    kill,
    pause: () => signalTree('SIGSTOP'),
    resume,
    signal(signal) {
      if (running) signalProcess(running.pid, signal);
    },
    onUnexpectedExit: (listener) => void listeners.push(listener),
  };
  return service;
}

const shownLogLines = 20;

export function describeLog(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-shownLogLines);
  return `The end of ${logFile}:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
}

export interface ServiceGroup {
  /** Waits for a service's start, and takes it into the group. */
  keep<T extends Service>(starting: Promise<T>): Promise<T>;
  /** Stops the whole group, all at the same time. */
  stop(): Promise<void>;
}

export function createServiceGroup(): ServiceGroup {
  const services: Service[] = [];
  return {
    async keep(starting) {
      const service = await starting;
      services.push(service);
      return service;
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}

/** Like Promise.all, but a failure is told only when nothing is under way any more. */
export async function allOrFailure<const T extends readonly Promise<unknown>[]>(promises: T) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
