import type { Localizer } from './localizer.ts';
import { isLanguage, type Preferences } from './preferences.ts';
import type { Language } from './strings.ts';

/** The person's choice, else what the embedding page asks for, else what the browser prefers. */
export const initialLanguage = (preferences: Preferences): Language => {
  const asked = new URLSearchParams(location.search).get('lang');
  const preferred = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return preferences.language() ?? [asked, ...preferred].find(isLanguage) ?? 'en';
};

/** Buttons with the language they stand for in `data-language`. */
export const connectLanguageSwitch = (
  buttons: Iterable<HTMLButtonElement>,
  localizer: Localizer,
  preferences: Preferences,
): void => {
  const choices = [...buttons];

  const show = (language: Language) => {
    localizer.setLanguage(language);
    document.title = localizer.text('title');
    for (const button of choices) {
      button.setAttribute('aria-pressed', String(button.dataset.language === language));
    }
  };

  for (const button of choices) {
    button.addEventListener('click', () => {
      const { language } = button.dataset;
      if (!isLanguage(language)) return;
      preferences.setLanguage(language);
      show(language);
    });
  }
  show(localizer.language());
};
