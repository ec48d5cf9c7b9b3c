export interface EmbeddingModel {
  /** Stable name; a knowledge version records it, and only vectors of the same name are comparable. */
  readonly name: string;
  /** Length of every vector. */
  readonly dimension: number;
  /**
   * Embeds questions of people. One unit-norm vector of `dimension` numbers per text, in order.
   * @throws DependencyError when the provider fails.
   */
  embedQueries(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
  /** Embeds entries for the index; same shape as embedQueries. */
  embedDocuments(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
}
