import type { Announcer } from './announcer.ts';
import type { ChatReply, Rating, Source } from './chat-api.ts';
import { element } from './element.ts';
import { createFeedback } from './feedback.ts';
import { createIcon } from './icons.ts';
import type { Localizer } from './localizer.ts';
import { createMarkdownView } from './markdown-view.ts';
import { createSourceList } from './source-list.ts';
import type { StringKey } from './strings.ts';

export interface TurnViewDependencies {
  localizer: Localizer;
  announcer: Announcer;
  sendFeedback(requestId: string, rating: Rating, comment?: string): Promise<void>;
}

/** What is known of an answer besides its text; after a reload perhaps nothing. */
export type AnswerDetails = Pick<ChatReply, 'sources' | 'confidence' | 'answered_by'>;

export interface TurnView {
  element: HTMLElement;
  /** What happens meanwhile, in one line under the answer. */
  showStatus(key: StringKey): void;
  growAnswer(markdown: string): void;
  finish(requestId: string, markdown: string, details?: AnswerDetails): void;
  /** Ends the turn without an answer, or with the beginning of one. */
  stop(): void;
  fail(key: StringKey, value: string | undefined, retry: () => void): void;
  /** The answer as it reads, for a screen reader. */
  answerText(): string;
}

/** One question with its answer. */
export const createTurnView = (
  question: string,
  { localizer, announcer, sendFeedback }: TurnViewDependencies,
): TurnView => {
  const answer = element('div', { class: 'answer-text' });
  const markdownView = createMarkdownView(answer);
  const status = element('p', { class: 'status' });
  const after = element('div', { class: 'after-answer' });
  const turn = element(
    'li',
    { class: 'turn', 'aria-busy': 'true' },
    element(
      'div',
      { class: 'question' },
      localizer.setText(element('h3', { class: 'visually-hidden' }), 'you'),
      element('p', {}, question),
    ),
    element(
      'div',
      { class: 'answer' },
      localizer.setText(element('h3', { class: 'visually-hidden' }), 'answer'),
      answer,
      status,
      after,
    ),
  );

  const settle = (...children: HTMLElement[]) => {
    turn.setAttribute('aria-busy', 'false');
    status.hidden = true;
    after.replaceChildren(...children);
  };

  const createActions = (requestId: string, markdown: string) => {
    const result = element('span', { class: 'action-result' });
    const report = (key: StringKey) => {
      localizer.setText(result, key);
      announcer.say(localizer.text(key));
    };
    const copy = localizer.setLabel(
      element('button', { type: 'button', class: 'icon-button' }, createIcon('copy')),
      'copyAnswer',
    );
    copy.addEventListener('click', () => void copyText(markdown).then(report));
    const feedback = createFeedback({
      localizer,
      report,
      send: (rating, comment) => sendFeedback(requestId, rating, comment),
    });
    return [element('div', { class: 'actions' }, copy, ...feedback.buttons, result), feedback.form];
  };

  return {
    element: turn,
    showStatus(key) {
      status.hidden = false;
      localizer.setText(status, key);
    },
    growAnswer: markdownView.grow,
    finish(requestId, markdown, details) {
      markdownView.show(markdown);
      settle(
        ...createNotices(details, localizer),
        ...createSources(details?.sources, details?.confidence, localizer),
        ...createActions(requestId, markdown),
      );
    },
    stop() {
      settle(createNotice(localizer, 'answerStopped', 'plain'));
    },
    fail(key, value, retry) {
      const notice = createNotice(localizer, key, 'error', value);
      const button = localizer.setText(element('button', { type: 'button', class: 'button' }), 'tryAgain');
      button.addEventListener('click', retry);
      settle(notice, element('div', { class: 'actions' }, button));
    },
    // biome-ignore lint/performance/useDomNodeTextContent: textContent would run the paragraphs together.
    answerText: () => answer.innerText,
  };
};

const createNotice = (
  localizer: Localizer,
  key: StringKey,
  kind: 'plain' | 'warning' | 'error',
  value?: string,
) => localizer.setText(element('p', { class: `notice ${kind}` }), key, value);

const createNotices = (details: AnswerDetails | undefined, localizer: Localizer): HTMLElement[] => {
  if (details === undefined) return [];
  if (details.confidence === 'none') return [createNotice(localizer, 'confidenceNone', 'plain')];
  const notices: HTMLElement[] = [];
  if (details.answered_by === 'knowledge_base') {
    notices.push(createNotice(localizer, 'fromKnowledgeBase', 'warning'));
  }
  if (details.confidence === 'low') notices.push(createNotice(localizer, 'confidenceLow', 'warning'));
  return notices;
};

const createSources = (
  sources: readonly Source[] = [],
  confidence: ChatReply['confidence'] | undefined,
  localizer: Localizer,
) =>
  sources.length === 0
    ? []
    : [createSourceList(sources, confidence === 'low' ? 'closestEntries' : 'sources', localizer)];

/** Browsers give the clipboard only to pages that came over TLS or from this machine. */
const copyText = async (text: string): Promise<StringKey> => {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    return 'copyRefused';
  }
};
