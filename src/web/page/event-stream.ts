import { createParser, type EventSourceMessage } from 'eventsource-parser';

/**
 * The events of a Server-Sent Events body, as they arrive. Ends with the body, complete or cut: only the last
 * event says which.
 * @param idleMs silence, heartbeats included, after which the connection counts as dead
 * @throws what the body throws, or a TimeoutError after `idleMs`
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  idleMs: number,
): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await withinIdleTime(reader.read(), idleMs);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* arrived.splice(0);
    }
  } finally {
    // A body that has failed rejects this once more; there is nothing left to learn from it.
    reader.cancel().catch(() => undefined);
  }
}

const withinIdleTime = async <Value>(reading: Promise<Value>, idleMs: number): Promise<Value> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DOMException('Nothing arrived for too long.', 'TimeoutError')),
      idleMs,
    );
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(timer);
  }
};
