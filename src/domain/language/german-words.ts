/**
 * Campus German in English. One meaning a line: German base forms, a colon, English words. A slash separates
 * alternatives of one word, the commonest first; spaces separate words of a phrase. Inflected forms need no line
 * (they are stemmed), and neither do compounds of words that are here.
 */
export const germanWords = `
# Questions and everyday words
wo: where
wann: when
wie: how
wer, wen, wem: who
was: what
warum, wieso, weshalb: why
wohin: where
woher: where from
wieviel, wieviele: how much
wofür, wozu: what purpose
lange: long
lang: long
dauer, dauern, dauert: long/time/period/take
viel, viele: much/many
oft, häufig: often
kosten, kostet: cost/price
preis: price/cost
teuer: expensive/cost
günstig, billig: cheap/affordable/discount
kostenlos, gratis, umsonst, kostenfrei: free
bekommen, bekomme, kriegen, kriege, erhalten, erhalte: get/receive
holen, abholen: pick up/get/collect
brauchen, brauche, benötigen, benötige: need/require
nötig, notwendig, erforderlich, voraussetzung: required/requirement/need
finden, finde, auffinden: find
suchen, suche: search/find
gehen: go
komme, kommen, hinkommen: reach/get/access
gelangen, erreichen, erreichbar: reach/contact/access
fahren, fahre, hinfahren: travel/go/transport
benutzen, nutzen, verwenden, nutzung, benutzung: use
funktioniert, funktionieren: work
klappt: work
geht: work
machen, mache, tun, vorgehen: do
ändern, ändere, änderung, abändern: change/edit
wechseln, wechsel, wechsle: change/switch
umstellen, umstellung: change/switch
bearbeiten, bearbeitung: edit/process
anpassen, anpassung: customize/adjust/configure
einstellen, einstellung: setting/configure
einrichten, richte, einrichtung: set up/configure
konfigurieren, konfiguration, konfiguriere: configure/set
installieren, installation, installiere: install
aktivieren, aktivierung, freischalten, freischaltung: activate/activation
validieren, validierung: validate
verbinden, verbindung, verbinde: connect/connection
herunterladen, runterladen, download: download
hochladen, upload, lade: upload
speichern, speicher: storage/save/store
löschen, löschung: delete/remove
sperren, gesperrt, sperrung: block/lock
verloren, verlieren, verliere, verlust: lost/lose
gestohlen, geklaut, diebstahl: stolen/theft/lost
vergessen: forget/forgot
kaputt, defekt: broken/defective
problem, schwierigkeit: problem
fehler, störung: error/problem
hilfe, helfen, hilft: help/support
unterstützung, unterstützen: support
betreuung, betreuen: support/supervision
beratung, beraten, berater: counseling/advice/advisor
ansprechpartner, ansprechperson, anlaufstelle: contact
kontakt, kontaktieren, wenden: contact
zuständig: responsible/contact
verantwortlich: responsible
fragen, frage: question
antwort: answer
information, info, auskunft: information
erfahren: information/learn
übersicht, überblick: overview
liste: list
möglich, möglichkeit: possible/option/opportunity
angebot, angeboten, anbieten, bieten: offer/available
verfügbar, vorhanden: available
erlaubt, zulässig, gestattet: allowed/permitted
verboten, untersagt: forbidden/prohibited
pflicht, verpflichtend, obligatorisch: mandatory/required
gültig, gültigkeit: valid
ablaufen, abgelaufen, ablauf: expire/process
automatisch: automatic
sicher, sicherheit: secure/security
wichtig: important
neu, neue, neuer, neuen: new
alt: old
erste, ersten, erster: first
nächste, nächsten: next
andere, anderen: other
eigene, eigenen: own/personal
persönlich: personal
privat: private
öffentlich: public
extern: external
intern: internal
digital: digital
schritt: step
vorgang, ablauf, prozess, verfahren: process/procedure
anleitung: instruction/guide/manual
leitfaden, handbuch: guide/handbook/manual
regel, regelung, vorschrift: rule/regulation
bedeuten, bedeutet, bedeutung: mean
unterschied: difference
vorteil: benefit/advantage
grund: reason
person: person
leute, menschen: people
freund: friend
kennenlernen, vernetzen, vernetzung: networking/connect/meet
teilnehmen, teilnahme, mitmachen: participate/join
beitreten, beitritt: join
engagieren, engagement: involved
# Time
zeit, uhrzeit: time
tag: day
woche: week
wochenende: weekend
monat: month
jahr: year
stunde: hour
minute: minute
heute: today
morgen: tomorrow/morning
abend, abends: evening
nacht, nachts: night
montag: monday
dienstag: tuesday
mittwoch: wednesday
donnerstag: thursday
freitag: friday
samstag, sonnabend: saturday
sonntag: sunday
feiertag: holiday
sommer: summer
winter: winter
sommersemester: summer semester
wintersemester: winter semester
semester: semester
vorlesungszeit: lecture period
semesterferien: lecture free period
öffnungszeit: opening hours
geöffnet, offen, öffnen, aufmachen: open/opening
geschlossen, schließen: closed
sprechstunde, sprechzeit: office hours
dienstzeit, bürozeit: office hours
frist, fristen, stichtag: deadline/period
termin: appointment/date
beginn, anfang, start, beginnen, anfangen: start/begin
ende, enden: end
vorher, bevor, vor: before
nachher, nach, danach: after
rechtzeitig: early/advance
# People
student, studierender, studierende, studentin, studi, kommilitone: student
mitarbeiter, mitarbeiterin, mitarbeitende, beschäftigte, angestellte, arbeitnehmer, personal: employee/staff
bediensteter: employee
neueinsteiger, neuling: new
ersti, erstsemester: new student
dozent, dozentin, lehrende, lehrender: lecturer
professor, professorin, prof: professor
lehrkraft, lehrer: lecturer/teacher
gast, gäste: guest/visitor
besucher, besucherin: visitor
doktorand, promovierende, promotion, promovieren, doktorarbeit: doctoral/phd
chef, vorgesetzter, vorgesetzte, führungskraft: supervisor
kollege, kollegin: colleague
mentor, pate, patin: mentor
team: team
leiter, leitung: head
beauftragter: representative
administrator: administrator
verwaltung: administration
bewerber, bewerber: applicant
ausländer, ausländisch, ausland: international/foreign
international: international
austauschstudent, austausch: exchange
familie: family
kind, kinder: child
eltern: parent
behinderung, behindert: disability
barrierefrei, rollstuhl: accessible/wheelchair
absolvent: graduate/alumni
# Accounts and IT
konto: account
account, benutzerkonto, nutzerkonto: account
benutzer, nutzer: user
benutzername, nutzername, kennung, benutzerkennung, loginname: username/id
passwort, kennwort, passwörter: password
pin: pin
zugang, zugriff, zugreifen, zutritt: access
zugangsdaten, anmeldedaten, logindaten: login credentials
anmelden, anmeldung, melde: login/registration/register
einloggen, login, einlogge: login
ausloggen: logout
abmelden, abmeldung: deregister/cancel/logout
registrieren, registrierung: register/registration
zurücksetzen, rücksetzen: reset
mail, mails, email, emails: email
mailadresse, emailadresse: email address
postfach, mailbox: mailbox
posteingang: mailbox
weiterleiten, weiterleitung, umleiten, umleitung, leite: forwarding/forward
absender: sender
empfänger: recipient
signieren, signatur, unterschreiben: sign/signature
verschlüsseln, verschlüsselung, verschlüsselt: encrypt/encryption
zertifikat: certificate
anzeigename: display name
adresse, anschrift: address
postadresse: postal address
post: mail/postal
visitenkarte: business card
telefon: telephone
telefonnummer, rufnummer: telephone number
durchwahl: telephone extension
telefonieren, anrufen: telephone
handy, smartphone, mobiltelefon: smartphone/mobile
fax: fax
nummer: number
rechner, computer, pc: computer
laptop, notebook: laptop
dienstrechner, arbeitsrechner: computer
drucker: printer
drucken, ausdrucken, drucke: print
kopieren, kopie, kopierer: copy
scannen: scan
gerät: device
hardware: hardware
ausstattung, ausrüstung: equipment/facility
software: software
programm: program/software
lizenz: license
betriebssystem: operating system
internet: internet
netz, netzwerk: network
wlan, funknetz: wifi
laufwerk, netzlaufwerk: drive
festplatte: hard drive/disk
speicherplatz: storage space
datei: file
daten: data
datenschutz: data protection
datenträger: data storage device
datensicherung, sicherungskopie: backup
sichern, wiederherstellen: backup/restore
entsorgen, entsorgung: dispose/disposal
virus, virenschutz, virenscanner: antivirus
bildschirm: screen
browser: browser
webseite, website, internetseite: website
homepage: homepage
suchmaschine: search engine
profil: profile
sichtbar, sichtbarkeit: visible/visibility
ausblenden, verbergen: hide
foto, bild, passbild, lichtbild: photo/picture
hintergrund, hintergrundbild: background image
sprache: language
kalender: calendar
benachrichtigung: notification
app: app
anwendung: application
rolle: role
berechtigung, recht, rechte: authorization/rights
fernzugriff: remote access
unterwegs, zuhause, daheim: remote/home
homeoffice: remote home office
cloud: cloud
schulung: training
kurs: course
weiterbildung, fortbildung: training/continuing education
videokurs: video training
# Study
studium, studieren: study
studiengang: study program/degree
studienfach: subject
bachelor: bachelor
master: master
abschluss: degree
abschlussarbeit: thesis
bachelorarbeit: bachelor thesis
masterarbeit: master thesis
fach: subject
fakultät: faculty/school
lehrstuhl: chair
institut: institute
einschreiben, einschreibung, immatrikulieren, immatrikulation: enrollment/enroll
exmatrikulation, exmatrikulieren, exmatrikuliere: disenrolment/exmatriculation/withdrawal/leave
rückmeldung, rückmelden: reenrolment/feedback
beurlaubung, urlaubssemester: leave absence
bewerbung, bewerben, bewerbe: application/apply
zulassung: admission
bescheinigung, nachweis, bestätigung: certificate/confirmation/proof
immatrikulationsbescheinigung: enrollment certificate
zeugnis: certificate/transcript
notenspiegel, leistungsnachweis: transcript
note, noten: grade
prüfung, klausur, examen: exam/examination
prüfungsanmeldung: exam registration
einsicht: review
nachschreiben, wiederholung, wiederholen: repeat/retake
vorlesung, lehrveranstaltung: lecture
veranstaltung: event
übung: exercise
seminar: seminar
praktikum: internship
praktika: internship
tutorium, nachhilfe, tutor: tutoring
lerngruppe: study group
lernen: learn/study
lernplatz, arbeitsplatz: study space/workspace
lernplattform: learning platform
lernressource: learning resource
modul: module
modulbeschreibung: module description
modulhandbuch: module handbook
stundenplan: timetable/calendar
studienberatung: academic counseling
fachschaft: student council
studierendenvertretung, studentenvertretung: student council
studentenwerk, studierendenwerk: student union
hochschulgruppe, studentengruppe: student group/organization
verein, klub, club: club
einführung, orientierung: orientation
einführungstag, willkommenstag: welcome day
stipendium, stipendien: scholarship
anrechnung, anerkennung: recognition
beitrag: fee/contribution
gebühr: fee/cost
semesterbeitrag: semester fee
studiengebühr: tuition fee
bezahlen, zahlen, zahlung, zahle: pay/payment
überweisen, überweisung: transfer
barzahlung, bargeld, bar: cash
rechnung: invoice
geld: money
aufladen, auflade, guthaben: add money/top
bank: bank
bankkonto: bank account
geldautomat: atm
steuer: tax
rabatt, ermäßigung, vergünstigung, ermäßigt: discount/reduced
finanzierung, finanziell, finanzieren: funding/financial
förderung, fördermittel: funding
# Cards
karte: card
ausweis: card/id
studentenausweis, studierendenausweis: student card/tumcard
studentcard: student card
dienstausweis, mitarbeiterausweis, personalausweis: employee card/tumcard
bibliotheksausweis: library card
chipkarte: chip card
ersatzkarte: replacement card
ersatz, ersetzen, neuausstellung: replacement/replace/reissue
schlüssel: key
schließfach, spind: locker
# Library
bibliothek, bücherei, bib: library
buch, bücher: book
ausleihen, ausleihe, leihen, entleihen, leihfrist: borrow/loan
zurückgeben, rückgabe: return
verlängern, verlängerung: renew/renewal/extend
vormerken, vormerkung, reservieren, reservierung: reserve/reservation
buchen, buchung: book/booking
mahnung, mahngebühr: overdue fee
medien: media/items
fernleihe: interlibrary loan
zeitschrift: journal
artikel: article
literatur: literature
ebook: ebook
elektronisch, online: electronic/online
datenbank: database
# Food
mensa: mensa/cafeteria/dining
kantine, cafeteria: cafeteria
essen, speise, mahlzeit: eat/food/meal/dining
mittagessen, mittag: lunch
frühstück: breakfast
speiseplan, speisekarte, menü: menu
kaffee: coffee
trinken, getränk: drink/beverage
vegetarisch, vegetarier: vegetarian
vegan: vegan
ernährung: diet/dietary
allergie, unverträglichkeit: dietary/allergy
verpflegung, bewirtung: catering
einkaufen, laden, geschäft, supermarkt: shopping/store/grocery
# Housing and life
wohnen, wohnung, unterkunft, wohne: housing/accommodation/apartment
wohnheim, studentenwohnheim, studierendenwohnheim, wohnheimplatz: student housing/dormitory
zimmer, raum, räume: room
möbliert: furnished
miete, mieten, mietvertrag: rent
wohngemeinschaft: shared apartment
privatunterkunft: private accommodation
küche: kitchen
wäsche, waschen, waschmaschine: laundry
nebenkosten: utilities
umzug, umziehen: move
versicherung, versichert, versichern: insurance
krankenversicherung, krankenkasse: health insurance
krank, krankheit, erkrankt: sick
krankmeldung, krankmelden, krankschreibung: sick leave/certificate
arzt, ärztlich: doctor/medical
gesundheit, gesundheitlich: health
psychologisch, psychisch: psychological/counseling
notfall, notruf: emergency
feuer, brand: fire
polizei: police
unfall: accident
verletzt, verletzung: injury
erste-hilfe: first aid
visum, visa: visa
aufenthaltserlaubnis, aufenthaltstitel, aufenthaltsgenehmigung: residence permit
aufenthalt: residence/stay
einreise, einreisen: entry
ausreisen, verreisen: travel
ausländerbehörde: immigration office
einwohnermeldeamt, meldebehörde: registration office
reisepass: passport
behörde, amt: office/authority
arbeitserlaubnis: work permit
deutschkurs: german course
deutsch: german
englisch: english
sprachkurs: language course
kultur: culture/cultural
integration, integrieren: integration
sport, sportangebot: sports
fitnessstudio, fitness: fitness center
turnhalle: sports facility
schwimmen, schwimmbad: swimming
freizeit: activities/recreation
aktivität: activity
feier, party, fest: event/festival/party
feste, festival: festival
# Transport
bus: bus
zug, bahn: train
straßenbahn, tram: tram
ubahn: subway/u-bahn
sbahn: train/s-bahn
haltestelle, bahnhof, station: stop/station
öpnv, nahverkehr, verkehrsmittel, öffis: public transport
fahrkarte, fahrschein, ticket: ticket
semesterticket: semester ticket
jobticket: job ticket
deutschlandticket: deutschlandticket
auto, pkw, wagen: car
parken, parke: parking/park
parkplatz, parkmöglichkeit, stellplatz: parking
parkhaus, tiefgarage, garage: parking garage
parkgebühr: parking fee
parkausweis, parkberechtigung: parking permit
fahrrad, rad, fahrräder, räder: bike/bicycle
leihrad, bikesharing: bike sharing
carsharing: car sharing
ladestation, ladesäule: charging station
reparieren, reparatur: repair
anfahrt, anreise: directions/transport/reach
weg: way/directions
verkehr: transport/transportation
mobilität: mobility
# Places
campus: campus
standort, lage: location
gebäude, haus: building
gebäudeplan, lageplan, campusplan, karte: map
hörsaal, hörsäle, saal, säle: lecture hall
seminarraum: seminar room
besprechungsraum, besprechung: meeting room
labor: laboratory
büro: office
stock, stockwerk, etage, geschoss: floor
eingang: entrance
turm: tower
nummerierung, bezeichnung: numbering/number
raumnummer: room number
navigieren, navigation, zurechtfinden, orientieren: navigate/navigation
stadt: city
nähe, nahe: near/nearby
groß, größe: large/size
fundbüro, fundsachen: lost found
# Work
arbeit, arbeiten, arbeite: work
beruf, beruflich: career/professional
job, nebenjob, stelle, stellenangebot: job/position
werkstudent, hiwi, hilfskraft: student assistant/part-time
karriere: career
vertrag, arbeitsvertrag: contract
einstellungsverfahren: employment process
anstellung, beschäftigung: employment
lebenslauf: resume
gehalt, lohn, vergütung, bezahlung: salary/pay
urlaub: vacation/leave
urlaubsantrag: vacation request
resturlaub: remaining vacation
ferien: vacation/holiday
antrag, beantragen, anfrage, anfordern, beantrage: request/apply/application
formular, vordruck, vorlage: form
unterlage, dokument, papiere: document
genehmigen, genehmigung: approval/approve
abgeben, einreichen, einreiche, abgabe: submit
dienstreise, geschäftsreise: business trip/travel
reise, reisen: travel/trip
reisekosten: travel expenses
abrechnen, abrechnung, erstattung, erstatten: reimbursement
auslagen, spesen: expense
hotel, übernachtung: accommodation
flug, fliegen: flight
personalabteilung, personalstelle: human resources/hr
arbeitszeit: working hours
gleitzeit, zeiterfassung: flexible hours
überstunden: overtime
elternzeit: parental leave
mutterschutz: maternity leave
schwanger, schwangerschaft: pregnancy/maternity
kinderbetreuung, kita: childcare
gleichstellung: equal opportunity
vielfalt, diversität: diversity
kündigen, kündigung: resign/termination
ausscheiden, verlassen, weggang, austritt: leave/departure
einarbeitung, onboarding: onboarding
arbeitstag: work day
arbeitsbeginn, dienstantritt: start work
bestellen, bestellung: order/purchase
beschaffen, beschaffung: procurement
dienstleistung, dienst, service: service
forschung, forschen: research
forschungsantrag: research proposal
ethik, ethikkommission, ethikantrag: ethics committee
studie: study
veröffentlichung, publizieren, publikation: publication
patent, erfindung: patent
gründung, gründen: startup/entrepreneurship
fördergeld: funding
spende: donation
umwelt: environment
nachhaltigkeit, nachhaltig: sustainability
vorbereiten, vorbereitung: prepare/preparation
zufriedenheit, rückmeldungsgespräch: feedback
gespräch: meeting/talk
treffen: meeting/meet
ziel: goal
probezeit: probation
begrüßung, willkommen: welcome
geschenk: gift
führung: leadership/tour
wettbewerb: competition
unternehmen, firma: company
partner: partner
beschwerde, beschweren: complaint
diskriminierung, belästigung: discrimination/harassment
melden: report
meldung: report
# More
verpassen, verpasst, versäumen, versäumt: missed/late
behalten: keep
fehlend: missing
studien: study
visum, visa: visa
praxis: practice
daten, datum: data/date
universität, uni, hochschule: university
auskunft: information
abbrechen, abbruch: cancel
absagen, stornieren: cancel
abonnieren: subscribe
akzeptieren, akzeptiert: accept/accepted
alternative: alternative
anbieter: provider
angeben, eintragen, eingeben, hinterlegen, trage: enter/add
anschließen: connect
ansehen, anschauen, einsehen, sehen: view/see
anzeigen, angezeigt: display/show
anzahl: number
anspruch: entitled
auswählen, wählen, auswahl, aussuchen: choose/select
aussehen: look/format
aufbau, aufgebaut: format/structure
format: format
ausstellen: issue
beispiel: example
bereitgestellt: provided
besonders, speziell, spezielle: special
bringen, mitbringen: bring
darstellung: display
drahtlos: wireless
einfach: easy
empfehlen, empfohlen, empfehlung: recommended
erklären, erklärung: explain
erlauben: allow
ersteinrichtung: setup
erstellen, anlegen, erzeugen: create
erstmalig, erstmals: first
ermitteln: find
europäisch: european
einzahlung: payment
fehlen, fehlt: missing
gesetzlich: statutory
hinzufügen: add
höchstens, maximal, maximum: maximum/limit
grenze, limit, begrenzung: limit
kapazität: capacity
lesen: read
lernangebot: learning resource
nachricht: message/news
neuigkeit, aktuell: news/current
nutzbar: available
namen, name: name
nachname: surname
vorname: first name
passieren, passiert: happen
planen, plan: plan
schicken, senden, versenden, zusenden: send
schnell: quick
schreiben: write
sprechen: speak/talk
stehen: stand
teilen: share
testen: test
verwalten, verwaltet: manage
verhindern, vermeiden: avoid
verstehen: understand
verlangen: require
verschicken: send
verknüpfen: link
vermitteln: provide
veranstalten: organize
zeigen: show
zuweisen, zuordnen: assign
zweck, sinn: purpose
zusätzlich: additional
zusammenarbeit: collaboration
zugelassen: allowed
zuschuss: subsidy/funding
einzelheit, detail: detail
abteilung: department
einheit: unit
gruppe: group
organisation, einrichtungen: organization/facility
zentrale, zentral: central
hotline: hotline/support
schalter: desk/counter
servicestelle: service desk
schützen, schutz, absichern: protect/secure/security
aktualisieren, aktualisierung: update/change
aufdruck: validation
hoch, höhe: high/much
pflichtig: mandatory
platz: place/space
hause: home
mitglied, mitgliedschaft: member
ausfüllen: fill form
unterschrift: signature
ankommen, angekommen: received/arrive
vorstellen, vorstellung: introduce/introduction
aufgabe: task
verdienen: salary/earn
urkunde: certificate
beglaubigt, beglaubigung: certified copy
fahrplan, abfahrt: timetable/schedule
umsteigen: change train
flughafen: airport
abstellen: park/parking
elektroauto: electric car
dusche: shower
kaution: deposit
bafög: financial aid
kredit, darlehen: loan
ausschreibung: vacancy
tarif, eingruppierung: pay scale
personalrat, betriebsrat: staff council
arbeitsschutz: occupational safety
betriebsarzt: company doctor
hausordnung: house rules
rauchen: smoking
hund, tier: dog
beamer: projector
aufzeichnung, aufnahme: recording
übertragung: streaming
umfrage: survey
verteiler: mailing list
anhang: attachment
betrug, angriff, hacker: phishing/attack
verdächtig: suspicious/phishing
bildschirmsperre: screen lock
vertraulich, sensibel: sensitive/confidential
weitergeben: share
vernichten, vernichtung: destroy/dispose
programmieren, programmierung: programming
rechenzentrum: computing centre/lrz
server: server
aufgabengebiet: responsibilities
musik, chor, orchester: music
einladung, einladen: invitation
vortrag: lecture/talk
messe: fair
konferenz, tagung, kongress: conference
exkursion, ausflug: excursion/trip
erfahrung: experience
vorstellungsgespräch, bewerbungsgespräch: interview
dekan, dekanat: dean
sekretariat: secretary/office
hausmeister: facility management
reinigung, putzen: cleaning
heizung: heating
strom: electricity
licht: light
aufzug, fahrstuhl: elevator
toilette, wc: restroom/toilet
ruheraum, gebetsraum: quiet/prayer room
spielen: play/games
tanzen, tanz: dance
fußball: football
segeln: sailing
klettern: climbing
laufen, joggen: running
bier, kneipe: pub
impfung, impfen: vaccination/inoculation
impf: inoculation
theorie: theory
schwerpunkt: focus
beitragen: contribute
zurück: back
rückerstattung: refund/reimbursement
verspätet, verspätung, spät: late
sofort: immediately
dringend: urgent
vorlesen: read
folie: slides
skript: lecture notes
übersetzung, übersetzen: translation
sprachzentrum: language center
gasthörer: guest student
schüler: school pupil
stadtplan: map
papier: paper
scanner: scanner
tinte, toner: toner
monitor: monitor/screen
maus, tastatur: keyboard/mouse
kabel: cable
dienststelle: department
umbuchen: change booking
befreiung, befreien, befreit: exemption
mindest, minimum: minimum
alter: age
geburtsdatum, geburtstag: birth date
staatsangehörigkeit: nationality
bürger: citizens
eu: EU
heirat, verheiratet: marriage/name
titel: title
geschlecht: gender
profilbild: profile picture
sprachkenntnisse: language skills
einzahlen: deposit money
quittung, beleg: receipt
verpflegungspauschale, tagegeld: daily allowance
mietwagen: rental car
dienstwagen: company car
taxi: taxi
zeitraum: period
zwischenzeit: meantime
nebentätigkeit: secondary employment
arbeitsbedingung: working conditions
teilzeit: part-time
vollzeit: full-time
befristet, befristung: fixed-term
rente, pension: pension
sozialversicherung: social insurance
sozialleistung: benefits
leistung: benefits/achievement
leistungen: benefits
ermöglichen: enable
gemeinsam: shared/common
# Everyday life
abi, abitur, schulabschluss: school leaving certificate
rolli: wheelchair
gehörlos, blind: disability
tochter, sohn, baby, kleinkind: child
betreuung, betreuen: care/support/supervision
hinstellen: park
unterkommen, bude, bleibe: accommodation/housing
abzug, abzüge: deduction
gehaltszettel, lohnzettel, gehaltsabrechnung, lohnabrechnung: salary statement
husten, huste, fieber, grippe, erkältung, erkältet: illness/sick
attest: sick certificate
krankgeschrieben: sick leave
hausarzt, arztpraxis: doctor
streikt, spinnt, hakt, abgestürzt: problem/error
platte: disk
mitnehmen: borrow/take
seite, seiten: page
studis: student
entwickeln, entwickelt: develop/invention
doktor, promovieren, promoviere, promotion: doctorate/phd
doktorand, doktorandin: doctoral candidate
vereinbaren, ausmachen: arrange/schedule
briefkasten: mailbox
brief, paket: post/mail
schein, scheine: certificate/credit
abo: subscription/ticket
kindergeld: child benefit
panik, angst, ängste, stress, überfordert: anxiety/stress/counseling
traurig, depressiv, depression, einsam: depressed/counseling
schlafen, schlaflos: sleep
verpennt, verschlafen, vergeigt: missed/late
mittagspause: lunch
hunger, hungrig, snack: food/eat
kiste, rechner: computer
klo: restroom/toilet
leer: empty
schulden, pleite, geldsorgen: money/financial
zimmersuche, wohnungssuche: housing/accommodation search
vorlesungsverzeichnis: course catalogue/courses
vorlesungsfrei: lecture free
durchgefallen, durchfallen, durchfalle: failed/retake
schummeln, abschreiben, spicken, plagiat: cheating/plagiarism
anwalt: lawyer/legal
verlegt, liegengelassen, vergessen: lost/forgot/forget
schirm, regenschirm, jacke, geldbeutel, portemonnaie, tasche, rucksack: lost property/items
mobbing, belästigt, sexistisch, rassistisch: harassment/discrimination
unwohl: uncomfortable
aufhören, hinschmeißen, schmeißen: quit/withdrawal/leave
auswärts, ausland: abroad
pendeln: commute/travel
gucken, nachgucken, nachschauen: check/view
klappen: work
`;
