import { z } from '@hono/zod-openapi';
import type { PastTurn } from '../../domain/chat/chat-answer.ts';
import { AppError } from '../../domain/errors.ts';
import { personText, plainText } from '../schemas.ts';
import { withoutSourceList } from './source-list.ts';

const text = z.string().refine(...plainText);

/**
 * An array that is read up to its first wrong element: to say what is wrong with each of thousands would take longer
 * than to answer.
 */
const arrayOf = <T extends z.ZodType>(element: T) =>
  z.preprocess((values, context) => {
    if (!Array.isArray(values)) return values;
    for (const [at, value] of values.entries()) {
      for (const { message, path } of element.safeParse(value).error?.issues ?? []) {
        context.addIssue({ code: 'custom', message, path: [at, ...path] });
      }
      if (context.issues.length > 0) break;
    }
    return values;
  }, z.array(element));

const textPart = z.object(
  { type: z.enum(['text', 'refusal']), text: text.optional(), refusal: text.optional() },
  { error: 'must be a content part of type text' },
);

const messageSchema = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function'], {
      error: 'must be one of system, developer, user, assistant, tool, function',
    }),
    content: z
      .union([text, arrayOf(textPart)], { error: 'must be text, or an array of text parts' })
      .nullish(),
  })
  .openapi('ChatCompletionMessage');
type Message = z.infer<typeof messageSchema>;

/** What this service can't do, and must not seem to have done. What only colours the text (temperature) is ignored. */
const refusals = z.object({
  n: z.literal(1, { error: 'must be 1: this service gives one answer' }).nullish(),
  tool_choice: z
    .enum(['none', 'auto'], { error: 'must be none or auto: this service calls no tools' })
    .nullish(),
  function_call: z
    .enum(['none', 'auto'], { error: 'must be none or auto: this service calls no functions' })
    .nullish(),
  response_format: z
    .object({ type: z.literal('text', { error: 'must be text: this service writes no JSON' }) })
    .nullish(),
  modalities: z
    .array(z.literal('text', { error: 'must be text: this service writes nothing else' }))
    .nullish(),
  logprobs: z.literal(false, { error: 'must be false: this service has no log probabilities' }).nullish(),
});

export const chatCompletionRequestSchema = refusals
  .extend({
    model: z
      .string()
      .optional()
      .openapi({ description: 'Any name; the service has one model.', example: 'tum-chatbot' }),
    messages: arrayOf(messageSchema)
      .refine((messages) => messages.length > 0, { error: 'must have at least one message' })
      .openapi({
        minItems: 1,
        description:
          'The conversation. The last user message, of at most 1000 characters, is the question; what comes before ' +
          'is its history. System and developer messages are accepted and have no effect.',
        example: [{ role: 'user', content: 'How do I connect to eduroam?' }],
      }),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
    user: z.string().nullish().openapi({
      description: 'As X-User-ID. With X-Session-ID, too, the conversation is kept in that session.',
    }),
  })
  .refine(({ stream, stream_options }) => stream === true || stream_options == null, {
    path: ['stream_options'],
    error: 'is allowed only when stream is true',
  })
  .openapi('ChatCompletionRequest');
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;

const longestQuestion = 1000;
const questionSchema = personText(1, longestQuestion);

/** To what `/api/chat` would have taken, so that no question before this one takes longer to read than this one may. */
const cutQuestion = (question: string) =>
  question.length <= longestQuestion ? question : [...question].slice(0, longestQuestion).join('');

/**
 * The question and the turns before it. Messages in a row by one side are one; what got no answer belongs to no turn.
 * @throws AppError VALIDATION_ERROR without a user message of 1 to 1000 characters.
 */
export function readConversation(messages: readonly Message[]): { question: string; history: PastTurn[] } {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  if (last === -1) throw refuseParameter('messages', 'must have a message of the role user');
  const question = questionSchema.safeParse(readText(messages[last]));
  if (!question.success) {
    throw refuseParameter(`messages.${last}.content`, question.error.issues[0]?.message ?? 'is not valid');
  }
  return { question: question.data, history: pairTurns(messages.slice(0, last)) };
}

/** The refusal of one parameter, as the schemas word theirs. */
export function refuseParameter(field: string, message: string): AppError {
  return new AppError('VALIDATION_ERROR', `${field}: ${message}.`, { details: [{ field, message }] });
}

function pairTurns(messages: readonly Message[]): PastTurn[] {
  const turns: PastTurn[] = [];
  let open: { questions: string[]; answers: string[] } = { questions: [], answers: [] };
  const close = () => {
    const { questions, answers } = open;
    if (questions.length > 0 && answers.length > 0) {
      turns.push({ question: cutQuestion(questions.join('\n\n')), answer: answers.join('\n\n') });
    }
    open = { questions: [], answers: [] };
  };
  for (const message of messages) {
    const content = readText(message).trim();
    if (content === '') continue;
    if (message.role === 'user') {
      if (open.answers.length > 0) close();
      open.questions.push(content);
    } else if (message.role === 'assistant') {
      open.answers.push(withoutSourceList(content));
    }
  }
  close();
  return turns;
}

function readText(message: Message | undefined): string {
  const content = message?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map((part) => part.text ?? part.refusal ?? '').join('');
}
