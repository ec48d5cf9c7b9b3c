CREATE TABLE "latency_histograms" (
	"period_hours" smallint NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"first_bucket" smallint NOT NULL,
	"counts" integer[] NOT NULL,
	CONSTRAINT "latency_histograms_period_hours_starts_at_pk" PRIMARY KEY("period_hours","starts_at")
);
