"""Intents whose other ways to ask are freely rephrased. The guard's lists were finished with these in view.

They were held out first: the guard before gave 11 % hits at 1.4 % false ones there.
"""

from __future__ import annotations

TEAMS = ("finance", "marketing", "legal", "design", "support", "logistics")
FORMATS = ("CSV", "PDF", "JSON", "XML", "Markdown", "Excel")
MONTHS = ("January", "March", "May", "July", "October", "December")
COUNTRIES = ("Japan", "Brazil", "Kenya", "Canada", "India", "Norway")
AMOUNTS = ("50", "200", "500", "1,000", "2,500", "10,000")
VERSIONS = ("2.1", "2.4", "3.0", "3.2", "4.0", "4.5")
COURSES = ("biology", "statistics", "philosophy", "chemistry", "economics", "geography")
TITLES = ("Dracula", "Emma", "Ulysses", "Middlemarch", "Frankenstein", "Walden")
ROOMS = ("12", "101", "204", "315", "407", "520")
PEOPLE = ("the director", "the auditor", "a contractor", "an intern", "the treasurer", "a visitor")
DRUGS = ("ibuprofen", "aspirin", "paracetamol", "penicillin", "insulin", "codeine")
LINES = ("U1", "U2", "U4", "U6", "U7", "U9")

INTENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "team head": (
        TEAMS,
        (
            "Who is the head of the {} team?",
            "Who leads the {} team?",
            "Which person is in charge of the {} team?",
            "who's heading up {}",
            "Tell me the name of the {} team's head",
        ),
    ),
    "team budget": (
        TEAMS,
        (
            "What is the yearly budget of the {} team?",
            "How large is the yearly budget of the {} team?",
            "How much money does the {} team have for the year?",
            "yearly budget {} team",
            "What's the {} team's budget per year?",
        ),
    ),
    "export": (
        FORMATS,
        (
            "How do I export my contacts as {}?",
            "How can my contacts be exported to {}?",
            "What are the steps to export contacts in {} format?",
            "I'd like to save my contacts as a {} file, how?",
            "contacts export {}",
        ),
    ),
    "convert": (
        FORMATS,
        (
            "Which formats can a {} file be converted to?",
            "What can I convert a {} file into?",
            "To what formats does the app convert {} files?",
            "converting {} files: which formats are there?",
            "List the formats that a {} can be turned into",
        ),
    ),
    "payroll": (
        MONTHS,
        (
            "On what day is the salary for {} paid?",
            "When do we get our {} salary?",
            "What is the pay day in {}?",
            "When will the salary of {} be transferred?",
            "salary {} which day",
        ),
    ),
    "timesheet": (
        MONTHS,
        (
            "When must I hand in my timesheet for {}?",
            "What is the deadline for the {} timesheet?",
            "By what date is the timesheet of {} due?",
            "Until when can I submit my {} timesheet?",
            "{} timesheet due date",
        ),
    ),
    "visa": (
        COUNTRIES,
        (
            "Do I need a visa for a business trip to {}?",
            "Is a visa required to travel to {} on business?",
            "Must I get a visa before a business trip to {}?",
            "visa needed for {} business travel?",
            "I am going to {} for work: will I need a visa?",
        ),
    ),
    "vaccine": (
        COUNTRIES,
        (
            "Which vaccinations are recommended for {}?",
            "What vaccinations should I have before I travel to {}?",
            "Against what should I be vaccinated for a trip to {}?",
            "recommended shots for {}",
            "What vaccines do I need for {}?",
        ),
    ),
    "expense": (
        AMOUNTS,
        (
            "Who approves an expense of {} euros?",
            "Who has to sign off an expense of {} euros?",
            "Whose approval do I need to spend {} euros?",
            "I want to spend {} euros, who must agree?",
            "approver for {} euros expense",
        ),
    ),
    "loan": (
        AMOUNTS,
        (
            "What is the interest on a loan of {} euros?",
            "How much interest do I pay for a loan of {} euros?",
            "Which interest rate applies if I borrow {} euros?",
            "interest rate loan {} euros",
            "What would a {} euro loan cost me in interest?",
        ),
    ),
    "upgrade": (
        VERSIONS,
        (
            "How do I upgrade the agent to version {}?",
            "What is the procedure to upgrade the agent to {}?",
            "How can the agent be updated to version {}?",
            "agent upgrade to {} steps",
            "Please describe how to move the agent to version {}",
        ),
    ),
    "changes": (
        VERSIONS,
        (
            "What is new in version {} of the agent?",
            "Which changes came with agent version {}?",
            "What changed in the agent's {} release?",
            "release notes agent {}",
            "Tell me the new features of agent version {}",
        ),
    ),
    "exam": (
        COURSES,
        (
            "When is the {} exam?",
            "On what date does the exam in {} take place?",
            "What's the date of the {} exam?",
            "{} exam date",
            "When will we write the exam in {}?",
        ),
    ),
    "book list": (
        COURSES,
        (
            "Which books do I need for the {} course?",
            "What textbooks are required for {}?",
            "What is on the reading list of the {} course?",
            "books needed for {}",
            "Which literature should I buy for the course in {}?",
        ),
    ),
    "borrow": (
        TITLES,
        (
            "Can I borrow {} from the library?",
            "Does the library lend {}?",
            "Is {} available in the library?",
            "is {} there to borrow",
            "I would like to borrow {}, do you have it?",
        ),
    ),
    "author": (
        TITLES,
        (
            "Who wrote {}?",
            "Who is the author of {}?",
            "By whom was {} written?",
            "author of {}",
            "Which author is {} by?",
        ),
    ),
    "book room": (
        ROOMS,
        (
            "How do I book meeting room {}?",
            "How can I reserve meeting room {}?",
            "What do I have to do to book meeting room {}?",
            "reserve meeting room {}",
            "I need meeting room {} tomorrow, how do I get it?",
        ),
    ),
    "room seats": (
        ROOMS,
        (
            "How many people fit in meeting room {}?",
            "How many seats are there in meeting room {}?",
            "What is the capacity of meeting room {}?",
            "meeting room {} capacity",
            "For how many persons is meeting room {} big enough?",
        ),
    ),
    "badge": (
        PEOPLE,
        (
            "How does {} get a badge for the building?",
            "What must {} do to receive a badge for the building?",
            "Where does {} collect a building badge?",
            "building badge for {}",
            "I need a badge for {}, how does that work?",
        ),
    ),
    "archive": (
        PEOPLE,
        (
            "Is {} allowed to enter the archive?",
            "May {} go into the archive?",
            "Does {} have access to the archive?",
            "archive access for {}",
            "Can {} get into the archive?",
        ),
    ),
    "dose": (
        DRUGS,
        (
            "What is the usual dose of {} for an adult?",
            "How much {} may an adult take?",
            "Which dose of {} is normal for adults?",
            "adult dose {}",
            "How many milligrams of {} does an adult usually get?",
        ),
    ),
    "side effects": (
        DRUGS,
        (
            "What are the side effects of {}?",
            "Which side effects does {} have?",
            "What unwanted effects can {} cause?",
            "side effects {}",
            "Does {} have side effects, and which?",
        ),
    ),
    "first train": (
        LINES,
        (
            "When does the first train of the {} leave?",
            "At what time is the first {} train?",
            "What time does the {} start running in the morning?",
            "first train {} departure",
            "How early does the {} begin to run?",
        ),
    ),
    "stops": (
        LINES,
        (
            "At how many stations does the {} stop?",
            "How many stops does the {} have?",
            "What is the number of stations on the {}?",
            "number of stops {}",
            "How many stations are served by the {}?",
        ),
    ),
}
TWISTS: dict[str, tuple[str, ...]] = {
    "team head": ("Who founded the {} team?", "Who was the head of the {} team in 2015?"),
    "team budget": ("What is the monthly budget of the {} team?", "How large is the yearly deficit of the {} team?"),
    "export": ("How do I import my contacts from {}?", "How do I export my calendar as {}?"),
    "convert": ("Which formats can't a {} file be converted to?", "Which formats can be converted to a {} file?"),
    "payroll": ("On what day is the bonus for {} paid?", "On what day was the salary for {} cancelled?"),
    "timesheet": ("When must I hand in my vacation plan for {}?", "When must I correct my timesheet for {}?"),
    "visa": ("Do I need a visa for a holiday in {}?", "Do I need travel insurance for a business trip to {}?"),
    "vaccine": ("Which vaccinations are mandatory for {}?", "Which vaccinations are not recommended for {}?"),
    "expense": ("Who rejects an expense of {} euros?", "Who approves an expense of {} dollars?"),
    "loan": ("What is the interest on savings of {} euros?", "What is the shortest term of a loan of {} euros?"),
    "upgrade": ("How do I downgrade the agent to version {}?", "How do I upgrade the server to version {}?"),
    "changes": ("What is deprecated in version {} of the agent?", "What was new before version {} of the agent?"),
    "exam": ("Where is the {} exam?", "When is the repeat of the {} exam?"),
    "book list": ("Which books do I have to return for the {} course?", "Which laptop do I need for the {} course?"),
    "borrow": ("Can I renew {} at the library?", "Can I buy {} from the library?"),
    "author": ("Who translated {}?", "Who published {}?"),
    "book room": ("How do I cancel meeting room {}?", "How do I heat meeting room {}?"),
    "room seats": ("How many screens are there in meeting room {}?", "How many people booked meeting room {}?"),
    "badge": ("How does {} return a badge for the building?", "How does {} get a key for the building?"),
    "archive": ("Is {} allowed to enter the laboratory?", "Is {} obliged to enter the archive?"),
    "dose": ("What is the usual dose of {} for a child?", "What is the lethal dose of {} for an adult?"),
    "side effects": ("What are the benefits of {}?", "What are the side effects of stopping {}?"),
    "first train": ("When does the last train of the {} leave?", "When does the first train of the {} arrive?"),
    "stops": ("How many trains does the {} have?", "At how many stations does the {} stop at night?"),
}
