import { basename, dirname, extname, join } from 'node:path';
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
  return {
    write: (line) => {
      stream.write(line);
    },
    close: () => stream.end(),
  };
};
