/** What the watched thread and its watcher share. */
export interface WatchdogData {
  shared: Int32Array<SharedArrayBuffer>;
  replicaId: string;
}

/** Places in `shared`. */
export const heartbeatAt = 0;
export const debuggedAt = 1;

export const tickMs = 1000;
/** Far above what any text or index takes, and below the 35 s after which nginx gives a silent replica up. */
export const limitTicks = 10;
