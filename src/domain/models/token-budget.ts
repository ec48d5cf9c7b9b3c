/** Tokens that all replicas together may spend in a day of the institution's calendar. */
export interface TokenBudget {
  /**
   * Sets tokens aside for one call, or gives undefined when the day has not so many left. Never throws: while the
   * store is out, this replica's share of what was left decides.
   */
  reserve(tokens: number): Promise<TokenReservation | undefined>;
}

export interface TokenReservation {
  /** Gives back what was set aside and not spent. To be called once; never throws, and need not be waited for. */
  settle(spentTokens: number): void;
}
