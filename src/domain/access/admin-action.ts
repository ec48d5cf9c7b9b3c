import { z } from 'zod';

/** What an operator did. It is noted twice under one id: before it is done, and with its outcome. */
export const adminActionSchema = z.object({
  id: z.string(),
  at: z.iso.datetime().transform((text) => new Date(text)),
  /** Fingerprint of the token. */
  operator: z.string(),
  /** Method and route. */
  action: z.string(),
  /** What it was done to; never the name of a person. */
  target: z.string().optional(),
  address: z.string(),
  /** HTTP status of the reply; missing while the action is under way. */
  status: z.int().optional(),
});
export type AdminAction = z.output<typeof adminActionSchema>;

/** The audit table. */
export interface AuditStore {
  /** Adds actions; of an action that is there already it adds what was not known. @throws when the store is out. */
  record(actions: readonly AdminAction[]): Promise<void>;
  /** Deletes what is older. Returns how many rows went. */
  deleteBefore(instant: Date): Promise<number>;
}

/** Actions that wait for the store, shared by all replicas. */
export interface AuditQueue {
  append(actions: readonly AdminAction[]): Promise<void>;
  /** The oldest that wait, `count` at most; they stay until removed. */
  peek(count: number): Promise<{ queueId: string; action: AdminAction }[]>;
  remove(queueIds: readonly string[]): Promise<void>;
}
