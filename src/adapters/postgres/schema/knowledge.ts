import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import type { KnowledgeEntry } from '../../../domain/knowledge/knowledge-entry.ts';

/** Vectors as little-endian float32 bytes: half the size of `real[]` in text form, and no number parsing. */
const float32Vector = customType<{ data: readonly number[]; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (vector) => Buffer.from(Float32Array.from(vector).buffer),
  fromDriver: (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
  },
});

export const knowledgeVersions = pgTable('knowledge_versions', {
  version: integer().primaryKey().generatedAlwaysAsIdentity(),
  embeddingModel: text('embedding_model').notNull(),
  dimension: integer().notNull(),
  entryCount: integer('entry_count').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  /** Null until it is first made live; an ingest that died leaves such versions behind. */
  activatedAt: timestamp('activated_at', { withTimezone: true }),
});

const partOfEntry = (column: string, field: keyof KnowledgeEntry) =>
  text(column).generatedAlwaysAs(sql.raw(`entry ->> '${field}'`));

export const knowledgeEntries = pgTable(
  'knowledge_entries',
  {
    version: integer()
      .notNull()
      .references(() => knowledgeVersions.version, { onDelete: 'cascade' }),
    position: integer().notNull(),
    entryId: text('entry_id').notNull(),
    contentHash: text('content_hash').notNull(),
    entry: jsonb().$type<KnowledgeEntry>().notNull(),
    // For queries by hand; what is read and written is the entry.
    questionDe: partOfEntry('question_de', 'questionDe'),
    answerDe: partOfEntry('answer_de', 'answerDe'),
    verifiedAt: partOfEntry('verified_at', 'verifiedAt'),
    validUntil: partOfEntry('valid_until', 'validUntil'),
  },
  (table) => [
    primaryKey({ columns: [table.version, table.position] }),
    index().on(table.contentHash),
    unique().on(table.version, table.entryId),
  ],
);

export const knowledgeEmbeddings = pgTable(
  'knowledge_embeddings',
  {
    model: text().notNull(),
    contentHash: text('content_hash').notNull(),
    embedding: float32Vector().notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.contentHash] })],
);

/** One row at most: which version is live. */
export const knowledgeActive = pgTable(
  'knowledge_active',
  {
    onlyRow: boolean('only_row').primaryKey().default(true),
    version: integer()
      .notNull()
      .references(() => knowledgeVersions.version),
  },
  (table) => [check('knowledge_active_one_row', sql`${table.onlyRow}`)],
);
