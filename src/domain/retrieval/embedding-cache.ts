/** Query embeddings, shared by all replicas. Both methods throw DependencyError `redis`. */
export interface EmbeddingCache {
  find(key: string): Promise<number[] | undefined>;
  save(key: string, embedding: readonly number[]): Promise<void>;
}
