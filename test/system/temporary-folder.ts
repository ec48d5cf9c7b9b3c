import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that servers run by another user can get into, too. */
export function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tum-chatbot-'));
  chmodSync(folder, 0o755);
  return folder;
}

export const removeTemporaryFolder = (folder: string) => rmSync(folder, { recursive: true, force: true });
