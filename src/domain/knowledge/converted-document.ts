/** A web page or word processor's file as sections, each below a heading. */
export interface ConvertedDocument {
  title: string | undefined;
  /** As the document says, `de-DE` say. */
  language: string | undefined;
  /** Where it can be read. */
  url?: string;
  sections: DocumentSection[];
  /** What could not be read. */
  notes: string[];
}

export interface DocumentSection {
  /** Empty for what stands above the first heading. */
  heading: string;
  /** 1 to 6; of a heading within another it is higher. */
  level: number;
  /** Below the heading, up to the next of any level. */
  markdown: string;
  /** Part of the document, for messages: `page 3`. */
  place?: string;
}

/** One cause for which a document cannot be read, in words for its owner. */
export class DocumentRefusal extends Error {
  override readonly name = 'DocumentRefusal';
}
