import type { ChatAnswer } from '../domain/chat/chat-answer.ts';
import type { ModelCall } from '../domain/models/observed-model.ts';
import type { Search } from '../domain/retrieval/search.ts';
import type { Tracing } from './tracing.ts';

/** Every search is a span; without tracing it is the search itself. */
export function createTracedSearch(search: Search, tracing: Tracing | undefined): Search {
  if (tracing === undefined) return search;
  return {
    ...search,
    search: (request) =>
      tracing.trace(
        'retrieval',
        {},
        () => search.search(request),
        ({ method, results, confidence, degraded }) => ({
          'tum_chatbot.search_method': method,
          'tum_chatbot.results_count': results.length,
          'tum_chatbot.confidence': confidence,
          'tum_chatbot.degraded': degraded,
        }),
      ),
  };
}

/** A span for each call of a model: retries and fallbacks have their own. */
export function recordModelCall(tracing: Tracing, call: ModelCall): void {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'gcp.gemini',
    'gen_ai.request.model': call.model,
    'gen_ai.usage.input_tokens': call.inputTokens,
    'gen_ai.usage.output_tokens': call.outputTokens,
    'tum_chatbot.attempt': call.attempt,
    'tum_chatbot.first_text_ms': call.firstTextMs,
    'tum_chatbot.outcome': call.outcome,
  };
  const hasFailed = call.outcome !== 'ok' && call.outcome !== 'aborted';
  tracing.record(`chat ${call.model}`, call.durationMs, attributes, hasFailed ? call.outcome : undefined);
}

/** What became of the question, on the span of its request. */
export function annotateAnswer(tracing: Tracing, answer: ChatAnswer): void {
  tracing.annotate({
    'tum_chatbot.answered_by': answer.answeredBy,
    'tum_chatbot.cached': answer.cached,
    'tum_chatbot.confidence': answer.confidence,
    'tum_chatbot.degraded': answer.degraded,
  });
}
