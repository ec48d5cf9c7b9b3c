import { index, pgTable, smallint, text, timestamp } from 'drizzle-orm/pg-core';

/** What operators did, and when, from where, with which token. */
export const adminActions = pgTable(
  'admin_actions',
  {
    id: text().primaryKey(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    operator: text().notNull(),
    action: text().notNull(),
    target: text(),
    address: text().notNull(),
    /** Null: the replica ended before the action did. */
    status: smallint(),
  },
  (table) => [index().on(table.at)],
);
