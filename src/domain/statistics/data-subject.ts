/** Whose data is meant: a user with all that is theirs, or, with `sessionId`, one session of somebody without a name. */
export interface DataSubject {
  userId: string;
  sessionId?: string | undefined;
}

/** The same under the names of statistics. */
export interface StatisticsSubject {
  userId: string;
  sessionHash?: string | undefined;
}

/** Where something of a person was found, and how many records hold it. */
export interface Trace {
  place: string;
  records: number;
}

/** What a search went through, and what it found there. */
export interface SearchedPlace {
  place: string;
  /** Records or lines that were looked at; undefined where an index leads to a person's. */
  records?: number | undefined;
  found: readonly Trace[];
}

/** Something that stays after an erasure, or that a search cannot reach, and how long. */
export interface Remainder {
  place: string;
  reason: string;
  /** Seconds until it is gone; undefined when it holds nothing of a person, or when that is not known here. */
  goneAfterSeconds?: number | undefined;
}

/** A place that holds data of people. Both methods throw DependencyError when it is out. */
export interface PersonalData<Erased> {
  /** Deletes it; what is being written meanwhile is refused or deleted as well. Doing it twice does no harm. */
  erase(subject: DataSubject): Promise<Erased>;
  /** Looks through everything there is, in steps that nobody else notices. */
  search(subject: DataSubject): Promise<SearchedPlace>;
}
