import { readFile } from 'node:fs/promises';
import initSqlite from 'sql.js';

export type SqliteRow = Record<string, string | number | Uint8Array | null>;

export interface SqliteFile {
  /** How many rows a table has; 0 when there is no such table. */
  count(table: string): number;
  /** Its rows in the order they were added, each with its `rowid`. */
  rows(table: string): Iterable<SqliteRow>;
  close(): void;
}

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Opens a copy of the file in memory, so that the file itself is never changed. @throws when it is not SQLite. */
export const openSqliteFile = async (path: string): Promise<SqliteFile> => {
  const content = await readFile(path);
  const { Database } = await initSqlite();
  const database = new Database(content);
  const [tables] = database.exec("SELECT name FROM sqlite_master WHERE type = 'table'");
  const names = new Set(tables?.values.map(([name]) => name));
  return {
    count: (table) =>
      names.has(table)
        ? Number(database.exec(`SELECT count(*) FROM ${identifier(table)}`)[0]?.values[0]?.[0])
        : 0,
    *rows(table) {
      if (!names.has(table)) return;
      const statement = database.prepare(`SELECT rowid AS rowid, * FROM ${identifier(table)} ORDER BY rowid`);
      try {
        while (statement.step()) yield statement.getAsObject() as SqliteRow;
      } finally {
        statement.free();
      }
    },
    close: () => database.close(),
  };
};
