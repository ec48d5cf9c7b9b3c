import { createAnnouncer } from './announcer.ts';
import { createAnswerStream } from './answer-stream.ts';
import { connectAppearanceSwitch } from './appearance.ts';
import { createChatApi } from './chat-api.ts';
import { type Composer, createComposer } from './composer.ts';
import { createConversation } from './conversation.ts';
import { templateElement } from './element.ts';
import { createIcon } from './icons.ts';
import { connectLanguageSwitch, initialLanguage } from './language-switch.ts';
import { createLocalizer } from './localizer.ts';
import { pauseUntilOnline } from './pause.ts';
import { createPreferences } from './preferences.ts';
import { createScrollFollower } from './scroll-follower.ts';
import { isStringKey } from './strings.ts';
import { connectToEmbeddingPage } from './widget-frame.ts';

const preferences = createPreferences();
const localizer = createLocalizer(initialLanguage(preferences));
const announcer = createAnnouncer(templateElement('announcer', HTMLElement));

const http = {
  fetch: window.fetch.bind(window),
  callerHeaders: () => ({ 'X-User-ID': preferences.userId(), 'X-Session-ID': preferences.sessionId() }),
};

const conversation = createConversation({
  api: createChatApi(http),
  streamAnswer: createAnswerStream({ ...http, pause: pauseUntilOnline }),
  preferences,
  localizer,
  announcer,
  scrollFollower: createScrollFollower(),
  composer: (): Composer => composer,
});

const composer = createComposer({
  localizer,
  preferences,
  onAsk: (message) => void conversation.ask(message),
  onStop: conversation.stop,
});

const startOver = templateElement('start-over', HTMLButtonElement);
startOver.prepend(createIcon('restart'));
startOver.addEventListener('click', conversation.startOver);

for (const example of document.querySelectorAll<HTMLButtonElement>('#welcome button')) {
  example.addEventListener('click', () => {
    const key = example.dataset.text;
    if (isStringKey(key)) void conversation.ask(localizer.text(key));
    composer.focus();
  });
}

connectAppearanceSwitch(templateElement('appearance', HTMLButtonElement));
connectLanguageSwitch(
  document.querySelectorAll<HTMLButtonElement>('#language button'),
  localizer,
  preferences,
);
connectToEmbeddingPage(templateElement('close', HTMLButtonElement), composer);
document.documentElement.dataset.ready = '';
void conversation.restore();
