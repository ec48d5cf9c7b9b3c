ALTER TABLE "chat_interactions" ADD COLUMN "thought_tokens" integer;--> statement-breakpoint
ALTER TABLE "chat_interactions" ADD COLUMN "cached_tokens" integer;