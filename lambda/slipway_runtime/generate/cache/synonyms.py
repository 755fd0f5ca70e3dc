"""Words that ask for the same in a question, in English; a word in no group stands for itself alone.

General words of questions only: what a product or a trade takes for the same is not known here. A word may stand in
several groups: `leave` is a holiday and a departure.
"""

import functools

GROUPS = """
get receive obtain acquire collect have
buy purchase order
begin start commence
finish end terminate
stop cease
cancel annul revoke
leave depart departure
arrive arrival
pay paid payment payable
price cost fee charge expensive
salary wage pay
invoice bill
refund reimburse reimbursement
send post ship deliver delivery dispatch
return back
fix repair mend
change modify alter edit adjust amend
update upgrade
replace exchange swap substitute
delete remove erase
create make generate produce
add insert
choose select pick
show display view see
find locate look
save store keep
move transfer migrate
convert turn transform
join enrol enroll register enrolment registration
apply application
request ask
need require necessary need must mandatory
must obliged obligatory mandatory compulsory have
allow permit permission may entitle eligible
holiday vacation leave
trip travel journey
car vehicle
phone telephone mobile cellphone
mail email
photo picture image
film movie
doctor physician
medicine drug medication
sick ill illness sickness
child kid children
job position
company business firm enterprise organisation organization
work business
employee worker staff
boss manager supervisor
lead head leader leads led chief charge
customer client
supplier vendor
shop store
flat apartment
house home
book reserve booking reservation
open opening
close shut closing closed
big large
yearly annual annually
monthly month
weekly week
daily day
quick fast rapid
wrong incorrect
error mistake fault
problem issue trouble
help assist assistance support
write wrote written author
teach taught teacher
borrow lend lent
hire recruit
resign quit
broken break broke
lost lose
stolen steal
hand submit deliver
use usage
install setup
login log signin
password passcode
limit maximum cap
least minimum
allowance quota
usual normal typical standard common usually normally
capacity seat fit
new latest
course class
exam examination test
textbook book literature
enter access entry
approve approval authorise authorize
suggest recommend advise recommendation suggestion
vaccine vaccination vaccinate shot
valid validity
expire expiry expiration
work function operate
available availability
big size
contain include
talk speak
contact reach
belong own owner
live reside residence
different differ difference
best top
explain describe explanation description
meaning mean
rule policy regulation
tax taxes
guest visitor
bicycle bike
train rail
garbage rubbish trash waste
lift elevator
autumn fall
"""

ENDINGS = (("ation", "ing", "ies", "ied", "ed", "es", "s"), ("e", "y"))


def stem(word: str) -> str:
    """Return a word without the commonest endings, so that its forms count as one."""
    word = word.removesuffix("'s")
    for endings in ENDINGS:
        fitting = (each for each in endings if word.endswith(each) and len(word) - len(each) >= 3)
        word = word.removesuffix(next(fitting, ""))
    doubled = len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls"
    return word[:-1] if doubled else word


def alike(one: str, other: str) -> bool:
    """Return whether two stems ask for the same."""
    groups = _groups()
    return one == other or not groups.get(one, frozenset()).isdisjoint(groups.get(other, frozenset()))


@functools.cache
def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(GROUPS.strip().splitlines()):
        for word in line.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}
