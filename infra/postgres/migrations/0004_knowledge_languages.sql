ALTER TABLE "knowledge_entries" ADD COLUMN "question_de" text GENERATED ALWAYS AS (entry ->> 'questionDe') STORED;--> statement-breakpoint
ALTER TABLE "knowledge_entries" ADD COLUMN "answer_de" text GENERATED ALWAYS AS (entry ->> 'answerDe') STORED;--> statement-breakpoint
ALTER TABLE "knowledge_entries" ADD COLUMN "verified_at" text GENERATED ALWAYS AS (entry ->> 'verifiedAt') STORED;--> statement-breakpoint
ALTER TABLE "knowledge_entries" ADD COLUMN "valid_until" text GENERATED ALWAYS AS (entry ->> 'validUntil') STORED;