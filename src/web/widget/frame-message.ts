/** What the embedding page and the chat in its frame tell each other. */
export type FrameMessage = 'tum-chat:opened' | 'tum-chat:close';

export const isFrameMessage = (data: unknown): data is FrameMessage =>
  data === 'tum-chat:opened' || data === 'tum-chat:close';
