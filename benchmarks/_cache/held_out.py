"""Intents that the guard was not written with: the threshold is found on half of their topics, measured on the rest.

Of each: a question, the same in other grammar, politely or as a request, in other words, and as one types in a hurry.
Whoever changes the guard with these in view adds them to `seen.py`, and writes new ones here.
"""

from __future__ import annotations

PARKS = ("Lindenpark", "Riverside", "Hilltop", "Northgate", "Seaview", "Oakwood")
PETS = ("dog", "cat", "rabbit", "hamster", "parrot", "horse")
LANGUAGES = ("Spanish", "Dutch", "Polish", "Arabic", "Korean", "Finnish")
BRANDS = ("Volvo", "Toyota", "Renault", "Skoda", "Mazda", "Peugeot")
KILOS = ("5", "10", "15", "20", "25", "30")
HOURS = ("2", "4", "8", "12", "24", "48")
SPORTS = ("tennis", "judo", "swimming", "rowing", "fencing", "archery")
DISHES = ("lasagne", "risotto", "goulash", "paella", "ratatouille", "moussaka")
PLANS = ("Basic", "Plus", "Premium", "Family", "Student", "Enterprise")
ERRORS = ("E17", "E23", "E31", "E42", "E58", "E64")
CROPS = ("tomatoes", "carrots", "pumpkins", "spinach", "onions", "beans")
DISTRICTS = ("Altona", "Mitte", "Nippes", "Schwabing", "Lindenau", "Giesing")

INTENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "parking fee": (
        PARKS,
        (
            "What does parking at {} cost per hour?",
            "How much is the parking at {} per hour?",
            "Can you tell me the hourly price of parking at {}?",
            "What is the hourly parking fee at {}?",
            "parking cost {} per hour",
        ),
    ),
    "parking spaces": (
        PARKS,
        (
            "How many parking spaces are there at {}?",
            "What is the number of parking spaces at {}?",
            "Please tell me how many parking spaces {} has",
            "How many cars can park at {}?",
            "number of parking spaces {}",
        ),
    ),
    "pet rules": (
        PETS,
        (
            "Am I allowed to keep a {} in my apartment?",
            "Is it allowed to keep a {} in the apartment?",
            "Can I keep a {} in my flat?",
            "May tenants have a {} in their apartment?",
            "keeping a {} in the apartment allowed?",
        ),
    ),
    "pet insurance": (
        PETS,
        (
            "Does my insurance cover damage by a {}?",
            "Is damage caused by a {} covered by my insurance?",
            "Could you tell me whether my insurance covers damage by a {}?",
            "Will the insurance pay for damage done by a {}?",
            "insurance coverage for {} damage?",
        ),
    ),
    "lessons": (
        LANGUAGES,
        (
            "When do the {} lessons for beginners start?",
            "On what date do the {} lessons for beginners begin?",
            "Please tell me when the {} lessons for beginners start",
            "What is the start date of the {} beginners' lessons?",
            "{} lessons beginners start when",
        ),
    ),
    "certificate": (
        LANGUAGES,
        (
            "Which certificate do I get after the {} course?",
            "What certificate do you receive when the {} course is over?",
            "I would like to know which certificate I get after the {} course",
            "What certificate is awarded after the {} course?",
            "certificate after {} course",
        ),
    ),
    "service": (
        BRANDS,
        (
            "How often does a {} need an oil change?",
            "How often must the oil of a {} be changed?",
            "How frequently does a {} require an oil change?",
            "Can you tell me how often to change the oil of a {}?",
            "oil change {} how often",
        ),
    ),
    "tyres": (
        BRANDS,
        (
            "What tyre pressure is right for a {}?",
            "Which tyre pressure should a {} have?",
            "What is the correct tyre pressure of a {}?",
            "Please give me the recommended tyre pressure for a {}",
            "{} tyre pressure",
        ),
    ),
    "parcel": (
        KILOS,
        (
            "How much does it cost to send a parcel of {} kg?",
            "What is the price for sending a {} kg parcel?",
            "What do I pay to ship a parcel of {} kg?",
            "I'd like to send a parcel of {} kg. What does it cost?",
            "cost of sending a {} kg parcel",
        ),
    ),
    "luggage": (
        KILOS,
        (
            "Can I take a suitcase of {} kg on board?",
            "Is a suitcase of {} kg allowed on board?",
            "May I bring a {} kg suitcase on board?",
            "Am I permitted to take a {} kg suitcase on board?",
            "{} kg suitcase on board allowed?",
        ),
    ),
    "rental": (
        HOURS,
        (
            "What is the rent of a bicycle for {} hours?",
            "How much is it to rent a bicycle for {} hours?",
            "What does it cost to rent a bike for {} hours?",
            "I want to rent a bicycle for {} hours, how much is that?",
            "bicycle rent {} hours price",
        ),
    ),
    "late return": (
        HOURS,
        (
            "What happens if I return the bicycle {} hours late?",
            "What if the bicycle is returned {} hours late?",
            "What are the consequences of returning the bicycle {} hours late?",
            "I will bring the bike back {} hours late. What happens then?",
            "returning bicycle {} hours late what happens",
        ),
    ),
    "trainer": (
        SPORTS,
        (
            "Who teaches {} on Mondays?",
            "Who is the {} teacher on Mondays?",
            "Which person gives the {} class on Mondays?",
            "Could you tell me who teaches {} on Monday?",
            "monday {} teacher who",
        ),
    ),
    "gear": (
        SPORTS,
        (
            "What equipment do I need for {}?",
            "Which equipment is needed for {}?",
            "What gear is necessary for {}?",
            "Please list the equipment that {} requires",
            "{} equipment needed",
        ),
    ),
    "allergens": (
        DISHES,
        (
            "Does the {} contain nuts?",
            "Are there nuts in the {}?",
            "Is the {} made with nuts?",
            "Can you tell me if the {} contains nuts?",
            "nuts in the {}?",
        ),
    ),
    "freezing": (
        DISHES,
        (
            "How long can I keep {} in the freezer?",
            "For how long can {} be kept in the freezer?",
            "How long does {} last in the freezer?",
            "Tell me how long {} can be stored in the freezer",
            "{} freezer how long",
        ),
    ),
    "plan price": (
        PLANS,
        (
            "How much is the {} plan per month?",
            "What does the {} plan cost per month?",
            "What is the monthly price of the {} plan?",
            "Can you give me the monthly cost of the {} plan?",
            "{} plan price per month",
        ),
    ),
    "plan users": (
        PLANS,
        (
            "How many users does the {} plan include?",
            "How many users are included in the {} plan?",
            "What is the number of users of the {} plan?",
            "For how many people is the {} plan?",
            "{} plan how many users",
        ),
    ),
    "error meaning": (
        ERRORS,
        (
            "What does error {} mean?",
            "What is the meaning of error {}?",
            "Could you explain error {} to me?",
            "My display shows error {}, what does it mean?",
            "error {} meaning",
        ),
    ),
    "error reset": (
        ERRORS,
        (
            "How do I clear error {} on the dishwasher?",
            "How can error {} on the dishwasher be cleared?",
            "What do I have to do to clear error {} on the dishwasher?",
            "How do I get rid of error {} on the dishwasher?",
            "dishwasher clear error {}",
        ),
    ),
    "sowing": (
        CROPS,
        (
            "When should I sow {}?",
            "When is the right time to sow {}?",
            "In which month do I sow {}?",
            "Please tell me when {} should be sown",
            "{} sow when",
        ),
    ),
    "watering": (
        CROPS,
        (
            "How often do {} need water?",
            "How often should I water {}?",
            "How many times a week do I have to water {}?",
            "How frequently must {} be watered?",
            "watering {} how often",
        ),
    ),
    "rubbish": (
        DISTRICTS,
        (
            "On which day is the rubbish collected in {}?",
            "What day is rubbish collection in {}?",
            "When is the garbage collected in {}?",
            "Can you tell me on what day they collect the rubbish in {}?",
            "rubbish collection {} day",
        ),
    ),
    "mayor": (
        DISTRICTS,
        (
            "Where is the town hall of {}?",
            "What is the address of the town hall in {}?",
            "Where can I find the town hall of {}?",
            "Where is {}'s town hall located?",
            "town hall {} address",
        ),
    ),
}
TWISTS: dict[str, tuple[str, ...]] = {
    "parking fee": ("What does parking at {} cost per day?", "What does camping at {} cost per hour?"),
    "parking spaces": ("How many bicycle spaces are there at {}?", "How many parking meters are there at {}?"),
    "pet rules": ("Am I allowed to bury a {} in my garden?", "Am I allowed to keep a {} in my office?"),
    "pet insurance": ("Does my insurance cover injuries of a {}?", "Does my lease cover damage by a {}?"),
    "lessons": ("When do the {} lessons for beginners end?", "When do the {} lessons for experts start?"),
    "certificate": ("Which certificate do I need before the {} course?", "Which textbook do I get for the {} course?"),
    "service": ("How often does a {} need new brakes?", "How much does an oil change for a {} cost?"),
    "tyres": ("What tyre size is right for a {}?", "What oil pressure is right for a {}?"),
    "parcel": (
        "How long does it take to send a parcel of {} kg?",
        "How much does it cost to insure a parcel of {} kg?",
    ),
    "luggage": ("Can I take two suitcases of {} kg on board?", "Can I check in a suitcase of {} kg?"),
    "rental": ("What is the deposit of a bicycle for {} hours?", "What is the rent of a scooter for {} hours?"),
    "late return": (
        "What happens if I return the bicycle {} hours early?",
        "What happens if I cancel the bicycle {} hours before?",
    ),
    "trainer": ("Who teaches {} on Fridays?", "Who attends {} on Mondays?"),
    "gear": ("What equipment do I not need for {}?", "What licence do I need for {}?"),
    "allergens": ("Does the {} contain gluten?", "Can the {} be ordered without nuts?"),
    "freezing": ("How long can I keep {} in the fridge?", "How long does {} take to thaw from the freezer?"),
    "plan price": ("How much storage has the {} plan per month?", "How much is the {} plan per year?"),
    "plan users": ("How many devices does the {} plan include?", "How many users left the {} plan?"),
    "error meaning": ("What causes error {}?", "What does warning {} mean?"),
    "error reset": ("How do I clear error {} on the dryer?", "How do I report error {} on the dishwasher?"),
    "sowing": ("When should I harvest {}?", "Where should I sow {}?"),
    "watering": ("How often do {} need fertilizer?", "How deep do {} need water?"),
    "rubbish": ("On which day is paper collected in {}?", "On which day is the rubbish burnt in {}?"),
    "mayor": ("Who is in the town hall of {}?", "Where is the swimming pool of {}?"),
}
