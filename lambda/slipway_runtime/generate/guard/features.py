"""What the detector of injections counts: words, kinds of words, and pairs of kinds that stand near each other.

A word that means the same to an attack as others is counted as its kind ("ignore", "disregard" and "forget" are one),
so what is learned of one phrase holds for others.
"""

import re
from collections.abc import Iterator
from zlib import crc32

BUCKETS = 1 << 14
REACH = 7
TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|<\|?/?[a-z_]+\|?>|\[/?[a-z]+\]|#{2,}|={3,}|-{3,}|[?:\"`{}]")
KINDS = {
    "OVERRIDE": "ignore ignoring disregard disregarding forget override overriding overwrite bypass bypassing discard "
    "dismiss neglect skip drop abandon void cancel nullify supersede supersedes overrule circumvent sidestep erase "
    "reset revoke unlearn scrap replace replaces suspend lift suspended lifted ignorez oubliez ignoriere vergiss "
    "ignora olvida ignore dimentica disable disabled deactivate remove removed unset cease wipe "
    "void disobey disobeys defy violate break "
    "expire expired revoked cancelled canceled obsolete irrelevant clear purge stop quit ended replaced superseded "
    "release detach lose negate annul invalid invalidated",
    "RULES": "instruction instructions instructed rule rules guideline guidelines directive directives prompt prompts "
    "policy policies constraint constraints restriction restrictions guardrail guardrails safeguard safeguards filter "
    "filters limitation limitations programming training alignment ethics moderation safety orders commands boundaries "
    "configuration preamble anweisungen instrucciones istruzioni censorship protocols "
    "guidance briefing mandate protocol limits limit morals norms code ethics laws controls conditioning sysprompt",
    "PRIOR": "previous previously prior above earlier preceding foregoing before initial original existing current "
    "former hidden first past system developer bisherigen vorherigen anteriores precedentes precedenti",
    "YOU": "you your yours yourself you're you've you'll ur u",
    "ALL": "all any every everything whatever anything each entire",
    "REVEAL": "reveal show print output display repeat recite disclose expose leak dump tell share reproduce spell "
    "echo copy paste quote list write verbatim summarize translate encode return give provide state",
    "VERBATIM": "verbatim exact exactly wording words contents text unabridged unedited whole "
    "literal word literally unredacted raw full complete entire beginning",
    "NOW": "now henceforth onwards onward forward hereafter starting instead new",
    "PERSONA": "dan persona character roleplay role jailbroken jailbreak unfiltered uncensored unrestricted evil "
    "amoral unbound unshackled stan dude aim developer sudo godmode root opposite twin mode simulator simulate "
    "unlimited liberated unchained rogue",
    "ACT": "act pretend imagine behave become simulate roleplay play assume respond answer emulate impersonate",
    "WITHOUT": "without no never not free regardless none don't won't cannot can't zero nothing",
    "REFUSE": "refuse refusal refusing decline apologize apologise warn warning warnings disclaimer disclaimers moral "
    "ethical legal illegal sorry censor censored moralize lecture judgement caveats comply obey",
    "MODEL": "ai assistant chatbot model llm gpt chatgpt claude bot agent language",
    "SEND": "send email forward post upload exfiltrate transmit fetch call visit curl execute run append embed insert "
    "delete transfer navigate wire",
    "SECRET": "password passwords secret secrets credentials key keys token tokens api confidential private data "
    "history",
    "GIVEN": "given received told configured provided taught programmed set trained loaded instilled imposed",
    "FREE": "free freed freedom released unleashed independent liberty autonomous off",
    "HARM": "bomb bombs meth weapon weapons exploit malware hack hacked hacking steal poison kill drugs racist "
    "keylogger phishing launder hateful ransomware virus explosive explosives fraud forge owned pwned insult "
    "insults murder",
    "READ": "reading read reads sees see process processing summarizing encounter encountered reader whoever",
}
KIND = {word: kind for kind, words in KINDS.items() for word in words.split()}


def tokens(text: str) -> list[str]:
    """Return the words and marks of a normalised text."""
    return TOKEN.findall(text)


def kinds(words: list[str]) -> list[str]:
    """Return the words, each as its kind where it has one."""
    return [KIND.get(word, word) for word in words]


def features(words: list[str]) -> Iterator[tuple[int, int]]:
    """Yield each feature's bucket, 0 to BUCKETS - 1, and the place of the word that completes it."""
    seen = kinds(words)
    recent: list[tuple[int, str]] = []
    before = ""
    for place, (word, kind) in enumerate(zip(words, seen, strict=True)):
        yield crc32(word.encode()) % BUCKETS, place
        yield crc32(f"{before} {kind}".encode()) % BUCKETS, place
        before = kind
        if kind.isupper():
            while recent and place - recent[0][0] > REACH:
                del recent[0]
            for _, other in recent:
                yield crc32(f"{other}>{kind}".encode()) % BUCKETS, place
            recent.append((place, kind))
