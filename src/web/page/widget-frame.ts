import { type FrameMessage, isFrameMessage } from '../widget/frame-message.ts';
import type { Composer } from './composer.ts';
import { createIcon } from './icons.ts';

/** Inside the widget's frame: asks the embedding page to close it, and takes the focus when it opens. */
export const connectToEmbeddingPage = (closeButton: HTMLButtonElement, composer: Composer): void => {
  if (window.parent === window) return;

  // Any page may hear it: it says nothing but that the chat wants to be closed.
  const close = () => window.parent.postMessage('tum-chat:close' satisfies FrameMessage, '*');

  closeButton.append(createIcon('close'));
  closeButton.hidden = false;
  closeButton.addEventListener('click', close);
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) close();
  });
  addEventListener('message', (event) => {
    if (event.source !== window.parent || !isFrameMessage(event.data)) return;
    if (event.data === 'tum-chat:opened') composer.focus();
  });
};
