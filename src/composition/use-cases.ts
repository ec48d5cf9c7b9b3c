import { loadEnglishWords } from '../adapters/local-embedding/english-words.ts';
import type { Config } from '../config/parse-config.ts';
import { createAuditTrail } from '../domain/access/audit-trail.ts';
import { createAnswerQuestion } from '../domain/chat/answer-question.ts';
import { promptFingerprint } from '../domain/chat/build-prompt.ts';
import { createComposeAnswer } from '../domain/chat/compose-answer.ts';
import { describeAnswered, describeFailed } from '../domain/chat/describe-question.ts';
import { createEmergencyDetection } from '../domain/chat/emergency-notice.ts';
import { createRateAnswer } from '../domain/chat/rate-answer.ts';
import { systemClock } from '../domain/clock.ts';
import type { Institution } from '../domain/institution.ts';
import { createIngestKnowledge } from '../domain/knowledge/ingest-knowledge.ts';
import { createKnowledgeAdministration } from '../domain/knowledge/knowledge-administration.ts';
import { createLiveKnowledge, type LiveKnowledgeEvent } from '../domain/knowledge/live-knowledge.ts';
import { createKnowledgeView, type KnowledgeView } from '../domain/retrieval/knowledge-view.ts';
import { createQueryEmbedding } from '../domain/retrieval/query-embedding.ts';
import { createSearch } from '../domain/retrieval/search.ts';
import { createAnonymizer } from '../domain/statistics/anonymizer.ts';
import { describeChat } from '../telemetry/chat-session-log.ts';
import { annotateAnswer, createTracedSearch } from '../telemetry/traced-chat.ts';
import type { AdapterOptions, Adapters } from './adapters.ts';
import { createErasure } from './erasure.ts';
import type { ServiceOptions } from './service-options.ts';
import { createStatistics } from './statistics.ts';

type UseCaseOptions = Pick<AdapterOptions, 'readSalt' | 'modelLimitMs' | 'vocabulary'> &
  Pick<ServiceOptions, 'config' | 'institution' | 'logger' | 'metrics' | 'tracing' | 'chatSessionLog'>;

export type UseCases = ReturnType<typeof createUseCases>;

/** What the service decides, and what follows from it for statistics, metrics and logs. */
export function createUseCases(options: UseCaseOptions, adapters: Adapters) {
  const { config, institution, vocabulary, logger, metrics, tracing, chatSessionLog } = options;
  const { readSalt, modelLimitMs } = options;
  const { redis, postgres, chatStore, sessionStore, answerCache } = adapters;
  const anonymizer = createAnonymizer({ enabled: config.statistics.anonymize, salt: readSalt() });
  const statistics = createStatistics({ config, redis, postgres, anonymizer, logger, metrics, tracing });
  const { recorder } = statistics;
  const { liveKnowledge, knowledgeAdministration } = createKnowledge(options, adapters);
  const embedQuery = createQueryEmbedding({
    cache: adapters.embeddingCache,
    models: adapters.embeddingModels,
    onLookup: (isHit) => metrics.answers.recordCache('embedding', isHit),
  });
  const search = createTracedSearch(
    createSearch({
      knowledge: liveKnowledge.current,
      embedQuery,
      vectorIndex: adapters.vectorIndex,
      settings: config.retrieval,
    }),
    tracing,
  );
  const detectEmergency = createEmergencyDetection(institution.emergencies);
  const composeAnswer = createComposeAnswer({
    institution,
    vocabulary,
    detectEmergency,
    findEntry: (id) => liveKnowledge.current()?.entries.get(id),
    search,
    model: adapters.model,
    clock: systemClock,
    knowledgeVersion: () => liveKnowledge.current()?.version.version ?? 0,
    settings: {
      topK: config.retrieval.topK.hybrid,
      historyMessages: config.session.historyMessages,
      maxHistoryCharacters: config.session.maxHistoryCharacters,
      maxContextCharacters: config.session.maxContextCharacters,
      fingerprint: fingerprintOf(config, institution),
      modelLimitMs,
    },
  });
  // At least one, for a follow-up leans on the question before it.
  const historyTurns = Math.max(1, Math.ceil(config.session.historyMessages / 2));
  const answerQuestion = createAnswerQuestion({
    chatStore,
    replyStream: adapters.replyStream,
    answerCache,
    composeAnswer,
    detectEmergency,
    historyTurns,
    search,
    clock: systemClock,
    replyLimitMs: config.server.requestTimeoutMs,
    recorder: {
      describe: (answered) => recorder.createInteractionEvent(describeAnswered(answered)),
      record: (event) => void recorder.append(event),
      answered(answered) {
        const { answer, emergency } = answered.composed;
        if (emergency === undefined) chatSessionLog?.record(describeChat(answered, anonymizer));
        metrics.answers.recordAnswer(answer);
        if (tracing) annotateAnswer(tracing, answer);
        metrics.answers.recordCache('answer', answer.cached);
        if (!answer.cached) metrics.answers.recordRetrieval(answer.searchMethod, answer.searchTimeMs);
      },
      failed(failed) {
        const interaction = describeFailed(failed, {
          detectLanguage: vocabulary.detectLanguage,
          detectEmergency,
        });
        void recorder.append(recorder.createInteractionEvent(interaction));
        logger.error({ requestId: failed.requestId, err: failed.error }, 'a question was not answered');
      },
    },
  });

  return {
    answerQuestion,
    detectEmergency,
    historyTurns,
    search,
    rateAnswer: createRateAnswer({
      chatStore,
      sessionStore,
      record: ({ userId }, { requestId, rating, comment }) =>
        recorder.recordFeedback({ id: requestId, at: new Date(), userId, rating, comment }),
    }),
    statistics,
    auditTrail: createAuditTrail({
      store: adapters.auditStore,
      queue: adapters.auditQueue,
      onDelayed: ({ id }, cause) =>
        logger.warn({ requestId: id, err: cause }, 'an operator’s action waits for the audit table'),
      onLost: (action) => logger.error({ action }, 'an operator’s action is missing from the audit table'),
    }),
    userRecords: createErasure(config, adapters, { anonymizer, userData: statistics.userData }),
    liveKnowledge,
    knowledgeAdministration,
  };
}

function createKnowledge({ config, vocabulary, logger, metrics }: UseCaseOptions, adapters: Adapters) {
  const embeddingModel =
    adapters.embeddingModels.get(config.knowledge.embeddingModel) ?? adapters.localEmbedding;
  const publishing = {
    store: adapters.knowledgeStore,
    signal: adapters.knowledgeSignal,
    vectorIndex: adapters.vectorIndex,
    embeddingModel,
  };
  const ingestKnowledge = createIngestKnowledge(publishing);
  return {
    knowledgeAdministration: createKnowledgeAdministration(publishing),
    liveKnowledge: createLiveKnowledge<KnowledgeView>({
      ...publishing,
      buildView: async (snapshot) => createKnowledgeView(snapshot, vocabulary, await loadEnglishWords()),
      embeddingModelName: embeddingModel.name,
      canEmbedWith: (name) => adapters.embeddingModels.has(name),
      // An ingest of nothing embeds anew only what is of another model; the replicas that come second find nothing to do.
      reembed: () => ingestKnowledge({ entries: [] }),
      onEvent: (event) => reportKnowledge(event, { logger, metrics }),
    }),
  };
}

/** Names everything that an answer depends on besides the question, its audience and the knowledge version. */
function fingerprintOf({ models, session, retrieval }: Config, institution: Institution): string {
  return promptFingerprint(institution, {
    model: models.isConfigured ? models.model : 'none',
    fallbackModel: models.fallbackModel,
    temperature: models.temperature,
    maxOutputTokens: models.maxOutputTokens,
    maxContextCharacters: session.maxContextCharacters,
    topK: retrieval.topK.hybrid,
    similarityThreshold: retrieval.similarityThreshold,
  });
}

function reportKnowledge(
  event: LiveKnowledgeEvent,
  { logger, metrics }: Pick<ServiceOptions, 'logger' | 'metrics'>,
): void {
  switch (event.type) {
    case 'swapped':
      metrics.state.setKnowledge({ version: event.version.version, entries: event.version.entryCount });
      logger.warn({ version: event.version.version, source: event.source }, 'knowledge version is live here');
      break;
    case 'index-rebuilt':
      logger.warn({ version: event.version }, 'vector index was rebuilt');
      break;
    case 'held-back':
      logger.warn(
        { version: event.version.version, embeddingModel: event.version.embeddingModel },
        'a knowledge version is of an embedding model that this replica does not have; the one before it stays here',
      );
      break;
    case 'reembedded':
      logger.warn({ from: event.from, to: event.to }, 'knowledge was embedded with another model');
      break;
    case 'failing':
      logger.error({ task: event.task, err: event.error }, 'knowledge cannot be kept up to date');
      break;
    case 'recovered':
      logger.warn({ task: event.task }, 'knowledge is kept up to date again');
  }
}
