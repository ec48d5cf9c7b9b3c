import type { StatisticsEvent } from '../statistics-event.ts';
import type { StatisticsStore } from '../statistics-store.ts';
import {
  createQuestionCounter,
  createRowMapper,
  type ImportedRow,
  type RowMapperDependencies,
} from './map-imported-rows.ts';

export const importedTables = [
  'chat_interactions',
  'search_performance',
  'user_sessions',
  'query_analytics',
] as const;
export type ImportedTable = (typeof importedTables)[number];

/** The older system's database. */
export interface ImportSource {
  count(table: ImportedTable): number;
  rows(table: ImportedTable): Iterable<ImportedRow>;
}

export interface ImportDependencies extends RowMapperDependencies {
  source: ImportSource;
  store: Pick<StatisticsStore, 'importBatch'>;
  onProgress: (done: number, total: number) => void;
}

export interface ImportReport {
  /** Rows read, by table. */
  rows: Record<ImportedTable, number>;
  /** Events and counted questions that were not there before. */
  added: number;
  /** Rows that could not be understood: without a time or a question. */
  skipped: number;
}

const batchSize = 500;

/** Takes over an older system's statistics. Every row counts once, however often it is imported. */
export const importStatistics = async ({
  source,
  store,
  onProgress,
  ...mapping
}: ImportDependencies): Promise<ImportReport> => {
  const rows = Object.fromEntries(
    importedTables.map((table) => [table, source.count(table)]),
  ) as ImportReport['rows'];
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const map = createRowMapper(mapping);
  const questions = createQuestionCounter(mapping.anonymizer);
  let [done, added, skipped] = [0, 0, 0];
  let events: StatisticsEvent[] = [];

  const write = async () => {
    if (events.length > 0) added += await store.importBatch({ events, questions: [] });
    events = [];
    onProgress(done, total);
  };
  const importTable = async (table: ImportedTable, mapRow: (row: ImportedRow) => StatisticsEvent[]) => {
    for (const row of source.rows(table)) {
      const mapped = mapRow(row);
      events.push(...mapped);
      if (mapped.length === 0) skipped += 1;
      done += 1;
      if (events.length >= batchSize) await write();
    }
  };

  await importTable('chat_interactions', (row) => {
    const event = map.interaction(row);
    if (event === undefined) return [];
    questions.noteInteraction(event);
    return [event];
  });
  await importTable('search_performance', (row) => {
    const event = map.search(row);
    return event === undefined ? [] : [event];
  });
  await importTable('user_sessions', map.session);
  await write();

  for (const row of source.rows('query_analytics')) if (!questions.noteRow(row)) skipped += 1;
  const remaining = questions.remaining();
  for (let start = 0; start < remaining.length; start += batchSize) {
    added += await store.importBatch({ events: [], questions: remaining.slice(start, start + batchSize) });
  }
  onProgress(total, total);
  return { rows, added, skipped };
};
