-- What the reports sum rides along in the indexes, so that they need not go to the rows, one by one all over the table.
ALTER TABLE "statistics_rollups"
	DROP CONSTRAINT "statistics_rollups_period_hours_metric_starts_at_label_pk",
	ADD CONSTRAINT "statistics_rollups_period_hours_metric_starts_at_label_pk"
		PRIMARY KEY("period_hours","metric","starts_at","label") INCLUDE ("value");--> statement-breakpoint
ALTER TABLE "query_analytics"
	DROP CONSTRAINT "query_analytics_question_hash_day_pk",
	ADD CONSTRAINT "query_analytics_question_hash_day_pk" PRIMARY KEY("question_hash","day") INCLUDE ("count");--> statement-breakpoint
DROP INDEX "query_analytics_day_count_index";--> statement-breakpoint
CREATE INDEX "query_analytics_day_count_index" ON "query_analytics"
	USING btree ("day","count" DESC NULLS LAST) INCLUDE ("question_hash","askers");
