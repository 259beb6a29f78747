"""What a sentence asks for, by its words and the names of companies: no language model, no network.

text | words_of   | folded: no case, accents, marks
     | entities   | the stocks, times and amounts in it, each put in a slot
     | scores     | how much the cues of a language speak for each intent
     | understand | the meaning that most speaks for, or the likeliest three
     | tongue     | the language of a whole sentence, where it is surely another than the chat's
"""
