import type { Clock } from '../../clock.ts';
import type { ChatAnswer, Source } from '../chat-answer.ts';
import type { ChatEvent } from '../chat-event.ts';
import { createReplyCopy } from './copy-reply.ts';
import { createReplyLog, type ReplyLog } from './reply-log.ts';
import type { ReplyStream } from './reply-stream.ts';

export interface PublicationOptions {
  generation: string;
  /** Whether readers on other replicas get it, too. */
  isCopied: boolean;
  /** Called whenever the last reader leaves before the end. */
  onReadersGone: () => void;
}

/** An answer on its way to its readers: those of this replica, and by its copy those of others. */
export interface Publication extends Pick<ReplyLog, 'read' | 'readerCount'> {
  sources(sources: readonly Source[]): void;
  text(text: string): void;
  /** Voids the text so far: what follows has another generation and the same sources. */
  restart(generation: string): void;
  done(answer: ChatAnswer): void;
  /** Passes on an event of an answer that is written elsewhere. */
  relay(event: ChatEvent): void;
  /** Every reader throws this after the events before it. */
  fail(error: unknown): void;
  end(): void;
  /** Sends what is gathered to the copy. Never rejects. */
  flush(): Promise<void>;
}

export function createPublication(
  dependencies: { replyStream: Pick<ReplyStream, 'append'>; clock: Clock },
  options: PublicationOptions,
): Publication {
  const log = createReplyLog(options.onReadersGone);
  const copy = options.isCopied ? createReplyCopy(dependencies, options.generation) : undefined;
  let { generation } = options;
  let offset = 0;
  let sources: readonly Source[] = [];

  function publishSources(): void {
    log.append({ type: 'sources', generation, offset, sources });
    copy?.write({ type: 'sources', sources });
  }

  return {
    read: log.read,
    readerCount: log.readerCount,
    sources(found) {
      sources = found;
      publishSources();
    },
    text(text) {
      offset += text.length;
      log.append({ type: 'delta', generation, offset, text });
      copy?.write({ type: 'text', text });
    },
    restart(next) {
      [generation, offset] = [next, 0];
      copy?.restart(next);
      log.append({ type: 'restart', generation, offset: 0 });
      publishSources();
    },
    done(answer) {
      log.append({ type: 'done', generation, offset, answer });
      log.end();
      copy?.write({ type: 'end' });
    },
    relay: log.append,
    fail: log.fail,
    end: log.end,
    flush: async () => copy?.flush(),
  };
}
