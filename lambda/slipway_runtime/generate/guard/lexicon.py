"""Words of abuse: threats and insults to a person, in English. A small list, not a judge of tone.

It misses what is meant and not said, and other languages; Bedrock's content filters see more of it.
"""

ABUSE = (
    "kill yourself",
    "go kill yourself",
    "hope you die",
    "hope you get raped",
    "i will kill you",
    "i'll kill you",
    "i will hurt you",
    "you should die",
    "you deserve to die",
    "go die",
    "drink bleach",
    "you are worthless",
    "you're worthless",
    "you are garbage",
    "you're garbage",
    "piece of shit",
    "fuck you",
    "fuck off",
    "fucking idiot",
    "fucking moron",
    "dumb bitch",
    "stupid bitch",
    "stupid cunt",
    "you are an idiot",
    "you're an idiot",
    "you are subhuman",
    "filthy animals",
)
