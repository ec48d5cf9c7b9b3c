import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { RateAnswer } from '../../domain/chat/rate-answer.ts';
import type { AppEnv } from '../app-env.ts';
import { callerWithSession } from '../caller.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import {
  callerHeadersSchema,
  jsonBody,
  jsonReply,
  personText,
  replyFields,
  requestIdSchema,
} from '../schemas.ts';

const ratings = ['up', 'down'] as const;

const feedbackRoute = createRoute({
  method: 'post',
  path: '/api/feedback',
  tags: ['feedback'],
  summary: 'Rate an answer; rating it again replaces the rating',
  request: {
    headers: callerHeadersSchema,
    body: jsonBody(
      z
        .object({
          request_id: requestIdSchema,
          rating: z.enum(ratings, { error: `must be one of ${ratings.join(', ')}` }),
          comment: personText(0, 1000).nullish(),
        })
        .openapi('FeedbackRequest'),
    ),
  },
  responses: jsonReply(
    z.object({ rated_request_id: z.string(), rating: z.enum(ratings), ...replyFields }),
    'The rating is kept.',
  ),
});

export interface FeedbackRoutesDependencies {
  rateAnswer: RateAnswer;
}

export function createFeedbackRoutes({ rateAnswer }: FeedbackRoutesDependencies) {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  routes.openapi(feedbackRoute, async (c) => {
    const { request_id, rating, comment } = c.req.valid('json');
    const caller = callerWithSession(c.req.valid('header'));
    await rateAnswer(caller, { requestId: request_id, rating, comment: comment || undefined });
    const timestamp = new Date().toISOString();
    return c.json({ rated_request_id: request_id, rating, request_id: c.get('requestId'), timestamp }, 200);
  });
  return routes;
}
