import type { Hono } from 'hono';
import { listEmergencyNumbers } from '../domain/chat/emergency-notice.ts';
import type { Health } from '../domain/health.ts';
import { createSessionIds } from '../domain/sessions/session-id.ts';
import { createAdmission } from '../http/admission.ts';
import type { AppEnv } from '../http/app-env.ts';
import { createIdentifyCaller } from '../http/caller.ts';
import { createEmergencyPassage } from '../http/emergency-passage.ts';
import { auditAction } from '../http/middleware/audit.ts';
import { requireAdmin, requireClientKey } from '../http/middleware/bearer-auth.ts';
import { limitRequests } from '../http/middleware/limit-requests.ts';
import { requireOperatorNetwork } from '../http/middleware/operator-network.ts';
import { createAdminRoutes } from '../http/routes/admin.ts';
import { createChatRoutes } from '../http/routes/chat.ts';
import { createFeedbackRoutes } from '../http/routes/feedback.ts';
import { createHealthRoutes } from '../http/routes/health.ts';
import { createOpenAiRoutes } from '../http/routes/openai.ts';
import { createPageRoutes } from '../http/routes/page.ts';
import { createSearchRoutes } from '../http/routes/search.ts';
import { createSessionRoutes } from '../http/routes/session.ts';
import { createStatisticsRoutes } from '../http/routes/statistics.ts';
import type { AdapterOptions, Adapters } from './adapters.ts';
import type { ServiceOptions } from './service-options.ts';
import type { UseCases } from './use-cases.ts';

interface RouteOptions
  extends ServiceOptions,
    Pick<AdapterOptions, 'readSalt' | 'modelLimitMs' | 'vocabulary'> {
  health: Health;
  isReady: () => boolean;
}

/** What the service answers, and who may ask; app.ts adds its description. */
export function createRoutes(
  options: RouteOptions,
  { rateLimiter, limitPolicy, lockOut, hashIdentity, sessionStore }: Adapters,
  useCases: UseCases,
) {
  const { config, institution, vocabulary, logger, metrics, version, webDirectory, readSalt, modelLimitMs } =
    options;
  const { answerQuestion, historyTurns, search, statistics, liveKnowledge } = useCases;
  const { recorder } = statistics;
  const passEmergency = createEmergencyPassage({
    limiter: rateLimiter,
    detectEmergency: useCases.detectEmergency,
    numbers: listEmergencyNumbers(institution),
  });
  const limits = config.rateLimit.enabled
    ? [
        limitRequests({
          limiter: rateLimiter,
          policy: limitPolicy,
          nameUser: (userId) => hashIdentity(`places:${userId}`),
          metrics,
          passEmergency,
        }),
      ]
    : [];
  const identifyCaller = createIdentifyCaller({ sessionIds: createSessionIds(readSalt), sessionStore });
  const admission = createAdmission({
    activeChats: answerQuestion.activeCount,
    maxConcurrentChats: config.server.maxConcurrentChats,
    maxEventLoopDelayMs: config.server.maxEventLoopDelayMs,
    metrics,
  });
  const adminOnly = requireAdmin({
    adminTokens: config.server.adminTokens,
    lockOut,
    limiter: rateLimiter,
    nameToken: (token) => hashIdentity(`operator:${token}`).slice(0, 12),
  });
  const adminOnlyInProduction = config.isProduction ? [adminOnly] : [];

  const audience = {
    roles: institution.roles.map(({ id }) => id),
    campuses: institution.campuses.map(({ id }) => id),
  };

  const routes: Hono<AppEnv>[] = [
    createChatRoutes({ audience, answerQuestion, identifyCaller, admission, passEmergency }),
    createOpenAiRoutes({
      detectLanguage: vocabulary.detectLanguage,
      answerQuestion,
      identifyCaller,
      admission,
      passEmergency,
      authorize: requireClientKey(config.server.clientApiKeys),
      historyTurns,
    }),
    createSessionRoutes({
      audience,
      sessionStore,
      identifyCaller,
      onStarted: (key, { startedAt: at, role, campus }) =>
        void recorder.recordSession({ ...key, at, change: 'started', role, campus, turnCount: 0 }),
      onEnded: (key, { role, campus, turnCount }, at) =>
        void recorder.recordSession({ ...key, at, change: 'ended', role, campus, turnCount }),
    }),
    createSearchRoutes({
      detectLanguage: vocabulary.detectLanguage,
      audience,
      search,
      defaultTopK: config.retrieval.topK,
      authorize: adminOnlyInProduction,
      onSearched: (id, { method, results, searchTimeMs }) => {
        metrics.answers.recordRetrieval(method, searchTimeMs);
        void recorder.recordSearch({
          id,
          at: new Date(),
          searchMethod: method,
          resultsCount: results.length,
          topSimilarity: results[0]?.similarity ?? 0,
          searchTimeMs,
        });
      },
    }),
    createFeedbackRoutes({ rateAnswer: useCases.rateAnswer }),
    createStatisticsRoutes({
      prices: config.models.prices,
      store: statistics.store,
      countActiveSessions: sessionStore.countActive,
      authorize: adminOnlyInProduction,
    }),
    createAdminRoutes({
      restrictNetwork: requireOperatorNetwork(config.proxy.adminNetworks),
      authorize: adminOnly,
      audit: auditAction(useCases.auditTrail),
      nameAudited: (userId) => hashIdentity(`audited:${userId}`),
      knowledge: useCases.knowledgeAdministration,
      loadedVersion: () => liveKnowledge.current()?.version.version,
      userRecords: useCases.userRecords,
      forgetUsage: (address) => rateLimiter.reset([...limitPolicy.ratesOf(address)]),
      replyLimitMs: modelLimitMs,
      logger,
    }),
    createHealthRoutes({
      health: options.health,
      version,
      environment: config.environment,
      replicaId: config.server.replicaId,
      isReady: options.isReady,
    }),
    createPageRoutes({
      assetsDirectory: webDirectory,
      frameAncestors: config.server.corsOrigins,
    }) as Hono<AppEnv>,
  ];
  return { routes, limits, close: admission.close };
}
