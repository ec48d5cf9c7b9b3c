import type { Campus, Role } from '../audience.ts';
import type { Lack } from '../errors.ts';
import type { ModelUsage } from '../models/language-model.ts';
import type { Confidence } from '../retrieval/confidence.ts';
import type { SearchMethod } from '../retrieval/search-method.ts';

export interface Source {
  id: string;
  question: string;
  category: string;
  url: string | null;
  /** 0..1, higher is closer. */
  similarity: number;
}

/** A finished answer, as stored with its claim and in the cache. */
export interface ChatAnswer {
  requestId: string;
  sessionId: string;
  response: string;
  /** Best first; empty when confidence is `none`. */
  sources: readonly Source[];
  confidence: Confidence;
  answeredBy: 'model' | 'knowledge_base';
  cached: boolean;
  searchMethod: SearchMethod;
  searchTimeMs: number;
  degraded: Lack[];
  answeredAt: Date;
  /** Model that wrote it, with its token counts; absent for knowledge-base answers. */
  model?: (ModelUsage & { name: string; durationMs: number }) | undefined;
}

/** The part of a chat request that another replica needs to answer it. */
export interface StoredChatRequest {
  message: string;
  role?: Role | undefined;
  campus?: Campus | undefined;
  /** The conversation so far, oldest first, from clients that keep it themselves; it replaces the session's. */
  history?: readonly PastTurn[] | undefined;
  /** False keeps neither session nor turn. */
  remember: boolean;
}

/** A question that was answered before. */
export interface PastTurn {
  question: string;
  answer: string;
}
