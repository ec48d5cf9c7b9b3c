import { stemEnglish } from './stem.ts';

/** Words that people use for the same thing on a campus. A group a line; a word may be in several. */
const groups = `
email mail mailbox inbox
wifi wlan wireless eduroam
internet network online wifi
password passphrase credentials pin
username login id kennung account
login logon signin sign access credentials
reset recover forgot forget
mensa canteen cafeteria dining restaurant
eat food meal lunch dinner breakfast dining mensa hungry
menu meal dish
housing accommodation dormitory dorm apartment flat residence rent living live hall
rent cost monthly
price cost fee fees charge money expensive cheap much pay
pay payment cash card
discount reduced cheaper
renew renewal extend extension prolong
borrow loan lend checkout
book books media items
vacation holiday leave urlaub absence
sick ill illness krankmeldung certificate unwell disease
doctor medical health clinic
emergency accident fire police ambulance urgent 112
laptop notebook computer pc
equipment hardware device
phone telephone call
smartphone mobile iphone android phone
ios iphone ipad
macos mac macbook apple
printer print printing copy copying
storage nas drive webdisk space disk
backup snapshot restore
vpn remote anyconnect home
remote home outside
lecturer professor instructor teacher teaching
supervisor boss manager head
employee staff employees worker colleague
student students
job work employment working employed
internship placement
career job jobs
university tum
travel trip journey
reimbursement refund expense expenses
form forms application template document
request apply application order
enrollment enrolment enrol enroll matriculation registration immatriculation
register registration signup
lecture course class
lectures courses classes
exam examination test
grade transcript marks
photo picture photograph image
card id badge tumcard studentcard
lost lose missing stolen
replacement replace new reissue
transport transportation bus train tram subway metro ubahn mvv
bike bicycle cycling bikes
park parking car garage
directions reach route travel
map navigation navigate directions
location located address place where
building room
gym fitness sport sports workout
club clubs society group groups organization association
event events party parties festival
friends connect meet people social
international foreign foreigner abroad
visa residence permit immigration
insurance insured coverage
company industry employer
startup entrepreneurship founding founder
training course learning workshop education
language german
forbidden prohibited banned allowed
secure security safe safety
encrypted encryption encrypt
delete remove erase dispose
change edit modify update correct
create add new make
choose select pick
setup configure install configuration set
connect connection
download install
forward forwarding redirect
view see show display
visible visibility hide hidden privacy
opening hours open closed time
deadline due period
duration long time
limit maximum many
mandatory required compulsory obligatory obligation
contact support helpdesk hotline desk
problem trouble issue error
search find look
mentor mentorship pate tutor
buddy mentor
tutoring counseling advising help
money atm cash bank
shop shopping store supermarket grocery groceries
vegan vegetarian diet dietary halal gluten
disability accessible wheelchair
key keys locker
charge load top money
funding grant grants money scholarship
proposal application
ethics ethical
onboarding induction starting start
welcome orientation introduction
sign signature signing
phd doctoral doctorate
meet meeting
wheel bike
notification alert notify push
calendar schedule timetable appointment
homepage website
umbrella jacket wallet purse scarf bottle bag lost property
mum mom dad parents sister brother visitor guest visit
fever flu cough cold sick illness
wheelchair disability disabled impairment
kid child children daughter son baby toddler childcare nursery kindergarten
quit drop disenrolment exmatriculation withdrawal
permission consent approval approve
chatgpt copilot ai cheating
harassment harass sexist sexism assault racist discrimination uncomfortable touching
anxiety panic depressed depression stress sad lonely overwhelmed counseling psychological
resume cv cover career
payslip salary wage payroll
bug glitch crash crashed frozen broken problem
fail failed retake repeat
stay remain extend
position job
term semester
school highschool diploma abitur leaving
spot place admission
`;

const neighboursByStem = new Map<string, Set<string>>();
for (const line of groups.trim().split('\n')) {
  const stems = line.split(' ').map(stemEnglish);
  for (const stem of stems) {
    const neighbours = neighboursByStem.get(stem) ?? new Set();
    for (const other of stems) if (other !== stem) neighbours.add(other);
    neighboursByStem.set(stem, neighbours);
  }
}

const none: ReadonlySet<string> = new Set();

/** English stems that mean about the same as this one. */
export const findSynonyms = (stem: string): ReadonlySet<string> => neighboursByStem.get(stem) ?? none;
