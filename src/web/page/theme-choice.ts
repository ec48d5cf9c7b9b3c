import { openStorage, prefix } from './browser-storage.ts';

export type Theme = 'light' | 'dark';

/** The appearance that the person chose, if any, for every visit. */
export const createThemeChoice = () => {
  const storage = openStorage(() => localStorage);
  const key = `${prefix}theme`;

  return {
    find(): Theme | undefined {
      const theme = storage.getItem(key);
      return theme === 'light' || theme === 'dark' ? theme : undefined;
    },
    /** Shows the page in this appearance, now and next time. */
    set(theme: Theme): void {
      document.documentElement.dataset.theme = theme;
      try {
        storage.setItem(key, theme);
      } catch {
        // A full storage costs the memory of the choice, nothing else.
      }
    },
  };
};
