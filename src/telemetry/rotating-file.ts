import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, parse } from 'node:path';
import createRollingStream from 'pino-roll';

export interface RotatingFileOptions {
  /** Path as configured; the replica's id goes into the name, so that replicas never share a file. */
  file: string;
  replicaId: string;
  /** Added to the name, e.g. `error`. */
  suffix?: string;
  /** Size at which the next file is begun. */
  maxFileBytes: number;
  /** Full files kept beside the current one. */
  backupCount: number;
  /** Creates the files with mode 0600. */
  ownerOnly?: boolean;
}

export interface RotatingFile {
  write(line: string): void;
  close(): void;
}

/**
 * Age at which files of replicas that are gone are deleted; replicas prune only their own. As long as backups of logs are
 * kept, and as what a person had erased may stay in a log.
 */
export const forsakenAfterDays = 30;
const dayMs = 86_400_000;

/** `logs/app.log` of replica `api-1` becomes `logs/app.api-1.log`; the number of the file comes in front of `.log`. */
export const replicaFile = ({
  file,
  replicaId,
  suffix,
}: Pick<RotatingFileOptions, 'file' | 'replicaId' | 'suffix'>) => {
  const extension = extname(file) || '.log';
  const name = basename(file, extname(file));
  const parts = [
    name,
    replicaId.replaceAll(/[^A-Za-z0-9_-]/g, '_'),
    ...(suffix === undefined ? [] : [suffix]),
  ];
  return join(dirname(file), parts.join('.') + extension);
};

/**
 * Opens a file that rolls over by size. Writes are synchronous, so that nothing is left to flush when the process
 * ends, however it ends. A disk that refuses later writes is reported once on stderr and never stops the process.
 * @throws the file system's error when the file cannot be opened.
 */
export const openRotatingFile = async (options: RotatingFileOptions): Promise<RotatingFile> => {
  const stream = await createRollingStream({
    file: replicaFile(options),
    size: `${options.maxFileBytes}b`,
    limit: { count: options.backupCount + 1, removeOtherLogFiles: true },
    mkdir: true,
    sync: true,
    ...(options.ownerOnly === true && { mode: 0o600 }),
  });
  stream.once('error', (error: Error) => {
    process.stderr.write(`Log file ${options.file} cannot be written: ${error.message}\n`);
    stream.on('error', () => {});
  });
  const prune = () => deleteForsaken(options).catch(() => {});
  await prune();
  const timer = setInterval(prune, dayMs).unref();
  return {
    write: (line) => {
      stream.write(line);
    },
    close: () => {
      clearInterval(timer);
      stream.end();
    },
  };
};

/** Deletes what other replicas wrote under the same name and have not written to for `forsakenAfterDays`. */
const deleteForsaken = async (options: RotatingFileOptions): Promise<void> => {
  const { dir, name, ext } = parse(replicaFile(options));
  const shared = `${parse(options.file).name}.`;
  /** Replica, suffix, number. */
  const isOfReplica = /^[\w-]+(\.\w+)?\.\d+$/;
  const isOthers = (file: string) =>
    file.startsWith(shared) &&
    file.endsWith(ext) &&
    isOfReplica.test(file.slice(shared.length, -ext.length)) &&
    !file.startsWith(`${name}.`);
  for (const file of (await readdir(dir)).filter(isOthers)) {
    const path = join(dir, file);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < Date.now() - forsakenAfterDays * dayMs) await rm(path, { force: true });
  }
};
