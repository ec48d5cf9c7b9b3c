export type BrowserStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Keeps our keys apart from those of other pages of the same origin. */
export const prefix = 'tum-chat:';

/** An embedding page, or the person, may forbid storage: then a choice lasts as long as the page. */
export const openStorage = (find: () => Storage): BrowserStorage => {
  try {
    const storage = find();
    storage.getItem(prefix);
    return storage;
  } catch {
    const values = new Map<string, string>();
    return {
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => void values.set(key, value),
      removeItem: (key) => void values.delete(key),
    };
  }
};
