/** Builds the chat page and the widget into this directory, which is emptied first. */
export const buildWeb: (outputDirectory: string) => Promise<void>;
