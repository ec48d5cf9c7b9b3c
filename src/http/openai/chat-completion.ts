import { z } from '@hono/zod-openapi';
import type { Language } from '../../domain/audience.ts';
import type { ChatAnswer } from '../../domain/chat/chat-answer.ts';
import { composeSourceList } from './source-list.ts';

/** Our one model's name; requests may ask for any. */
export const modelName = 'tum-chatbot';

const annotationSchema = z
  .object({
    type: z.literal('url_citation'),
    url_citation: z.object({
      start_index: z.int().openapi({ description: 'In Unicode code points of the content.' }),
      end_index: z.int().openapi({ description: 'The first code point behind it.' }),
      url: z.string(),
      title: z.string(),
    }),
  })
  .openapi('UrlCitation');

const usageSchema = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .openapi('ChatCompletionUsage', {
    description: 'Tokens of the model that wrote the answer; zero when none had to.',
  });

export const chatCompletionSchema = z
  .object({
    id: z.string().openapi({ example: 'chatcmpl-0f8fad5bd9cb469fa16570867728950e' }),
    object: z.literal('chat.completion'),
    created: z.int().openapi({ description: 'Seconds since 1970.' }),
    model: z.string().openapi({ example: modelName }),
    choices: z.array(
      z.object({
        index: z.literal(0),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string(),
          refusal: z.null(),
          annotations: z.array(annotationSchema),
        }),
        logprobs: z.null(),
        finish_reason: z.literal('stop'),
      }),
    ),
    usage: usageSchema,
  })
  .openapi('ChatCompletion');

/** An answer with its sources behind it. */
export function toChatCompletion(
  language: Language,
  answer: ChatAnswer,
): z.infer<typeof chatCompletionSchema> {
  const { text, annotations } = citeSources(language, answer);
  const message = {
    role: 'assistant' as const,
    content: answer.response + text,
    refusal: null,
    annotations,
  };
  return {
    id: completionId(answer.requestId),
    object: 'chat.completion',
    created: toUnixSeconds(answer.answeredAt),
    model: modelName,
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: toUsage(answer),
  };
}

interface Delta {
  role?: 'assistant';
  content?: string;
  annotations?: z.infer<typeof annotationSchema>[];
}

export interface ChunkOptions {
  requestId: string;
  startedAt: Date;
  /** Of the answer, asked at its end. */
  readLanguage: () => Language;
  /** The client wants a last chunk with the usage; those before it then say null. */
  includeUsage: boolean;
}

/** The chunks of one streamed completion; each is the data of one event. */
export function createChunks({ requestId, startedAt, readLanguage, includeUsage }: ChunkOptions) {
  const envelope = {
    id: completionId(requestId),
    object: 'chat.completion.chunk',
    created: toUnixSeconds(startedAt),
    model: modelName,
  };
  const chunk = (delta: Delta, finishReason: 'stop' | null = null) =>
    JSON.stringify({
      ...envelope,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(includeUsage && { usage: null }),
    });
  return {
    first: () => chunk({ role: 'assistant', content: '' }),
    text: (content: string) => chunk({ content }),
    /** What follows the text, `[DONE]` included. */
    *end(answer: ChatAnswer): Iterable<string> {
      const { text, annotations } = citeSources(readLanguage(), answer);
      if (text !== '') yield chunk({ content: text, annotations });
      yield chunk({}, 'stop');
      if (includeUsage) yield JSON.stringify({ ...envelope, choices: [], usage: toUsage(answer) });
      yield '[DONE]';
    },
  };
}

function citeSources(language: Language, { response, sources }: ChatAnswer) {
  const { text, citations } = composeSourceList(response, sources, language);
  const annotations = citations.map((citation) => ({
    type: 'url_citation' as const,
    url_citation: citation,
  }));
  return { text, annotations };
}

function toUsage({ model }: ChatAnswer): z.infer<typeof usageSchema> {
  const { inputTokens = 0, outputTokens = 0 } = model ?? {};
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

const completionId = (requestId: string) => `chatcmpl-${requestId}`;
const toUnixSeconds = (instant: Date) => Math.floor(instant.getTime() / 1000);
