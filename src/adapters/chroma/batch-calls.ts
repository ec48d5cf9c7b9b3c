import DataLoader from 'dataloader';

/**
 * Gathers concurrent requests into few calls: when nothing is in flight a request goes out at once; what arrives
 * meanwhile goes out together as the next call. No request ever waits for a timer.
 * @param send answers a batch, in order; an element may be an Error for one request alone
 */
export function batchCalls<Request, Reply>(
  send: (requests: readonly Request[]) => Promise<(Reply | Error)[]>,
  maxBatchSize: number,
): (request: Request) => Promise<Reply> {
  let busy = false;
  const waiting: (() => void)[] = [];

  const sendThenNext = async (requests: readonly Request[]) => {
    try {
      return await send(requests);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy = false;
    }
  };

  const loader = new DataLoader<Request, Reply>(sendThenNext, {
    cache: false,
    maxBatchSize,
    batchScheduleFn(dispatch) {
      if (busy) {
        waiting.push(dispatch);
      } else {
        busy = true;
        queueMicrotask(dispatch);
      }
    },
  });
  return (request) => loader.load(request);
}
