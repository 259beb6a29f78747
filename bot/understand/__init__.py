"""What a sentence asks for, by grammar and by the names of companies: no language model, no network.

text | words        | folded: no case, accents, marks
     | Grammar      | one per language: phrases, and patterns with slots for stocks, horizons and amounts
     | understand   | the meaning that fits best, or the likeliest three
"""
