CREATE TABLE "chat_interactions" (
	"id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"user_id" text NOT NULL,
	"session_hash" text NOT NULL,
	"question" text NOT NULL,
	"response" text NOT NULL,
	"role" text,
	"campus" text,
	"language" text NOT NULL,
	"search_method" text NOT NULL,
	"results_count" integer NOT NULL,
	"top_similarity" double precision NOT NULL,
	"confidence" text NOT NULL,
	"answered_by" text NOT NULL,
	"cached" boolean NOT NULL,
	"degraded" text[] NOT NULL,
	"response_time_ms" double precision NOT NULL,
	"model" text,
	"input_tokens" integer NOT NULL,
	"output_tokens" integer NOT NULL,
	"error_code" text,
	CONSTRAINT "chat_interactions_id_at_pk" PRIMARY KEY("id","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "erased_users" (
	"user_id" text PRIMARY KEY NOT NULL,
	"erased_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feedback" (
	"request_id" text NOT NULL,
	"user_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"rating" text NOT NULL,
	"comment" text,
	CONSTRAINT "feedback_request_id_user_id_pk" PRIMARY KEY("request_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "imported_rows" (
	"id" text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE "query_analytics" (
	"question_hash" text NOT NULL,
	"day" date NOT NULL,
	"question" text NOT NULL,
	"count" integer NOT NULL,
	"total_time_us" bigint NOT NULL,
	"askers" integer NOT NULL,
	CONSTRAINT "query_analytics_question_hash_day_pk" PRIMARY KEY("question_hash","day")
);
--> statement-breakpoint
CREATE TABLE "question_askers" (
	"question_hash" text NOT NULL,
	"user_id" text NOT NULL,
	"day" date NOT NULL,
	CONSTRAINT "question_askers_question_hash_user_id_day_pk" PRIMARY KEY("question_hash","user_id","day")
);
--> statement-breakpoint
CREATE TABLE "search_performance" (
	"id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"search_method" text NOT NULL,
	"results_count" integer NOT NULL,
	"top_similarity" double precision NOT NULL,
	"search_time_ms" double precision NOT NULL,
	CONSTRAINT "search_performance_id_at_pk" PRIMARY KEY("id","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "statistics_rollups" (
	"period_hours" smallint NOT NULL,
	"metric" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"label" text NOT NULL,
	"value" bigint NOT NULL,
	CONSTRAINT "statistics_rollups_period_hours_metric_starts_at_label_pk" PRIMARY KEY("period_hours","metric","starts_at","label")
);
--> statement-breakpoint
CREATE TABLE "user_activity" (
	"user_id" text PRIMARY KEY NOT NULL,
	"last_seen_hour" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_sessions" (
	"session_hash" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"last_active_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"role" text,
	"campus" text,
	"interaction_count" integer NOT NULL,
	"turn_count" integer
);
--> statement-breakpoint
CREATE INDEX "chat_interactions_user_id_index" ON "chat_interactions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "feedback_user_id_index" ON "feedback" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "feedback_at_index" ON "feedback" USING btree ("at");--> statement-breakpoint
CREATE INDEX "query_analytics_day_count_index" ON "query_analytics" USING btree ("day","count" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "question_askers_user_id_index" ON "question_askers" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "question_askers_day_index" ON "question_askers" USING btree ("day");--> statement-breakpoint
CREATE INDEX "user_activity_last_seen_hour_index" ON "user_activity" USING btree ("last_seen_hour");--> statement-breakpoint
CREATE INDEX "user_sessions_user_id_index" ON "user_sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "user_sessions_last_active_at_index" ON "user_sessions" USING btree ("last_active_at");