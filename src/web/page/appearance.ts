import { createIcon } from './icons.ts';
import { createThemeChoice, type Theme } from './theme-choice.ts';

/** The switch between light and dark. Without a choice the page follows the system. */
export const connectAppearanceSwitch = (button: HTMLButtonElement): void => {
  const choice = createThemeChoice();
  const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

  const current = (): Theme => choice.find() ?? (systemIsDark.matches ? 'dark' : 'light');
  const update = () => {
    const isDark = current() === 'dark';
    button.setAttribute('aria-pressed', String(isDark));
    button.replaceChildren(createIcon(isDark ? 'sun' : 'moon'));
  };

  button.addEventListener('click', () => {
    choice.set(current() === 'dark' ? 'light' : 'dark');
    update();
  });
  systemIsDark.addEventListener('change', update);
  update();
};
