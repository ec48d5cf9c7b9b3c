import { execFileSync } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** Whom a server runs as that refuses to be root; undefined when we are not root anyway. */
export function findUnprivilegedUser(): UserIds | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Whether every folder on the way to an existing path lets the user pass. A checkout in /root does not. */
export function canReach(user: UserIds, path: string): boolean {
  const { uid, gid, mode } = statSync(path);
  const searchBits = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  if ((mode & searchBits) === 0) return false;
  const parent = dirname(realpathSync(path));
  return parent === path || canReach(user, parent);
}
