"""Intents that the guard's lists were written with in view; `{}` is a value that decides what is asked."""

from __future__ import annotations

CITIES = ("Berlin", "Lisbon", "Oslo", "Prague", "Madrid", "Vienna")
PRODUCTS = ("Falcon", "Heron", "Osprey", "Kestrel", "Merlin", "Harrier")
NUMBERS = ("3", "7", "14", "30", "60", "90")
YEARS = ("2019", "2020", "2021", "2022", "2023", "2024")

INTENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "open hours": (
        CITIES,
        (
            "What are the opening hours of the office in {}?",
            "When is the {} office open?",
            "At what times is the office in {} open?",
            "Tell me the opening hours of our {} office",
            "what are the {} office opening hours",
        ),
    ),
    "address": (
        CITIES,
        (
            "What is the address of the office in {}?",
            "Where is the {} office located?",
            "What is the location of the {} office?",
            "Give me the address of our {} office please",
            "what's the {} office address",
        ),
    ),
    "holiday": (
        NUMBERS,
        (
            "How do I request {} days of annual leave?",
            "What is the process to request {} days of annual leave?",
            "Please explain how to request {} days of annual leave",
            "I want to request {} days of annual leave, how does it work?",
            "how can I ask for {} days of annual leave",
        ),
    ),
    "carry over": (
        NUMBERS,
        (
            "Can I carry over {} days of annual leave to next year?",
            "Is it possible to carry over {} days of annual leave into next year?",
            "Am I allowed to carry {} days of annual leave over to the next year?",
            "Could {} days of my annual leave be carried over to next year?",
            "carry over {} days annual leave next year possible?",
        ),
    ),
    "price": (
        PRODUCTS,
        (
            "How much does the {} cost?",
            "What is the price of the {}?",
            "What does the {} cost?",
            "Can you tell me the price of the {}?",
            "what's the {} price",
        ),
    ),
    "warranty": (
        PRODUCTS,
        (
            "How long is the warranty of the {}?",
            "What is the warranty period of the {}?",
            "How long does the warranty of the {} last?",
            "For how long is the {} under warranty?",
            "what's the warranty period for the {}",
        ),
    ),
    "revenue": (
        YEARS,
        (
            "What was our total revenue in {}?",
            "How much total revenue did we have in {}?",
            "What was the total revenue for the year {}?",
            "Tell me the total revenue of {}",
            "total revenue in {}, how much was it?",
        ),
    ),
    "profit": (
        YEARS,
        (
            "What was our net profit in {}?",
            "How much net profit did we make in {}?",
            "What was the net profit for the year {}?",
            "Tell me the net profit of {}",
            "net profit in {}, how much was it?",
        ),
    ),
    "return": (
        PRODUCTS,
        (
            "How can I return a {} that I bought online?",
            "What do I do to return a {} bought online?",
            "How do I send back a {} that I bought online?",
            "I bought a {} online and want to return it, how?",
            "return a {} bought online, how does it work?",
        ),
    ),
    "repair": (
        PRODUCTS,
        (
            "How can I get a broken {} repaired?",
            "What do I do to have a broken {} repaired?",
            "How do I get my broken {} repaired?",
            "My {} is broken, how do I get it repaired?",
            "get a broken {} repaired, how does it work?",
        ),
    ),
    "notice": (
        NUMBERS,
        (
            "Can I end my contract with {} days of notice?",
            "Is it possible to end my contract with {} days notice?",
            "Am I allowed to end the contract with {} days of notice?",
            "Could I end my contract with a notice of {} days?",
            "end my contract with {} days notice, is that possible?",
        ),
    ),
    "payment": (
        NUMBERS,
        (
            "Can I pay an invoice within {} days?",
            "Is it possible to pay an invoice within {} days?",
            "Am I allowed to pay the invoice within {} days?",
            "Could I pay an invoice in {} days?",
            "pay an invoice within {} days, is that possible?",
        ),
    ),
}
# Said of some questions, another word makes another question; "{}" stands where it stood.
TWISTS: dict[str, tuple[str, ...]] = {
    "open hours": ("When is the {} office closed?", "When is the {} warehouse open?"),
    "address": ("What is the phone number of the office in {}?", "Where is the {} warehouse located?"),
    "holiday": ("How do I request {} days of parental leave?", "How do I cancel {} days of annual leave?"),
    "carry over": ("Can't I carry over {} days of annual leave to next year?", "Can I sell {} days of annual leave?"),
    "price": ("How much does the {} weigh?", "What is the monthly rent of the {}?"),
    "warranty": ("How long is the battery life of the {}?", "How long is the delivery time of the {}?"),
    "revenue": ("What was our lowest revenue in {}?", "What was our revenue before {}?"),
    "profit": ("What was our net profit not in {}?", "What was our gross profit in {}?"),
    "return": ("How can I return a {} that I bought in a shop?", "How can I review a {} that I bought online?"),
    "repair": ("How can I get a stolen {} replaced?", "How can I get a broken {} recycled?"),
    "notice": ("Can I end my contract without {} days of notice?", "Can I extend my contract with {} days of notice?"),
    "payment": ("Can I dispute an invoice within {} days?", "Can I pay an invoice after {} days?"),
}
