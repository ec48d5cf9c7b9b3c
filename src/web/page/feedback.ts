import type { Rating } from './chat-api.ts';
import { element } from './element.ts';
import { createIcon } from './icons.ts';
import type { Localizer } from './localizer.ts';
import type { StringKey } from './strings.ts';

export interface FeedbackDependencies {
  localizer: Localizer;
  /** Tells the person, and a screen reader, how it went. */
  report(key: StringKey): void;
  send(rating: Rating, comment?: string): Promise<void>;
}

export interface Feedback {
  buttons: HTMLElement[];
  form: HTMLFormElement;
}

const longestComment = 1000;

/** Thumbs up and down. The rating counts at once and may change; a comment may follow. */
export const createFeedback = ({ localizer, report, send }: FeedbackDependencies): Feedback => {
  let given: Rating | undefined;

  const up = createThumb(localizer, 'helpful', 'thumbUp');
  const down = createThumb(localizer, 'notHelpful', 'thumbDown');
  const thumbs = { up, down };

  const label = element('span', { class: 'comment-label' });
  const comment = element('textarea', { rows: '2', maxlength: String(longestComment) });
  const submit = localizer.setText(
    element('button', { type: 'submit', class: 'button primary' }),
    'sendComment',
  );
  const skip = localizer.setText(element('button', { type: 'button', class: 'button' }), 'noComment');
  const form = element(
    'form',
    { class: 'comment', hidden: true },
    element('label', {}, label, comment),
    element('div', { class: 'comment-buttons' }, submit, skip),
  );

  const show = (rating: Rating | undefined) => {
    given = rating;
    up.setAttribute('aria-pressed', String(rating === 'up'));
    down.setAttribute('aria-pressed', String(rating === 'down'));
  };

  const attempt = async (rating: Rating, text?: string) => {
    const before = given;
    show(rating);
    try {
      await send(rating, text);
      report('feedbackThanks');
      return true;
    } catch {
      show(before);
      report('feedbackFailed');
      return false;
    }
  };

  const rate = async (rating: Rating) => {
    if (given === rating && !form.hidden) return close();
    localizer.setText(label, rating === 'up' ? 'commentLabelUp' : 'commentLabelDown');
    form.hidden = false;
    comment.focus();
    if (!(await attempt(rating))) form.hidden = true;
  };

  const close = () => {
    form.hidden = true;
    if (given !== undefined) thumbs[given].focus();
  };

  up.addEventListener('click', () => void rate('up'));
  down.addEventListener('click', () => void rate('down'));
  skip.addEventListener('click', close);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = comment.value.trim();
    if (given === undefined || text === '') return close();
    void attempt(given, text).then((sent) => {
      if (sent) close();
    });
  });

  return { buttons: [up, down], form };
};

const createThumb = (localizer: Localizer, label: StringKey, icon: 'thumbUp' | 'thumbDown') =>
  localizer.setLabel(
    element(
      'button',
      { type: 'button', class: 'icon-button', 'aria-pressed': 'false', 'data-rating': icon },
      createIcon(icon),
    ),
    label,
  );
