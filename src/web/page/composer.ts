import { templateElement } from './element.ts';
import { createIcon } from './icons.ts';
import type { Localizer } from './localizer.ts';
import type { Preferences } from './preferences.ts';

export interface Composer {
  focus(): void;
  /** While an answer is written the button stops it. The next question may be typed meanwhile. */
  setAnswering(answering: boolean): void;
  audience(): { role: string | undefined; campus: string | undefined };
}

export interface ComposerDependencies {
  localizer: Localizer;
  preferences: Preferences;
  onAsk(message: string): void;
  onStop(): void;
}

/** Unicode code points, as the service counts them. */
const longestMessage = 1000;
const warnBelow = 200;

/** The question field with what belongs to it. */
export const createComposer = ({ localizer, preferences, onAsk, onStop }: ComposerDependencies): Composer => {
  const form = templateElement('composer', HTMLFormElement);
  const message = templateElement('message', HTMLTextAreaElement);
  const left = templateElement('characters-left', HTMLElement);
  const send = templateElement('send', HTMLButtonElement);
  const stop = templateElement('stop', HTMLButtonElement);
  const role = templateElement('role', HTMLSelectElement);
  const campus = templateElement('campus', HTMLSelectElement);
  send.append(createIcon('send'));
  stop.append(createIcon('stop'));
  role.value = preferences.choice('role') ?? '';
  campus.value = preferences.choice('campus') ?? '';

  let answering = false;

  const update = () => {
    const text = message.value.trim();
    const charactersLeft = longestMessage - [...text].length;
    left.hidden = charactersLeft >= warnBelow;
    localizer.setText(left, 'charactersLeft', String(charactersLeft));
    message.setAttribute('aria-invalid', String(charactersLeft < 0));
    send.disabled = text === '' || charactersLeft < 0;
    message.style.height = 'auto';
    message.style.height = `${message.scrollHeight}px`;
  };

  message.addEventListener('input', update);
  message.addEventListener('keydown', (event) => {
    // Enter that ends the composition of a character (Chinese, Japanese, ...) is not meant for the form.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = message.value.trim();
    if (answering || text === '' || [...text].length > longestMessage) return;
    message.value = '';
    update();
    onAsk(text);
  });
  stop.addEventListener('click', onStop);
  role.addEventListener('change', () => preferences.setChoice('role', role.value));
  campus.addEventListener('change', () => preferences.setChoice('campus', campus.value));
  update();

  return {
    focus: () => message.focus({ preventScroll: true }),
    setAnswering(value) {
      const focusMoves = document.activeElement === (value ? send : stop);
      answering = value;
      send.hidden = value;
      stop.hidden = !value;
      if (focusMoves) message.focus({ preventScroll: true });
    },
    audience: () => ({ role: role.value || undefined, campus: campus.value || undefined }),
  };
};
