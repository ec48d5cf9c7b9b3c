import type { GenerateRequest } from './wire.ts';
import { chatRequestSchema } from './wire.ts';

/** How a chunk of the Gemini API looks to whoever asked. */
export type Encode = (chunk: Record<string, unknown>) => unknown;

export const geminiDialect: Encode = (chunk) => chunk;

const finishReasons: Readonly<Record<string, string>> = { STOP: 'stop', MAX_TOKENS: 'length' };

interface AnyChunk {
  candidates?: { content?: { parts?: { text?: string; thought?: boolean }[] }; finishReason?: string }[];
  promptFeedback?: { blockReason: string };
  usageMetadata?: { promptTokenCount?: number; candidatesTokenCount?: number };
}

/** The same as a chat.completion.chunk; whatever blocks is a content filter there. */
export const openAiDialect: Encode = (chunk) => {
  const { candidates, promptFeedback, usageMetadata } = chunk as AnyChunk;
  const parts = candidates?.[0]?.content?.parts ?? [];
  const content = parts.map(({ text, thought }) => (thought ? '' : (text ?? ''))).join('');
  const reason = promptFeedback?.blockReason ?? candidates?.[0]?.finishReason;
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    choices: [
      {
        index: 0,
        delta: content === '' ? {} : { role: 'assistant', content },
        finish_reason: reason === undefined ? null : (finishReasons[reason] ?? 'content_filter'),
      },
    ],
    usage: usageMetadata
      ? {
          prompt_tokens: usageMetadata.promptTokenCount ?? 0,
          completion_tokens: usageMetadata.candidatesTokenCount ?? 0,
        }
      : null,
  };
};

/** A chat completion as a request of the Gemini API. */
export function fromChatRequest(body: unknown): GenerateRequest {
  const { messages, max_tokens } = chatRequestSchema.parse(body);
  return {
    contents: messages
      .filter(({ role }) => role !== 'system')
      .map(({ role, content }) => ({ role: role === 'user' ? 'user' : 'model', parts: [{ text: content }] })),
    generationConfig: { maxOutputTokens: max_tokens },
    store: false,
  };
}
