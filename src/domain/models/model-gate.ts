/**
 * What all replicas know together about calls that must not be made now.
 * A scope is whatever one quota covers: a model under one API key.
 */
export interface ModelGate {
  /** Milliseconds until calls under `scope` may be made again; undefined when they may be made now. Local knowledge, no I/O. */
  closedForMs(scope: string): number | undefined;
  /** Closes a scope here at once and tells the other replicas. A shorter closing never replaces a longer one. Never throws. */
  close(scope: string, forMs: number): void;
  /**
   * Takes one call out of the cluster's budget of this minute. True when no budget is configured.
   * Never throws: while the store is out, a local count against this replica's share decides.
   */
  tryAcquire(): Promise<boolean>;
}
