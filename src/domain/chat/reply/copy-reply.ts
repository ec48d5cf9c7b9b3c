import type { Clock } from '../../clock.ts';
import type { ReplyRecord, ReplyStream } from './reply-stream.ts';

/** Text is gathered this long before it goes to the store: one write for many chunks. */
const batchMs = 50;

/** Copies a reply to the store for readers on other replicas, in batches and off the asker's path. */
export interface ReplyCopy {
  write(record: ReplyRecord): void;
  /** Ends this generation's stream with `restart` and goes on under the new one. */
  restart(generation: string): void;
  /** Sends what is gathered. Never rejects: without the store a reply can't be resumed elsewhere, that is all. */
  flush(): Promise<void>;
}

export function createReplyCopy(
  { replyStream, clock }: { replyStream: Pick<ReplyStream, 'append'>; clock: Clock },
  firstGeneration: string,
): ReplyCopy {
  let generation = firstGeneration;
  let pending: ReplyRecord[] = [];
  let batch: AbortController | undefined;
  let lastWrite = Promise.resolve();

  function flush(): Promise<void> {
    batch?.abort();
    batch = undefined;
    const [records, target] = [mergeText(pending), generation];
    pending = [];
    if (records.length > 0) {
      lastWrite = lastWrite.then(() => replyStream.append(target, records)).catch(() => {});
    }
    return lastWrite;
  }

  return {
    write(record) {
      pending.push(record);
      if (batch !== undefined) return;
      batch = new AbortController();
      clock.sleep(batchMs, batch.signal).then(flush, () => {});
    },
    restart(next) {
      pending.push({ type: 'restart', generation: next });
      void flush();
      generation = next;
    },
    flush,
  };
}

function mergeText(records: readonly ReplyRecord[]): ReplyRecord[] {
  const merged: ReplyRecord[] = [];
  for (const record of records) {
    const last = merged.at(-1);
    if (record.type === 'text' && last?.type === 'text') {
      merged[merged.length - 1] = { type: 'text', text: last.text + record.text };
    } else merged.push(record);
  }
  return merged;
}
