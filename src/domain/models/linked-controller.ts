export interface LinkedController {
  signal: AbortSignal;
  abort(reason: unknown): void;
  /** Stops following the parent. Call it when the work is over, so that a long-lived parent keeps nothing. */
  unlink(): void;
}

/** A controller that also aborts, with the same reason, when `parent` does. Throws if `parent` already has. */
export function createLinkedController(parent: AbortSignal): LinkedController {
  parent.throwIfAborted();
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent.removeEventListener('abort', follow),
  };
}
