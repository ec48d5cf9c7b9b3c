import pino, { type Level, type Logger, type StreamEntry } from 'pino';
import { createRedactor, redactedPaths } from './redaction.ts';
import { openRotatingFile, type RotatingFile } from './rotating-file.ts';

export interface LoggingOptions {
  level: Level | 'silent';
  /** Path of the rotating file; empty for stdout alone. */
  file: string;
  maxFileBytes: number;
  backupCount: number;
}

export interface LoggerDependencies {
  /** Values that must never appear in a line, asked for each line. */
  secrets?: () => readonly string[];
  /** Where lines go besides the files; stdout unless told otherwise. */
  output?: { write(line: string): void };
}

/** The level names that operators already search their files for. */
const levelLabels: Readonly<Record<string, string>> = { warn: 'WARNING', fatal: 'CRITICAL' };

const openFiles = async (options: LoggingOptions, replicaId: string): Promise<StreamEntry<Level>[]> => {
  const { file, maxFileBytes, backupCount } = options;
  if (file === '') return [];
  const shared = { file, replicaId, maxFileBytes, backupCount };
  const everything: RotatingFile = await openRotatingFile(shared);
  const errors: RotatingFile = await openRotatingFile({ ...shared, suffix: 'error' });
  return [
    { level: 'trace', stream: everything },
    { level: 'error', stream: errors },
  ];
};

/**
 * JSON lines with ISO times (UTC) on stdout and, when a file is configured, in a rotating file and an error file
 * beside it. Every line names the replica; credentials are blanked. A file that cannot be opened is
 * warned of: the service runs on with stdout.
 */
export const createLogger = async (
  options: LoggingOptions,
  replicaId: string,
  { secrets = () => [], output = pino.destination({ dest: 1, sync: true }) }: LoggerDependencies = {},
): Promise<Logger> => {
  const opened = await openFiles(options, replicaId).then(
    (files) => ({ files, problem: undefined }),
    (problem: unknown) => ({ files: [], problem }),
  );
  const logger = pino(
    {
      level: options.level,
      base: { replica: replicaId },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: levelLabels[label] ?? label.toUpperCase() }) },
      redact: { paths: redactedPaths, censor: '[redacted]' },
      hooks: { streamWrite: createRedactor(secrets) },
    },
    pino.multistream([{ level: 'trace', stream: output }, ...opened.files]),
  );
  if (opened.problem !== undefined)
    logger.warn({ err: opened.problem }, 'Log file cannot be opened; logging to stdout');
  return logger;
};
