import type { Announcer } from './announcer.ts';
import type { AnswerEvent, Question, StreamAnswer } from './answer-stream.ts';
import { type ChatApi, type ChatReply, ServiceError } from './chat-api.ts';
import type { Composer } from './composer.ts';
import { templateElement } from './element.ts';
import { failureSentence } from './failure-sentence.ts';
import type { Localizer } from './localizer.ts';
import { type Preferences, randomKey } from './preferences.ts';
import type { ScrollFollower } from './scroll-follower.ts';
import { createTurnMemory } from './turn-memory.ts';
import { createTurnView, type TurnView } from './turn-view.ts';

export interface ConversationDependencies {
  api: ChatApi;
  streamAnswer: StreamAnswer;
  preferences: Preferences;
  localizer: Localizer;
  announcer: Announcer;
  scrollFollower: ScrollFollower;
  composer(): Composer;
}

export type Conversation = ReturnType<typeof createConversation>;

interface Running {
  abort: AbortController;
  view: TurnView;
  requestId?: string | undefined;
}

/** The turns on the page, and the one answer that may be on its way. */
export const createConversation = ({
  api,
  streamAnswer,
  preferences,
  localizer,
  announcer,
  scrollFollower,
  composer,
}: ConversationDependencies) => {
  const turns = templateElement('turns', HTMLOListElement);
  const welcome = templateElement('welcome', HTMLElement);
  const memory = createTurnMemory(preferences);
  let running: Running | undefined;

  const addTurn = (message: string): TurnView => {
    const view = createTurnView(message, { localizer, announcer, sendFeedback: api.sendFeedback });
    turns.append(view.element);
    turns.hidden = false;
    welcome.hidden = true;
    return view;
  };

  const finish = (view: TurnView, reply: ChatReply) => {
    preferences.setSessionId(reply.session_id);
    memory.keepDetails(reply);
    view.finish(reply.request_id, reply.response, reply);
    announcer.say(localizer.text('answerReady', view.answerText()));
  };

  const fail = (view: TurnView, question: Question, error: unknown) => {
    const { key, value } = failureSentence(error, localizer, new Date());
    // After the service's own refusal the old key would only repeat it; after silence the old key may find
    // the answer that got lost on its way.
    const idempotencyKey = error instanceof ServiceError ? randomKey() : question.idempotencyKey;
    view.fail(key, value, () => {
      if (running !== undefined) return;
      view.element.remove();
      void follow({ ...question, idempotencyKey });
    });
    announcer.say(localizer.text(key, value));
  };

  /** Shows one question and its answer, to the end. */
  const follow = async (question: Question, knownRequestId?: string): Promise<void> => {
    const view = addTurn(question.message);
    const current: Running = { abort: new AbortController(), view, requestId: knownRequestId };
    running = current;
    composer().setAnswering(true);
    view.showStatus('searching');
    announcer.say(localizer.text('searching'));
    scrollFollower.start(view.element);
    memory.keepPending({ question, requestId: knownRequestId, askedAt: Date.now() });
    try {
      let text = '';
      for await (const event of streamAnswer(question, current.abort.signal, knownRequestId)) {
        text = textAfter(event, text);
        show(event, text, question, current);
        scrollFollower.follow();
      }
    } catch (error) {
      if (current.abort.signal.aborted) view.stop();
      else fail(view, question, error);
    } finally {
      if (running === current) {
        running = undefined;
        memory.keepPending();
        composer().setAnswering(false);
      }
      scrollFollower.follow();
    }
  };

  const show = (event: AnswerEvent, text: string, question: Question, current: Running) => {
    const { view } = current;
    switch (event.type) {
      case 'accepted':
        current.requestId = event.requestId;
        memory.keepPending({ question, requestId: event.requestId, askedAt: Date.now() });
        break;
      case 'sources':
        view.showStatus('writing');
        break;
      case 'delta':
        view.showStatus('writing');
        view.growAnswer(text);
        break;
      case 'restart':
        view.showStatus('rewriting');
        view.growAnswer(text);
        break;
      case 'reconnecting':
        view.showStatus(navigator.onLine ? 'reconnecting' : 'offline');
        break;
      case 'failed':
        throw event.error;
      case 'done':
        finish(view, event.reply);
        break;
    }
  };

  const stop = () => {
    if (running === undefined) return;
    const { requestId, abort } = running;
    // If the stop does not arrive, the service ends the answer by itself once its reader stays away.
    if (requestId !== undefined) api.stop(requestId).catch(() => undefined);
    abort.abort();
  };

  /** Forgets the conversation here and on the service. */
  const startOver = () => {
    stop();
    running = undefined;
    composer().setAnswering(false);
    // What the service could not delete now it deletes when the session times out.
    if (preferences.hasSession()) api.endSession(preferences.sessionId()).catch(() => undefined);
    preferences.setSessionId(undefined);
    memory.forget();
    turns.replaceChildren();
    turns.hidden = true;
    welcome.hidden = false;
    announcer.say(localizer.text('conversationStarted'));
    composer().focus();
  };

  /** Brings back the turns of this tab's session, and goes on with an answer that a reload interrupted. */
  const restore = async (): Promise<void> => {
    if (!preferences.hasSession()) return;
    const history = await api.history(preferences.sessionId()).catch(() => []);
    for (const { question, answer, request_id } of history) {
      const view = addTurn(question);
      view.finish(request_id, answer, memory.findDetails(request_id));
      scrollFollower.start(view.element);
    }
    const pending = memory.findPending(Date.now());
    const answered = history.some(({ request_id }) => request_id === pending?.requestId);
    if (pending !== undefined && !answered) await follow(pending.question, pending.requestId);
  };

  return {
    ask: (message: string) => follow({ message, ...composer().audience(), idempotencyKey: randomKey() }),
    stop,
    startOver,
    restore,
  };
};

const textAfter = (event: AnswerEvent, text: string) => {
  if (event.type === 'delta') return text + event.text;
  return event.type === 'restart' ? '' : text;
};
