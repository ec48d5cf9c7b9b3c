const toSet = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** English words that say nothing about the subject of a question. */
export const englishStopWords = toSet(`
a about actually after all also am an and any anyone are as at be been being but by can cannot cant could did do does
doesnt doing dont else etc exactly for from get gets getting give go going got had has have havent having he hello her
here hey hi his how i if ill im in instead into is isnt it its ive just kind know let like ll look me mine my need
needs no not of off on one only or our out over own please possible q really s she should so some somebody someone something
than thank thanks that the their them then there these they thing things this those to too tum under up us use using very
via want wants was way we were what whats when where wheres which while who whom whose why will with without wont
would yes you your yourself
`);

/** The same for German, with and without umlauts. */
export const germanStopWords = toSet(`
ab aber andere anderem anderen anderer anderes alle allem allen aller alles als also am an ans auch auf aus bei beim bereits bin bis bist bitte da dabei dafür
dafuer damit dann darf darfst daran darauf darüber darueber das dass davon dazu dein deine dem den denn der des deshalb
dich die dies diese diesem diesen dieser dieses dir doch dort du durch dürfen duerfen eben ein eine einem einen einer
eines eigentlich einfach er erst es etwa etwas euch euer für fuer gab ganz gar geben gegen geht gehts gehen genau genug gerade gerne gern gibt gibts
habe haben hab hallo hast hat hatte hätte haette hätten haetten hey hi hier hin ich ihm ihn ihnen ihr ihre ihrem ihren im immer in
irgendwie irgendwo ist ja je jede jedem jeden jeder jemand jetzt kann kannst kein keine keinen können koennen könnte
koennte könnten koennten lassen lässt laesst mach mache machen mal man mein meine meinem meinen meiner meines mich mir
mit möchte moechte möchten moechten muss musst müssen muessen nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine
seit sich sie sind so sofern sollen sollte soll sollten solle sonst tum über ueber überhaupt ueberhaupt um und uns unser unsere unter
vom von vor war wäre waere was wegen weil weiß weiss welche welchem welchen welcher welches wenn wer wann warum weshalb wieso wie
wird wirklich wir wo wofür wofuer wohin woher worauf will willst wollen wo womit würde wuerde würden wuerden zu zum zur zwischen
tun genau danke
`);
