import { type FrameMessage, isFrameMessage } from './frame-message.ts';
import { widgetStyles } from './widget-styles.ts';

/**
 * The one-line embed: a button in the corner of any page that opens the chat in a frame. All of it lives in a
 * shadow root, styled by a constructed sheet, so that neither page's styles reach the other and a policy
 * against inline styles does not matter. The embedding page's own policy must allow this script's host in
 * `script-src` and `frame-src`.
 */
const names = {
  en: { open: 'Open the TUM chatbot', close: 'Close the TUM chatbot', frame: 'TUM chatbot' },
  de: { open: 'TUM-Chatbot öffnen', close: 'TUM-Chatbot schließen', frame: 'TUM-Chatbot' },
} as const;

type Language = keyof typeof names;

const pageLanguage = (): Language => {
  const tags = [document.documentElement.lang, ...navigator.languages].filter((tag) => tag !== '');
  return tags[0]?.toLowerCase().startsWith('de') ? 'de' : 'en';
};

const createIcon = () => {
  const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  for (const [name, outline] of [
    ['speech', 'M5 4.5h14a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2h-6.5l-5 4v-4H5a2 2 0 0 1-2-2v-8.5a2 2 0 0 1 2-2z'],
    ['cross', 'M6 6l12 12M18 6L6 18'],
  ] as const) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('class', name);
    path.setAttribute('d', outline);
    icon.append(path);
  }
  return icon;
};

const createFrame = (origin: string, language: Language) => {
  const frame = document.createElement('iframe');
  frame.src = `${origin}/widget?lang=${language}`;
  frame.title = names[language].frame;
  frame.allow = `clipboard-write ${origin}`;
  return frame;
};

const mountWidget = (origin: string) => {
  const language = pageLanguage();
  const host = document.createElement('tum-chat');
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(widgetStyles);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement('button');
  button.type = 'button';
  button.append(createIcon());
  root.append(button);

  let frame: HTMLIFrameElement | undefined;
  let isLoaded = false;

  const tellFrame = () => {
    if (isLoaded) frame?.contentWindow?.postMessage('tum-chat:opened' satisfies FrameMessage, origin);
  };

  const setOpen = (open: boolean) => {
    host.classList.toggle('open', open);
    button.setAttribute('aria-expanded', String(open));
    button.setAttribute('aria-label', open ? names[language].close : names[language].open);
    if (!open) {
      if (frame !== undefined) frame.hidden = true;
      return;
    }
    if (frame === undefined) {
      frame = createFrame(origin, language);
      frame.addEventListener('load', () => {
        isLoaded = true;
        tellFrame();
      });
      root.prepend(frame);
    }
    frame.hidden = false;
    frame.focus();
    tellFrame();
  };

  const close = () => {
    setOpen(false);
    button.focus();
  };
  const isOpen = () => frame !== undefined && !frame.hidden;

  button.addEventListener('click', () => (isOpen() ? close() : setOpen(true)));
  root.addEventListener('keydown', (event) => {
    if (event instanceof KeyboardEvent && event.key === 'Escape' && isOpen()) close();
  });
  addEventListener('message', (event) => {
    const fromFrame = event.origin === origin && event.source === frame?.contentWindow;
    if (fromFrame && isFrameMessage(event.data) && event.data === 'tum-chat:close') close();
  });

  setOpen(false);
  document.body.append(host);
};

const { currentScript } = document;
if (currentScript instanceof HTMLScriptElement && document.querySelector('tum-chat') === null) {
  const { origin } = new URL(currentScript.src);
  if (document.body !== null) mountWidget(origin);
  else addEventListener('DOMContentLoaded', () => mountWidget(origin), { once: true });
}
