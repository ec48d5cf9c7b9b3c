/** What a reply stream holds, in order. `restart` names the generation that replaces this one. */
export type ReplyRecord =
  | { type: 'sources'; sources: unknown }
  | { type: 'text'; text: string }
  | { type: 'restart'; generation: string }
  | { type: 'end' };

/** A live reply in a Redis Stream, for clients that reconnect on any replica. Kept 10 minutes. */
export interface ReplyStream {
  /** Appends records, in order. @throws DependencyError `redis`. */
  append(generation: string, records: readonly ReplyRecord[]): Promise<void>;
  /** Records after `cursor` (undefined: from the start) and the cursor to go on from. Does not block. */
  read(generation: string, cursor?: string): Promise<{ records: ReplyRecord[]; cursor: string | undefined }>;
}
