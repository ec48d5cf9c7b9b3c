CREATE TABLE "admin_actions" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"operator" text NOT NULL,
	"action" text NOT NULL,
	"target" text,
	"address" text NOT NULL,
	"status" smallint
);
--> statement-breakpoint
CREATE INDEX "admin_actions_at_index" ON "admin_actions" USING btree ("at");