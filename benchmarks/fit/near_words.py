"""Words that claims are changed by: what stands for what, and what turns a sentence round."""

from __future__ import annotations

REPORTING = frozenset(
    "say claim allege tell argue believe think suggest estimate warn report fear insist deny add accuse suspect state "
    "explain announce contend assert maintain predict expect hope doubt speculate testify write tweet indicate".split()
)
FACTIVE = frozenset("know show reveal discover realize realise learn confirm acknowledge admit remember prove".split())
VERBS_AHEAD = frozenset(
    "plan want hope intend expect aim seek try vow promise threaten pledge propose offer attempt prepare wish".split()
)
HEDGES = {
    "more than": ("over", "in excess of"),
    "at least": ("no fewer than", "a minimum of"),
    "up to": ("as many as", "no more than"),
    "about": ("around", "roughly", "approximately"),
    "around": ("about", "roughly", "approximately"),
    "roughly": ("about", "approximately"),
    "approximately": ("about", "around"),
    "an estimated": ("by estimates",),
    "nearly": ("almost", "just under"),
    "almost": ("nearly", "just under"),
    "over": ("more than",),
    "less than": ("under",),
    "fewer than": ("under",),
}
TURNED_HEDGES = {
    "more than": ("less than", "fewer than"),
    "at least": ("at most", "fewer than"),
    "nearly": ("more than", "over"),
    "almost": ("more than", "over"),
    "over": ("under", "less than"),
    "less than": ("more than", "at least"),
    "fewer than": ("more than", "at least"),
    "up to": ("at least", "more than"),
}
SAME_LEMMAS = {
    "begin": "start", "purchase": "buy", "assist": "help", "obtain": "get", "receive": "get", "construct": "build",
    "require": "need", "provide": "supply", "resign": "step down", "postpone": "delay",
    "cancel": "call off", "halt": "stop", "reject": "turn down", "permit": "allow", "depart": "leave",
    "investigate": "look into", "demonstrate": "show", "vow": "promise", "pledge": "promise", "select": "choose",
    "conclude": "end", "injure": "hurt", "demolish": "destroy", "attain": "reach", "acquire": "buy",
    "commence": "start", "utilize": "use", "discover": "find", "establish": "set up", "complete": "finish",
}  # fmt: skip
SAME_WORDS = {
    "attorney": ("lawyer",), "attorneys": ("lawyers",), "lawyer": ("attorney",), "lawyers": ("attorneys",),
    "physician": ("doctor",), "physicians": ("doctors",), "film": ("movie",), "movie": ("film",), "films": ("movies",),
    "movies": ("films",), "nation": ("country",), "nations": ("countries",), "approximately": ("about",),
    "firm": ("company",), "firms": ("companies",), "companies": ("firms",), "currently": ("at present",),
    "recently": ("lately",), "previously": ("earlier",), "although": ("though",), "despite": ("in spite of",),
    "blaze": ("fire",), "kids": ("children",), "percent": ("per cent",), "nearly": ("almost",),
    "almost": ("nearly",), "journalists": ("reporters",), "reporters": ("journalists",), "huge": ("very large",),
    "massive": ("huge",), "crucial": ("vital",), "entire": ("whole",), "whilst": ("while",), "frequently": ("often",),
    "numerous": ("many",), "additional": ("further", "more"), "residents": ("inhabitants",), "wounded": ("injured",),
    "automobile": ("car",), "immediately": ("at once",), "sufficient": ("enough",), "several": ("a number of",),
    "various": ("different",), "subsequently": ("later",), "roughly": ("about",),
    "largest": ("biggest",), "biggest": ("largest",), "throughout": ("all through",),
    "extremely": ("very",), "rapidly": ("quickly",), "quickly": ("fast",),
    "nationwide": ("across the country",), "globally": ("worldwide",), "worldwide": ("globally",),
}  # fmt: skip
OPPOSITES = {
    "more": "less", "less": "more", "fewer": "more", "higher": "lower", "lower": "higher", "larger": "smaller",
    "smaller": "larger", "bigger": "smaller", "older": "younger", "younger": "older", "better": "worse",
    "worse": "better", "faster": "slower", "slower": "faster", "longer": "shorter", "shorter": "longer",
    "earlier": "later", "later": "earlier", "stronger": "weaker", "weaker": "stronger", "above": "below",
    "below": "above", "rose": "fell", "fell": "rose", "increased": "decreased", "decreased": "increased",
    "increase": "decrease", "rise": "fall", "risen": "fallen", "fallen": "risen", "increasing": "decreasing",
    "won": "lost", "lost": "won", "opened": "closed", "closed": "opened", "northern": "southern",
    "accepted": "rejected", "southern": "northern", "eastern": "western", "western": "eastern", "men": "women",
    "women": "men",
    "supported": "opposed", "opposed": "supported", "support": "oppose", "oppose": "support", "largest": "smallest",
    "highest": "lowest", "lowest": "highest", "oldest": "youngest", "youngest": "oldest", "best": "worst",
    "first": "last", "approved": "rejected", "rejected": "approved", "gained": "lost", "inside": "outside",
    "outside": "inside", "legal": "illegal", "illegal": "legal", "possible": "impossible", "likely": "unlikely",
    "unlikely": "likely", "safe": "unsafe", "strong": "weak", "rising": "falling", "falling": "rising", "easy": "hard",
    "public": "private", "private": "public", "guilty": "innocent", "dead": "alive", "biggest": "smallest",
    "successful": "unsuccessful", "majority": "minority", "allowed": "forbidden", "banned": "allowed", "male": "female",
    "female": "male", "before": "after", "after": "before", "joined": "left", "increases": "decreases",
    "son": "daughter", "daughter": "son", "brother": "sister", "sister": "brother",
    "mother": "father", "father": "mother",
}  # fmt: skip
SAME_TURN = {
    "rose": "climbed", "fell": "dropped", "increased": "rose", "larger": "bigger",
    "bigger": "larger", "largest": "biggest",
    "approved": "passed", "supported": "backed", "rejected": "turned down", "legal": "lawful",
    "illegal": "unlawful", "banned": "prohibited", "allowed": "permitted",
    "risen": "gone up", "fallen": "gone down", "rising": "growing", "falling": "dropping", "mother": "mom",
    "father": "dad", "biggest": "largest", "increase": "rise", "rise": "increase",
    "strong": "powerful", "hard": "difficult", "easy": "simple", "stronger": "more powerful", "faster": "quicker",
}  # fmt: skip
QUANTITIES = {
    "some": (("a number of", "S"), ("all", "O"), ("most", "O")),
    "most": (("the majority of", "S"), ("all", "O"), ("few", "C")),
    "many": (("a large number of", "S"), ("all", "O"), ("few", "C"), ("most", "O")),
    "several": (("a number of", "S"), ("all", "O"), ("no", "C")),
    "few": (("not many", "S"), ("many", "C"), ("most", "C")),
    "all": (("all of", "S"), ("only some of", "C"), ("none of", "C")),
    "half": (("50% of", "S"), ("most", "C"), ("a third of", "C"), ("a quarter of", "C")),
}
UNITS = {
    "miles": "kilometers", "kilometers": "miles", "kilometres": "miles", "mile": "kilometer", "feet": "meters",
    "meters": "feet", "metres": "feet", "pounds": "kilograms", "kilograms": "pounds", "acres": "hectares",
    "hectares": "acres", "million": "billion", "billion": "million", "trillion": "billion", "thousand": "million",
    "hours": "days", "days": "weeks", "weeks": "months", "months": "years", "years": "months", "minutes": "hours",
    "seconds": "minutes", "percent": "percentage points", "inches": "feet", "tons": "pounds", "hour": "minute",
    "week": "month", "month": "year", "gallons": "liters", "liters": "gallons", "dollars": "euros", "mph": "km/h",
    "decades": "years", "centuries": "decades",
}  # fmt: skip
SAME_UNITS = {"percent": "%", "mph": "miles per hour", "feet": "ft", "pounds": "lb", "kilometers": "km", "miles": "mi",
              "hours": "hrs", "minutes": "min", "kilometres": "km", "million": "m", "billion": "bn"}  # fmt: skip
ADJECTIVES_APART = frozenset(
    "former suspected alleged proposed planned potential possible presumed would-be accused acting attempted "
    "unconfirmed expected prospective ex apparent purported supposed likely hypothetical draft fake "
    "unsuccessful temporary interim probable failed future presumptive self-proclaimed so-called nominal deputy "
    "assistant".split()
)
SAME_ADJECTIVES = {
    "former": "one-time", "proposed": "suggested", "planned": "intended", "alleged": "claimed", "potential": "possible",
    "possible": "potential", "suspected": "presumed", "attempted": "tried", "acting": "interim", "apparent": "seeming",
    "expected": "anticipated", "temporary": "short-term", "future": "coming", "interim": "acting",
}  # fmt: skip
NEUTRAL_ADJECTIVES = frozenset(
    "new young old local small large big major massive huge red white black public current key federal national "
    "annual popular famous well-known late prominent controversial important significant historic longtime top giant "
    "beautiful powerful severe heavy deadly tiny rare special veteran senior".split()
)
SYMMETRIC = frozenset(
    "meet marry join match face play fight resemble equal follow have include make take get give see say hold become "
    "do cost need want like feel mean know find accompany divorce contact contain keep lead put set run share".split()
)
LANDS = {
    "french": "France", "german": "Germany", "russian": "Russia", "ukrainian": "Ukraine", "chinese": "China",
    "japanese": "Japan", "british": "Britain", "italian": "Italy", "spanish": "Spain", "israeli": "Israel",
    "iranian": "Iran", "iraqi": "Iraq", "syrian": "Syria", "turkish": "Turkey", "canadian": "Canada",
    "mexican": "Mexico", "australian": "Australia", "indian": "India", "pakistani": "Pakistan", "brazilian": "Brazil",
    "egyptian": "Egypt", "polish": "Poland", "swedish": "Sweden", "dutch": "the Netherlands", "american": "the U.S.",
    "south korean": "South Korea", "north korean": "North Korea", "venezuelan": "Venezuela", "cuban": "Cuba",
    "saudi": "Saudi Arabia", "afghan": "Afghanistan", "greek": "Greece", "irish": "Ireland", "belgian": "Belgium",
    "hungarian": "Hungary", "colombian": "Colombia", "peruvian": "Peru", "argentine": "Argentina", "danish": "Denmark",
    "norwegian": "Norway", "finnish": "Finland", "austrian": "Austria", "swiss": "Switzerland", "kenyan": "Kenya",
    "nigerian": "Nigeria", "ethiopian": "Ethiopia", "lebanese": "Lebanon",
    "thai": "Thailand", "vietnamese": "Vietnam", "indonesian": "Indonesia", "philippine": "the Philippines",
}  # fmt: skip
STATES = frozenset(
    "Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois "
    "Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri "
    "Montana Nebraska Nevada Ohio Oklahoma Oregon Pennsylvania Tennessee Texas Utah Vermont Virginia Wisconsin "
    "Wyoming Scotland Wales".split()
) | {"New Hampshire", "New Jersey", "New Mexico", "New York", "North Carolina", "North Dakota", "Rhode Island",
     "South Carolina", "South Dakota", "West Virginia", "Northern Ireland"}  # fmt: skip
COUNTRIES = frozenset(x.removeprefix("the ") for x in LANDS.values()) | {
    "US", "USA", "United States", "America", "UK", "United Kingdom", "England", "Taiwan", "Qatar", "Portugal",
    "Belarus", "Singapore", "Jordan", "Yemen", "Libya", "Sudan", "Somalia", "South Africa", "New Zealand", "Chile",
    "Haiti", "Romania", "Bulgaria", "Serbia", "Croatia", "Estonia", "Latvia", "Lithuania", "Iceland", "Morocco",
    "Algeria", "Tunisia", "Ghana", "Uganda", "Tanzania", "Malaysia", "Myanmar", "Bangladesh", "Nepal", "Sri Lanka",
    "Kazakhstan", "Georgia", "Armenia", "Azerbaijan", "Ecuador", "Bolivia", "Nicaragua", "Honduras", "Guatemala",
}  # fmt: skip
ONE_COUNTRY = (frozenset({"US", "U.S.", "USA", "United States", "America"}), frozenset({"UK", "Britain", "England",
               "United Kingdom", "Scotland", "Wales"}))  # fmt: skip
"""Names of one country, or of one within it."""
