import { openStorage, prefix } from './browser-storage.ts';
import { type Language, strings } from './strings.ts';

/** 128 random bits; `randomUUID` is missing where the page came over plain HTTP. */
const randomLabel = (kind: string): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${kind}-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
};

export const randomKey = (): string => randomLabel('ask');

export const isLanguage = (value: string | null | undefined): value is Language =>
  typeof value === 'string' && Object.hasOwn(strings, value);

export type Preferences = ReturnType<typeof createPreferences>;

/** What the browser remembers: choices for every visit, the conversation for this tab alone. */
export const createPreferences = () => {
  const everywhere = openStorage(() => localStorage);
  const tab = openStorage(() => sessionStorage);

  const remember = (storage: typeof tab, key: string, value: string | undefined) => {
    try {
      if (value === undefined || value === '') storage.removeItem(prefix + key);
      else storage.setItem(prefix + key, value);
    } catch {
      // A full storage costs the memory of one choice, nothing else.
    }
  };
  const recall = (storage: typeof tab, key: string) => storage.getItem(prefix + key);

  const recallOrMake = (storage: typeof tab, key: string, make: () => string) => {
    const known = recall(storage, key);
    if (known !== null) return known;
    const made = make();
    remember(storage, key, made);
    return made;
  };

  return {
    /** A random label, no account: it says that the same browser asks, and nothing about who. */
    userId: () => recallOrMake(everywhere, 'user', () => randomLabel('web')),
    /** Whether this tab has a conversation that the service may remember. */
    hasSession: () => recall(tab, 'session') !== null,
    sessionId: () => recallOrMake(tab, 'session', () => randomLabel('page')),
    setSessionId: (id: string | undefined) => remember(tab, 'session', id),

    choice: (name: 'role' | 'campus') => recall(everywhere, name) ?? undefined,
    setChoice: (name: 'role' | 'campus', value: string) => remember(everywhere, name, value),

    language(): Language | undefined {
      const language = recall(everywhere, 'language');
      return isLanguage(language) ? language : undefined;
    },
    setLanguage: (language: Language) => remember(everywhere, 'language', language),

    /** A JSON value that lasts as long as the tab, through reloads. */
    tabValue<Value>(key: string): Value | undefined {
      const text = recall(tab, key);
      return text === null ? undefined : (JSON.parse(text) as Value);
    },
    setTabValue: (key: string, value: unknown) =>
      remember(tab, key, value === undefined ? undefined : JSON.stringify(value)),
  };
};
