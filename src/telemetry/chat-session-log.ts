import type { AnsweredQuestion } from '../domain/chat/reply/write-reply.ts';
import type { Anonymizer } from '../domain/statistics/anonymizer.ts';
import { openRotatingFile, type RotatingFileOptions } from './rotating-file.ts';

/** One question with its answer, for the people who improve the knowledge base. Ids are hashed, texts masked. */
export interface ChatSessionEntry {
  requestId: string;
  sessionHash: string;
  userId: string;
  question: string;
  response: string;
  answeredAt: Date;
}

export const describeChat = (
  { request, composed: { answer } }: AnsweredQuestion,
  anonymizer: Anonymizer,
): ChatSessionEntry => ({
  requestId: answer.requestId,
  sessionHash: anonymizer.sessionHash(request.caller),
  userId: anonymizer.userId(request.caller.userId),
  question: anonymizer.text(request.message),
  response: anonymizer.text(answer.response),
  answeredAt: answer.answeredAt,
});

export interface ChatSessionLog {
  record(entry: ChatSessionEntry): void;
  close(): void;
}

/**
 * The only log that holds what people ask, in a rotating file of its own, readable by its owner alone.
 * @throws the file system's error when the file cannot be opened.
 */
export const createChatSessionLog = async (options: RotatingFileOptions): Promise<ChatSessionLog> => {
  const file = await openRotatingFile({ ...options, ownerOnly: true });
  return {
    record: ({ answeredAt, ...entry }) =>
      file.write(
        `${JSON.stringify({ time: answeredAt.toISOString(), replica: options.replicaId, ...entry })}\n`,
      ),
    close: file.close,
  };
};
