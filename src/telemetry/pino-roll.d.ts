declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events';

  /** The options used here, of those in the package's README. */
  interface RollingStreamOptions {
    file: string;
    size: string;
    limit: { count: number; removeOtherLogFiles: boolean };
    mkdir: boolean;
    sync: boolean;
    mode?: number;
  }

  interface RollingStream extends EventEmitter {
    write(line: string): boolean;
    end(): void;
  }

  export default function createRollingStream(options: RollingStreamOptions): Promise<RollingStream>;
}
