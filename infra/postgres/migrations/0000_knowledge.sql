CREATE TABLE "knowledge_active" (
	"only_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"version" integer NOT NULL,
	CONSTRAINT "knowledge_active_one_row" CHECK ("knowledge_active"."only_row")
);
--> statement-breakpoint
CREATE TABLE "knowledge_embeddings" (
	"model" text NOT NULL,
	"content_hash" text NOT NULL,
	"embedding" "bytea" NOT NULL,
	CONSTRAINT "knowledge_embeddings_model_content_hash_pk" PRIMARY KEY("model","content_hash")
);
--> statement-breakpoint
CREATE TABLE "knowledge_entries" (
	"version" integer NOT NULL,
	"position" integer NOT NULL,
	"entry_id" text NOT NULL,
	"content_hash" text NOT NULL,
	"entry" jsonb NOT NULL,
	CONSTRAINT "knowledge_entries_version_position_pk" PRIMARY KEY("version","position"),
	CONSTRAINT "knowledge_entries_version_entry_id_unique" UNIQUE("version","entry_id")
);
--> statement-breakpoint
CREATE TABLE "knowledge_versions" (
	"version" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "knowledge_versions_version_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"embedding_model" text NOT NULL,
	"dimension" integer NOT NULL,
	"entry_count" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"activated_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "knowledge_active" ADD CONSTRAINT "knowledge_active_version_knowledge_versions_version_fk" FOREIGN KEY ("version") REFERENCES "public"."knowledge_versions"("version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge_entries" ADD CONSTRAINT "knowledge_entries_version_knowledge_versions_version_fk" FOREIGN KEY ("version") REFERENCES "public"."knowledge_versions"("version") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "knowledge_entries_content_hash_index" ON "knowledge_entries" USING btree ("content_hash");