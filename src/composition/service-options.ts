import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.ts';
import type { Institution } from '../domain/institution.ts';
import type { ChatSessionLog } from '../telemetry/chat-session-log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

export interface ServiceOptions {
  config: Config;
  institution: Institution;
  logger: Logger;
  metrics: Metrics;
  /** Undefined: nothing is traced. */
  tracing?: Tracing | undefined;
  /** Where questions and answers are logged, if anywhere. */
  chatSessionLog?: ChatSessionLog | undefined;
  version: string;
  /** Where the build of the chat page and of the API reference is. */
  webDirectory: string;
}
