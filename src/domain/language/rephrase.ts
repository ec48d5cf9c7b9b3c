/** Phrases whose words mislead one by one, and what knowledge bases write instead. */
type Phrases = readonly (readonly [RegExp, string])[];

const englishPhrases: Phrases = [
  [/\b(?:days?|time|week) off\b/gi, 'vacation'],
  [/\b(?:call in|calling in) sick\b/gi, 'sick leave'],
  [/\b(?:sick|doctors?|doctor's) note\b/gi, 'sick leave certificate'],
  [/\blooks? like\b/gi, 'format'],
  [/\bday one\b/gi, 'first day'],
  [/\bthree months\b/gi, '100 days'],
  [/\btop(?:ping)?[ -]?(?:it )?up\b/gi, 'add money'],
  [/\bhand(?:ing)? in\b/gi, 'submit'],
  [/\b(?:sign(?:ing)?|log(?:ging)?) (?:in|on)\b/gi, 'login'],
  [/\bsign(?:ing)? up\b/gi, 'register'],
  [/\bstudent id(?: card)?\b(?! number)/gi, 'student card'],
  [/\b(?:staff|employee) id(?: card)?\b(?! number)/gi, 'employee card TUMCard'],
  [/\bhow big\b/gi, 'how large'],
  [/\bget (?:there|to)\b/gi, 'reach'],
  [/\bget(?:ting)? around\b/gi, 'transportation'],
  [/\bpublic transit\b/gi, 'public transport'],
  [/\bcampus cards?\b/gi, 'CampusCard'],
  [/\btum cards?\b/gi, 'TUMCard'],
  [/\btum online\b/gi, 'TUMonline'],
  [/\bhard ?(?:disk|drive)s?\b/gi, 'hard drive'],
  [/\bnetwork (?:drive|share|folder)\b/gi, 'network drive NAS'],
  [/\bphone number\b/gi, 'telephone number'],
  [/\bpay ?slip\b/gi, 'salary statement'],
  [/\bplace to (?:live|stay)\b/gi, 'housing accommodation'],
  [/\b(?:something|anything|place|places|where) to eat\b/gi, 'food dining'],
  [/\bgrab (?:a )?(?:bite|food|lunch)\b/gi, 'food dining'],
  [/\b(?:get|getting) sick\b/gi, 'sick leave'],
  [/\bworks? out\b|\bworking out\b/gi, 'sports fitness'],
  [/\bwifi password\b/gi, 'eduroam password'],
  [/\bgym(?:s|nasium)?\b/gi, 'fitness center sports'],
];

const germanPhrases: Phrases = [
  [/\b(?:von )?zu ?hause(?: aus)?\b/giu, 'homeoffice'],
  [/\bkennen (?:zu )?lernen\b/giu, 'kennenlernen'],
  [/\b(?:lerne|lernt|lernen)\b(?=.*\bkennen\b)/giu, 'kennenlernen'],
  [/\bnicht (?:angekommen|erhalten|bekommen|gekommen)\b/giu, 'fehlt'],
  [/\btag der offenen t(?:ü|ue)r\b/giu, 'open day'],
  [/\bwie viele?\b/giu, 'wieviel'],
  [/\berste[nrs]? (?:arbeits)?tag\b/giu, 'first work day'],
  [/\b(?:trage|tr(?:ä|ae)gt|tragen)\b(?=.*\bein\b)/giu, 'eintragen'],
  [/\b(?:leihe|leiht)\b(?=.*\baus\b)/giu, 'ausleihen'],
  [/\b(?:lege|legt)\b(?=.*\ban\b)/giu, 'anlegen'],
  [/\b(?:lade|l(?:ä|ae)dt)\b(?=.*\b(?:herunter|runter)\b)/giu, 'herunterladen'],
  [/\b(?:lade|l(?:ä|ae)dt)\b(?=.*\bauf\b)/giu, 'aufladen'],
  [/\b(?:gebe|gibt)\b(?=.*\bzur(?:ü|ue)ck\b)/giu, 'zurückgeben'],
  [/\b(?:reiche|reicht)\b(?=.*\bein\b)/giu, 'einreichen'],
  [/\b(?:setze|setzt)\b(?=.*\bzur(?:ü|ue)ck\b)/giu, 'zurücksetzen'],
  [/\b(?:rechne|rechnet)\b(?=.*\bab\b)/giu, 'abrechnen'],
  [/\b(?:melde|meldet)\b(?=.*\bkrank\b)/giu, 'krankmelden'],
  [/\b(?:melde|meldet)\b(?=.*\bab\b)/giu, 'abmelden'],
  [/\b(?:melde|meldet)\b(?=.*\bzur(?:ü|ue)ck\b)/giu, 'rückmelden'],
  [/\b(?:melde|meldet)\b(?=.*\ban\b)/giu, 'anmelden'],
  [/\b(?:komme|kommt)\b(?=.*\b(?:nach|zum|zur|hin)\b)/giu, 'erreichen'],
];

const replaceAll = (text: string, phrases: Phrases): string =>
  phrases.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);

/** Puts everyday English phrases into the words of a knowledge base. */
export const rephraseEnglish = (text: string): string => replaceAll(text, englishPhrases);

/** Joins what German takes apart ("ich lade ... hoch") and phrases that no dictionary of words can hold. */
export const rephraseGerman = (text: string): string => replaceAll(text, germanPhrases);
