import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Language } from '../../domain/audience.ts';
import type { AnswerQuestion } from '../../domain/chat/answer-question.ts';
import type { ChatEvent } from '../../domain/chat/chat-event.ts';
import type { ChatRequest } from '../../domain/chat/chat-request.ts';
import { AppError } from '../../domain/errors.ts';
import type { DetectLanguage } from '../../domain/language/detect-language.ts';
import type { SessionKey } from '../../domain/sessions/session-store.ts';
import { type Admission, admitOrPass, releaseAfter } from '../admission.ts';
import type { AppEnv } from '../app-env.ts';
import { anonymousUser, type CallerHeaders, type IdentifyCaller } from '../caller.ts';
import type { PassEmergency } from '../emergency-passage.ts';
import { toAppError } from '../error-response.ts';
import {
  chatCompletionSchema,
  createChunks,
  modelName,
  toChatCompletion,
} from '../openai/chat-completion.ts';
import {
  type ChatCompletionRequest,
  chatCompletionRequestSchema,
  readConversation,
  refuseParameter,
} from '../openai/chat-completion-request.ts';
import { mapOpenAiError, openAiErrorSchema } from '../openai/openai-error.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import { idempotentHeadersSchema, jsonBody, userIdSchema } from '../schemas.ts';
import { type ServerSentEvent, streamEvents } from '../server-sent-events.ts';
import { collectAnswer, describeAnswer, interrupted } from './chat.ts';

const anyError = {
  content: { 'application/json': { schema: openAiErrorSchema } },
  description: 'Any error.',
};
const settings = {
  tags: ['openai'],
  /** A key, if the operators ask for one. */
  security: [{ clientKey: [] }, {}],
};

const modelSchema = z
  .object({
    id: z.string().openapi({ example: modelName }),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
  })
  .openapi('Model');
const model: z.infer<typeof modelSchema> = {
  id: modelName,
  object: 'model',
  created: Date.UTC(2026, 0, 1) / 1000,
  owned_by: 'tum',
};

export interface OpenAiRoutesDependencies {
  detectLanguage: DetectLanguage;
  answerQuestion: Pick<AnswerQuestion, 'ask'>;
  identifyCaller: IdentifyCaller;
  admission: Pick<Admission, 'admitChat'>;
  passEmergency: PassEmergency;
  /** Lets the programs in that may ask. */
  authorize: MiddlewareHandler<AppEnv>;
  /** Turns of a conversation that are of use; older ones are dropped. */
  historyTurns: number;
}

/** The same answers in the wire format of OpenAI's API, for clients that exist: https://platform.openai.com/docs/api-reference/chat */
export function createOpenAiRoutes(dependencies: OpenAiRoutesDependencies) {
  const { answerQuestion, identifyCaller, admission, passEmergency, authorize, historyTurns } = dependencies;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  const completionRoute = createRoute({
    ...settings,
    method: 'post',
    path: '/v1/chat/completions',
    summary: 'Ask as with OpenAI’s API',
    description:
      'The last user message is the question, the messages before it are the history; nothing is kept, unless `user` ' +
      'and X-Session-ID are sent. System messages, sampling settings and offered tools are accepted without effect. ' +
      'Sources follow the text as a short list and come as `annotations`. With `stream` the answer comes in chunks; if ' +
      'it has to be begun anew after text was sent, which can’t be taken back, the stream ends with an error instead ' +
      'of `[DONE]`, and asking again helps.',
    middleware: [authorize],
    request: { headers: idempotentHeadersSchema, body: jsonBody(chatCompletionRequestSchema) },
    responses: {
      200: {
        description: 'The completion.',
        content: {
          'application/json': { schema: chatCompletionSchema },
          'text/event-stream': { schema: z.string() },
        },
      },
      default: anyError,
    },
  });
  routes.openapi(completionRoute, async (c) => {
    const body = c.req.valid('json');
    const headers = c.req.valid('header');
    const { question, history } = readConversation(body.messages);
    // Asked only once there is an answer: nothing reads the question before its claim is opened.
    const readLanguage = () => dependencies.detectLanguage(question);
    const requestId = c.get('requestId');
    const idempotencyKey = headers['idempotency-key'];
    const marks = {
      requestId,
      requestSecret: c.get('requestSecret'),
      idempotency: idempotencyKey === undefined ? undefined : { route: '/v1', key: idempotencyKey },
    };
    const request: ChatRequest = {
      requestId,
      // No other route's keys have a dot, so the same key elsewhere is another claim.
      idempotencyKey: idempotencyKey && `v1.${idempotencyKey}`,
      ...(await identify(body, headers, (callerHeaders) => identifyCaller(callerHeaders, undefined, marks))),
      clientAddress: c.get('clientAddress'),
      message: question,
      isKept: false,
      history: history.length > 0 ? history.slice(-historyTurns) : undefined,
    };
    const release = await admitOrPass(
      () => admission.admitChat('program'),
      () => passEmergency(c),
    );
    // Nobody can come back to a stream of this format, so it ends with its client, like a plain reply.
    const ask = (signal: AbortSignal) =>
      releaseAfter(
        answerQuestion.ask(request, { transport: 'json', signal, onWriting: c.get('keepPlaces') }),
        release,
      );
    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage === true;
      return streamCompletion(c, { readLanguage, includeUsage }, ask);
    }
    const answer = await collectAnswer(ask(c.req.raw.signal));
    Object.assign(c.get('logFields'), describeAnswer(answer));
    return c.json(toChatCompletion(readLanguage(), answer), 200);
  });

  const modelsRoute = createRoute({
    ...settings,
    method: 'get',
    path: '/v1/models',
    summary: 'The one model there is',
    middleware: [authorize],
    responses: {
      200: {
        description: 'The models.',
        content: {
          'application/json': {
            schema: z
              .object({ object: z.literal('list'), data: z.array(modelSchema) })
              .openapi('ModelList', { example: { object: 'list', data: [model] } }),
          },
        },
      },
      default: anyError,
    },
  });
  routes.openapi(modelsRoute, (c) => c.json({ object: 'list' as const, data: [model] }, 200));

  const modelRoute = createRoute({
    ...settings,
    method: 'get',
    path: '/v1/models/{model}',
    summary: 'A model by its name',
    middleware: [authorize],
    request: { params: z.object({ model: z.string() }) },
    responses: {
      200: { description: 'The model.', content: { 'application/json': { schema: modelSchema } } },
      default: anyError,
    },
  });
  routes.openapi(modelRoute, (c) => {
    if (c.req.valid('param').model === modelName) return c.json(model, 200);
    throw new AppError('NOT_FOUND', `There is no such model; the one there is has the name ${modelName}.`, {
      details: [{ field: 'model', code: 'model_not_found' }],
    });
  });

  return routes;
}

/** Only a session that is named together with its user is kept; every other question stands for itself. */
async function identify(
  { user }: ChatCompletionRequest,
  headers: CallerHeaders,
  identifyCaller: (headers: CallerHeaders) => Promise<SessionKey>,
): Promise<Pick<ChatRequest, 'caller' | 'remember'>> {
  const userId = user ? userIdSchema.safeParse(user) : undefined;
  const sessionId = headers['x-session-id'];
  const remember = userId !== undefined && sessionId !== undefined;
  if (remember && !userId.success) throw refuseParameter('user', 'must be 1 to 128 of A-Z a-z 0-9 . _ : @ -');
  const caller = await identifyCaller({
    'x-user-id': userId?.data ?? headers['x-user-id'] ?? anonymousUser,
    'x-session-id': remember ? sessionId : undefined,
  });
  return { caller, remember };
}

function streamCompletion(
  c: Context<AppEnv>,
  { readLanguage, includeUsage }: { readLanguage: () => Language; includeUsage: boolean },
  ask: (clientGone: AbortSignal) => AsyncIterable<ChatEvent>,
): Promise<Response> {
  const chunks = createChunks({
    requestId: c.get('requestId'),
    startedAt: new Date(),
    readLanguage,
    includeUsage,
  });

  async function* toWire(signal: AbortSignal): AsyncIterable<ServerSentEvent> {
    let hasBegun = false;
    let hasText = false;
    for await (const event of ask(signal)) {
      if (!hasBegun) yield { data: chunks.first() };
      hasBegun = true;
      if (event.type === 'delta') {
        hasText = true;
        yield { data: chunks.text(event.text) };
      } else if (event.type === 'restart' && hasText) {
        throw interrupted();
      } else if (event.type === 'done') {
        Object.assign(c.get('logFields'), describeAnswer(event.answer));
        for (const data of chunks.end(event.answer)) yield { data };
        return;
      }
    }
    if (!signal.aborted) throw interrupted();
  }

  return streamEvents(c, toWire, (error) => {
    const appError = toAppError(error);
    c.set('errorCode', appError.code);
    if (appError.code === 'INTERNAL_ERROR') c.get('logger').error({ err: appError.cause }, 'stream failed');
    return { data: JSON.stringify(mapOpenAiError(appError)) };
  });
}
