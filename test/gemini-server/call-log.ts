export interface RecordedCall {
  path: string;
  /** Absent when models are listed. */
  model: string | undefined;
  /** `streamGenerateContent`, `batchEmbedContents` ..., `get` for a look at a model. */
  method: string;
  key: string;
  body: unknown;
  /** Milliseconds of the epoch, with fractions; as the two below. */
  startedAt: number;
  /** When the first chunk of a streamed answer was sent. */
  firstChunkAt: number | undefined;
  endedAt: number | undefined;
  /** Of the reply, prompt and thoughts included; 0 until it is known. */
  tokens: number;
  /** The connection was gone before the reply was complete, cut by the client unless `fault` says otherwise. */
  closedEarly: boolean;
  fault: string | undefined;
}

/** A call being served; its signal aborts when the client goes away. */
export type LiveCall = RecordedCall & { signal: AbortSignal };

/** `Date.now` has whole milliseconds only. */
export const now = () => performance.timeOrigin + performance.now();

const keptCalls = 5_000;

export function createCallLog() {
  const calls: RecordedCall[] = [];
  const violations: string[] = [];
  const live = new Map<RecordedCall, AbortController>();
  return {
    begin(call: Pick<RecordedCall, 'path' | 'model' | 'method' | 'key' | 'body'>): LiveCall {
      const controller = new AbortController();
      const begun = {
        ...call,
        startedAt: now(),
        firstChunkAt: undefined,
        endedAt: undefined,
        tokens: 0,
        closedEarly: false,
        fault: undefined,
      };
      const liveCall: LiveCall = Object.defineProperty({ ...begun, signal: controller.signal }, 'signal', {
        enumerable: false,
      });
      live.set(liveCall, controller);
      calls.push(liveCall);
      if (calls.length > keptCalls) calls.shift();
      return liveCall;
    },
    end(call: LiveCall, isComplete: boolean) {
      call.endedAt = now();
      call.closedEarly = !isComplete;
      live.get(call)?.abort();
      live.delete(call);
    },
    calls: (): readonly RecordedCall[] => calls,
    /** Notes a request that must never be made, whatever comes back. */
    violate: (what: string) => void violations.push(what),
    violations: (): readonly string[] => violations,
    forgive: () => violations.splice(0),
    clear: () => void calls.splice(0),
    open: () => [...live.keys()].filter(({ method }) => method !== 'get').length,
  };
}
